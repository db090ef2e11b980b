import NIOCore
import RealtimeHub
import RealtimeProtocol

/// What a backend is asked.
public enum Hook: String, CaseIterable, Sendable {
    case connect
    case refresh
    case subscribe
    case publish
    case subscriptionRefresh = "sub_refresh"
    case call = "rpc"
}

/// The body of a question, in the members and order of the public servers of the protocol.
struct HookRequest {
    let hook: Hook
    /// Payloads in base64.
    let isBinary: Bool
    private let context: ClientContext
    private let identity: ClientIdentity
    private var members: [(name: String, value: Value)] = []

    private enum Value {
        case text(String)
        case texts([String])
        case payload(ByteBuffer)
    }

    init(_ event: ConnectEvent, isBinary: Bool) {
        self.init(.connect, ClientIdentity(client: event.client, user: ""), event.context, isBinary)
        add("name", event.name)
        add("version", event.version)
        members.append(("data", .payload(event.data)))
        if !event.channels.isEmpty { members.append(("channels", .texts(event.channels.sorted()))) }
    }

    init(_ event: SubscribeEvent, isBinary: Bool) {
        self.init(.subscribe, event.identity, event.context, isBinary)
        members.append(("channel", .text(event.channel)))
        members.append(("data", .payload(event.data)))
    }

    init(_ event: PublishEvent, isBinary: Bool) {
        self.init(.publish, event.identity, event.context, isBinary)
        members.append(("channel", .text(event.channel)))
        members.append(("data", .payload(event.data)))
    }

    init(_ event: CallEvent, isBinary: Bool) {
        self.init(.call, event.identity, event.context, isBinary)
        add("method", event.method)
        members.append(("data", .payload(event.data)))
    }

    init(_ event: RefreshEvent, isBinary: Bool) {
        self.init(.refresh, event.identity, event.context, isBinary)
    }

    init(_ event: SubscriptionRefreshEvent, isBinary: Bool) {
        self.init(.subscriptionRefresh, event.identity, event.context, isBinary)
        members.append(("channel", .text(event.channel)))
    }

    private init(_ hook: Hook, _ identity: ClientIdentity, _ context: ClientContext, _ isBinary: Bool) {
        self.hook = hook
        self.identity = identity
        self.context = context
        self.isBinary = isBinary
    }

    /// Where it may be left out.
    private mutating func add(_ name: String, _ text: String) {
        if !text.isEmpty { members.append((name, .text(text))) }
    }

    /// - Parameter includesMeta: whether the connection's meta is told, which it is not on connecting.
    func body(includesMeta: Bool) -> ByteBuffer {
        var output = JSONOutput()
        output.object { (output) throws(Never) in
            output.member("client", identity.client)
            output.member("transport", context.transport)
            output.member("protocol", context.format == .json ? "json" : "protobuf")
            output.member("encoding", isBinary ? "binary" : "json")
            if hook != .connect { output.member("user", identity.user) }
            for (name, value) in members { write(name, value, &output) }
            if includesMeta, hook != .connect, let meta = context.meta { output.payload("meta", meta) }
        }
        return output.buffer
    }

    private func write(_ name: String, _ value: Value, _ output: inout JSONOutput) {
        switch value {
        case .text(let text): output.member(name, text)
        case .texts(let texts):
            output.name(name)
            output.array { (output) throws(Never) in
                for text in texts { output.string(text) }
            }
        case .payload(let bytes) where bytes.readableBytes == 0: break
        case .payload(let bytes) where isBinary: output.member("b64\(name)", Base64.encode(bytes.readableBytesView))
        case .payload(let bytes): output.payload(name, Array(bytes.readableBytesView))
        }
    }
}

import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing

@testable import RealtimeHub

/// What a session sends, kept.
final class TestTransport: SessionTransport {
    let eventLoop: any EventLoop
    let format: WireFormat
    let isUnidirectional: Bool
    var name: String { "test" }
    var needsPings: Bool { true }
    var remoteAddress: String? { "192.0.2.1" }
    var bufferedBytes = 0

    private(set) var batches: [ByteBuffer] = []
    private(set) var closeCode: DisconnectCode?
    private(set) var holdsReads = false

    init(_ loop: any EventLoop, _ format: WireFormat, isUnidirectional: Bool = false) {
        eventLoop = loop
        self.format = format
        self.isUnidirectional = isUnidirectional
    }

    func send(_ batch: ByteBuffer) { batches.append(batch) }
    func send(_ batch: SharedBatch, mayWait: Bool) { batches.append(batch.bytes) }
    func holdReads(_ isHeld: Bool) { holdsReads = isHeld }
    func close(_ code: DisconnectCode) { closeCode = code }

    func takeBatches() -> [ByteBuffer] {
        defer { batches = [] }
        return batches
    }
}

/// A client of the protocol in memory: commands in, replies out, on a loop whose time stands still until the test moves it.
final class TestClient {
    let loop: EmbeddedEventLoop
    let transport: TestTransport
    let session: Session
    private var lastID: UInt32 = 0

    init(_ hub: Hub, on loop: EmbeddedEventLoop, _ format: WireFormat = .json) {
        self.loop = loop
        transport = TestTransport(loop, format)
        session = hub.open(transport)
    }

    /// Sends a batch as text.
    func send(_ text: String) {
        session.received(ByteBuffer(string: text))
        loop.run()
    }

    /// Sends commands in one batch, with ids.
    func send(_ bodies: Wire.Command.Body...) throws {
        var batch = ByteBuffer()
        for body in bodies {
            lastID += 1
            try Wire.write(Wire.Command(id: lastID, body: body), as: transport.format, to: &batch)
        }
        session.received(batch)
        loop.run()
    }

    /// What has come since the last call.
    func received() throws -> [Wire.Reply] {
        loop.run()
        return try transport.takeBatches().flatMap { batch in
            var reader = ReplyReader(transport.format, batch)
            var replies: [Wire.Reply] = []
            while let reply = try reader.next() { replies.append(reply) }
            return replies
        }
    }

    /// Sends a command and returns its reply; whatever else came is lost.
    @discardableResult
    func ask(_ body: Wire.Command.Body) throws -> Wire.Reply {
        try send(body)
        return try #require(try received().first { $0.id == lastID })
    }

    func connect() throws {
        try #require(ask(.connect(Wire.ConnectRequest())).error == nil)
    }

    /// The error's code of a command that is refused.
    func refusal(_ body: Wire.Command.Body) throws -> UInt32? {
        try ask(body).error?.code
    }

    func subscribe(_ channel: String, _ change: (inout Wire.SubscribeRequest) -> Void = { _ in }) throws -> Wire.SubscribeResult {
        var request = Wire.SubscribeRequest(channel: channel)
        change(&request)
        guard case .subscribe(let result) = try ask(.subscribe(request)).body else { throw Unexpected("not subscribed to \(channel)") }
        return result
    }

    func publish(_ json: String, to channel: String) throws {
        let request = Wire.PublishRequest(channel: channel, data: ByteBuffer(string: json))
        try send(.publish(request))
    }

    /// The publications that came since the last call.
    func publications() throws -> [Wire.Publication] {
        try received().compactMap { reply in
            guard case .push(let push) = reply.body, case .publication(let publication) = push.body else { return nil }
            return publication
        }
    }

    var closeCode: UInt16? { transport.closeCode?.number }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Wire.Publication {
    var text: String { String(buffer: data) }
}

/// A hub with everything allowed, in namespaces for each kind of channel.
enum TestHub {
    static func make(
        _ handlers: HubHandlers = HubHandlers(), tokens: (any TokenVerifier)? = nil, change: (inout HubConfiguration) -> Void = { _ in }
    ) -> Hub {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        change(&configuration)
        return Hub(configuration: configuration, namespaces: namespaces, handlers: handlers, tokens: tokens)
    }

    private static let everybody: Openness = [.clients, .anonymous]

    static var open: ChannelSettings {
        var options = ChannelSettings()
        options.allowSubscribe = everybody
        options.allowPublish = everybody
        return options
    }

    static var history: ChannelSettings {
        var options = open
        options.historySize = 10
        options.historyTTL = .seconds(60)
        options.allowHistory = everybody
        options.allowRecovery = true
        options.allowPositioning = true
        options.allowsDelta = true
        options.allowTagsFilter = true
        return options
    }

    static var namespaces: Namespaces {
        var presence = open
        presence.presence = true
        presence.joinLeave = true
        presence.allowPresence = everybody
        var cache = history
        cache.forceRecovery = true
        cache.recoveryMode = .cache
        var latest = open
        latest.slowReaders = .keepLatest
        var state = cache
        state.autoCacheRecover = true
        state.deltaPublish = true
        state.slowReaders = .keepLatest
        var dropping = open
        dropping.slowReaders = .dropOldest(keeping: 3)
        var objects = open
        objects.dataFormat = .jsonObject
        var binary = history
        binary.dataFormat = .binary
        return Namespaces(
            named: [
                "open": open, "history": history, "presence": presence, "cache": cache, "closed": ChannelSettings(), "latest": latest,
                "dropping": dropping, "state": state, "objects": objects, "binary": binary,
            ])
    }
}

import NIOCore
import PubSub
import RealtimeHub
import RealtimeProtocol

/// Events as JSON.
struct EventText {
    /// Of this run of the server: with an event's number it is a name that no other event has.
    let run: String

    /// What others see of a client is left out if it has more bytes than that.
    private static let maxInfoBytes = 32 << 10

    /// `{"events":[…]}`
    static func batch(_ events: [ByteBuffer], node: String) -> ByteBuffer {
        var output = JSONOutput()
        output.object { (output) throws(Never) in
            output.member("node", node)
            output.name("events")
            output.array { (output) throws(Never) in
                for event in events { output.raw(event) }
            }
        }
        return output.buffer
    }

    func json(_ event: RecordedEvent) -> ByteBuffer {
        var output = JSONOutput()
        output.object { (output) throws(Never) in
            output.member("id", "\(run)-\(event.number)")
            output.member("type", event.type.rawValue)
            output.member("time_ms", event.time)
            switch event.content {
            case .started: break
            case .occupied(let channel), .vacated(let channel): output.member("channel", channel)
            case .lifecycle(let event): Self.write(event, &output)
            }
        }
        return output.buffer
    }

    private static func write(_ event: LifecycleEvent, _ output: inout JSONOutput) {
        switch event {
        case .connected(let identity, let connection):
            write(identity, &output)
            output.member("transport", connection.transport)
            output.member("protocol", connection.format == .json ? "json" : "protobuf")
            output.member("name", connection.name)
            output.member("version", connection.version)
        case .disconnected(let identity, let code, let duration):
            write(identity, &output)
            // Who goes by itself, or is lost, has the code that it would have been sent.
            let code = code ?? .connectionClosed
            output.member("code", code.number)
            output.member("reason", code.reason)
            output.member("duration_ms", TimeAmount(duration).nanoseconds / 1_000_000)
        case .subscribed(let identity, let channel):
            write(identity, &output)
            output.member("channel", channel)
        case .unsubscribed(let identity, let channel, let code):
            write(identity, &output)
            output.member("channel", channel)
            output.member("code", code.number)
            output.member("reason", code.reason)
        case .joined(let info, let channel), .left(let info, let channel):
            write(ClientIdentity(client: info.client, user: info.user), &output)
            output.member("channel", channel)
            write("conn_info", info.connectionInfo, &output)
            write("chan_info", info.channelInfo, &output)
        case .cacheEmpty(let channel): output.member("channel", channel)
        }
    }

    private static func write(_ identity: ClientIdentity, _ output: inout JSONOutput) {
        output.member("client", identity.client)
        output.member("user", identity.user)
    }

    private static func write(_ name: String, _ info: [UInt8]?, _ output: inout JSONOutput) {
        guard let info, info.count <= maxInfoBytes else { return }
        output.payload(name, info)
    }
}

extension RecordedEvent {
    var type: EventType {
        switch content {
        case .started: .started
        case .occupied: .occupied
        case .vacated: .vacated
        case .lifecycle(let event): event.type
        }
    }
}

import NIOCore
import PubSub
import RealtimeProtocol

/// What a trace says of messages. Tokens, and what names a session to others, are left out.
enum TraceText {
    private static let most = 300

    static func of(_ payload: some Collection<UInt8>) -> String {
        var text = String(decoding: payload.prefix(most), as: UTF8.self)
        let isCut = payload.count > most
        // Where it is cut, a character may be.
        if isCut, text.unicodeScalars.last == replacement { text.unicodeScalars.removeLast() }
        guard !text.unicodeScalars.contains(replacement) else { return "\(payload.count) bytes" }
        return isCut ? text + "…" : text
    }

    /// What stands for bytes that are no text.
    private static let replacement: Unicode.Scalar = "\u{FFFD}"

    static func of(_ payload: ByteBuffer) -> String { of(payload.readableBytesView) }

    static func connected(_ session: Session) -> String {
        let name = session.clientName.isEmpty ? "" : " \(session.clientName) \(session.clientVersion)"
        return "\(session.transport.name) \(session.transport.format)\(name) \(session.transport.remoteAddress ?? "")"
    }

    static func of(_ publication: Publication) -> String {
        (publication.offset > 0 ? "#\(publication.offset) " : "") + of(publication.data)
    }

    // MARK: Commands and replies

    static func of(_ command: Wire.Command) -> String {
        guard let body = command.body else { return command.id == 0 ? "pong" : "nothing" }
        switch body {
        case .connect: return "connect"
        case .subscribe(let request):
            return "subscribe \(request.channel)" + (request.recover ? " since \(request.offset) of \(request.epoch)" : "")
        case .unsubscribe(let request): return "unsubscribe \(request.channel)"
        case .publish(let request): return "publish \(request.channel) \(of(request.data))"
        case .presence(let request): return "presence \(request.channel)"
        case .presenceStats(let request): return "presence_stats \(request.channel)"
        case .history(let request): return "history \(request.channel) limit \(request.limit)"
        case .ping: return "ping"
        case .send(let request): return "send \(of(request.data))"
        case .rpc(let request): return "rpc \(request.method) \(of(request.data))"
        case .refresh: return "refresh"
        case .subRefresh(let request): return "sub_refresh \(request.channel)"
        }
    }

    static func of(_ reply: Wire.Reply) -> String {
        if let error = reply.error { return "\(reply.id): error \(error.code) \(error.message)" }
        guard let body = reply.body else { return "ping" }
        switch body {
        case .push(let push): return of(push)
        case .subscribe(let result):
            let recovery = result.wasRecovering ? result.recovered ? ", recovered" : ", not recovered" : ""
            return "\(reply.id): subscribed\(recovery), \(result.publications.count) publications"
        case .history(let result): return "\(reply.id): \(result.publications.count) publications"
        case .presence(let result): return "\(reply.id): \(result.presence.count) clients"
        case .rpc(let result): return "\(reply.id): \(of(result.data))"
        default: return "\(reply.id): ok"
        }
    }

    static func of(_ push: Wire.Push?) -> String {
        guard let push, let body = push.body else { return "ping" }
        let channel = push.channel.isEmpty ? push.id == 0 ? "" : " channel number \(push.id)" : " \(push.channel)"
        switch body {
        case .publication(let publication):
            let offset = publication.offset > 0 ? " #\(publication.offset)" : ""
            return "publication\(channel)\(offset)\(publication.delta ? " (delta)" : "") \(of(publication.data))"
        case .join(let join): return "join\(channel) \(join.info?.user ?? "") \(join.info?.client ?? "")"
        case .leave(let leave): return "leave\(channel) \(leave.info?.user ?? "") \(leave.info?.client ?? "")"
        case .unsubscribe(let end): return "unsubscribe\(channel) \(end.code) \(end.reason)"
        case .subscribe: return "subscribe\(channel)"
        case .disconnect(let end): return "disconnect \(end.code) \(end.reason)"
        case .message(let message): return "message \(of(message.data))"
        case .connect: return "connect"
        case .refresh: return "refresh"
        }
    }

    /// What is in a batch, as far as it is the first message.
    static func of(_ batch: SharedBatch, _ transport: any SessionTransport) -> String {
        var text: String?
        if transport.isUnidirectional {
            var reader = PushReader(transport.format, batch.bytes)
            text = (try? reader.next()).flatMap { of($0) }
        } else {
            var reader = ReplyReader(transport.format, batch.bytes)
            text = (try? reader.next()).flatMap { of($0) }
        }
        return text ?? of(batch.bytes)
    }
}

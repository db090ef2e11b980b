import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// One socket of the chat: reads what its client says, refuses what is wrong, and hands the rest to the room.
final class ChatSession: WebSocketDelegate {
    private let service: ChatService
    private let room: RoomName
    private var isJoined = false
    private var frames: TokenBucket
    private var refusals = 0
    private var joinTimeout: Scheduled<Void>?

    init(service: ChatService, room: RoomName) {
        self.service = service
        self.room = room
        self.frames = service.limits.frames
    }

    func opened(_ socket: WebSocketConnection) {
        let handle = socket.webSocket
        joinTimeout = socket.eventLoop.scheduleTask(in: TimeAmount(service.limits.join)) {
            handle.startClosing(code: .policyViolation, reason: "nobody joined in time")
        }
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        guard kind == .text else { return socket.close(code: .unsupportedData, reason: "the chat speaks JSON text") }
        guard frames.take(at: .now) == nil else { return socket.close(code: .policyViolation, reason: "too many messages") }
        do throws(ChatRefusal) {
            try handle(ClientMessage(json: Array(payload.readableBytesView), limits: service.limits), on: socket)
        } catch {
            refuse(error, on: socket)
        }
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        joinTimeout?.cancel()
        guard isJoined else { return }
        service.closed(socket.id, in: room, isGoodbye: reason.origin == .peer && reason.code == .normalClosure)
    }

    private func handle(_ message: ClientMessage, on socket: WebSocketConnection) throws(ChatRefusal) {
        switch message {
        case .ping:
            socket.send(ServerMessage.pong.json, .text)
        case .join(let join):
            guard !isJoined else { throw ChatRefusal(.alreadyJoined, "This socket has joined already.") }
            try service.join(room, join, socket: socket)
            isJoined = true
            joinTimeout?.cancel()
        case .say(let reference, let text):
            try service.say(text, reference: reference, in: room, socket: socket)
        case .typing(let isActive):
            try service.typing(isActive, in: room, socket: socket)
        }
    }

    /// Being too fast is what the bucket is for; all else is a broken client after a while.
    private func refuse(_ refusal: ChatRefusal, on socket: WebSocketConnection) {
        socket.send(ServerMessage.error(refusal).json, .text)
        if refusal.code == .roomFull { return socket.close(code: .tryAgainLater, reason: "the room is full") }
        guard refusal.code != .tooFast else { return }
        refusals += 1
        if refusals >= service.limits.refusals { socket.close(code: .policyViolation, reason: "too many mistakes") }
    }
}

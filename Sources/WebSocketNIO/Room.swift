// Strategy: each event loop has a table of its members, which only it touches. A message is framed once, handed to each loop once, and
// appended there to one shared buffer of the turn; at the turn's end each member is sent what is new in that buffer, by one write,
// whatever number of messages it holds. A member that sends something of its own in between first takes over what is new for it, so
// that the order of one member's messages is the order of the calls.

public import NIOCore
import Synchronization
public import WebSocketProtocol

/// A group of sockets that get the same messages: a chat room, a ticker, a topic.
///
/// ```swift
/// let room = Room()
/// router.webSocket("/chat") { socket, _ in
///     room.join(socket)
///     for try await message in socket.messages { room.broadcast(message) }
/// }
/// ```
///
/// A socket leaves by ``leave(_:)-(WebSocket)`` or by closing. Messages of one room reach every member in the same order if they are
/// broadcast by one task, or on one event loop; there is no order between two rooms.
public final class Room: Sendable {
    private let shards = Mutex<[ObjectIdentifier: RoomShard]>([:])
    private let shared: RoomShared

    /// - Parameters:
    ///   - maxBufferedBytes: how many bytes may wait for a member before the policy applies. Default 1 MiB.
    ///   - slowReaders: the policy. Default: disconnect with 1008.
    public init(maxBufferedBytes: Int = 1 << 20, slowReaders: SlowReaderPolicy = .disconnect(.policyViolation)) {
        self.shared = RoomShared(maxBufferedBytes: maxBufferedBytes, slowReaders: slowReaders)
    }

    /// How many sockets are in the room.
    public var count: Int { shared.members.load(ordering: .relaxed) }

    // MARK: Members

    /// Adds a socket. It gets what the same task broadcasts after this call. A socket that is in the room already stays so.
    public func join(_ socket: WebSocket) {
        let shard = shard(of: socket.loop)
        socket.onLoop { shard.add($0) }
    }

    /// Adds a socket; on its event loop.
    public func join(_ socket: WebSocketConnection) {
        shard(of: socket.loop).add(socket)
    }

    /// Removes a socket.
    public func leave(_ socket: WebSocket) {
        socket.onLoop { self.leave($0) }
    }

    /// Removes a socket; on its event loop. What was broadcast before still reaches it.
    public func leave(_ socket: WebSocketConnection) {
        guard let index = socket.memberships.firstIndex(where: { $0.shard.shared === shared }) else { return }
        let membership = socket.memberships.remove(at: index)
        membership.settle()
        membership.shard.remove(membership)
    }

    private func shard(of loop: LoopContext) -> RoomShard {
        shards.withLock { shards in
            let key = ObjectIdentifier(loop.eventLoop)
            if let known = shards[key] { return known }
            let new = RoomShard(shared: shared, loop: loop)
            shards[key] = new
            return new
        }
    }

    // MARK: Messages

    /// Sends a message to all members, the sender too if it is one. From any task; messages of one task keep their order.
    public func broadcast(_ message: PreparedMessage) {
        for shard in shards.withLock({ Array($0.values) }) { shard.post(message) }
    }

    /// Sends a message to all members.
    public func broadcast(_ message: WebSocketMessage) {
        broadcast(PreparedMessage(message.bytes, message.kind))
    }

    /// Sends a text to all members.
    public func broadcast(text: String) {
        broadcast(PreparedMessage(text: text))
    }

    /// Sends a payload to all members.
    public func broadcast(_ payload: ByteBuffer, _ kind: MessageKind) {
        broadcast(PreparedMessage(payload, kind))
    }
}

/// What the parts of a room have in common. They don't know the room: the application may let go of it while it has members.
final class RoomShared: Sendable {
    let members = Atomic<Int>(0)
    let maxBufferedBytes: Int
    let slowReaders: SlowReaderPolicy

    init(maxBufferedBytes: Int, slowReaders: SlowReaderPolicy) {
        self.maxBufferedBytes = maxBufferedBytes
        self.slowReaders = slowReaders
    }
}

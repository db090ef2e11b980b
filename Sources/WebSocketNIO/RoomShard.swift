import DequeModule
import NIOCore
import Synchronization
import WebSocketDeflate
import WebSocketProtocol

/// A socket's place in a room.
///
/// `unowned`: a socket leaves its rooms when it is over, and until then its event loop holds it.
final class RoomMembership {
    let shard: RoomShard
    unowned let socket: WebSocketConnection
    let form: RoomShard.Form
    fileprivate var index = 0
    /// How much of the turn's buffer this member has had.
    fileprivate var seen = 0
    fileprivate var seenMessages = 0
    /// The newest message that was left out (``SlowReaderPolicy/keepLatest``).
    fileprivate var latest: PreparedMessage?

    fileprivate init(shard: RoomShard, socket: WebSocketConnection, form: RoomShard.Form) {
        self.shard = shard
        self.socket = socket
        self.form = form
    }

    /// Puts what the turn's buffer has for this member in front of what the member is about to send by itself.
    func settle() {
        guard let new = shard.takeUnseen(by: self) else { return }
        if form == .single { return socket.sendFramesMasked(new) }
        socket.appendFrames(new)
        socket.scheduleFlush()
    }

    /// The member has caught up.
    func sendLatest() {
        guard let message = latest else { return }
        latest = nil
        socket.sendPrepared(message)
    }
}

/// The members of a room on one event loop.
///
/// `@unchecked Sendable`: all but `mailbox`, which has its lock, is only touched on the loop.
final class RoomShard: @unchecked Sendable {
    /// The bytes that a member gets for a message.
    enum Form {
        case plain
        case compressed
        /// Masked for this member alone: it is a client.
        case single
    }

    let shared: RoomShared
    private let loop: LoopContext
    private let mailbox = Mutex(Mailbox())

    private var members: [RoomMembership] = []
    private var compressedMembers = 0
    /// Of the last member who joined with compression.
    private var deflateConfiguration = DeflateConfiguration()
    private var plain = ByteBuffer()
    private var compressed = ByteBuffer()
    private var newest: PreparedMessage?
    private var messages = 0
    private var isTurnScheduled = false

    init(shared: RoomShared, loop: LoopContext) {
        self.shared = shared
        self.loop = loop
    }

    // MARK: Members

    func add(_ socket: WebSocketConnection) {
        guard socket.isOpen, !socket.memberships.contains(where: { $0.shard.shared === shared }) else { return }
        let membership = RoomMembership(shard: self, socket: socket, form: form(for: socket))
        membership.index = members.count
        membership.seen = buffered(membership.form)
        membership.seenMessages = messages
        members.append(membership)
        shared.members.add(1, ordering: .relaxed)
        socket.memberships.append(membership)
        guard membership.form == .compressed else { return }
        compressedMembers += 1
        deflateConfiguration = socket.deflateConfiguration
    }

    private func form(for socket: WebSocketConnection) -> Form {
        if socket.machine.role == .client { return .single }
        return socket.compressor?.acceptsSharedMessages == true ? .compressed : .plain
    }

    func remove(_ membership: RoomMembership) {
        let index = membership.index
        guard members.indices.contains(index), members[index] === membership, let last = members.popLast() else { return }
        if last !== membership {
            members[index] = last
            last.index = index
        }
        if membership.form == .compressed { compressedMembers -= 1 }
        shared.members.subtract(1, ordering: .relaxed)
    }

    // MARK: Messages

    /// What was posted from other threads. Messages that follow each other closely are collected at once.
    private struct Mailbox {
        var batches = Deque<[PreparedMessage]>()
        /// What the loop had been given when the last batch was begun.
        var fence: UInt64 = 0
    }

    /// From any thread.
    func post(_ message: PreparedMessage) {
        if loop.eventLoop.inEventLoop { return add(message) }
        let mustWake = mailbox.withLock { mailbox in
            let fence = loop.wakes.load(ordering: .relaxed) &+ loop.posts.load(ordering: .relaxed)
            if !mailbox.batches.isEmpty, mailbox.fence == fence {
                mailbox.batches[mailbox.batches.count - 1].append(message)
                return false
            }
            mailbox.batches.append([message])
            mailbox.fence = loop.wakes.load(ordering: .relaxed) &+ loop.posts.add(1, ordering: .relaxed).newValue
            return true
        }
        if mustWake { loop.eventLoop.execute { self.collect() } }
    }

    private func collect() {
        for message in mailbox.withLock({ $0.batches.popFirst() }) ?? [] { add(message) }
    }

    private func add(_ message: PreparedMessage) {
        guard !members.isEmpty else { return }
        if compressedMembers < members.count { plain.writeImmutableBuffer(message.frame) }
        if compressedMembers > 0 { compressed.writeImmutableBuffer(message.compressedFrame(deflateConfiguration) ?? message.frame) }
        newest = message
        messages &+= 1
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        loop.atEndOfTurn { [self] in deliver() }
    }

    private func buffered(_ form: Form) -> Int {
        form == .compressed ? compressed.readableBytes : plain.readableBytes
    }

    /// What the turn's buffer holds that the member has not had; nil if there is nothing, or the policy keeps it from the member.
    func takeUnseen(by membership: RoomMembership) -> ByteBuffer? {
        let buffer = membership.form == .compressed ? compressed : plain
        guard membership.seen < buffer.readableBytes else { return nil }
        let new = membership.seen == 0 ? buffer : buffer.getSlice(at: membership.seen, length: buffer.readableBytes - membership.seen)
        let count = messages &- membership.seenMessages
        membership.seen = buffer.readableBytes
        membership.seenMessages = messages
        guard admits(membership) else { return nil }
        membership.latest = nil
        // Those to clients are counted when they are masked.
        if membership.form != .single { loop.statistics.messagesSent &+= count }
        return new
    }

    /// Whether the member reads quickly enough for more; if not, the policy is applied.
    private func admits(_ membership: RoomMembership) -> Bool {
        guard membership.socket.bufferedBytes > shared.maxBufferedBytes else { return true }
        // Perhaps it was not slow, and nobody has tried to send this yet.
        membership.socket.sendWaiting()
        guard membership.socket.bufferedBytes > shared.maxBufferedBytes else { return true }
        switch shared.slowReaders {
        case .skip: break
        case .keepLatest: membership.latest = newest
        case .disconnect(let code): membership.socket.dropSlowReader(code, limit: shared.maxBufferedBytes)
        }
        return false
    }

    private func deliver() {
        isTurnScheduled = false
        // A member that is disconnected leaves the table and the last one takes its place: so backwards.
        var index = members.count - 1
        while index >= 0 {
            if index < members.count { deliver(to: members[index]) }
            index -= 1
        }
        // What a member's delegate has broadcast meanwhile was sent to some members, and goes to the others in the next turn.
        guard !isTurnScheduled else { return }
        for membership in members {
            membership.seen = 0
            membership.seenMessages = 0
        }
        messages = 0
        newest = nil
        empty(&plain)
        empty(&compressed)
    }

    private static let keptBytes = 64 << 10

    private func empty(_ buffer: inout ByteBuffer) {
        if buffer.capacity > Self.keptBytes { buffer = ByteBuffer() } else { buffer.clear() }
    }

    private func deliver(to membership: RoomMembership) {
        guard let new = takeUnseen(by: membership) else { return }
        if membership.form == .single {
            membership.socket.sendFramesMasked(new)
        } else {
            membership.socket.transmit(new)
        }
    }
}

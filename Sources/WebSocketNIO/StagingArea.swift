import NIOCore
import WebSocketProtocol

/// Where the frames go that a socket sends while it handles a read: memory of the event loop, which one socket after the other uses, so
/// that echoing a message costs neither an allocation nor a growing buffer. Frames leave it at the end of the read, by `send(2)` or into
/// the socket's own buffer.
///
/// Unsafe pointers: `base` is `capacity` bytes from init to deinit; a frame is stored only if it and the longest header fit behind `count`.
final class StagingArea {
    static let capacity = 64 << 10
    private let base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    @exclusivity(unchecked) private(set) var count = 0

    deinit {
        base.deallocate()
    }

    /// False if there is no room.
    @inline(__always)
    func append(_ payload: ByteBuffer, _ kind: MessageKind) -> Bool {
        guard payload.readableBytes <= Self.capacity &- count &- 16 else { return false }
        count &+= payload.storeAsServerFrame(kind, at: base + count)
        return true
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    func clear() {
        count = 0
    }
}

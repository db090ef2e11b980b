import NIOCore

/// Stands for the kernel: takes what is written, or leaves it waiting as for a peer that does not read, and notes how the channel is
/// closed.
final class Valve: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private(set) var isOpen = true
    private(set) var hasHalfClosed = false
    private var pending: [(ByteBuffer, EventLoopPromise<Void>?)] = []
    private var flushed: [UInt8] = []
    private var writes: [Int] = []
    private var unflushed = 0
    /// In what order output and its end happened.
    private(set) var history: [String] = []
    /// What the next writes end with.
    var failure: (any Error)?

    func takeBytes() -> [UInt8] {
        defer { flushed = [] }
        return flushed
    }

    /// How many bytes each flush brought.
    func takeWrites() -> [Int] {
        defer { writes = [] }
        return writes
    }

    /// The peer stops reading.
    func shut() {
        isOpen = false
    }

    /// The peer reads again.
    func open() {
        isOpen = true
        drain()
    }

    /// The peer reads so many of the writes that wait.
    func pass(_ count: Int) {
        for _ in 0..<min(count, pending.count) { passOne() }
    }

    private func drain() {
        while isOpen, !pending.isEmpty { passOne() }
    }

    private func passOne() {
        let (bytes, promise) = pending.removeFirst()
        if let failure {
            promise?.fail(failure)
        } else {
            flushed += bytes.readableBytesView
            promise?.succeed()
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data)
        unflushed += bytes.readableBytes
        pending.append((bytes, promise))
    }

    func flush(context: ChannelHandlerContext) {
        if unflushed > 0 {
            writes.append(unflushed)
            history.append("write")
        }
        unflushed = 0
        drain()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output {
            hasHalfClosed = true
            history.append("end of output")
            promise?.succeed()
            return
        }
        history.append("close")
        let waiting = pending
        pending = []
        for (_, promise) in waiting { promise?.fail(ChannelError.ioOnClosedChannel) }
        context.close(mode: mode, promise: promise)
    }
}

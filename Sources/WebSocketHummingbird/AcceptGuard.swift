// Strategy: when accept(2) fails because descriptors or memory are used up, SwiftNIO keeps the server socket open, and its own handler for
// that holds back the next `read`. But a read is still pending, so the socket stays in the poll set, ready, and the loop calls accept(2)
// again as fast as it can. So the error stops here, and the socket leaves the poll set for a moment.

import Logging
import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Keeps a server accepting connections after it ran out of descriptors. The first handler of the server socket's pipeline.
final class AcceptGuard: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    static let shortestPause: TimeAmount = .milliseconds(10)
    static let longestPause: TimeAmount = .seconds(1)
    private static let quietTime: TimeAmount = .minutes(1)

    private let logger: Logger
    private var pause = AcceptGuard.shortestPause
    private var isPaused = false
    private var lastLogged: NIODeadline?

    init(logger: Logger) {
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pause = Self.shortestPause
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.isPassing(error.errnoCode) else { return context.fireErrorCaught(error) }
        // A connection that was gone before it was accepted (ECONNABORTED) needs no pause.
        guard error.errnoCode != ECONNABORTED, !isPaused else { return }
        log(error, now: context.eventLoop.now)
        isPaused = true
        // Switching auto-read off takes the socket out of the poll set; holding back `read` would not, as one is pending.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            isPaused = false
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        }
        pause = min(pause * 2, Self.longestPause)
    }

    private func log(_ error: IOError, now: NIODeadline) {
        if let lastLogged, now < lastLogged + Self.quietTime { return }
        lastLogged = now
        logger.error("cannot accept connections for now", metadata: ["error": "\(error)"])
    }

    private static func isPassing(_ code: CInt) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED].contains(code)
    }
}

import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy whose connections can be cut: no Close frame, no warning.
final class CuttingProxy: Sendable {
    private let connections = Mutex<[any NIOCore.Channel]>([])
    private let server: any NIOCore.Channel

    var port: Int { server.localAddress?.port ?? 0 }

    /// The most connections that there have been at once since the last cut.
    var count: Int { connections.withLock { $0.count } }

    static func run<Result: Sendable>(to port: Int, _ body: @Sendable (CuttingProxy) async throws -> Result) async throws -> Result {
        let group = MultiThreadedEventLoopGroup.singleton
        let accepted = Accepted()
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { accepted.glue($0, to: port, group) }
            .bind(host: "127.0.0.1", port: 0).get()
        let proxy = CuttingProxy(server)
        accepted.proxy.withLock { $0 = proxy }
        do {
            let result = try await body(proxy)
            try await proxy.shutDown()
            return result
        } catch {
            try? await proxy.shutDown()
            throw error
        }
    }

    private init(_ server: any NIOCore.Channel) {
        self.server = server
    }

    /// Who accepts is there before the proxy.
    private final class Accepted: Sendable {
        let proxy = Mutex<CuttingProxy?>(nil)

        func glue(_ inbound: any NIOCore.Channel, to port: Int, _ group: any EventLoopGroup) -> EventLoopFuture<Void> {
            ClientBootstrap(group: inbound.eventLoop)
                .channelOption(.autoRead, value: false)
                .connect(host: "127.0.0.1", port: port)
                .flatMap { outbound in
                    self.proxy.withLock { $0 }?.connections.withLock { $0.append(inbound) }
                    return outbound.pipeline.addHandler(Glue(inbound)).and(inbound.pipeline.addHandler(Glue(outbound))).flatMap { _ in
                        outbound.setOption(.autoRead, value: true).and(inbound.setOption(.autoRead, value: true)).map { _ in }
                    }
                }
        }
    }

    /// Cuts all connections.
    func cut() {
        let cut = connections.withLock { connections in
            defer { connections = [] }
            return connections
        }
        for channel in cut { channel.close(promise: nil) }
    }

    private func shutDown() async throws {
        cut()
        try await server.close()
    }
}

private final class Glue: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let other: any NIOCore.Channel

    init(_ other: any NIOCore.Channel) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

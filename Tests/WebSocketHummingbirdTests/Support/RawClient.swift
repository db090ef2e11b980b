// A client that knows bytes: for requests that no HTTP client would send, and to see exactly what comes back.

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

final class RawClient: Sendable {
    struct Timeout: Error, CustomStringConvertible {
        let received: String
        var description: String { "nothing more came; received so far: \(received.debugDescription)" }
    }

    let channel: any Channel
    private let inbox: Inbox

    fileprivate init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// A client on any channel that delivers bytes.
    static func install(in channel: any Channel) throws -> RawClient {
        let inbox = Inbox()
        try channel.pipeline.syncOperations.addHandler(Collector(inbox))
        return RawClient(channel: channel, inbox: inbox)
    }

    deinit {
        channel.close(promise: nil)
    }

    static func connect(port: Int, tls: NIOSSLContext? = nil) async throws -> RawClient {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    return try RawClient.install(in: channel)
                }
            }
    }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Ends our side, and reads on.
    func endOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    func close() async {
        try? await channel.close()
    }

    /// Takes what was received, once `isEnough` says how much of it is wanted.
    func take(
        within limit: TimeAmount = .seconds(10), _ isEnough: @escaping @Sendable (_ bytes: [UInt8], _ isEnd: Bool) -> Int?
    ) async throws -> [UInt8] {
        let isOver = Mutex(false)
        let timer = channel.eventLoop.scheduleTask(in: limit) { [inbox] in
            isOver.withLock { $0 = true }
            inbox.wake()
        }
        defer { timer.cancel() }
        while true {
            if let taken = inbox.take(isEnough) { return taken }
            if isOver.withLock({ $0 }) { throw Timeout(received: String(decoding: inbox.received, as: UTF8.self)) }
            await inbox.change()
        }
    }

    func take(_ count: Int) async throws -> [UInt8] {
        try await take { bytes, _ in bytes.count >= count ? count : nil }
    }

    /// Everything until the server ends its side.
    func takeAll(within limit: TimeAmount = .seconds(10)) async throws -> [UInt8] {
        try await take(within: limit) { bytes, isEnd in isEnd ? bytes.count : nil }
    }

    /// One response, its body by Content-Length.
    func response(within limit: TimeAmount = .seconds(10)) async throws -> RawResponse {
        let head = try await take(within: limit) { bytes, isEnd in
            RawResponse.endOfHead(bytes) ?? (isEnd ? bytes.count : nil)
        }
        var response = RawResponse(head: String(decoding: head, as: UTF8.self))
        let length = response.fields["content-length"].flatMap(Int.init) ?? 0
        if length > 0 { response.body = String(decoding: try await take(length), as: UTF8.self) }
        return response
    }
}

struct RawResponse: Sendable {
    var status: Int
    var fields: [String: String] = [:]
    var body = ""
    let head: String

    init(head: String) {
        self.head = head
        let lines = head.split(separator: "\r\n")
        self.status = lines.first.map { $0.split(separator: " ") }.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields[line[..<colon].lowercased()] = String(value)
        }
    }

    static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (4...bytes.count).first { bytes[$0 - 4..<$0].elementsEqual([13, 10, 13, 10]) }
    }
}

/// What has arrived and not been taken, and who waits for more.
private final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isEnd = false
        var changes = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var seen = 0
    }

    private let state = Mutex(State())

    var received: [UInt8] { state.withLock { $0.bytes } }

    func take(_ isEnough: (_ bytes: [UInt8], _ isEnd: Bool) -> Int?) -> [UInt8]? {
        state.withLock { state in
            state.seen = state.changes
            guard let count = isEnough(state.bytes, state.isEnd) else { return nil }
            defer { state.bytes.removeFirst(count) }
            return Array(state.bytes.prefix(count))
        }
    }

    func add(_ bytes: [UInt8]) {
        change { $0.bytes += bytes }
    }

    func end() {
        change { $0.isEnd = true }
    }

    func wake() {
        change { _ in }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            state.changes += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when something has happened since the last ``take(_:)``.
    func change() async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                if state.changes == state.seen { state.waiting.append(continuation) }
                return state.changes != state.seen
            }
            if isNow { continuation.resume() }
        }
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.add(Array(Self.unwrapInboundIn(data).readableBytesView))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed as ChannelEvent = event { inbox.end() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.end()
        context.close(promise: nil)
    }
}

// The small parts that the connections of a server share.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import NIOPosix
import Synchronization
import Testing

@testable import WebSocketHummingbird

@Suite
struct ConnectionDeadlinesTests {
    let loop = EmbeddedEventLoop()

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test("Channels are closed when their own time is over, in order")
    func expires() throws {
        let deadlines = ConnectionDeadlines(eventLoop: loop, length: .seconds(10))
        let first = try channel()
        _ = deadlines.begin(for: first)
        loop.advanceTime(by: .seconds(4))
        let second = try channel()
        _ = deadlines.begin(for: second)
        loop.advanceTime(by: .seconds(5))
        #expect(first.isActive && second.isActive)
        loop.advanceTime(by: .seconds(1))
        #expect(!first.isActive && second.isActive)
        loop.advanceTime(by: .seconds(3))
        #expect(second.isActive)
        loop.advanceTime(by: .seconds(1))
        #expect(!second.isActive)
        #expect(deadlines.count == 0)
    }

    @Test("A deadline that was cancelled closes nothing, wherever it stood", arguments: 0..<3)
    func cancelled(index: Int) throws {
        let deadlines = ConnectionDeadlines(eventLoop: loop, length: .seconds(10))
        let channels = try (0..<3).map { _ in try channel() }
        let begun = channels.map { deadlines.begin(for: $0) }
        begun[index].cancel()
        begun[index].cancel()
        #expect(deadlines.count == 2)
        loop.advanceTime(by: .seconds(11))
        for (number, channel) in channels.enumerated() { #expect(channel.isActive == (number == index)) }
        // The list works on after it was empty.
        let later = try channel()
        _ = deadlines.begin(for: later)
        loop.advanceTime(by: .seconds(11))
        #expect(!later.isActive)
    }

    @Test("One that is renewed ends later, and the others in their own time", arguments: 0..<3)
    func renewed(index: Int) throws {
        let deadlines = ConnectionDeadlines(eventLoop: loop, length: .seconds(10))
        let channels = try (0..<3).map { _ in try channel() }
        let begun = channels.map { deadlines.begin(for: $0) }
        loop.advanceTime(by: .seconds(5))
        begun[index].renew()
        #expect(deadlines.count == 3)
        loop.advanceTime(by: .seconds(6))
        for (number, channel) in channels.enumerated() { #expect(channel.isActive == (number == index)) }
        loop.advanceTime(by: .seconds(4))
        #expect(!channels[index].isActive && deadlines.count == 0)
        // Its time is over.
        begun[index].renew()
        #expect(deadlines.count == 0)
    }

    @Test("Ten thousand come and go in no time")
    func many() throws {
        let deadlines = ConnectionDeadlines(eventLoop: loop, length: .seconds(10))
        let channel = try channel()
        let all = (0..<10_000).map { _ in deadlines.begin(for: channel) }
        let clock = ContinuousClock()
        #expect(clock.measure { for deadline in all.shuffled() { deadline.cancel() } } < .seconds(1))
        #expect(deadlines.count == 0)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct LiveSocketsTests {
    @Test("Whoever is told to close is told once, and those who come later are told at once")
    func closeAll() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let (events, event) = AsyncStream<Int>.makeStream()
        let sockets = LiveSockets()
        let early = try await Self.channel(on: loop, number: 1, event)
        sockets.add(early)
        sockets.closeAll()
        let late = try await Self.channel(on: loop, number: 2, event)
        sockets.add(late)
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == 1)
        #expect(await iterator.next() == 2)
        try await early.close()
        try await late.close()
    }

    private static func channel(on loop: any EventLoop, number: Int, _ event: AsyncStream<Int>.Continuation) async throws -> any Channel {
        try await DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(QuiesceListener { event.yield(number) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }
}

private final class QuiesceListener: ChannelInboundHandler {
    typealias InboundIn = Any

    private let heard: () -> Void

    init(_ heard: @escaping () -> Void) {
        self.heard = heard
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { heard() }
    }
}

private final class Runs: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { numbers.withLock { $0.sorted() } }

    func add(_ number: Int) {
        numbers.withLock { $0.append(number) }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ServerWorkTests {
    private static func run(_ work: ServerWork) async {
        await withDiscardingTaskGroup { group in
            while let items = await work.next() { for item in items { group.addTask { await item.run() } } }
        }
    }

    @Test("It is run until the server and all connections are closed, and then to its end")
    func untilClosed() async {
        let work = ServerWork()
        let runs = Runs()
        let item = { @Sendable (number: Int) in ServerWork.Item(executor: nil) { runs.add(number) } }
        #expect(work.connectionOpened() && work.connectionOpened())
        work.submit(item(1))
        async let kept: Void = Self.run(work)
        work.connectionClosed()
        work.serverClosed()
        work.submit(item(2))
        #expect(!work.connectionOpened())
        work.connectionClosed()
        await kept
        #expect(runs.all == [1, 2])
    }

    @Test("After it was cancelled, what still comes runs cancelled")
    func cancelled() async {
        let work = ServerWork()
        #expect(work.connectionOpened())
        work.cancel()
        #expect(!work.connectionOpened())
        let items = await work.next()
        #expect(items.map(\.count) == nil)
        let (ends, end) = AsyncStream<Bool>.makeStream()
        work.submit(ServerWork.Item(executor: nil) { end.yield(Task.isCancelled) })
        var iterator = ends.makeAsyncIterator()
        _ = await iterator.next()
    }
}

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTaskExecutorTests {
    @Test("Tasks run on their loop, and stay there")
    func stays() async {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let executor = EventLoopTaskExecutor(loop)
        let wasThere = await Task(executorPreference: executor) {
            var all = loop.inEventLoop
            for _ in 0..<10 {
                await Task.yield()
                all = all && loop.inEventLoop
            }
            async let child = loop.inEventLoop
            return await child && all
        }.value
        #expect(wasThere)
        await withTaskExecutorPreference(executor) { #expect(loop.inEventLoop) }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct AnswerChannelTests {
    private static func write(
        maxSize: Int = 100, _ body: @escaping @Sendable (NIOAsyncChannelOutboundWriter<HTTPResponsePart>) async throws -> Void
    ) async throws -> (answer: UpgradeAnswer?, isReturned: Bool, wasTooLong: Bool) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let wasTooLong = Mutex(false)
        let task = Mutex<Task<Void, any Error>?>(nil)
        let (channel, writing) = try await loop.submit {
            let channel = AnswerChannel(eventLoop: loop)
            let writing = try NIOAsyncChannel<Never, HTTPResponsePart>(wrappingChannelSynchronously: channel)
            channel.begin(maxSize: maxSize) {
                wasTooLong.withLock { $0 = true }
                task.withLock { $0?.cancel() }
            }
            return (channel, writing)
        }.get()
        let writer = await AnswerWriter.make(writing, channel: channel)
        let work = Task { try await body(writer.outbound) }
        task.withLock { $0 = work }
        _ = await work.result
        let (isReturned, answer) = try await loop.submit { (channel.isWriterReturned, channel.end()) }.get()
        writer.finish()
        try await channel.closeFuture.get()
        return (answer, isReturned, wasTooLong.withLock { $0 })
    }

    @Test("An answer in one go leaves the writer to us")
    func inOneGo() async throws {
        let result = try await Self.write { writer in
            try await writer.write(contentsOf: [.head(HTTPResponse(status: .ok)), .end([.server: "x"])])
        }
        #expect(result.answer?.head.status == .ok)
        #expect(result.answer?.trailers?[.server] == "x")
        #expect(result.isReturned)
    }

    @Test("One in pieces may have been written by somebody who keeps the writer")
    func inPieces() async throws {
        let result = try await Self.write { writer in
            try await writer.write(.head(HTTPResponse(status: .ok)))
            try await writer.write(.body(ByteBuffer(string: "Hel")))
            try await writer.write(.body(ByteBuffer(string: "lo")))
            try await writer.write(.end(nil))
        }
        #expect(result.answer.map { $0.body.map { String(buffer: $0) } } == ["Hel", "lo"])
        #expect(!result.isReturned)
    }

    @Test("One that breaks off is none")
    func breaksOff() async throws {
        let result = try await Self.write { writer in try await writer.write(.head(HTTPResponse(status: .ok))) }
        #expect(result.answer == nil)
        #expect(!result.isReturned)
    }

    @Test("One without end is stopped, its writer waits and can be cancelled")
    func endless() async throws {
        let result = try await Self.write { writer in
            try await writer.write(.head(HTTPResponse(status: .ok)))
            while true { try await writer.write(.body(ByteBuffer(string: "0123456789"))) }
        }
        #expect(result.answer == nil)
        #expect(result.wasTooLong)
    }
}

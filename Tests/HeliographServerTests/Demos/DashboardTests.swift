import Foundation
import NIOCore
import NIOPosix
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing

@testable import Demos
@testable import HeliographServer

/// The server's figures on their channel.
@Suite("The dashboard", .timeLimit(.minutes(5)))
struct DashboardTests {
    private static func figures(_ data: ByteBuffer) throws -> ServerFigures {
        try JSONDecoder().decode(ServerFigures.self, from: Data(data.readableBytesView))
    }

    @Test("publishes rates of what it is told the sums of, and what the process and the hub have")
    func figures() async throws {
        let asked = Atomic<Int64>(0)
        let demo = DashboardDemo(eventLoopGroup: .singletonMultiThreadedEventLoopGroup) {
            var counts = DashboardDemo.Counts()
            let times = asked.wrappingAdd(1, ordering: .relaxed).newValue
            (counts.connections, counts.messagesReceived, counts.messagesSent) = (7, times * 1_000_000, times * 3_000_000)
            (counts.bytesReceived, counts.bytesSent) = (times * 5_000_000, times * 7_000_000)
            return counts
        }
        try await TestServer.run(demos: [demo, ChatDemo()]) { server in
            _ = try await ChatClient.entered(server, "Ada")
            _ = try await ChatClient.entered(server, "Grace", room: "coffee")
            let client = try await RealtimeClient(server)
            try await client.connect()
            try await client.subscribe("dashboard:server")
            // The second one knows the rates of a time in which nobody came.
            _ = try await client.push()
            guard case .publication(let publication) = try await client.push().body else { throw Unexpected("no figures") }
            let figures = try Self.figures(publication.data)
            #expect(figures.connections == 7)
            #expect(figures.sessions == 3)
            #expect(figures.channels == 3)
            #expect(figures.people == 2)
            #expect(figures.messages >= 2_000_000)
            // A second that lasts between one and thirty.
            let rate = Double(figures.messagesIn)
            #expect((1_000_000 / 30...1_000_001).contains(rate))
            #expect(abs(Double(figures.messagesOut) - 3 * rate) < 4)
            #expect(abs(Double(figures.bytesIn) - 5 * rate) < 6)
            #expect(abs(Double(figures.bytesOut) - 7 * rate) < 8)
            #expect(abs(figures.time / 1_000 - Date().timeIntervalSince1970) < 60)
            #expect(figures.cpu >= 0)
            #expect(figures.loops.count == MultiThreadedEventLoopGroup.singleton.makeIterator().reduce(0) { count, _ in count + 1 })
            #expect(figures.loops.allSatisfy { 0 <= $0.p50 && $0.p50 <= $0.p99 })
            #if os(Linux)
            #expect(figures.memory > 1 << 20)
            #endif
        }
    }

    @Test("remembers, so that whoever comes sees the past at once")
    func history() async throws {
        try await TestServer.run(demos: [DashboardDemo(eventLoopGroup: .singletonMultiThreadedEventLoopGroup) { .init() }]) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            try await client.subscribe("dashboard:server")
            for _ in 1...2 { _ = try await client.push() }
            let late = try await RealtimeClient(server)
            try await late.connect()
            var request = Wire.HistoryRequest(channel: "dashboard:server")
            request.limit = 300
            guard case .history(let past) = try await late.ask(.history(request)).body else { throw Unexpected("no history") }
            #expect(past.publications.count >= 2)
            let times = try past.publications.map { try Self.figures($0.data).time }
            #expect(times == times.sorted())
        }
    }

    @Test("a delay is seen when a loop is kept busy")
    func delay() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let demo = DashboardDemo(eventLoopGroup: group) { .init() }
        let hub = Hub(namespaces: Namespaces(named: demo.namespaces))
        let seen = try await withThrowingTaskGroup(of: Double.self) { tasks in
            tasks.addTask {
                await demo.run(on: hub)
                return 0
            }
            tasks.addTask {
                for try await publication in try await hub.publications(in: DashboardDemo.channel) {
                    let delay = try publication.value.loops.first?.p99 ?? 0
                    if delay >= 50 { return delay }
                    // Busy, as a handler that blocks would be.
                    group.next().execute { Thread.sleep(forTimeInterval: 0.2) }
                }
                return 0
            }
            let seen = try await tasks.next() ?? 0
            tasks.cancelAll()
            return seen
        }
        #expect(seen >= 50)
        try await group.shutdownGracefully()
    }

    @Test("tells its clock, takes no publications, and knows no other method")
    func closed() async throws {
        try await TestServer.run(demos: [DashboardDemo(eventLoopGroup: .singletonMultiThreadedEventLoopGroup) { .init() }]) { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            struct Time: Decodable { let time: Double }
            guard case .rpc(let answer) = try await client.ask(.rpc(Wire.RPCRequest(method: "dashboard:time"))).body else {
                throw Unexpected("no time")
            }
            let time = try JSONDecoder().decode(Time.self, from: Data(answer.data.readableBytesView)).time
            #expect(abs(time / 1_000 - Date().timeIntervalSince1970) < 60)
            #expect(try await client.ask(.rpc(Wire.RPCRequest(method: "dashboard:stop"))).error?.code == 104)
            try await client.subscribe("dashboard:server")
            let forged = Wire.PublishRequest(channel: "dashboard:server", data: ByteBuffer(string: "{}"))
            #expect(try await client.ask(.publish(forged)).error?.code == 103)
        }
    }
}

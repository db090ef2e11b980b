import NIOCore
import NIOPosix
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("What a hub does in a second")
struct HubSampleTests {
    @Test("All that was counted, whatever was told to the metrics meanwhile")
    func totals() {
        let statistics = HubStatistics()
        statistics.deliveries += 3
        statistics.bytesSent += 100
        statistics.publish()
        statistics.deliveries += 4
        statistics.dropped(2)
        statistics.publish()
        statistics.commands += 1
        #expect(statistics.totals.deliveries == 7)
        #expect(statistics.totals.bytesSent == 100)
        #expect(statistics.totals.commands == 1)
        #expect(statistics.totals.dropped == 2)
    }

    @Test("A sample has connections, subscriptions, channels, and what each loop has done")
    func sample() async throws {
        let hub = TestHub.make()
        let clients = [try await LiveClient(hub), try await LiveClient(hub)]
        for client in clients {
            _ = try await client.connect()
            _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        }
        _ = try await clients[0].ask(.subscribe(Wire.SubscribeRequest(channel: "open:b")))
        for number in 0..<10 { try await hub.publish(Array("\(number)".utf8), to: "open:a") }
        let sample = try await eventually("the deliveries") {
            let sample = await hub.sample()
            return sample.loops.reduce(0) { $0 + $1.deliveries } == 20 ? sample : nil
        }
        #expect(sample.connections == 2)
        #expect(sample.users == 1)
        #expect(sample.channels == 2)
        #expect(sample.subscriptions == 3)
        #expect(sample.loops.map(\.id) == Array(0..<sample.loops.count))
        #expect(sample.loops.reduce(0) { $0 + $1.commandsReceived } == 5)
        #expect(sample.loops.reduce(0) { $0 + $1.bytesReceived } > 50)
        #expect(sample.loops.reduce(0) { $0 + $1.bytesSent } > 200)
        #expect(sample.loops.allSatisfy { $0.processorTime > .zero })
    }

    @Test("Rates are what was done between two samples, by the time between them")
    func rates() {
        let start = ContinuousClock.now
        var one = HubSample.Loop(id: 0), other = HubSample.Loop(id: 1)
        (one.deliveries, one.processorTime) = (100, .seconds(5))
        (other.deliveries, other.processorTime) = (10, .seconds(1))
        let before = HubSample(time: start, loops: [one, other], connections: 0, users: 0, channels: 0)
        (one.deliveries, one.processorTime, one.lag) = (300, .milliseconds(6_500), .milliseconds(3))
        (other.deliveries, other.processorTime, other.lag) = (12, .milliseconds(1_500), .milliseconds(9))
        let after = HubSample(
            time: start + .seconds(2), loops: [one, other, HubSample.Loop(id: 2)], connections: 0, users: 0, channels: 0)
        let rates = after.rates(since: before)
        #expect(rates.loops.map(\.deliveries) == [100, 1, 0])
        #expect(rates.loops.map(\.busy) == [0.75, 0.25, 0])
        #expect(rates.all.deliveries == 101)
        #expect(rates.all.lag == .milliseconds(9))
        #expect(rates.all.busy == 1.0 / 3)
    }

    @Test("A loop that works is busy, and late for what comes")
    func load() async throws {
        let hub = TestHub.make()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let session = try await loop.submit { NIOLoopBound(hub.open(TestTransport(loop, .json)), eventLoop: loop) }.get()
        let before = await hub.sample()
        loop.execute {
            let end = ContinuousClock.now + .milliseconds(200)
            while ContinuousClock.now < end {}
        }
        let rates = await hub.sample().rates(since: before)
        #expect(rates.all.lag > .milliseconds(100))
        #expect(rates.all.busy > 0.2)
        try await loop.submit { session.value.closed() }.get()
        try await group.shutdownGracefully()
    }

    @Test("Those who say most come first, by what they said since the last time; and nobody counts when nobody asks")
    func talkers() async throws {
        let hub = TestHub.make()
        let clients = [try await LiveClient(hub), try await LiveClient(hub)]
        for client in clients {
            _ = try await client.connect()
            _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:loud")))
        }
        _ = try await clients[0].ask(.subscribe(Wire.SubscribeRequest(channel: "open:quiet")))
        #expect(await hub.topTalkers().channels.isEmpty)
        let publication = ByteBuffer(string: "1")
        // What is told is of a whole second, wherever it begins.
        let talkers = try await eventually("a second in which both are heard") {
            for _ in 0..<10 { _ = try await clients[1].ask(.publish(Wire.PublishRequest(channel: "open:loud", data: publication))) }
            _ = try await clients[0].ask(.publish(Wire.PublishRequest(channel: "open:quiet", data: publication)))
            let talkers = await hub.topTalkers()
            return talkers.channels.count == 2 && talkers.connections.count == 2 ? talkers : nil
        }
        #expect(talkers.channels.map(\.name) == ["open:loud", "open:quiet"])
        #expect(talkers.channels[0].deliveries > 5 * talkers.channels[1].deliveries)
        #expect(talkers.connections[0].commands > 3 * talkers.connections[1].commands)
        #expect(await hub.topTalkers(limit: 1).channels.map(\.name) == ["open:loud"])
        let counts = TalkerCounts(.uptimeNanoseconds(0))
        _ = counts.window(.uptimeNanoseconds(5_000_000_000)) { _ in nil }
        #expect(!counts.isForgotten(.uptimeNanoseconds(15_000_000_000)))
        #expect(counts.isForgotten(.uptimeNanoseconds(15_000_000_001)))
    }
}

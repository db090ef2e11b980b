// Readers that are slower than their channels: bounded, and never silent about what is lost.

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Slow readers")
struct SlowReaderTests {
    private func slow(_ result: Wire.SubscribeResult) throws -> (MachineClient, SubscriptionKey) {
        try MachineClient.subscribed(result, { $0.maxBufferedEvents = 16 })
    }

    @Test("what does not fit is recovered from where it ended, once half is read")
    func recovered() throws {
        var (client, key) = try slow(.recoverable(at: 0))
        for offset: UInt64 in 1...40 { try client.publish("\(offset)", offset: offset, to: "news") }
        #expect(client.events(of: key, atMost: 7).offsets == Array(1...7))
        #expect(try client.commands().isEmpty)
        #expect(client.events(of: key, atMost: 1).offsets == [8])
        let commands = try client.commands()
        #expect(commands.first?.body == .unsubscribe(Wire.UnsubscribeRequest(channel: "news")))
        // Still of the subscription that was left.
        try client.publish("41", offset: 41, to: "news")
        let request = try client.grant(.recovered(after: 16, 17...41), in: commands)
        #expect((request.recover, request.offset) == (true, 16))
        var all: [Client.SubscriptionEvent] = []
        for _ in 0..<100 {
            all += client.events(of: key, atMost: 1)
            let commands = try client.commands()
            let position = client.machine.subscriptions["news"]?.stream.position?.offset ?? 0
            if commands.contains(where: { if case .subscribe = $0.body { true } else { false } }) {
                try client.grant(.recovered(after: position, position < 41 ? position + 1...41 : nil), in: commands)
            }
        }
        #expect(all.offsets == Array(9...41))
        #expect(!all.contains(.missed))
    }

    @Test("a channel without history: it is said that something is missing, where it is missing")
    func lost() throws {
        var (client, key) = try slow(Wire.SubscribeResult())
        for number in 1...40 { try client.publish("\(number)", to: "news") }
        let first = client.events(of: key, atMost: 8)
        try client.publish("41", to: "news")
        let rest = client.events(of: key)
        #expect((first + rest).texts == (1...16).map { "\($0)" } + ["41"])
        #expect(rest.dropLast().last == .missed)
        #expect(try client.commands().isEmpty)
        #expect(client.state(of: key) == .subscribed)
    }

    @Test("nobody reads: bounded, still subscribed, and whoever comes later misses nothing unsaid")
    func nobody() throws {
        var (client, key) = try slow(.recoverable(at: 0))
        for offset: UInt64 in 1...500 { try client.publish("\(offset)", offset: offset, to: "news") }
        for round in 0..<100 {
            try client.grant(.recovered(after: 16, 17...300), in: client.comeBack())
            if round % 10 == 0 { #expect(client.machine.subscriptions["news"]?.mailbox.count == 16) }
        }
        #expect(client.state(of: key) == .subscribed)
        #expect(client.events(of: key, atMost: 8).offsets == Array(1...8))
        #expect(try client.grant(.recovered(after: 16, 17...18)).offset == 16)
        #expect(client.events(of: key).offsets == Array(9...18))
    }

    @Test("the stream is lost while the reader is behind: it learns so once it is not")
    func lostBehind() throws {
        var (client, key) = try slow(.recoverable(at: 0))
        for offset: UInt64 in 1...40 { try client.publish("\(offset)", offset: offset, to: "news") }
        var result = Wire.SubscribeResult.recoverable(at: 70, epoch: "e2")
        result.wasRecovering = true
        try client.grant(result, in: client.comeBack())
        try client.publish("71", offset: 71, to: "news")
        let first = client.events(of: key, atMost: 8)
        // The position of the reader is the old stream's: the server says again that it has not all.
        let request = try client.grant(result)
        #expect((request.epoch, request.offset) == ("e1", 16))
        let events = first + client.events(of: key)
        #expect(events.offsets == Array(1...16))
        #expect(events.contains(.missed))
    }

    @Test("112 while the reader is behind")
    func refusedBehind() throws {
        var (client, key) = try slow(.recoverable(at: 0))
        for offset: UInt64 in 1...40 { try client.publish("\(offset)", offset: offset, to: "news") }
        try client.refuse(112, in: client.comeBack())
        client.wait(.seconds(1))
        try client.grant(.recoverable(at: 70, epoch: "e2"))
        let events = client.events(of: key, atMost: 9) + client.events(of: key)
        #expect(events.offsets == Array(1...16))
        #expect(events.contains(.missed))
    }

    @Test("unsubscribed while behind: the end is told, and so is what is missing")
    func endBehind() throws {
        for isRecoverable in [true, false] {
            var (client, key) = try slow(isRecoverable ? .recoverable(at: 0) : Wire.SubscribeResult())
            for offset: UInt64 in 1...40 { try client.publish("\(offset)", offset: isRecoverable ? offset : 0, to: "news") }
            for _ in 0..<20 {
                client.tell { $0.unsubscribe(key, at: $1) }
                client.tell { $0.resume(key, at: $1) }
            }
            #expect((client.machine.subscriptions["news"]?.mailbox.count ?? 0) <= 20)
            client.tell { $0.unsubscribe(key, at: $1) }
            _ = try client.commands()
            let events = client.events(of: key)
            #expect(events.texts == (1...16).map { "\($0)" })
            #expect(events.last == .unsubscribed(.unsubscribeCalled))
            #expect(events.contains(.missed) == !isRecoverable)
            client.tell { $0.resume(key, at: $1) }
            if isRecoverable { #expect(try client.grant(.recovered(after: 16, nil)).offset == 16) }
        }
    }

    @Test("bytes count as well")
    func bytes() throws {
        var (client, key) = try MachineClient.subscribed(.recoverable(at: 0), { $0.maxBufferedBytes = 20_000 })
        for offset: UInt64 in 1...40 { try client.publish(String(repeating: "x", count: 4_000), offset: offset, to: "news") }
        #expect(client.machine.subscriptions["news"]?.mailbox.count == 5)
        #expect(client.events(of: key).offsets == Array(1...5))
    }

    @Test("a reader that keeps up is never interrupted")
    func fast() throws {
        var (client, key) = try slow(.recoverable(at: 0))
        for offset: UInt64 in 1...1_000 {
            try client.publish("\(offset)", offset: offset, to: "news")
            #expect(client.events(of: key).offsets == [offset])
        }
        #expect(try client.commands().isEmpty)
    }

    @Test("an answer stands behind no publication")
    func answers() throws {
        var (client, key) = try slow(.recoverable(at: 0))
        for offset: UInt64 in 1...100 { try client.publish("\(offset)", offset: offset, to: "news") }
        let ticket = client.request(.publish(Wire.PublishRequest(channel: "news", data: ByteBuffer(string: "1"))), needs: key)
        let id = try #require(try client.commands().first?.id)
        try client.receive(Wire.Reply(id: id, body: .publish(Wire.PublishResult())))
        #expect(client.completed[ticket] != nil)
    }
}

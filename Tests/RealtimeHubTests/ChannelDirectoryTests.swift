import PubSub
import Synchronization
import Testing

@testable import RealtimeHub

/// Which channels the broker is asked for, with a broker that answers when the test says.
@Suite("The directory of channels")
struct ChannelDirectoryTests {
    private let directory = ChannelDirectory(shards: 1)
    private let broker = AskedBroker()
    private let sinks = [Sink(), Sink()]

    private func join(_ sink: Int, _ name: String) {
        directory.join("c", sinks[sink]) {
            broker.ask($0)
        } _: {
            broker.note(name, $0)
        }
    }

    private func leave(_ sink: Int) {
        directory.leave("c", sinks[sink]) { broker.note("forgotten", .success(())) }
    }

    @Test("The broker is asked once; all wait for its answer")
    func waits() {
        join(0, "a")
        join(1, "b")
        join(0, "c")
        #expect(broker.log == ["asked"])
        broker.answer(.success(()))
        #expect(broker.log == ["asked", "b ok", "c ok", "a ok"])
        join(1, "d")
        #expect(broker.log.last == "d ok")
        #expect(directory.channels() == ["c": 4])
    }

    @Test("Who comes when all is well is ready at once, also with a broker that answers before it returns")
    func atOnce() {
        broker.answersAtOnce = .success(())
        join(0, "a")
        join(1, "b")
        #expect(broker.log == ["asked", "a ok", "b ok"])
    }

    @Test("All who waited are told of a failure, and the next one asks anew")
    func failure() {
        join(0, "a")
        join(1, "b")
        broker.answer(.failure(.unavailable("")))
        #expect(broker.log == ["asked", "b failed", "a failed"])
        join(1, "c")
        #expect(broker.log.last == "asked")
        broker.answer(.success(()))
        #expect(broker.log.last == "c ok")
    }

    @Test("The last one to leave has the broker forget it")
    func leaving() {
        broker.answersAtOnce = .success(())
        join(0, "a")
        join(1, "b")
        leave(0)
        #expect(broker.log == ["asked", "a ok", "b ok"])
        leave(1)
        #expect(broker.log.last == "forgotten")
        join(0, "c")
        #expect(Array(broker.log.suffix(2)) == ["asked", "c ok"])
        leave(1)
        #expect(broker.log.last == "c ok", "who is not there can't leave")
    }

    @Test("An answer that comes when everybody has left wakes nobody, and does no harm")
    func late() {
        join(0, "a")
        leave(0)
        broker.answer(.success(()))
        #expect(broker.log == ["asked", "forgotten", "a ok"])
        #expect(directory.channels().isEmpty)
        broker.answersAtOnce = .success(())
        join(0, "b")
        #expect(Array(broker.log.suffix(2)) == ["asked", "b ok"])
    }

    @Test("A publication goes to each once, however many subscribers it has")
    func deliveries() {
        broker.answersAtOnce = .success(())
        for _ in 0..<3 { join(0, "a") }
        join(1, "b")
        let delivery = Delivery(channel: "c", event: .left(ClientInfo(user: "", client: "x", connectionInfo: nil, channelInfo: nil)))
        directory.forEachSink(of: "c") { $0.post(delivery) }
        #expect(sinks.map(\.count) == [1, 1])
        #expect(directory.subscribers(of: "c") == 4)
    }

    @Test("Many threads coming and going leave nothing behind, and the broker heard of comings and goings in turn")
    func race() async {
        broker.answersAtOnce = .success(())
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<2 {
                group.addTask {
                    for _ in 0..<2_000 {
                        join(index, "x")
                        leave(index)
                    }
                }
            }
        }
        #expect(directory.channels().isEmpty)
        let calls = broker.log.filter { $0 == "asked" || $0 == "forgotten" }
        for (index, call) in calls.enumerated() { #expect(call == (index % 2 == 0 ? "asked" : "forgotten")) }
    }
}

private final class Sink: DeliverySink {
    private let posted = Mutex(0)

    var count: Int { posted.withLock { $0 } }

    func post(_ delivery: Delivery) { posted.withLock { $0 += 1 } }
}

private final class AskedBroker: Sendable {
    private struct State {
        var log: [String] = []
        var pending: [ChannelDirectory.Completion] = []
        var answersAtOnce: Result<Void, BrokerError>?
    }

    private let state = Mutex(State())

    var log: [String] { state.withLock { $0.log } }
    var answersAtOnce: Result<Void, BrokerError>? {
        get { state.withLock { $0.answersAtOnce } }
        set { state.withLock { $0.answersAtOnce = newValue } }
    }

    func ask(_ done: @escaping ChannelDirectory.Completion) {
        let answer = state.withLock { state in
            state.log.append("asked")
            if state.answersAtOnce == nil { state.pending.append(done) }
            return state.answersAtOnce
        }
        if let answer { done(answer) }
    }

    func answer(_ result: Result<Void, BrokerError>) {
        let pending = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for done in pending { done(result) }
    }

    func note(_ name: String, _ result: Result<Void, BrokerError>) {
        let text: String
        if name == "forgotten" { text = name } else if case .success = result { text = "\(name) ok" } else { text = "\(name) failed" }
        state.withLock { $0.log.append(text) }
    }
}

// What a batch may ask for: so long an answer, so many publications, and never a whole event loop.

import NIOCore
import NIOPosix
import PubSub
import RealtimeHub
import RealtimeProtocol
import Synchronization
import Testing
import WebSocketHummingbird

@testable import HeliographServer

@Suite("HTTP API: batches", .timeLimit(.minutes(1)))
struct BatchAPITests {
    private static func hub() -> Hub {
        var settings = ChannelSettings()
        settings.historySize = 100
        settings.historyTTL = .seconds(60)
        return Hub(namespaces: Namespaces(withoutNamespace: settings))
    }

    private static func call(
        _ hub: Hub, _ method: String, _ body: String, maxAnswerBytes: Int = 16 << 20, caller: APICaller = APICaller(name: "test")
    ) async throws -> String {
        let configuration = ServerAPI.Configuration(maxAnswerBytes: maxAnswerBytes)
        let api = ServerAPI(hub: hub, configuration: configuration, access: Replaceable(APIAccess()))
        return String(buffer: await api.answer(try #require(ServerAPI.table[method]), ByteBuffer(string: body), for: caller).0)
    }

    private static func batch(_ commands: [String], parallel: Bool = false) -> String {
        "{\"commands\":[\(commands.joined(separator: ","))],\"parallel\":\(parallel)}"
    }

    private static func codes(_ answer: String) -> [String] {
        answer.matches(of: /"code":(\d+)/).map { String($0.output.1) }
    }

    private static func fill(_ hub: Hub) async throws {
        for _ in 0..<10 { try await hub.publish(Array("\"\(String(repeating: "x", count: 1_000))\"".utf8), to: "a") }
    }

    private static let history = #"{"history":{"channel":"a","limit":-1}}"#

    @Test("an answer that would be too long is an error in its place")
    func longAnswer() async throws {
        let hub = Self.hub()
        try await Self.fill(hub)
        let short = try await Self.call(hub, "history", #"{"channel":"a","limit":3}"#, maxAnswerBytes: 4_096)
        #expect(short.hasPrefix(#"{"result":"#))
        let long = try await Self.call(hub, "history", #"{"channel":"a","limit":-1}"#, maxAnswerBytes: 4_096)
        #expect(long == #"{"error":{"code":106,"message":"limit exceeded: the answer would have more than 4096 bytes"}}"#)
    }

    @Test("when a batch has no room any more, nothing else of it is read or done", arguments: [false, true])
    func longBatch(parallel: Bool) async throws {
        let hub = Self.hub()
        try await Self.fill(hub)
        let commands = Array(repeating: Self.history, count: 100) + [#"{"publish":{"channel":"b","data":1}}"#]
        let answer = try await Self.call(hub, "batch", Self.batch(commands, parallel: parallel), maxAnswerBytes: 50_000)
        #expect(answer.utf8.count < 65_000)
        let codes = Self.codes(answer)
        #expect(Set(codes) == ["106"])
        #expect(parallel ? codes.count >= 97 : codes.count == 97)
        let position = try await hub.history(of: "b", HistoryQuery(limit: .none)).position
        #expect(position.offset == 0)
    }

    @Test("publications that need not wait have the same end")
    func atOnce() async throws {
        let hub = Self.hub()
        let commands = Array(repeating: #"{"publish":{"channel":"b","data":1}}"#, count: 100)
        let answer = try await Self.call(hub, "batch", Self.batch(commands), maxAnswerBytes: 2_000)
        let refused = Self.codes(answer).count
        #expect(refused > 50 && refused < 90)
        #expect(try await hub.history(of: "b", HistoryQuery(limit: .none)).position.offset == UInt64(100 - refused))
    }

    /// How many turns the event loop has for others while something runs on it.
    private func countTurns(_ body: @escaping @Sendable () async throws -> Void) async throws -> Int {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let count = Atomic(0)
        let isOver = Atomic(false)
        @Sendable func turn() {
            count.wrappingAdd(1, ordering: .relaxed)
            if !isOver.load(ordering: .relaxed) { loop.execute { turn() } }
        }
        let task = Task(executorPreference: EventLoopTaskExecutor(loop)) {
            loop.execute { turn() }
            let before = count.load(ordering: .relaxed)
            try await body()
            return count.load(ordering: .relaxed) - before
        }
        let result = await task.result
        isOver.store(true, ordering: .relaxed)
        try await group.shutdownGracefully()
        return try result.get()
    }

    @Test("others on the event loop have their turns while one batch publishes much")
    func turns() async throws {
        let hub = Self.hub()
        let publish = #"{"publish":{"channel":"b","data":1}}"#
        let broadcast = "{\"broadcast\":{\"channels\":[\((0..<5_000).map { "\"\($0)\"" }.joined(separator: ","))],\"data\":1}}"
        for commands in [Array(repeating: publish, count: 5_000), [broadcast]] {
            let turns = try await countTurns {
                let answer = try await Self.call(hub, "batch", Self.batch(commands))
                #expect(Self.codes(answer) == [])
            }
            #expect(turns >= 5_000 / 64 - 1)
        }
    }

    @Test("whoever does not wait for the answer has no more done")
    func cancelled() async throws {
        let hub = Self.hub()
        let commands = Self.batch(Array(repeating: #"{"publish":{"channel":"b","data":1}}"#, count: 5_000))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Self.call(hub, "batch", commands)
        }
        #expect(Self.codes(try await task.value) == ["100"])
        #expect(try await hub.history(of: "b", HistoryQuery(limit: .none)).position.offset == 0)
    }

    @Test("a batch publishes to so many channels at most, beside those that it names one by one")
    func manyChannels() async throws {
        let budget = CallBudget(maxAnswerBytes: .max, rate: nil)
        for _ in 0..<10 { try budget.publish(to: 10_000) }
        let error = #expect(throws: APIError.self) { try budget.publish(to: 1) }
        #expect(error?.code == 106)
    }
}

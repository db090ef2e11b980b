import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Positions and recovery", .serialized)
struct RecoveryTests {
    let loop = EmbeddedEventLoop()
    let hub = TestHub.make()

    private func client(_ format: WireFormat = .json) throws -> TestClient {
        let client = TestClient(hub, on: loop, format)
        try client.connect()
        return client
    }

    private func publish(_ range: ClosedRange<Int>, to channel: String = "history:a") async throws {
        for number in range { try await hub.publish(Array("\(number)".utf8), to: channel) }
        loop.run()
    }

    private func recover(
        _ client: TestClient, _ channel: String = "history:a", from offset: UInt64, epoch: String
    ) throws -> Wire.SubscribeResult {
        try client.subscribe(channel) { request in
            request.recover = true
            request.offset = offset
            request.epoch = epoch
        }
    }

    @Test("A recoverable subscription tells where the stream is, and publications have offsets")
    func position() async throws {
        try await publish(1...3)
        let client = try client()
        let result = try client.subscribe("history:a") { $0.recoverable = true }
        #expect(result.recoverable && result.positioned && !result.recovered && !result.wasRecovering)
        #expect(result.offset == 3)
        #expect(!result.epoch.isEmpty)
        #expect(result.publications.isEmpty)
        try await publish(4...5)
        #expect(try client.publications().map(\.offset) == [4, 5])
    }

    @Test("Without history there is no position")
    func none() throws {
        let result = try client().subscribe("open:a") { $0.recoverable = true }
        #expect(result == Wire.SubscribeResult())
    }

    @Test("What was missed is in the answer, in order, with the request's offset", arguments: [WireFormat.json, .protobuf])
    func recovered(format: WireFormat) async throws {
        let first = try client(format)
        let epoch = try first.subscribe("history:a") { $0.recoverable = true }.epoch
        try await publish(1...2)
        first.session.closed()
        try await publish(3...6)
        let result = try recover(client(format), from: 2, epoch: epoch)
        #expect(result.recovered && result.wasRecovering)
        #expect(result.offset == 2)
        #expect(result.publications.map(\.text) == ["3", "4", "5", "6"])
        #expect(result.publications.map(\.offset) == [3, 4, 5, 6])
    }

    @Test("Nothing missed is recovered too")
    func nothingMissed() async throws {
        try await publish(1...2)
        let epoch = try client().subscribe("history:a") { $0.recoverable = true }.epoch
        let result = try recover(client(), from: 2, epoch: epoch)
        #expect(result.recovered)
        #expect(result.publications.isEmpty)
    }

    @Test("An empty epoch is any; from nothing, everything is missed")
    func fromNothing() async throws {
        try await publish(1...2)
        let result = try recover(client(), from: 0, epoch: "")
        #expect(result.recovered)
        #expect(result.publications.map(\.offset) == [1, 2])
    }

    @Test("More was published than is kept: not recovered, and the answer has the top")
    func lost() async throws {
        try await publish(1...1)
        let epoch = try client().subscribe("history:a") { $0.recoverable = true }.epoch
        try await publish(2...20)
        let result = try recover(client(), from: 1, epoch: epoch)
        #expect(!result.recovered && result.wasRecovering)
        #expect(result.offset == 20)
        #expect(result.publications.isEmpty)
    }

    @Test("Another epoch: not recovered; with the flag, refused with 112")
    func otherEpoch() async throws {
        try await publish(1...2)
        let result = try recover(client(), from: 1, epoch: "somebody else's")
        #expect(!result.recovered)
        #expect(result.offset == 2)
        let request = Wire.SubscribeRequest(channel: "history:a", recover: true, epoch: "other", offset: 1, flag: 2)
        let refused = try client()
        #expect(try refused.refusal(.subscribe(request)) == 112)
        #expect(try refused.subscribe("history:a").recovered == false, "and may subscribe afresh")
    }

    @Test("A position from the future is not recovered")
    func future() async throws {
        try await publish(1...2)
        let epoch = try client().subscribe("history:a") { $0.recoverable = true }.epoch
        #expect(try !recover(client(), from: 9, epoch: epoch).recovered)
        #expect(try !recover(client(), from: .max, epoch: epoch).recovered)
    }

    @Test("Cache mode gives the latest alone")
    func cache() async throws {
        try await publish(1...5, to: "cache:a")
        let client = try client()
        let result = try recover(client, "cache:a", from: 0, epoch: "")
        #expect(result.recovered)
        #expect(result.publications.map(\.text) == ["5"])
        let again = try recover(self.client(), "cache:a", from: 5, epoch: result.epoch)
        #expect(again.recovered)
        #expect(again.publications.isEmpty, "it has it")
    }

    // MARK: Live positions

    @Test("A gap ends the subscription with 2500, and it can be begun again from the position")
    func gap() async throws {
        let client = try client()
        let epoch = try client.subscribe("history:a") { $0.recoverable = true }.epoch
        try await publish(1...1)
        #expect(try client.publications().count == 1)
        // The broker's third publication comes, its second does not.
        let publication = Publication(data: Array("3".utf8), offset: 3, epoch: epoch)
        hub.core.published(publication, on: "history:a", delta: nil, excluding: nil)
        let pushes = try client.received()
        #expect(pushes.map(\.body) == [.push(Wire.Push(channel: "history:a", body: .unsubscribe(Wire.Unsubscribe(.insufficientState))))])
        try await publish(2...3)
        #expect(try recover(client, from: 1, epoch: epoch).publications.map(\.offset) == [2, 3])
    }

    @Test("Another epoch in the middle ends it as well; what comes twice is dropped")
    func epochAndDuplicates() async throws {
        let client = try client()
        let epoch = try client.subscribe("history:a") { $0.recoverable = true }.epoch
        try await publish(1...1)
        hub.core.published(Publication(data: Array("1".utf8), offset: 1, epoch: epoch), on: "history:a", delta: nil, excluding: nil)
        #expect(try client.publications().count == 1)
        hub.core.published(Publication(data: Array("2".utf8), offset: 2, epoch: "new"), on: "history:a", delta: nil, excluding: nil)
        #expect(try client.received().count == 1)
        #expect(client.session.subscriptions.isEmpty)
    }

    @Test("What is published past the history reaches positioned subscribers too, and moves no position")
    func pastHistory() async throws {
        let client = try client()
        _ = try client.subscribe("history:a") { $0.recoverable = true }
        try await publish(1...1)
        try await hub.publish(Array("9".utf8), to: "history:a", skipsHistory: true)
        try await publish(2...2)
        #expect(try client.publications().map(\.offset) == [1, 0, 2])
        #expect(client.session.subscriptions["history:a"]?.position.offset == 2)
    }

    // MARK: Filters and deltas

    private func filter(_ value: String) -> Wire.FilterNode { Wire.FilterNode(key: "kind", comparison: "eq", value: value) }

    @Test("A filter leaves out what does not match; the position goes on")
    func filtered() async throws {
        let client = try client()
        _ = try client.subscribe("history:a") { request in
            request.recoverable = true
            request.tagsFilter = filter("goal")
        }
        for number in 1...6 {
            try await hub.publish(Array("\(number)".utf8), to: "history:a", tags: ["kind": number % 3 == 0 ? "goal" : "pass"])
        }
        #expect(try client.publications().map(\.offset) == [3, 6])
        #expect(client.session.subscriptions["history:a"]?.position.offset == 6)
    }

    @Test("Where filters are not allowed, they are a bad request")
    func filterNotAllowed() throws {
        let request = Wire.SubscribeRequest(channel: "open:a", tagsFilter: filter("goal"))
        #expect(try client().refusal(.subscribe(request)) == 107)
    }

    private static func state(_ number: Int) -> String {
        #"{"match":"A - B","minute":\#(number),"events":["kick-off","throw-in","corner","goal kick","free kick"]}"#
    }

    /// What a client makes of the publications it gets.
    private func assemble(_ publications: [Wire.Publication], base: inout [UInt8], _ format: WireFormat) throws -> [String] {
        try publications.map { publication in
            var data = Array(publication.data.readableBytesView)
            if format == .json {
                // The data is a JSON string.
                var text = String(decoding: data, as: UTF8.self)
                #expect(text.hasPrefix("\"") && text.hasSuffix("\""))
                text = String(text.dropFirst().dropLast()).replacing("\\\"", with: "\"").replacing("\\n", with: "\n")
                data = Array(text.utf8)
            }
            base =
                publication.delta
                ? Array(try Delta.apply(ByteBuffer(bytes: data), to: ByteBuffer(bytes: base), limit: 1 << 20).readableBytesView) : data
            return String(decoding: base, as: UTF8.self)
        }
    }

    @Test("Deltas: the first is whole, the others are differences, and add up", arguments: [WireFormat.json, .protobuf])
    func deltas(format: WireFormat) async throws {
        let client = try client(format)
        #expect(try client.subscribe("history:a") { $0.delta = "fossil" }.delta)
        for number in 1...5 { try await hub.publish(Array(Self.state(number).utf8), to: "history:a", usesDelta: true) }
        let publications = try client.publications()
        #expect(publications.map(\.delta) == [false, true, true, true, true])
        #expect(publications.dropFirst().allSatisfy { $0.data.readableBytes < 60 })
        var base: [UInt8] = []
        #expect(try assemble(publications, base: &base, format) == (1...5).map(Self.state))
    }

    @Test("Deltas of text that is not ASCII are text", arguments: [WireFormat.json, .protobuf])
    func deltasOfText(format: WireFormat) async throws {
        let client = try client(format)
        _ = try client.subscribe("history:a") { $0.delta = "fossil" }
        let texts = ["κόσμε και όλα τα άλλα", "κύσμε και όλα τα άλλα", "κύσμε 🌍 όλα τα άλλα και πάλι όλα"].map {
            "{'text':'\($0)'}".replacing("'", with: "\"")
        }
        for text in texts { try await hub.publish(Array(text.utf8), to: "history:a", usesDelta: true) }
        let publications = try client.publications()
        #expect(publications.map(\.delta) == [false, true, true])
        var base: [UInt8] = []
        #expect(try assemble(publications, base: &base, format) == texts)
    }

    @Test("Recovered publications are a chain of deltas, and the live ones go on from it", arguments: [WireFormat.json, .protobuf])
    func recoveredDeltas(format: WireFormat) async throws {
        let witness = try client(format)
        let epoch = try witness.subscribe("history:a") { request in
            request.delta = "fossil"
            request.recoverable = true
        }.epoch
        for number in 1...4 { try await hub.publish(Array(Self.state(number).utf8), to: "history:a", usesDelta: true) }
        loop.run()
        let client = try client(format)
        let result = try client.subscribe("history:a") { request in
            request.delta = "fossil"
            request.recover = true
            request.offset = 1
            request.epoch = epoch
        }
        #expect(result.publications.map(\.delta) == [false, true, true])
        var base: [UInt8] = []
        #expect(try assemble(result.publications, base: &base, format) == (2...4).map(Self.state))
        try await hub.publish(Array(Self.state(5).utf8), to: "history:a", usesDelta: true)
        let live = try client.publications()
        #expect(live.map(\.delta) == [true])
        #expect(try assemble(live, base: &base, format) == [Self.state(5)])
    }

    @Test("Deltas and a filter on one subscription: the differences are to what this subscriber got")
    func filteredDeltas() async throws {
        let client = try client(.protobuf)
        _ = try client.subscribe("history:a") { request in
            request.delta = "fossil"
            request.tagsFilter = filter("goal")
        }
        for number in 1...9 {
            try await hub.publish(
                Array(Self.state(number).utf8), to: "history:a", tags: ["kind": number % 2 == 0 ? "goal" : "pass"], usesDelta: true)
        }
        let publications = try client.publications()
        #expect(publications.map(\.delta) == [false, true, true, true])
        var base: [UInt8] = []
        #expect(try assemble(publications, base: &base, .protobuf) == [2, 4, 6, 8].map(Self.state))
    }

    // MARK: History

    @Test("History: the position, some, all, since, backwards")
    func history() async throws {
        try await publish(1...5)
        let client = try client()
        func ask(_ change: (inout Wire.HistoryRequest) -> Void) throws -> Wire.HistoryResult {
            var request = Wire.HistoryRequest(channel: "history:a")
            change(&request)
            guard case .history(let result) = try client.ask(.history(request)).body else { throw Unexpected("no history") }
            return result
        }
        let top = try ask { _ in }
        #expect(top.offset == 5)
        #expect(top.publications.isEmpty)
        #expect(try ask { $0.limit = -1 }.publications.map(\.offset) == [1, 2, 3, 4, 5])
        #expect(try ask { $0.limit = 2 }.publications.map(\.offset) == [1, 2])
        #expect(
            try ask {
                $0.limit = -1
                $0.since = Wire.StreamPosition(offset: 3, epoch: top.epoch)
            }.publications.map(\.offset) == [4, 5])
        #expect(
            try ask {
                $0.limit = 2
                $0.reverse = true
            }.publications.map(\.offset) == [5, 4])
        let old = Wire.HistoryRequest(channel: "history:a", limit: 1, since: Wire.StreamPosition(offset: 1, epoch: "old"))
        #expect(try client.refusal(.history(old)) == 112)
        let bad = Wire.HistoryRequest(
            channel: "history:a", limit: 1, since: Wire.StreamPosition(offset: 0, epoch: top.epoch), reverse: true)
        #expect(try client.refusal(.history(bad)) == 107)
        #expect(try client.refusal(.history(Wire.HistoryRequest(channel: "open:a", limit: 1))) == 108)
    }
}

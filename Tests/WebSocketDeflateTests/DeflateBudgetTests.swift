import NIOCore
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketDeflate

/// What compression may cost (security F14).
@Suite struct DeflateBudgetTests {
    static let deflate = ZlibContext.Settings.deflate(windowBits: 15, memoryLevel: 8, level: 6).cost
    static let inflate = ZlibContext.Settings.inflate(windowBits: 15).cost

    @Test("A codec that was never used holds nothing")
    func idle() {
        let budget = DeflateBudget(bytes: 1 << 20)
        let pair = CodecPair(.init(), .test(budget: budget))
        #expect(budget.used == 0)
        withExtendedLifetime(pair) {}
    }

    @Test("Without context takeover, contexts are shared: a hundred connections hold one of each kind")
    func pooled() throws {
        let budget = DeflateBudget(bytes: 8 << 20)
        let agreement = DeflateParameters(serverNoContextTakeover: true, clientNoContextTakeover: true)
        let pairs = (0..<100).map { _ in CodecPair(agreement, .test(agreement, budget: budget)) }
        for pair in pairs {
            #expect(try pair.client.inflated(#require(pair.server.compressed(poem))) == Array(poem.utf8))
        }
        #expect(budget.used == Self.deflate + Self.inflate)
    }

    @Test("A message under way keeps its context until its end")
    func halfAMessage() throws {
        let budget = DeflateBudget(bytes: 1 << 20)
        let server = CodecPair(.init(clientNoContextTakeover: true), .test(budget: budget)).server
        var output = ByteBuffer()
        let wire = try #require(CodecPair().client.compressed(poem))
        try wire.prefix(20).withUnsafeBytes { try server.decompress($0, isLast: false, into: &output, limit: 1_000) }
        #expect(budget.used == Self.inflate && !budget.hasRoom(for: (1 << 20) - Self.inflate + 1))
        try wire.dropFirst(20).withUnsafeBytes { try server.decompress($0, isLast: true, into: &output, limit: 1_000) }
        #expect(budget.hasRoom(for: 1 << 20), "the idle context would make way")
        #expect(String(buffer: output) == poem)
    }

    @Test("With context takeover, contexts are kept until the codec is freed")
    func kept() throws {
        let budget = DeflateBudget(bytes: 1 << 20)
        var pair: CodecPair? = CodecPair(.init(), .test(budget: budget))
        let wire = try #require(pair?.server.compressed(poem))
        _ = try pair?.client.inflated(wire)
        #expect(!budget.hasRoom(for: (1 << 20) - Self.deflate - Self.inflate + 1))
        pair = nil
        #expect(budget.hasRoom(for: 1 << 20))
    }

    @Test("A codec freed in the middle of a message gives its memory back")
    func freedInside() throws {
        let budget = DeflateBudget(bytes: Self.inflate)
        for _ in 0..<3 {
            let server = CodecPair(.init(), .test(budget: budget)).server
            var output = ByteBuffer()
            try [UInt8(0xF2), 0x48].withUnsafeBytes { try server.decompress($0, isLast: false, into: &output, limit: 10) }
            #expect(budget.used == Self.inflate)
        }
        #expect(budget.used == 0, "too small to keep an idle one")
    }

    @Test("A context that failed is freed")
    func failed() {
        let budget = DeflateBudget(bytes: Self.inflate)
        for _ in 0..<3 {
            let server = CodecPair(.init(), .test(budget: budget)).server
            #expect(throws: DecompressionFailure.corrupt) { try server.inflated([0x06]) }
        }
        #expect(budget.used == 0)
    }

    @Test("Without memory, messages go out plain and compressed ones are refused")
    func exhausted() throws {
        let wire = try #require(CodecPair().client.compressed(poem))
        let server = CodecPair(.init(), .test(budget: DeflateBudget(bytes: 1_000))).server
        #expect(server.compressed(poem) == nil)
        #expect(throws: DecompressionFailure.outOfMemory) { try server.inflated(wire) }
        #expect(SharedDeflate.compress(ByteBuffer(string: poem), configuration: .test(budget: DeflateBudget(bytes: 0))) == nil)
    }

    @Test("Idle contexts make way for those of other settings")
    func makesWay() throws {
        let budget = DeflateBudget(bytes: 20 * Self.inflate)
        let idle = try #require(budget.borrow(.inflate(windowBits: 15)))
        budget.giveBack(idle)
        #expect(budget.used == Self.inflate)
        let kept = try (0..<20).map { _ in try #require(budget.borrow(.inflate(windowBits: 9))) }
        #expect(budget.used == Self.inflate + 20 * kept[0].settings.cost)
        var many: [ZlibContext] = []
        while let next = budget.borrow(.inflate(windowBits: 9)) { many.append(next) }
        #expect(budget.used == (20 + many.count) * kept[0].settings.cost, "the idle one is gone")
        #expect(budget.used <= budget.bytes)
    }

    @Test("The budget is never passed, and is whole again afterwards")
    func fromManyThreads() async throws {
        let budget = DeflateBudget(bytes: 3 * (Self.deflate + Self.inflate))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var dice = SeededRandom(seed: UInt64(task))
                    let configuration = DeflateConfiguration.test(budget: budget)
                    for round in 0..<100 {
                        let agreement = DeflateParameters(serverNoContextTakeover: round % 2 == 0, clientNoContextTakeover: round % 3 == 0)
                        let pair = CodecPair(agreement, configuration)
                        let message = dice.bytes(upTo: 2_000)
                        guard let wire = pair.server.compressed(message) else { continue }
                        do {
                            let arrived = try pair.client.inflated(wire)
                            #expect(arrived == message)
                        } catch {
                            #expect(error as? DecompressionFailure == .outOfMemory, "the other tasks have it all")
                        }
                        #expect(budget.used <= budget.bytes)
                    }
                }
            }
        }
        #expect(budget.hasRoom(for: budget.bytes))
    }
}

import LiveHTML
import LiveViews
import NIOCore
import NIOEmbedded
import RealtimeTesting
import Synchronization
import Testing

@Suite("Messages of uploads (live protocol §11)")
struct UploadSessionTests {
    private static func offer(_ ref: Int, _ size: Int, _ name: String = "a.png") -> String {
        "[\"up\",\(ref),0,\"photos\",[[\"\(name)\",\"\",\(size)]]]"
    }

    /// An album to which a file is under way, as number 1.
    private static func wire(_ size: Int = 300_000, _ change: (inout LiveConfiguration) -> Void = { _ in }) async throws -> Wire<Album> {
        let wire = try await Wire.joined(Album(), .testing(change))
        try await wire.say(offer(1, size))
        #expect(wire.take().prefix(2) == [#"["up",1,[1]]"#, "1"])
        return wire
    }

    private static func piece(_ bytes: ArraySlice<UInt8>, _ id: UInt8 = 1) -> [UInt8] { [id] + bytes }

    private static func taken(_ wire: Wire<Album>) async throws -> [String] {
        await wire.loop.run()
        return wire.take().filter { $0.hasPrefix("[\"u") }
    }

    @Test("begin with an offer, which is acknowledged as an event is; each piece is acknowledged when it is written, and the end ends it")
    func order() async throws {
        let wire = try await Self.wire(50_000), file = png(50_000)
        try await wire.say(binary: Self.piece(file[..<32_768]))
        #expect(try await Self.taken(wire) == [#"["ua",1,32768]"#])
        try await wire.say(binary: Self.piece(file[32_768...]))
        #expect(try await Self.taken(wire) == [#"["ua",1,50000]"#])
        try await wire.say(binary: [1])
        await wire.loop.run()
        #expect(wire.take().contains { $0.contains("uploaded to photos") })
        try await wire.say(#"[2,0,"take"]"#)
        #expect(wire.take().first == #"["ux",1]"#)
        #expect(wire.closed == nil)
    }

    @Test("about an upload that there is not are refused, and end nothing")
    func unknown() async throws {
        let wire = try await Wire.joined(Album())
        try await wire.say(#"["up",1,0,"videos",[]]"#, #"["up",2,7,"photos",[]]"#)
        #expect(wire.take() == [#"["err",1,"there is no upload “videos”"]"#, #"["err",2,"there is no upload “photos”"]"#, "2"])
        let counter = try await Wire.joined(Counter())
        try await counter.say(Self.offer(1, 1))
        #expect(counter.take() == [#"["err",1,"there is no upload “photos”"]"#, "1"])
        #expect(wire.closed == nil && counter.closed == nil)
    }

    @Test(
        "with a number that was never given, or given up, end the connection",
        arguments: [[0], [2], [2, 65], [0xff, 0xff, 0x7f, 65]] as [[UInt8]])
    func unknownPiece(bytes: [UInt8]) async throws {
        let wire = try await Self.wire()
        try await wire.say(binary: bytes)
        #expect(wire.closed == .badMessage)
        let other = try await Self.wire()
        try await other.say(#"["ux",1]"#)
        #expect(other.closed == nil)
        try await other.say(binary: [1, 65])
        #expect(other.closed == .badMessage)
    }

    @Test("of a view without uploads, or before the join, end the connection")
    func noUploads() async throws {
        let counter = try await Wire.joined(Counter())
        try await counter.say(binary: [1, 65])
        #expect(counter.closed == .badMessage)
        let fresh = try await Wire(LiveRoute(Album.self, runtime: .testing())) { _ in Album() }
        try await fresh.say(binary: [1, 65])
        #expect(fresh.closed == .badMessage)
    }

    @Test("before the view lets a file start end the connection")
    func tooEarly() async throws {
        let wire = try await Wire.joined(Album(LiveUpload("photos", startsByItself: false)))
        try await wire.say(Self.offer(1, 10))
        try await wire.say(binary: [1, 65])
        #expect(wire.closed == .badMessage)
    }

    @Test("with more than a piece may have, than was offered, or after the end, end the connection")
    func tooMuch() async throws {
        let large = try await Self.wire()
        try await large.say(binary: Self.piece(png(32_769)[...]))
        #expect(large.closed == .badMessage)
        let beyond = try await Self.wire(10_000)
        try await beyond.say(binary: Self.piece(png(10_001)[...]))
        #expect(beyond.closed == .badMessage)
        let twice = try await Self.wire(10)
        try await twice.say(binary: Self.piece(png(10)[...]))
        try await twice.say(binary: [1])
        try await twice.say(binary: [1])
        #expect(twice.closed == .badMessage)
    }

    @Test("more than 128 KiB ahead of what was taken end the connection")
    func window() async throws {
        let wire = try await Self.wire(400_000), file = png(400_000)
        // What is written is known to the loop in its next turn.
        let pieces = stride(from: 0, to: 163_840, by: 32_768).map { Self.piece(file[$0..<$0 + 32_768]) }
        try await wire.say(binary: pieces[0], pieces[1], pieces[2], pieces[3])
        #expect(wire.closed == nil)
        let other = try await Self.wire(400_000)
        try await other.say(binary: pieces[0], pieces[1], pieces[2], pieces[3], Self.piece(file[131_072..<131_072 + 4_096]))
        #expect(other.closed == .badMessage)
    }

    @Test("that come when a file is over here are passed over, as many as the browser could have sent")
    func over() async throws {
        let wire = try await Self.wire()
        try await wire.say(#"[2,0,"cancelAll"]"#)
        #expect(wire.take().first == #"["ux",1]"#)
        for _ in 0..<4 { try await wire.say(binary: Self.piece(png(32_768)[...])) }
        try await wire.say(binary: [1])
        try await wire.say(#"["ux",1]"#)
        #expect(wire.closed == nil)
        try await wire.say(binary: [1])
        #expect(wire.closed == .badMessage)
        let flood = try await Self.wire()
        try await flood.say(#"[2,0,"cancelAll"]"#)
        for _ in 0..<40 where flood.closed == nil { try await flood.say(binary: Self.piece(png(32_768)[...])) }
        #expect(flood.closed == .badMessage)
    }

    @Test("in many small pieces are too many events")
    func small() async throws {
        let wire = try await Self.wire(10_000) { $0.maxEventBurst = 10 }
        for byte in png(20) where wire.closed == nil { try await wire.say(binary: [1, byte]) }
        #expect(wire.closed == .flood)
        let steady = try await Self.wire(10_000) { $0.maxEventBurst = 3 }
        for at in stride(from: 0, to: 10_000, by: 4_096) {
            try await steady.say(binary: Self.piece(png(10_000)[at..<min(at + 4_096, 10_000)]))
        }
        #expect(steady.closed == nil)
    }

    @Test("of a file that shows in its first bytes what it is not, end before their end")
    func notItsKind() async throws {
        let wire = try await Self.wire()
        try await wire.say(binary: Self.piece([UInt8](repeating: 0x20, count: 32_768)[...]))
        await wire.loop.run()
        let messages = wire.take()
        #expect(messages.first == #"["ux",1]"# && messages.contains { $0.contains("\(UploadProblem.notItsKind)") })
        #expect(wire.closed == nil)
    }

    @Test("of a file that is shorter than it was offered, end it")
    func incomplete() async throws {
        let wire = try await Self.wire(10_000)
        try await wire.say(binary: Self.piece(png(5_000)[...]))
        try await wire.say(binary: [1])
        await wire.loop.run()
        #expect(wire.take().contains { $0.contains("\(UploadProblem.incomplete)") })
    }

    @Test("that stop coming, or take too long, end their file, and no other")
    func slow() async throws {
        let wire = try await Self.wire(400_000) {
            $0.uploads.pieceTimeout = .seconds(10)
            $0.uploads.fileTimeout = .seconds(25)
        }
        let file = png(400_000)
        await wire.advance(by: .seconds(5))
        try await wire.say(Self.offer(2, 10))
        await wire.advance(by: .seconds(5))
        #expect(try await Self.taken(wire).contains(#"["ux",1]"#))
        try await wire.say(binary: Self.piece(png(10)[...], 2))
        await wire.advance(by: .seconds(9))
        try await wire.say(binary: [2])
        await wire.advance(by: .seconds(60))
        #expect(try await Self.taken(wire) == [#"["ua",2,10]"#])
        try await wire.say(Self.offer(3, 400_000))
        for at in stride(from: 0, to: 3 * 32_768, by: 32_768) {
            try await wire.say(binary: Self.piece(file[at..<at + 32_768], 3))
            await wire.advance(by: .seconds(8))
        }
        await wire.advance(by: .seconds(1))
        await wire.loop.run()
        #expect(wire.messages.map(\.text).contains(#"["ux",3]"#))
        #expect(wire.closed == nil)
    }

    @Test("over a connection that carries no files are refused with that reason")
    func noConnection() async throws {
        let wire = try await Wire.joined(Album())
        wire.transport.state.withLock { $0.carriesFiles = false }
        try await wire.say(Self.offer(1, 1))
        #expect(wire.take().first == #"["up",1,["\#(UploadProblem.noConnection)"]]"#)
    }

    @Test("can be anything: no session traps, and each ends with a code or goes on")
    func random() async throws {
        var random = Seeded(state: 11)
        for _ in 0..<60 {
            let wire = try await Wire.joined(Album(LiveUpload("photos", maxFiles: 3, startsByItself: Bool.random(using: &random))))
            for ref in 1...40 where wire.closed == nil {
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1: try await wire.say(Self.offer(ref, [0, 1, 40_000, 70_000, .max].randomElement(using: &random) ?? 0))
                case 2: try await wire.say("[\(ref),0,\"start\"]")
                case 3:
                    try await wire.say(
                        "[\(ref),0,\"\(["take", "cancelAll", "cancel:1", "cancel:2"].randomElement(using: &random) ?? "")\"]")
                case 4: try await wire.say("[\"ux\",\(Int.random(in: -1...4, using: &random))]")
                default:
                    let count = [0, 1, 10_000, 32_768].randomElement(using: &random) ?? 0
                    try await wire.say(binary: [UInt8.random(in: 1...3, using: &random)] + png(max(8, count)).prefix(count))
                }
                if Bool.random(using: &random) { await wire.loop.run() }
            }
            #expect([nil, .badMessage].contains(wire.closed))
            try await wire.close()
        }
    }
}

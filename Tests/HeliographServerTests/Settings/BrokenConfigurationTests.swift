// Files that somebody or something has broken: whatever is in them, they are read or refused, and the refusal says where.

import Testing
import WebSocketTesting

@testable import HeliographServer

@Suite("Broken configurations", .timeLimit(.minutes(1)))
struct BrokenConfigurationTests {
    private static let good = ConfigurationTemplate.text { String(repeating: "ab", count: $0) }

    private func read(_ yaml: String) async {
        do throws(ServeError) {
            _ = try await ServeConfiguration(yaml: yaml, file: "test.yaml")
        } catch {
            #expect(
                error.description.split(separator: "\n").allSatisfy { $0.hasPrefix("test.yaml") || $0.hasPrefix("insecure") }, "\(error)")
        }
    }

    @Test("with bytes changed, lost, doubled and moved")
    func mutations() async {
        var random = SeededRandom(seed: 7)
        let pieces = [
            ":", "-", "{", "}", "[", "]", "\"", "&a", "*a", "!!binary", "|", ">", "? ", "\t", "\u{FEFF}", "null", "~", "1e999", "<<: *a",
            "---\n", "%YAML 1.2\n",
        ]
        for _ in 0..<400 {
            var bytes = Array(Self.good.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0x20...0x7E, using: &random)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
                case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: at)
                default:
                    bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 60)], at: Int.random(in: 0..<bytes.count, using: &random))
                }
                if bytes.isEmpty { bytes = [0x0A] }
            }
            await read(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test(
        "built to take long or to go deep",
        arguments: [
            String(repeating: "[", count: 5_000), String(repeating: "{a: ", count: 5_000), String(repeating: "- ", count: 5_000),
            String(repeating: "a:\n", count: 1), "a: &a [*a]",
            // A billion laughs.
            (0..<30).map { "l\($0): &l\($0) [\($0 == 0 ? "x" : Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ", "))]" }
                .joined(separator: "\n"),
            (0..<20_000).map { "k\($0): 1" }.joined(separator: "\n"), "? " + String(repeating: "x", count: 100_000) + "\n: 1\n",
        ])
    func hostile(yaml: String) async {
        let start = ContinuousClock.now
        await read(yaml)
        #expect(start.duration(to: .now) < .seconds(20))
    }
}

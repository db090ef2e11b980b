// Docs/hooks.md: what it shows is what is sent and understood, and its Python does what it says.

import Foundation
import NIOCore
import ServerTestSupport
import Testing

@testable import BackendHooks

@Suite("Docs/hooks.md")
struct HooksDocumentTests {
    private let document: String

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Docs/hooks.md")
        document = try String(contentsOf: file, encoding: .utf8)
    }

    /// The code below a heading, in its order.
    private func code(_ language: String, below heading: String) throws -> [String] {
        guard let start = document.range(of: "\n\(heading)\n") else { throw Unexpected("there is no \(heading)") }
        let section = document[start.upperBound...].components(separatedBy: "\n#").first ?? ""
        return section.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "\n```").first ?? "" }
    }

    private func members(_ json: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    @Test("every question has what is sent, and every answer is understood", arguments: Hook.allCases)
    func examples(hook: Hook) throws {
        let examples = try code("json", below: "### \(hook.rawValue)")
        #expect(examples.count == 2)
        let question = try members(examples[0])
        #expect(question["client"] != nil && question["transport"] != nil && question["protocol"] != nil && question["encoding"] != nil)
        #expect((question["user"] != nil) == (hook != .connect))
        #expect(try hook.refusal(in: ByteBuffer(string: examples[1])) == nil)
        #expect(try members(examples[1])["result"] != nil)
    }

    @Test("every event is there, with its members")
    func events() throws {
        let example = try #require(try code("json", below: "## Events").first)
        let events = try #require(try members(example)["events"] as? [[String: Any]])
        #expect(Set(events.compactMap { $0["type"] as? String }) == Set(EventType.allCases.map(\.rawValue)))
        #expect(events.allSatisfy { $0["id"] is String && $0["time_ms"] is Int })
    }

    @Test("the Python tells what is ours from what is not")
    func python() async throws {
        let function = try #require(try code("python", below: "### The signature").first)
        let body = #"{"node":"n","events":[{"user":"Ä"}]}"#
        let now = Int64(Date().timeIntervalSince1970)
        let value = EventSignature.value(ByteBuffer(string: body), secrets: ["new secret", "old secret"], time: now)
        let old = EventSignature.value(ByteBuffer(string: body), secrets: ["new secret"], time: now - 400)
        let script = """
            \(function)


            import sys
            value, old, body = sys.argv[1], sys.argv[2], sys.argv[3].encode()
            assert is_from_heliograph(value, body, "new secret")
            assert is_from_heliograph(value, body, "old secret")
            assert not is_from_heliograph(value, body, "another")
            assert not is_from_heliograph(value, body + b" ", "new secret")
            assert not is_from_heliograph(value.replace("t=", "t=1"), body, "new secret")
            assert not is_from_heliograph(old, body, "new secret")
            assert is_from_heliograph(old, body, "new secret", tolerance=500)
            for wrong in ["", "t=", "v1=00", "t=x,v1=00", "t=\u{0661},v1=00", "t=" + str(int(time.time())) + ",v1=\u{00e4}"]:
                assert not is_from_heliograph(wrong, body, "new secret")
            print("good")
            """
        let folder = try TemporaryFolder()
        let file = try folder.write(script, to: "check.py")
        let outcome = try await Command.run("/usr/bin/env", ["python3", file, value, old, body])
        #expect(outcome.output == "good\n", "\(outcome.errors)")
    }
}

// Docs/quickstart.md, as a newcomer does it: its files are written, its commands run, its pages opened. Only the ports are others.

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("The quick start, word for word", .timeLimit(.minutes(3)))
    struct QuickstartTests {
        @Test("A server, a page, a token, a publication by curl, and a backend that is told what happens")
        func everything() async throws {
            let guide = try await Guide()
            try await Browser.run { browser in
                // 1. Start a server
                try await guide.run("heliograph init")
                var server = try await guide.start("heliograph serve", until: "Press Ctrl-C")
                // 2. Make a page
                try guide.write("public/index.html")
                try await guide.run("curl -s")
                let pages = try await guide.start("python3 -m http.server", until: "Serving HTTP")
                // 3. Connect
                let address = try await guide.run("echo").trimmingCharacters(in: .newlines)
                let ada = try await browser.window(address)
                try await ada.waitForText("connected", in: "#state")
                try await ada.focus("[name=text]")
                try await ada.type("Good morning")
                try await ada.press("Enter")
                try await ada.waitForText("ada: Good morning", in: "#messages")
                // 4. Publish from your backend
                let answer = try await guide.run("KEY=")
                #expect(answer.contains(#"{"result":{"offset":2,"epoch":""#))
                try await ada.waitForText("the backend: Hello from curl", in: "#messages")
                #expect(ada.takeComplaints().filter { !$0.contains("favicon") } == [])
                // 5. Hear who comes and goes
                try guide.write("backend.py")
                try await guide.run("cat >> heliograph.yaml")
                // Foundation starts programs with signals blocked; Python, unlike our server, leaves them so.
                server.signal(SIGTERM)
                pages.signal(SIGKILL)
                for command in [server, pages] { _ = await command.outcome() }
                let backend = try await guide.start("python3 backend.py", until: nil)
                server = try await guide.start("heliograph serve", until: "Press Ctrl-C")
                let grace = try await browser.window("http://localhost:\(guide.pages)/")
                try await grace.waitForText("connected", in: "#state")
                #expect(await has("connected grace", backend))
                #expect(await has("subscribed grace chat:tea", backend))
                try await grace.open("about:blank")
                #expect(await has("disconnected grace", backend))
                server.signal(SIGTERM)
                backend.signal(SIGKILL)
            }
            #expect(guide.isAtEnd, "every block of the page was used")
        }

        /// Waits until the backend has printed an event.
        private func has(_ event: String, _ backend: Command) async -> Bool {
            while let line = await backend.line() {
                if line.trimmingCharacters(in: .whitespaces) == "event: \(event)" { return true }
            }
            return false
        }
    }
}

/// The page, block by block.
private final class Guide {
    let pages: Int
    private let server: Int
    private let folder: TemporaryFolder
    private var blocks: [(language: String, before: String, text: String)]

    var isAtEnd: Bool { blocks.isEmpty }

    init() async throws {
        folder = try TemporaryFolder()
        (server, pages) = (try Self.freePort(), try Self.freePort())
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Docs/quickstart.md")
        let text = try String(contentsOf: page, encoding: .utf8).replacing("8080", with: "\(server)").replacing("3000", with: "\(pages)")
        let parts = text.components(separatedBy: "```")
        blocks = stride(from: 1, to: parts.count, by: 2).map { index in
            let lines = parts[index].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(lines[0]), parts[index - 1], lines.count > 1 ? String(lines[1]) : "")
        }
        for name in ["public", "bin"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(atPath: folder.path("bin/heliograph"), withDestinationPath: HeliographServerProcess.path)
    }

    /// One that nobody listens on now.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard code == 0 else { throw Unexpected("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next block, which begins as it should.
    private func next(_ language: String, _ beginning: String) throws -> (before: String, text: String) {
        guard !blocks.isEmpty else { throw Unexpected("there are no more blocks; expected \(beginning)") }
        let block = blocks.removeFirst()
        guard block.language == language, block.text.hasPrefix(beginning) else {
            throw Unexpected("expected \(language): \(beginning), and there is \(block.language): \(block.text)")
        }
        return (block.before, block.text)
    }

    /// Saves the next block under the name that stands before it.
    func write(_ name: String) throws {
        let block = try next(name.hasSuffix(".py") ? "python" : "html", "")
        guard block.before.contains("`\(name)`:") else { throw Unexpected("the page does not say that it is \(name)") }
        _ = try folder.write(block.text, to: name)
    }

    private func shell(_ text: String) throws -> Command {
        let setting = "cd '\(folder.path(""))' && export PATH=\"$PWD/bin:$PATH\" HELIOGRAPH_HTTP_SERVER_PORT=\(server) PYTHONUNBUFFERED=1"
        return try Command("/usr/bin/env", ["bash", "-ec", "\(setting)\n\(text)"], mergesErrors: true)
    }

    /// Runs the next block.
    @discardableResult
    func run(_ beginning: String) async throws -> String {
        let outcome = try await shell(next("sh", beginning).text).outcome()
        guard outcome.code == 0 else { throw Unexpected("\(beginning): \(outcome.output)") }
        return outcome.output
    }

    /// Starts the next block and leaves it running.
    ///
    /// - Parameter line: what it prints when it is there; nil: nothing.
    func start(_ beginning: String, until line: String?) async throws -> Command {
        let command = try shell("exec \(next("sh server", beginning).text)")
        guard let line else { return command }
        while let printed = await command.line() {
            if printed.contains(line) { return command }
        }
        throw Unexpected("\(beginning) did not start")
    }
}

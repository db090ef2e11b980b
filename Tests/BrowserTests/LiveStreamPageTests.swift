// The demos where something between the browser and the server lets no WebSocket through.

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("Live views in a browser without WebSockets", .timeLimit(.minutes(4)))
    struct LiveStreamPageTests {
        private static let blocked = """
            window.WebSocket = class extends EventTarget {
              constructor() {
                super();
                setTimeout(() => this.onclose?.(new CloseEvent("close", { code: 1006 })), 5);
              }
              send() {}
              close() {}
            };
            """

        private func server(port: Int = 0) async throws -> HeliographServerProcess {
            setenv("HELIOGRAPH_LIVE_SECRET", "a secret of the tests, and of nobody else", 1)
            return try await HeliographServerProcess.start(port: port)
        }

        private func open(_ browser: Browser, _ server: HeliographServerProcess, _ path: String) async throws -> Window {
            let window = try await browser.window("\(server.address)/\(path)", script: Self.blocked)
            try await window.wait("window.live?.isLive")
            #expect(
                try await window.value("performance.getEntriesByType('resource').some((e) => e.name.includes('/_live.sse'))", as: Bool.self)
            )
            return window
        }

        @Test("Every page shows its view and complains about nothing")
        func pages() async throws {
            try await Browser.run { browser in
                let server = try await server()
                for name in [
                    "live", "live/counter", "live/clock", "live/form", "live/list", "live/slider", "live/todo", "live/shared", "live/table",
                    "live/scores",
                ] {
                    let window = try await open(browser, server, name)
                    #expect(window.takeComplaints() == [], "\(name)")
                }
                withExtendedLifetime(server) {}
            }
        }

        @Test("Clicks are answered in their order, and the server speaks by itself")
        func clicks() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/counter")
                for _ in 0..<5 { try await window.click("[aria-label='One more']") }
                try await window.click("[aria-label='One less']")
                try await window.wait("document.querySelector('output').innerText === '4'")
                let clock = try await open(browser, server, "live/clock")
                let time = try await clock.value("document.querySelector('time').innerText", as: String.self)
                try await clock.wait("document.querySelector('time').innerText !== \(quoted(time))")
                withExtendedLifetime(server) {}
            }
        }

        @Test("What is typed is not overwritten, and when it was sent, the field is empty")
        func typing() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/todo")
                try await window.focus("#todo-draft")
                for letter in "Feed the cat" { try await window.type(String(letter)) }
                #expect(try await window.value("document.querySelector('#todo-draft').value", as: String.self) == "Feed the cat")
                try await window.press("Enter")
                try await window.waitForText("Feed the cat", in: ".todos")
                try await window.wait("document.querySelector('#todo-draft').value === ''")
                withExtendedLifetime(server) {}
            }
        }

        @Test("The server is killed while somebody types: all is there when it is back, in the same page")
        func restart() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/todo")
                try await window.focus("#todo-draft")
                try await window.type("First")
                try await window.press("Enter")
                try await window.waitForText("First", in: ".todos")
                _ = try await window.value("(window.isSamePage = true)", as: Bool.self)
                try await Task.sleep(for: .seconds(1.5))
                try await window.type("Half-wri")
                server.command.signal(SIGKILL)
                _ = await server.command.outcome()
                try await window.wait("!live.isLive")
                try await window.type("tten")
                let next = try await self.server(port: server.port)
                try await window.wait("live.isLive")
                try await window.waitForText("First", in: ".todos")
                #expect(try await window.value("document.querySelector('#todo-draft').value", as: String.self) == "Half-written")
                #expect(try await window.value("window.isSamePage === true", as: Bool.self))
                try await window.press("Enter")
                try await window.waitForText("Half-written", in: ".todos")
                withExtendedLifetime(next) {}
            }
        }
    }
}

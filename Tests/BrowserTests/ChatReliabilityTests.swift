// The chat page when things go wrong: a server that hangs, a page that writes faster than it may, a long absence.

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("The chat page in bad times", .timeLimit(.minutes(3)))
    struct ChatReliabilityTests {
        private func pair(
            _ browser: Browser, _ server: HeliographServerProcess, script: String? = nil
        ) async throws -> (ada: Window, grace: Window) {
            let ada = try await browser.window("\(server.address)/chat/tea", script: script)
            let grace = try await browser.window("\(server.address)/chat/tea")
            try await ada.join("tea", as: "Ada")
            try await grace.join("tea", as: "Grace")
            try await ada.waitForText("Grace joined", in: "#log")
            return (ada, grace)
        }

        @Test("A server that hangs is noticed, and what was on its way is said once")
        func hanging() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let (ada, grace) = try await pair(browser, server)
                // The socket stays open, the message waits in the kernel, nobody answers.
                server.command.signal(SIGSTOP)
                try await ada.say("Do you hear me?")
                try await ada.waitForText("Sending…", in: "#log")
                // The tab is looked at again: the page asks the server whether it is there, and does not believe the open socket.
                _ = try await ada.value("dispatchEvent(new Event('online'))", as: Bool.self)
                try await ada.waitForText("Not sent yet", in: "#log")
                try await ada.waitForText("What you wrote is kept", in: "#notice")
                server.command.signal(SIGCONT)
                try await ada.waitUntilConnected()
                try await grace.waitForText("Do you hear me?", in: "#log")
                try await ada.wait("document.querySelector('#log .pending') === null")
                try await ada.say("And this?")
                try await grace.waitForText("And this?", in: "#log")
                for window in [ada, grace] { #expect(try await window.messages() == ["Do you hear me?", "And this?"]) }
                #expect(try await grace.people().sorted() == ["Ada", "Grace"])
            }
        }

        @Test("What is written too fast arrives a little later, all of it and in order")
        func tooFast() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let (ada, grace) = try await pair(browser, server)
                let texts = (1...12).map { "Message \($0)" }
                for text in texts { try await ada.say(text) }
                try await grace.wait("document.querySelectorAll('#log .bubble').length === 12")
                try await ada.wait("document.querySelector('#log .pending') === null")
                for window in [ada, grace] { #expect(try await window.messages() == texts) }
            }
        }

        @Test("What was written long ago is not sent without asking")
        func longAbsence() async throws {
            let clock = "(() => { const now = Date.now; window.passed = 0; Date.now = () => now() + window.passed; })()"
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let (ada, grace) = try await pair(browser, server, script: clock)
                server.command.signal(SIGKILL)
                _ = await server.command.outcome()
                try await ada.waitForText("connection was lost", in: "#notice")
                try await ada.say("old news")
                try await ada.say("older news")
                _ = try await ada.value("window.passed = 3 * 60_000", as: Int.self)
                let again = try await HeliographServerProcess.start(port: server.port)
                try await ada.waitForText("Written a while ago, not sent", in: "#log")
                try await grace.waitUntilConnected()
                try await ada.click(".pending:not(.grouped) .delivery button:first-of-type")
                try await grace.waitForText("old news", in: "#log")
                try await ada.click(".pending .delivery button:last-of-type")
                try await ada.wait("document.querySelector('#log .pending') === null")
                #expect(try await ada.messages() == ["old news"])
                try await ada.say("news")
                try await grace.waitForText("news", in: "#log")
                withExtendedLifetime(again) {}
            }
        }

        @Test("What comes while nobody looks is counted in the title, and a line shows where it begins")
        func unread() async throws {
            let hiding = """
                Object.defineProperty(document, "visibilityState", { get: () => (window.isAway ? "hidden" : "visible") });
                """
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let (ada, grace) = try await pair(browser, server, script: hiding)
                try await grace.say("seen")
                try await ada.waitForText("seen", in: "#log")
                _ = try await ada.value("window.isAway = true", as: Bool.self)
                try await grace.say("one")
                try await grace.say("two")
                try await ada.wait("document.title.startsWith('(2) ')")
                let order = "[...document.querySelectorAll('#log .unread, #log .bubble')].map((e) => e.innerText)"
                #expect(try await ada.value(order, as: [String].self) == ["seen", "New", "one", "two"])
                _ = try await ada.value("(window.isAway = false, document.dispatchEvent(new Event('visibilitychange')))", as: Bool.self)
                try await ada.wait("document.title.startsWith('#tea')")
                _ = try await ada.value("window.isAway = true", as: Bool.self)
                try await grace.say("three")
                try await ada.wait("document.title.startsWith('(1) ')")
                #expect(try await ada.value(order, as: [String].self) == ["seen", "one", "two", "New", "three"])
            }
        }

        @Test("The first visit without a server says so, and the page comes in by itself")
        func lateServer() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat/tea")
                try await ada.wait("document.querySelector('#name').checkVisibility()")
                server.command.signal(SIGKILL)
                _ = await server.command.outcome()
                try await ada.focus("#name")
                try await ada.type("Ada")
                try await ada.press("Enter")
                try await ada.waitForText("cannot be reached", in: "#notice")
                let again = try await HeliographServerProcess.start(port: server.port)
                try await ada.waitUntilConnected()
                withExtendedLifetime(again) {}
            }
        }
    }
}

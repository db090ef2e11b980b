// Live views in a browser: what they show, what they leave alone, and what they survive.

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("Live views in a browser", .timeLimit(.minutes(4)))
    struct LiveViewPageTests {
        private static let isLive = "document.querySelector('[data-live]') && !document.querySelector('.live-offline')"

        private func server(port: Int = 0) async throws -> HeliographServerProcess {
            // What is sealed by one process is opened by the next.
            setenv("HELIOGRAPH_LIVE_SECRET", "a secret of the tests, and of nobody else", 1)
            return try await HeliographServerProcess.start(port: port)
        }

        /// When a click is answered, the page is live.
        private func open(_ browser: Browser, _ server: HeliographServerProcess, _ path: String) async throws -> Window {
            let window = try await browser.window("\(server.address)/\(path)")
            try await window.wait("window.live?.isLive")
            return window
        }

        @Test("Every page shows its view, complains about nothing, and fits a phone")
        func pages() async throws {
            try await Browser.run { browser in
                let server = try await server()
                for name in ["", "counter", "clock", "form", "upload", "list", "slider", "todo", "shared", "table"] {
                    for size in [Browser.Size.desktop, .phone] {
                        let window = try await browser.window("\(server.address)/live/\(name)", size, isDark: size == .phone)
                        try await window.wait("window.live?.isLive")
                        #expect(
                            try await window.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self),
                            "\(name) sticks out")
                        #expect(window.takeComplaints() == [], "\(name)")
                        try await window.picture("live-\(name.isEmpty ? "all" : name)-\(size)")
                    }
                }
                withExtendedLifetime(server) {}
            }
        }

        @Test("A click changes one text, and nothing else of the page")
        func counter() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/counter")
                try await window.recordMutations()
                try await window.click("[aria-label='One more']")
                try await window.wait("document.querySelector('output').innerText === '1'")
                #expect(try await window.mutations("childList") == 0)
                #expect(try await window.mutations("characterData") == 1)
                try await window.wait("document.title === 'Counter: 1'")
                withExtendedLifetime(server) {}
            }
        }

        @Test("One changed row of ten thousand is one text that is written, and no element that is made")
        func table() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/table")
                try await window.recordMutations()
                _ = try await window.value("document.querySelectorAll('.big button')[7000].click() ?? true", as: Bool.self)
                try await window.wait("document.querySelectorAll('.big button')[7000].innerText === '1'")
                #expect(try await window.mutations("childList") == 0)
                #expect(try await window.mutations("characterData") == 1)
                withExtendedLifetime(server) {}
            }
        }

        @Test("What is typed while answers are late is not overwritten; when it was sent, the field is empty")
        func latency() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/todo")
                _ = try await window.value("(live.latency = 150) > 0", as: Bool.self)
                try await window.focus("#todo-draft")
                for letter in "Feed the cat" {
                    try await window.type(String(letter))
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(try await window.value("document.querySelector('#todo-draft').value", as: String.self) == "Feed the cat")
                try await window.press("Enter")
                try await window.waitForText("Feed the cat", in: ".todos")
                try await window.wait("document.querySelector('#todo-draft').value === ''")
                #expect(try await window.value("document.activeElement.id", as: String.self) == "todo-draft")
                withExtendedLifetime(server) {}
            }
        }

        @Test("The server is killed while somebody types: the list and the half-written text are there when it is back, in the same page")
        func restart() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/todo")
                try await window.focus("#todo-draft")
                try await window.type("First")
                try await window.press("Enter")
                try await window.waitForText("First", in: ".todos")
                _ = try await window.value("(window.isSamePage = true)", as: Bool.self)
                // A state is sealed a second after it changed, at the latest.
                try await Task.sleep(for: .milliseconds(1_500))
                try await window.type("Half a th")
                server.command.signal(SIGKILL)
                _ = await server.command.outcome()
                try await window.wait("!live.isLive")
                try await window.type("ought")
                let again = try await self.server(port: server.port)
                try await window.wait("live.isLive")
                #expect(try await window.value("document.querySelector('#todo-draft').value", as: String.self) == "Half a thought")
                #expect(try await window.texts(".todos label").map { $0.trimmingCharacters(in: .whitespaces) } == ["First"])
                try await window.press("Enter")
                try await window.waitForText("Half a thought", in: ".todos")
                #expect(try await window.value("window.isSamePage === true", as: Bool.self))
                withExtendedLifetime(again) {}
            }
        }

        @Test("Pictures are sent while their title is written, and kept with it; what is too large or none is refused and says why")
        func upload() async throws {
            try await Browser.run { browser in
                let server = try await server(), folder = try TemporaryFolder()
                let picture = Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) + Data(count: 1_500_000)
                for (name, bytes) in [
                    ("a.png", picture), ("large.png", Data(count: 6 << 20)), ("none.png", Data(count: 9)), ("b.exe", Data([1])),
                ] {
                    try bytes.write(to: URL(filePath: folder.path(name)))
                }
                let window = try await open(browser, server, "live/upload")
                try await window.choose(["a.png", "large.png", "none.png", "b.exe"].map { folder.path($0) }, in: "#photos")
                try await window.wait("[...document.querySelectorAll('.file output')].some((e) => e.innerText === '100%')")
                #expect(
                    try await window.texts(".file .problem") == [
                        "Larger than 5 MB.", "This is no file of the kind that its name says.", "Files of this kind are not taken here.",
                    ])
                try await window.picture("live-upload-files")
                for name in ["large.png", "none.png", "b.exe"] {
                    try await window.click("[aria-label='Remove \(name)']")
                    try await window.wait("!document.querySelector('[aria-label=\"Remove \(name)\"]')")
                }
                try await window.click("form .primary")
                try await window.waitForText("What is in the pictures?", in: "form")
                try await window.type("Summer")
                try await window.press("Enter")
                try await window.waitForText("Summer", in: ".album")
                #expect(try await window.texts(".album li") == ["a.png image/png, 1.4 MB"])
                try await window.wait("!document.querySelector('.file') && document.querySelector('#album-title').value === ''")
                try await window.picture("live-upload-saved")
                #expect(window.takeComplaints() == [])
                withExtendedLifetime(server) {}
            }
        }

        @Test("An upload goes on by itself when the server was killed under it")
        func uploadAfterRestart() async throws {
            try await Browser.run { browser in
                let server = try await server(), folder = try TemporaryFolder()
                let picture = Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) + Data(count: 900_000)
                try picture.write(to: URL(filePath: folder.path("a.png")))
                let window = try await open(browser, server, "live/upload")
                try await window.choose([folder.path("a.png")], in: "#photos")
                try await window.waitForText("100%", in: ".files")
                server.command.signal(SIGKILL)
                _ = await server.command.outcome()
                try await window.wait("!live.isLive")
                let again = try await self.server(port: server.port)
                try await window.wait("live.isLive")
                try await window.waitForText("100%", in: ".files")
                withExtendedLifetime(again) {}
            }
        }

        @Test("Two windows have one list: what one does, both see")
        func shared() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let ada = try await open(browser, server, "live/shared"), grace = try await open(browser, server, "live/shared")
                try await ada.focus("#shared-draft")
                try await ada.type("Water the plants")
                try await ada.press("Enter")
                try await grace.waitForText("Water the plants", in: ".todos")
                try await grace.click(".todos input")
                try await ada.wait("document.querySelector('.todos li').className === 'done'")
                try await ada.waitForText("0 of 1", in: ".hint")
                withExtendedLifetime(server) {}
            }
        }

        @Test("A tab that was away is current again at once")
        func away() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/clock")
                for event in [
                    "document.dispatchEvent(new Event('visibilitychange'))",
                    "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))", "dispatchEvent(new Event('online'))",
                ] {
                    let hide = "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"
                    _ = try await window.value("(\(hide), true)", as: Bool.self)
                    try await window.wait("!live.isLive")
                    _ = try await window.value("(\(event), true)", as: Bool.self)
                    try await window.wait("live.isLive")
                    let time = try await window.value("document.querySelector('time').innerText", as: String.self)
                    try await window.wait("document.querySelector('time').innerText !== \(quoted(time))")
                }
                withExtendedLifetime(server) {}
            }
        }

        @Test("From view to view without loading, and back and forward")
        func navigation() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/counter")
                _ = try await window.value("(window.isSamePage = true)", as: Bool.self)
                try await window.click(".live-nav a[href='/live/slider']")
                try await window.wait("document.querySelector('#size') && live.isLive && location.pathname === '/live/slider'")
                #expect(try await window.value("document.querySelector('h1').innerText", as: String.self) == "Slider")
                _ = try await window.value("(history.back(), true)", as: Bool.self)
                try await window.wait("document.querySelector('.counter') && live.isLive && location.pathname === '/live/counter'")
                try await window.click("[aria-label='One more']")
                try await window.wait("document.querySelector('output').innerText === '1'")
                _ = try await window.value("(history.forward(), true)", as: Bool.self)
                try await window.wait("document.querySelector('#size') && live.isLive")
                #expect(try await window.value("window.isSamePage === true", as: Bool.self))
                #expect(window.takeComplaints() == [])
                withExtendedLifetime(server) {}
            }
        }

        @Test(
            "A form says what is wrong with what was touched; sent with mistakes, it puts the cursor there; sent without, it is empty again"
        )
        func form() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await open(browser, server, "live/form")
                try await window.focus("#signup-email")
                try await window.type("ann@")
                try await window.waitForText("An address has one @", in: "#signup-email-problem")
                #expect(try await window.texts(".problem").filter { !$0.isEmpty }.count == 1)
                try await window.click("form .primary")
                try await window.waitForText("Who are you?", in: "form")
                try await window.wait("document.activeElement.id === 'signup-name'")
                try await window.type("Ann")
                try await window.focus("#signup-email")
                try await window.type("example.org")
                try await window.focus("#signup-age")
                try await window.type("33")
                try await window.click("[name=agrees]")
                try await window.wait("[...document.querySelectorAll('.problem')].every((e) => !e.innerText)")
                try await window.click("form .primary")
                try await window.waitForText("Welcome, Ann!", in: ".welcome")
                try await window.wait(
                    "document.querySelector('#signup-name').value === '' && !document.querySelector('[name=agrees]').checked")
                withExtendedLifetime(server) {}
            }
        }
    }
}

extension Window {
    /// From here on, what changes in the view is counted.
    fileprivate func recordMutations() async throws {
        _ = try await value(
            """
            (window.mutations = [], new MutationObserver((all) => mutations.push(...all.filter((m) => m.type !== 'attributes').map((m) => m.type)))
              .observe(document.querySelector('[data-live]'), { subtree: true, childList: true, characterData: true }), true)
            """, as: Bool.self)
    }

    fileprivate func mutations(_ type: String) async throws -> Int {
        try await value("mutations.filter((type) => type === \(quoted(type))).length", as: Int.self)
    }
}

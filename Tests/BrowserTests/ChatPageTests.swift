import Foundation
import ServerTestSupport
import Testing

/// What a person does on the chat page.
extension Window {
    func join(_ room: String, as name: String) async throws {
        try await wait("document.querySelector('#name').checkVisibility()")
        try await focus("#name")
        try await type(name)
        if try await value("document.querySelector('#room').value", as: String.self) != room {
            _ = try await value("document.querySelector('#room').select() ?? true", as: Bool.self)
            try await type(room)
        }
        try await press("Enter")
        try await waitUntilConnected()
    }

    func waitUntilConnected() async throws {
        try await wait(
            "document.querySelector('#state').dataset.state === 'open' && document.querySelector('#people-count').innerText !== '–'")
    }

    func say(_ text: String) async throws {
        try await focus("#text")
        try await type(text)
        try await press("Enter")
    }

    /// The messages that this page shows, in order.
    func messages() async throws -> [String] { try await texts("#log .bubble") }

    func people() async throws -> [String] {
        try await value("[...document.querySelectorAll('#member-list li > span:last-child')].map((e) => e.firstChild.textContent)")
    }
}

extension InBrowser {
    @Suite("The chat in a browser", .timeLimit(.minutes(3)))
    struct ChatPageTests {
        @Test("Two windows talk, lose the server, and go on", arguments: [SIGKILL, SIGTERM])
        func conversation(signal: Int32) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat")
                let grace = try await browser.window("\(server.address)/chat", .phone, isDark: true)
                try await ada.picture("chat-door-light")
                try await grace.picture("chat-door-phone-dark")

                try await ada.join("tea", as: "Ada")
                try await grace.join("tea", as: "Grace")
                for window in [ada, grace] {
                    try await window.wait("document.querySelectorAll('#member-list li').length === 2")
                    #expect(try await window.people().sorted() == ["Ada", "Grace"])
                }
                try await ada.waitForText("Grace joined", in: "#log")

                try await ada.say("Is the kettle on?")
                try await grace.waitForText("Is the kettle on?", in: "#log")
                try await grace.focus("#text")
                try await grace.type("Since ten")
                try await ada.waitForText("Grace is typing", in: "#typing")
                try await ada.picture("chat-typing-light")
                try await grace.type(" minutes.")
                try await grace.press("Enter")
                // On a phone, Enter is a new line in some browsers and the button sends.
                try await grace.wait(
                    "document.querySelector('#text').value.trim() === '' || document.querySelector('#composer button').click()")
                try await ada.waitForText("Since ten minutes.", in: "#log")
                try await ada.wait("document.querySelector('#typing').innerText === ''")
                try await grace.picture("chat-phone-dark")

                // The pages must not be loaded anew: what is set here stays.
                for window in [ada, grace] { _ = try await window.value("window.stayed = true", as: Bool.self) }
                server.command.signal(signal)
                _ = await server.command.outcome()
                for window in [ada, grace] { try await window.waitForText("connection was lost", in: "#notice") }
                try await ada.say("Written while the server was away")
                try await ada.waitForText("Not sent yet", in: "#log")
                try await ada.waitForText("What you wrote is kept", in: "#notice")
                try await ada.picture("chat-away-light")
                try await grace.picture("chat-away-phone-dark")

                let again = try await HeliographServerProcess.start(port: server.port)
                for window in [ada, grace] { try await window.waitUntilConnected() }
                try await grace.waitForText("Written while the server was away", in: "#log")
                try await grace.say("You are back")
                try await grace.wait(
                    "document.querySelector('#text').value.trim() === '' || document.querySelector('#composer button').click()")
                try await ada.waitForText("You are back", in: "#log")
                for window in [ada, grace] {
                    try await window.wait("document.querySelectorAll('#member-list li').length === 2")
                    #expect(try await window.people().sorted() == ["Ada", "Grace"])
                    #expect(
                        try await window.messages() == [
                            "Is the kettle on?", "Since ten minutes.", "Written while the server was away", "You are back",
                        ], "each once, in order")
                    #expect(try await window.value("window.stayed", as: Bool.self))
                    #expect(window.takeComplaints() == [])
                }
                try await ada.picture("chat-back-light")
                try await grace.picture("chat-back-phone-dark")
                again.command.signal(SIGTERM)
                _ = await again.command.outcome()
            }
        }

        @Test("Over TLS, pages and sockets share one HTTP/2 connection")
        func http2() async throws {
            let folder = try TemporaryFolder()
            defer { withExtendedLifetime(folder) {} }
            let files = try await folder.certificate()
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start([
                    "--tls-cert", files.certificate, "--tls-key", files.key, "--log-level", "debug",
                ])
                let ada = try await browser.window("\(server.address)/chat/tea")
                let grace = try await browser.window("\(server.address)/chat/tea")
                let protocolName = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
                #expect(try await ada.value(protocolName, as: String.self) == "h2")
                try await ada.join("tea", as: "Ada")
                try await grace.join("tea", as: "Grace")
                try await ada.say("over HTTP/2")
                try await grace.waitForText("over HTTP/2", in: "#log")
                try await grace.say("and back")
                try await ada.waitForText("and back", in: "#log")
                #expect(ada.takeComplaints() == [])
                server.command.signal(SIGTERM)
                try await ada.waitForText("connection was lost", in: "#notice")
                let outcome = await server.command.outcome()
                #expect(outcome.code == 0)
                // Extended CONNECT (RFC 8441), not an upgrade of a connection of its own.
                let log = outcome.errors.split(separator: "\n")
                #expect(log.filter { $0.contains("method=CONNECT") && $0.contains("/demo/connection/websocket") }.count == 2)
            }
        }

        @Test("A page that is left and come back to by the back button goes on")
        func back() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat/tea")
                let grace = try await browser.window("\(server.address)/chat/tea")
                try await ada.join("tea", as: "Ada")
                try await grace.join("tea", as: "Grace")
                try await ada.say("before")
                try await grace.waitForText("before", in: "#log")
                try await ada.open("\(server.address)/")
                try await grace.say("meanwhile")
                _ = try await ada.value("history.back() ?? true", as: Bool.self)
                try await ada.wait("location.pathname === '/chat/tea'")
                try await ada.waitUntilConnected()
                try await ada.waitForText("meanwhile", in: "#log")
                #expect(try await ada.messages() == ["before", "meanwhile"])
                try await ada.say("after")
                try await grace.waitForText("after", in: "#log")
                #expect(try await grace.messages() == ["before", "meanwhile", "after"])
                #expect(ada.takeComplaints() == [])
            }
        }

        @Test("A conversation that is opened in a second window says so in the first, and can be taken back")
        func secondWindow() async throws {
            let session = "sessionStorage.setItem('heliograph.session', 'the-same-session-in-both')"
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let first = try await browser.window("\(server.address)/chat/tea", script: session)
                try await first.join("tea", as: "Ada")
                let second = try await browser.window("\(server.address)/chat/tea", script: session)
                try await second.join("tea", as: "Ada")
                try await first.waitForText("goes on in another window", in: "#notice")
                try await first.click("#notice-button")
                try await first.waitUntilConnected()
                try await second.waitForText("goes on in another window", in: "#notice")
                #expect(try await first.people() == ["Ada"])
            }
        }

        @Test("What somebody writes stays text, whatever it looks like")
        func markup() async throws {
            let texts = [
                "<script>window.cracked = 1</script>", "<img src=x onerror=\"window.cracked = 1\">", "<svg onload=window.cracked=1>",
                "javascript:window.cracked=1", "https://example.com/\"onmouseover=\"window.cracked=1", "{{constructor.constructor('1')()}}",
                "&lt;b&gt; &amp; </li></ol><h1>huge</h1>",
            ]
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let mallory = try await browser.window("\(server.address)/chat/tea")
                let ada = try await browser.window("\(server.address)/chat/tea")
                try await mallory.join("tea", as: "<img src=x onerror=alert(1)>")
                try await ada.join("tea", as: "Ada")
                for text in texts { try await mallory.say(text) }
                try await ada.wait("document.querySelectorAll('#log .bubble').length === \(texts.count)")
                #expect(try await ada.messages() == texts)
                #expect(try await ada.people() == ["Ada", "<img src=x onerror=alert(1)>"])
                #expect(try await ada.value("window.cracked ?? 'no'", as: String.self) == "no")
                #expect(
                    try await ada.value("document.querySelectorAll('main :is(script, img, svg, h1), [onmouseover]').length", as: Int.self)
                        == 0)
                let links: [String] = try await ada.value("[...document.querySelectorAll('.bubble a')].map((a) => a.href)")
                #expect(links == ["https://example.com/"])
                #expect(ada.takeComplaints() == [], "and the content security policy had nothing to stop")
            }
        }

        @Test("Reading older messages is not disturbed by new ones")
        func scrolling() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat/tea", .phone)
                let grace = try await browser.window("\(server.address)/chat/tea")
                try await ada.join("tea", as: "Ada")
                try await grace.join("tea", as: "Grace")
                for number in 1...3 { try await grace.say(String(repeating: "Long story \(number). ", count: 100)) }
                let atEnd =
                    "(() => { const log = document.querySelector('#log'); return log.scrollHeight - log.scrollTop - log.clientHeight < 5 })()"
                try await ada.wait("document.querySelectorAll('#log .bubble').length === 3 && \(atEnd)")
                _ = try await ada.value("(document.querySelector('#log').scrollTop = 40) > 0", as: Bool.self)
                try await grace.say("News")
                try await ada.wait("document.querySelector('#latest').checkVisibility()")
                #expect(try await ada.value("document.querySelector('#log').scrollTop", as: Int.self) == 40)
                try await ada.picture("chat-new-messages-phone-light")
                try await ada.click("#latest")
                try await ada.wait("!document.querySelector('#latest').checkVisibility() && \(atEnd)")
            }
        }
    }
}

// The forms of live views in a browser that runs no scripts.

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("Live views in a browser without JavaScript", .timeLimit(.minutes(4)))
    struct LiveFormPageTests {
        private func open(_ browser: Browser, _ address: String) async throws -> Window {
            let window = try await browser.window("about:blank")
            try await window.openWithoutScripts(address)
            return window
        }

        private func run(_ path: String, _ test: (Window) async throws -> Void) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await open(browser, "\(server.address)/\(path)")
                try await test(window)
                #expect(
                    try await window.value("document.querySelector('[data-live]') !== null && window.live === undefined", as: Bool.self))
                withExtendedLifetime(server) {}
            }
        }

        @Test("A form is sent and comes back checked; sent without mistakes, it welcomes")
        func form() async throws {
            try await run("live/form") { window in
                try await window.focus("#signup-email")
                try await window.type("ann@")
                try await window.press("Enter")
                try await window.poll("document.querySelector('#signup-email-problem').innerText.includes('An address has one @')")
                #expect(try await window.value("document.querySelector('#signup-email').value", as: String.self) == "ann@")
                #expect(
                    try await window.value("document.querySelector('#signup-name-problem').innerText", as: String.self) == "Who are you?")
                for (name, text) in [("email", "example.org"), ("name", "Ann"), ("age", "33")] {
                    try await window.focus("#signup-\(name)")
                    // Behind what is there.
                    _ = try await window.value(
                        "(document.activeElement.type === 'text' && document.activeElement.setSelectionRange(99, 99), true)", as: Bool.self)
                    if name == "email" { _ = try await window.value("(document.activeElement.value = '', true)", as: Bool.self) }
                    try await window.type(name == "email" ? "ann@" + text : text)
                }
                try await window.focus("[name=agrees]")
                try await window.press(" ")
                try await window.focus("form .primary")
                try await window.press("Enter")
                try await window.poll("document.querySelector('.welcome').innerText === 'Welcome, Ann!'")
                #expect(try await window.value("document.querySelector('#signup-name').value", as: String.self) == "")
            }
        }

        @Test(
            "What is typed into a bound field comes with the form; what was there before is still there",
            arguments: ["live/todo", "live/shared", "live"])
        func todo(path: String) async throws {
            try await run(path) { window in
                let draft = path == "live/shared" ? "#shared-draft" : "#todo-draft"
                for (number, text) in ["First <b>", "Second & last"].enumerated() {
                    try await window.focus(draft)
                    try await window.type(text)
                    try await window.press("Enter")
                    try await window.poll("document.querySelectorAll('.todos li').length === \(number + 1)")
                }
                let labels = try await window.value(
                    "[...document.querySelectorAll('.todos label')].map((e) => e.innerText.trim())", as: [String].self)
                #expect(labels == ["First <b>", "Second & last"])
                #expect(try await window.value("document.querySelector('\(draft)').value", as: String.self) == "")
            }
        }

        @Test("Every page is whole: what the views show is in it, and its links lead to the others")
        func pages() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                for (name, shown) in [
                    ("", ".todos"), ("/counter", "output"), ("/clock", "time"), ("/list", ".names li"), ("/slider", "#size"),
                    ("/table", ".big tr"),
                ] {
                    let window = try await open(browser, "\(server.address)/live\(name)")
                    #expect(try await window.value("document.querySelector(\(quoted(shown))) !== null", as: Bool.self), "\(name)")
                }
                let window = try await open(browser, "\(server.address)/live/counter")
                try await window.focus(".live-nav a[href='/live/slider']")
                try await window.press("Enter")
                try await window.poll("location.pathname === '/live/slider' && document.querySelector('#size') !== null")
                withExtendedLifetime(server) {}
            }
        }
    }
}

extension Window {
    /// Opens a page in which no script runs from now on.
    fileprivate func openWithoutScripts(_ url: String) async throws {
        _ = try await call("Emulation.setScriptExecutionDisabled", ["value": true])
        _ = try await call("Page.navigate", ["url": url])
        try await poll("document.readyState === 'complete' && location.href.startsWith(\(quoted(url)))")
    }

    /// Waits until an expression is true, where no timer of a page comes.
    fileprivate func poll(_ condition: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while (try? await value("Boolean(\(condition))", as: Bool.self)) != true {
            guard ContinuousClock.now < deadline else {
                throw Unexpected("never true: \(condition)\nThe page says: \(try await value("document.body.innerText", as: String.self))")
            }
            try await Task.sleep(for: .milliseconds(25))
        }
    }
}

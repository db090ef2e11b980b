// The admin pages in a browser: logging in, watching, and doing something.

import Foundation
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

extension InBrowser {
    @Suite("The admin pages in a browser", .timeLimit(.minutes(4)))
    struct AdminPageTests {
        private static let password = "correct horse battery"

        private func server() async throws -> HeliographServerProcess {
            setenv("HELIOGRAPH_ADMIN_PASSWORD", Self.password, 1)
            defer { unsetenv("HELIOGRAPH_ADMIN_PASSWORD") }
            return try await HeliographServerProcess.start()
        }

        private func logIn(_ window: Window, _ password: String = AdminPageTests.password) async throws {
            try await window.focus("#password")
            try await window.type(password)
            try await window.press("Enter")
        }

        /// A client of the demo's hub.
        private func client(_ server: HeliographServerProcess) async throws -> WebSocket {
            let socket = try await WebSocket.connect(to: server.socketAddress("/demo/connection/websocket"))
            try await socket.send(
                #"{"id":1,"connect":{"name":"a-browser-test"}}"# + "\n" + #"{"id":2,"subscribe":{"channel":"recover:tea"}}"#)
            return socket
        }

        @Test("Log in, see a connection appear, publish to it from the console, disconnect it, log out")
        func visit() async throws {
            try await Browser.run { browser in
                let server = try await server()
                let window = try await browser.window("\(server.address)/admin")
                #expect(try await window.value("location.pathname", as: String.self) == "/admin/login")
                try await logIn(window, "a wrong password")
                try await window.waitForText("That is not the password.", in: "#problem")
                try await logIn(window)
                try await window.wait("location.pathname === '/admin' && window.live?.isLive")
                try await window.click(".bar a[href='/admin/connections']")
                try await window.waitForText("Nobody is here.")

                let socket = try await client(server)
                var messages = socket.messages.makeAsyncIterator()
                _ = try await messages.next()
                try await window.waitForText("1 connection", in: ".tools .hint")
                try await window.click("tbody a")
                try await window.waitForText("a-browser-test", in: ".facts")
                try await window.click("tbody a")
                try await window.wait("document.querySelector('#console')")

                try await window.focus("#data")
                try await window.type(#"{"text":"from the console"}"#)
                try await window.click("#console button")
                try await window.waitForText("from the console", in: ".history")
                var text = ""
                while !text.contains("from the console"), case .text(let next)? = try await messages.next() { text = next }
                #expect(text.contains(#""data":{"text":"from the console"}"#))

                try await window.click(".bar a[href='/admin/connections']")
                try await window.wait("location.pathname === '/admin/connections' && document.querySelector('tbody button')")
                _ = try await window.value("(window.confirm = () => true) && true", as: Bool.self)
                try await window.click("tbody button")
                #expect(await socket.waitForClose().code.rawValue == 3_503)
                try await window.waitForText("Nobody is here.")
                #expect(window.takeComplaints() == [])

                try await window.click("#logout button")
                try await window.wait("location.pathname === '/admin/login'")
                try await window.open("\(server.address)/admin/login")
                #expect(try await window.value("document.cookie", as: String.self) == "")
            }
        }

        @Test("Every page fits its window, wide and narrow, light and dark, and complains about nothing")
        func pages() async throws {
            try await Browser.run { browser in
                let server = try await server()
                for (size, isDark) in [(Browser.Size.desktop, false), (.phone, true), (.desktop, true), (.phone, false)] {
                    // They answer no pings, so they are there for half a minute.
                    let sockets = [try await client(server), try await client(server)]
                    let name = "admin-\(size)-\(isDark ? "dark" : "light")"
                    let window = try await browser.window("\(server.address)/admin", size, isDark: isDark)
                    if try await window.value("location.pathname", as: String.self) == "/admin/login" {
                        try await window.picture("\(name)-login")
                        try await logIn(window)
                    }
                    try await window.wait("location.pathname === '/admin' && window.live?.isLive")
                    // A few seconds of rates.
                    try await Task.sleep(for: .seconds(3))
                    try await fits(window, "\(name)-overview")
                    for page in ["channels", "channel?name=recover:tea", "top", "trace?kind=channel&name=recover:tea"] {
                        try await window.open("\(server.address)/admin/\(page)")
                        try await window.wait("window.live?.isLive")
                        try await Task.sleep(for: .milliseconds(1_200))
                        try await fits(window, "\(name)-\(page.prefix { $0 != "?" })")
                    }
                    try await window.open("\(server.address)/admin/connections")
                    try await window.wait("window.live?.isLive && document.querySelector('tbody a')")
                    try await fits(window, "\(name)-connections")
                    try await window.click("tbody a")
                    try await window.wait("document.querySelector('.facts')")
                    try await fits(window, "\(name)-connection")
                    #expect(window.takeComplaints() == [], "\(name)")
                    for socket in sockets { await socket.close() }
                }
            }
        }

        private func fits(_ window: Window, _ name: String) async throws {
            #expect(try await window.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "\(name) sticks out")
            try await window.picture(name)
        }
    }
}

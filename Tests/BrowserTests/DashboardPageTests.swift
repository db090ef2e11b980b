import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("The dashboard in a browser", .timeLimit(.minutes(3)))
    struct DashboardPageTests {
        private static let hasFigures = "Number(document.querySelector('#connections').innerText) >= 1"
        private static let lines = """
            [...document.querySelectorAll('.plot .line')].filter((line) => line.getAttribute('d')?.includes('L')).length
            """

        @Test("Figures come once a second and draw lines, on a desktop and a phone", arguments: [false, true])
        func figures(isDark: Bool) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                for size in [Browser.Size.desktop, .phone] {
                    let window = try await browser.window("\(server.address)/dashboard", size, isDark: isDark)
                    try await window.waitForText("Live", in: "#state")
                    try await window.wait(Self.hasFigures)
                    try await window.wait("\(Self.lines) === document.querySelectorAll('.plot .line').length")
                    let uptime = try await window.value("document.querySelector('#uptime').innerText", as: String.self)
                    try await window.wait("document.querySelector('#uptime').innerText !== \(quoted(uptime))")
                    try await window.wait("document.querySelector('#trip').innerText.endsWith('s')")
                    #expect(
                        try await window.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "nothing sticks out")
                    #expect(window.takeComplaints() == [])
                    try await window.picture("dashboard-\(size)-\(isDark ? "dark" : "light")")
                }
            }
        }

        @Test("Whoever comes later sees the past at once; after a restart of the server the line goes on, with a gap")
        func past() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let first = try await browser.window("\(server.address)/dashboard")
                try await first.wait(Self.hasFigures)
                let points = "document.querySelector('.plot .line').getAttribute('d').split(/[ML]/).length - 1"
                try await first.wait("\(points) >= 4")
                let second = try await browser.window("\(server.address)/dashboard")
                try await second.wait(Self.hasFigures)
                #expect(try await second.value(points, as: Int.self) >= 4)

                server.command.signal(SIGKILL)
                _ = await server.command.outcome()
                try await first.wait("document.querySelector('#connections').innerText === '–'")
                try await Task.sleep(for: .seconds(3))
                let again = try await HeliographServerProcess.start(port: server.port)
                try await first.wait(Self.hasFigures)
                try await first.wait("document.querySelector('.plot .line').getAttribute('d').includes('L')")
                #expect(first.takeComplaints().filter { !$0.contains("ERR_CONNECTION_REFUSED") } == [])
                withExtendedLifetime(again) {}
            }
        }

        @Test("A moment is read with the arrow keys, and all figures are in a table")
        func accessibility() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await browser.window("\(server.address)/dashboard")
                try await window.wait("document.querySelector('.plot')?.ariaLabel?.startsWith('Open sockets, now: sockets')")
                try await window.focus(".plot")
                try await window.press("ArrowLeft")
                try await window.wait("!document.querySelector('.plot').ariaLabel.includes('now')")
                let cursor = "document.querySelector('.cursor').getAttribute('visibility')"
                #expect(try await window.value(cursor, as: String.self) == "visible")
                try await window.press("Escape")
                try await window.wait("document.querySelector('.plot').ariaLabel.includes('now')")

                try await window.focus("#table summary")
                try await window.press("Enter")
                try await window.wait("document.querySelectorAll('#table-body tr').length >= 1")
                #expect(
                    try await window.value(
                        "document.querySelectorAll('#table-head th').length === document.querySelector('#table-body tr').cells.length",
                        as: Bool.self))
            }
        }
    }
}

import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("The market in a browser", .timeLimit(.minutes(5)))
    struct MarketPageTests {
        /// The symbols in the list, from above.
        private func symbols(_ window: Window) async throws -> [String] { try await window.texts("#rows td button b") }

        private func prices(_ window: Window) async throws -> [Double] {
            try await window.value(
                "[...document.querySelectorAll('#rows tr')].map((row) => Number(row.cells[1].textContent.replaceAll(',', '')))")
        }

        private func waitUntilLive(_ window: Window) async throws {
            try await window.waitForText("Live", in: "#state")
            try await window.wait("document.querySelectorAll('#rows tr').length === 300")
            try await window.wait("document.querySelector('#asks tr.depth') && document.querySelectorAll('#tape tr').length > 2")
            try await window.wait("document.querySelector('#latency').textContent.endsWith('ms')")
        }

        @Test("Prices tick; the list is sorted and searched; a symbol has its chart, its book and its trades")
        func use() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await browser.window("\(server.address)/market")
                try await waitUntilLive(window)
                let before = try await prices(window)
                try await window.wait(
                    "JSON.stringify([...document.querySelectorAll('#rows tr')].map((row) => row.cells[1].textContent)) !== "
                        + "(window.before ??= JSON.stringify([...document.querySelectorAll('#rows tr')].map((row) => row.cells[1].textContent)))"
                )
                #expect(try await prices(window) != before)
                #expect(try await symbols(window) == symbols(window).sorted())

                try await window.click("[data-key=price] button")
                try await window.wait("document.querySelector('[data-key=price]').ariaSort === 'descending'")
                let first = try await prices(window).prefix(20)
                #expect(zip(first, first.dropFirst()).allSatisfy { $0 > $1 * 0.98 }, "from the dearest; they move meanwhile")

                let wanted = try await symbols(window)[150]
                try await window.focus("#search")
                try await window.type(wanted.lowercased())
                try await window.wait("document.querySelectorAll('#rows tr').length < 20")
                #expect(try await symbols(window).contains(wanted))
                try await window.click("#rows tr[data-symbol=\(wanted)] button")
                try await window.wait("document.querySelector('#symbol-name').innerText.startsWith('\(wanted) ')")
                try await window.wait(
                    "document.querySelector('#bids tr.depth') && /[0-9]/.test(document.querySelector('#price').innerText)")
                try await window.wait("/^Chart of the last 8 minutes/.test(document.querySelector('#chart').ariaLabel)")
                #expect(try await window.value("location.hash", as: String.self) == "#\(wanted)")
                #expect(
                    try await window.value("document.querySelector('#rows [aria-current]').innerText", as: String.self).hasPrefix(wanted))

                try await window.focus("#search")
                try await window.type("zzzz")
                try await window.waitForText("Nothing is called like that.", in: "#none")
                #expect(window.takeComplaints() == [])
            }
        }

        @Test("It looks right on a phone and a desktop, light and dark", arguments: [false, true])
        func looks(isDark: Bool) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                for size in [Browser.Size.desktop, .phone] {
                    let window = try await browser.window("\(server.address)/market", size, isDark: isDark)
                    try await waitUntilLive(window)
                    #expect(
                        try await window.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "nothing sticks out")
                    // The best ask is above the best bid.
                    let best: [Double] = try await window.value(
                        "['#asks tr:last-child', '#bids tr:first-child'].map((row) => "
                            + "Number(document.querySelector(row).cells[0].textContent.replaceAll(',', '')))")
                    #expect(best[0] > best[1])
                    #expect(window.takeComplaints() == [])
                    try await window.picture("market-\(size)-\(isDark ? "dark" : "light")")
                }
            }
        }

        @Test("Another server, with other companies: the page goes on with those")
        func restart() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await browser.window("\(server.address)/market")
                try await waitUntilLive(window)
                let before = try await prices(window)
                server.command.signal(SIGTERM)
                _ = await server.command.outcome()
                try await window.wait("document.querySelector('#state').dataset.state !== 'open'")
                let next = try await HeliographServerProcess.start(port: server.port)
                try await waitUntilLive(window)
                try await window.wait("document.querySelectorAll('#rows tr').length === 300")
                let after = try await prices(window)
                #expect(zip(before, after).filter { abs($0 - $1) > $0 / 5 }.count > 100)
                try await window.wait("document.querySelector('#asks tr.depth') && document.querySelectorAll('#tape tr').length > 0")
                withExtendedLifetime(next) {}
            }
        }
    }
}

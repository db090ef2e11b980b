import Foundation
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("The other pages in a browser", .timeLimit(.minutes(3)))
    struct OtherPagesTests {
        @Test("The start page is live", arguments: [false, true])
        func start(isDark: Bool) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                for size in [Browser.Size.desktop, .phone] {
                    let window = try await browser.window("\(server.address)/", size, isDark: isDark)
                    try await window.waitForText("Live", in: "#state")
                    try await window.wait("Number(document.querySelector('#sockets').innerText) >= 1")
                    try await window.waitForText("heliograph connect ws://127.0.0.1:\(server.port)/echo")
                    #expect(
                        try await window.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "nothing sticks out")
                    #expect(window.takeComplaints() == [])
                    try await window.picture("start-\(size)-\(isDark ? "dark" : "light")")
                }
                server.command.signal(SIGTERM)
                _ = await server.command.outcome()
            }
        }

        @Test("The echo page shows the frames and the time they took")
        func echo() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await browser.window("\(server.address)/echo-demo")
                try await window.wait("document.querySelector('#state').dataset.state === 'open'")
                try await window.click("#form [type=submit]")
                try await window.wait("document.querySelectorAll('.frame.in').length === 1")
                #expect(try await window.texts(".frame.in .byte.head") == ["81", "11"], "FIN and text; 17 bytes, not masked")
                #expect(try await window.texts(".frame.out .byte.head") == ["81", "91"], "the same, masked")
                #expect(try await window.texts(".frame.out .byte.mask").count == 4)
                #expect(try await window.texts(".frame .shown") == ["Hello, Heliograph", "Hello, Heliograph"])

                try await window.click("[value=binary]")
                try await window.focus("#payload")
                _ = try await window.value("document.querySelector('#payload').select() ?? true", as: Bool.self)
                try await window.type("0x00 ff, 7g")
                try await window.click("#form [type=submit]")
                try await window.waitForText("is not a hexadecimal digit", in: "#payload-error")
                _ = try await window.value("document.querySelector('#payload').select() ?? true", as: Bool.self)
                try await window.type("00ff 7F")
                try await window.click("#form [type=submit]")
                try await window.wait("document.querySelectorAll('.frame.in').length === 2")
                #expect(try await window.texts(".frame.in:first-of-type .byte") == ["82", "03", "00", "ff", "7f"])

                try await window.click("#series")
                try await window.waitForText("the last 100", in: "#trip-count")
                #expect(try await window.value("document.querySelectorAll('#chart rect').length", as: Int.self) == 100)
                try await window.picture("echo-desktop-light")
                try await window.click("#toggle")
                try await window.waitForText("Disconnected", in: "#state")
                #expect(window.takeComplaints() == [])
            }
        }

        /// WCAG 2.2 §1.4.3: text has a contrast of 4.5, large text of 3.
        @Test("All text can be read, light and dark", arguments: [false, true])
        func contrast(isDark: Bool) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                for page in ["/", "/chat", "/chat/tea", "/market", "/dashboard", "/game", "/echo-demo"] {
                    let window = try await browser.window("\(server.address)\(page)", .desktop, isDark: isDark)
                    if page == "/chat/tea" {
                        try await window.join("tea", as: "Ada")
                        try await window.say("Hello https://example.com/")
                        try await window.waitForText("Hello", in: "#log .own:not(.pending)")
                    }
                    if page == "/dashboard" { try await window.wait("document.querySelectorAll('.legend b').length > 6") }
                    let unreadable: [String] = try await window.value(Self.findsUnreadableText)
                    #expect(unreadable == [], "\(page)")
                }
            }
        }

        private static let findsUnreadableText = #"""
            (() => {
              const parse = (text) => {
                const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
                // What was mixed is told as color(srgb …), from 0 to 1.
                const scale = text.startsWith("color(") ? 255 : 1;
                return { r: r * scale, g: g * scale, b: b * scale, a };
              };
              const over = (top, below) => ({
                r: top.r * top.a + below.r * (1 - top.a),
                g: top.g * top.a + below.g * (1 - top.a),
                b: top.b * top.a + below.b * (1 - top.a),
                a: 1,
              });
              const background = (element) => {
                if (!element) return { r: 255, g: 255, b: 255, a: 1 };
                const own = parse(getComputedStyle(element).backgroundColor);
                return own.a === 1 ? own : over(own, background(element.parentElement));
              };
              const luminance = ({ r, g, b }) => {
                const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
                return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
              };
              const found = [];
              const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walker.nextNode()) {
                const element = walker.currentNode.parentElement;
                const text = walker.currentNode.textContent.trim();
                if (!text || !element.checkVisibility() || element.closest("noscript, .visually-hidden, .skip, :disabled")) continue;
                const style = getComputedStyle(element);
                const behind = background(element);
                const [light, dark] = [luminance(over(parse(style.color), behind)), luminance(behind)].sort((a, b) => b - a);
                const ratio = (light + 0.05) / (dark + 0.05);
                const size = parseFloat(style.fontSize);
                const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
                if (ratio < (isLarge ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} “${text.slice(0, 40)}” ${element.className}`);
              }
              return found;
            })()
            """#
    }
}

// What testers put where a value goes, through a server and into a browser: painted, and sent. There is no content security policy here, so that whatever can run runs.

import Hummingbird
import LiveHTML
import LiveViews
import RealtimeHummingbird
import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("Payloads in live views in a browser", .timeLimit(.minutes(5)))
    struct LivePayloadTests {
        /// Shows what it is given in every place in which a value can be, and tells it the browser in every message that has a text.
        private struct Mirror: LiveView {
            var value = "harmless"
            var count = 0

            enum Event: LiveEvent { case show(String) }

            mutating func mount(_ request: LiveRequest) { value = request.query("q") ?? "harmless" }

            mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
                guard case .show(let value) = event else { return }
                self.value = value
                count += 1
                effects.flash(.info, value)
                effects.push("mirror", value)
                effects.push(value, [value: value])
                effects.focus(value)
                effects.reset(form: value)
                effects.navigate(to: value)
                effects.patch(to: value)
            }

            var title: String? { value }

            var body: HTML {
                let optional: String? = value
                let branch: HTML? = count % 2 == 0 ? "<em title=\"\(value)\">\(value)</em>" : nil
                return """
                    <output id="count">\(count)</output><textarea id="send" name="send" \(on: .input, Event.show)></textarea>
                    <section id="places"><p id="shown">\(value)</p><p>a \(value) b</p><pre>\(value)</pre>\(branch)
                    <p title="\(value)" class="a \(value) b" data-x="\(value)\(value)" id=\(optional) lang=\(optional)>c</p>
                    <a href="\(value)">d</a><a href="/\(value)">e</a><a href="/x?q=\(value)">f</a><a href=\(optional)>g</a>
                    <img src="\(value)" alt="\(value)" srcset="\(value) 1x"><iframe src="\(value)"></iframe>
                    <form action="\(value)"><button formaction="\(value)">h</button><input name="\(value)" value="\(value)" placeholder="\(value)"></form>
                    <p style="color: \(value); width: 1px">i</p><p style="background: \(value)">j</p><textarea>\(value)</textarea>
                    <svg><title>\(value)</title><a xlink:href="\(value)"><text>\(value)</text></a></svg><math><mtext>\(value)</mtext></math>
                    <select><option value="\(value)">\(value)</option></select><table><tbody><tr><td>\(value)</td></tr></tbody></table>
                    <ul>\(each: [value, "\(count)", value + "x"], key: { $0 }, { "<li title=\"\($0)\"><a href=\"\($0)\">\($0)</a></li>" })</ul>
                    <div>\([value, value].map { "<b>\($0)</b><i>\($0)</i>" })</div><video poster="\(value)"></video></section>
                    """
            }
        }

        /// Whatever runs, in whatever frame, is counted; dialogs would stop the page.
        private static let watch = """
            for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => (top.ran = (top.ran ?? 0) + 1);
            """

        /// What could run when somebody clicks: addresses that are scripts, handlers in attributes, elements that were not written.
        private static let findings = """
            ((window) => {
              const all = [...window.document.querySelectorAll("#places, #places *")];
              const urls = all.flatMap((e) => ["href", "xlink:href", "src", "action", "formaction", "poster"].filter((name) => e.hasAttribute(name)).map((name) => e.getAttribute(name)));
              const bad = urls.filter((url) => {
                try { return !["http:", "https:", "mailto:", "tel:"].includes(new URL(url, "http://x").protocol) && url !== "about:invalid#blocked"; } catch { return false; }
              });
              const handlers = all.flatMap((e) => [...e.attributes]).filter(({ name }) => name.startsWith("on") || name === "srcdoc").map(({ name }) => name);
              const styles = all.filter((e) => e.style && /url|expression|@/i.test(e.style.cssText)).map((e) => e.style.cssText);
              const ran = window.top.ran ? ["ran"] : [];
              return [...ran, ...bad, ...handlers, ...styles, ...all.filter((e) => /script|object|embed|base|link|meta|animate/i.test(e.localName)).map((e) => e.localName)];
            })
            """

        private func run(_ test: @Sendable (Window, String) async throws -> Void) async throws {
            try await LiveTestServer.run({ $0.live("mirror", view: { Mirror() }) }) { server in
                try await Browser.run { browser in
                    let window = try await browser.window("\(server.address)/mirror", script: Self.watch)
                    try await window.wait("window.live?.isLive")
                    try await test(window, server.address)
                }
            }
        }

        @Test("None of the payloads runs when it is sent to a page, wherever it is shown, and each is shown as it is")
        func sent() async throws {
            try await run { window, address in
                let count = try await window.value("document.querySelectorAll('#places *').length", as: Int.self)
                for (number, payload) in XSSPayloads.all.enumerated() {
                    _ = try await window.value(
                        "(send.value = \(quoted(payload)), window.sent = send.value, send.dispatchEvent(new Event('input', { bubbles: true })), true)",
                        as: Bool.self)
                    try await window.wait("document.querySelector('#count').innerText === '\(number + 1)'")
                    #expect(try await window.value("\(Self.findings)(window)", as: [String].self) == [], "\(payload)")
                    let sent = try await window.value("window.sent", as: String.self)
                    #expect(
                        try await window.value("document.querySelector('#shown').textContent === \(quoted(sent))", as: Bool.self),
                        "\(payload)")
                    #expect(try await window.value("document.title", as: String.self).isEmpty == sent.isEmpty)
                    // With the branch or without.
                    let now = try await window.value("document.querySelectorAll('#places *').length", as: Int.self)
                    #expect([count, count - 1].contains(now), "\(payload)")
                    #expect(try await window.value("location.pathname", as: String.self) == "/mirror", "\(payload)")
                }
                try await Task.sleep(for: .seconds(1))
                #expect(try await window.value("window.ran ?? 0", as: Int.self) == 0)
                #expect(window.takeComplaints() == [])
            }
        }

        @Test("None of the payloads runs when a page is painted with it, and when its client binds it")
        func painted() async throws {
            try await run { window, address in
                for payload in XSSPayloads.all {
                    let findings: [String] = try await window.value(
                        """
                        (async () => {
                          const frame = document.createElement("iframe");
                          frame.src = "/mirror?q=" + encodeURIComponent(\(quoted(payload)));
                          document.body.append(frame);
                          await new Promise((resolve) => (frame.onload = resolve));
                          for (let i = 0; i < 400 && !frame.contentWindow.live?.isLive; i++) await new Promise((resolve) => setTimeout(resolve, 10));
                          const found = [...\(Self.findings)(frame.contentWindow), ...(frame.contentWindow.live?.isLive ? [] : ["not live"])];
                          frame.remove();
                          return found;
                        })()
                        """)
                    #expect(findings == [], "\(payload)")
                }
                #expect(try await window.value("window.ran ?? 0", as: Int.self) == 0)
            }
        }
    }
}

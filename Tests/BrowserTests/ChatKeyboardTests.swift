import ServerTestSupport
import Testing

extension InBrowser {
    @Suite("The chat page by keyboard", .timeLimit(.minutes(3)))
    struct ChatKeyboardTests {
        @Test("A name and a room that cannot be are explained where they are")
        func door() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat")
                try await ada.wait("document.activeElement.id === 'name'")
                try await ada.press("Enter")
                try await ada.waitForText("Others need something to call you", in: "#name-error")
                #expect(try await ada.value("document.activeElement.id", as: String.self) == "name")
                try await ada.type("Ada")
                try await ada.press("Tab")
                #expect(try await ada.value("document.activeElement.id", as: String.self) == "room")
                try await ada.type("no/room")
                try await ada.press("Enter")
                try await ada.waitForText("Use letters, digits and hyphens", in: "#room-error")
                #expect(try await ada.value("document.activeElement.getAttribute('aria-invalid')", as: String.self) == "true")
                _ = try await ada.value("document.querySelector('#room').select() ?? true", as: Bool.self)
                try await ada.type("Team 7")
                try await ada.press("Enter")
                try await ada.waitUntilConnected()
                #expect(try await ada.value("location.pathname", as: String.self) == "/chat/team-7")
                #expect(try await ada.value("document.activeElement.id", as: String.self) == "text")
            }
        }

        @Test("A new name shows as one who left and one who joined")
        func rename() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat/tea")
                let grace = try await browser.window("\(server.address)/chat/tea")
                try await ada.join("tea", as: "Ada")
                try await grace.join("tea", as: "Grace")
                try await grace.click("#leave")
                try await ada.waitForText("Grace left", in: "#log")
                _ = try await grace.value("(document.querySelector('#name').value = '') === ''", as: Bool.self)
                try await grace.join("tea", as: "Admiral")
                try await ada.waitForText("Admiral joined", in: "#log")
                #expect(try await ada.people() == ["Ada", "Admiral"])
            }
        }

        @Test("On a phone, the list of people opens and closes by button and Escape")
        func people() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/chat/tea", .phone)
                try await ada.join("tea", as: "Ada")
                let isShown = "document.querySelector('#people').checkVisibility()"
                let isExpanded = "document.querySelector('#people-button').getAttribute('aria-expanded')"
                #expect(try await ada.value(isShown, as: Bool.self) == false)
                try await ada.focus("#people-button")
                try await ada.press("Enter")
                try await ada.wait(isShown)
                #expect(try await ada.value(isExpanded, as: String.self) == "true")
                try await ada.picture("chat-people-phone-light")
                try await ada.press("Escape")
                try await ada.wait("!\(isShown)")
                #expect(try await ada.value(isExpanded, as: String.self) == "false")
                #expect(try await ada.value("document.activeElement.id", as: String.self) == "people-button")
            }
        }

        @Test("The first Tab offers to skip to the content", arguments: ["/", "/chat", "/dashboard", "/echo-demo"])
        func skip(path: String) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await browser.window("\(server.address)\(path)")
                _ = try await window.value(
                    "document.activeElement.blur() ?? (document.body.tabIndex = -1, document.body.focus() ?? true)", as: Bool.self)
                try await window.press("Tab")
                #expect(try await window.value("document.activeElement.className", as: String.self) == "skip")
                try await window.press("Enter")
                try await window.wait("location.hash === '#main'")
            }
        }
    }
}

import Foundation
import ServerTestSupport
import Testing

extension Window {
    fileprivate func play(as name: String) async throws {
        try await waitForText("Live", in: "#state")
        _ = try await value("import('/assets/game.js').then((game) => Boolean(window.world = game.world))", as: Bool.self)
        try await focus("#name")
        _ = try await value("document.querySelector('#name').select() ?? true", as: Bool.self)
        try await type(name)
        try await press("Enter")
        try await wait("world.own > 0 && document.querySelector('#door').hidden")
    }

    /// Where a ship is for this page, as an expression.
    fileprivate static func ship(_ name: String) -> String { "world.scores.find(({ number }) => world.name(number) === \(quoted(name)))" }

    fileprivate func place(of name: String) async throws -> [Double] {
        try await wait("\(Self.ship(name))")
        return try await value("((ship) => [ship.x, ship.y])(\(Self.ship(name)))")
    }

    fileprivate func waitUntilMoved(_ name: String, from place: [Double]) async throws {
        try await wait("((ship) => Math.hypot(ship.x - \(place[0]), ship.y - \(place[1])) > 60)(\(Self.ship(name)))")
    }
}

extension InBrowser {
    @Suite("The game in a browser", .timeLimit(.minutes(5)))
    struct GamePageTests {
        @Test("Two windows see each other move, by mouse and by keys, and leave")
        func two() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let ada = try await browser.window("\(server.address)/game")
                let grace = try await browser.window("\(server.address)/game", .phone, isDark: true)
                try await ada.play(as: "Ada")
                try await grace.play(as: "Grace")
                try await ada.waitForText("Grace", in: "#scores")

                let start = try await grace.place(of: "Ada")
                // To the side with more room.
                try await ada.moveMouse(toX: start[0] < 1_000 ? 1_200 : 60, y: 400)
                try await grace.waitUntilMoved("Ada", from: start)

                let before = try await ada.place(of: "Grace")
                let key = before[1] < 625 ? "ArrowDown" : "ArrowUp"
                try await grace.hold(key, code: key, isDown: true)
                try await ada.waitUntilMoved("Grace", from: before)
                try await grace.hold(key, code: key, isDown: false)

                for window in [ada, grace] {
                    try await window.wait("parseInt(document.querySelector('#ticks').textContent) >= 20")
                    try await window.wait("document.querySelector('#trip').textContent.endsWith('ms')")
                    #expect(
                        try await window.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "nothing sticks out")
                    #expect(window.takeComplaints() == [])
                }
                try await ada.picture("game-desktop-light")
                try await grace.picture("game-phone-dark")
                try await grace.open("\(server.address)/echo-demo")
                try await ada.wait("!\(Window.ship("Grace"))")
            }
        }

        @Test("The door, and who only watches; in the other colours", arguments: [false, true])
        func watching(isDark: Bool) async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let size = isDark ? Browser.Size.desktop : .phone
                let window = try await browser.window("\(server.address)/game", size, isDark: isDark)
                try await window.waitForText("Live", in: "#state")
                // The bots are there for a lone visitor.
                try await window.wait("document.querySelectorAll('#scores li').length >= 2")
                #expect(try await window.value("document.querySelector('#door').checkVisibility()", as: Bool.self))
                try await window.picture("game-door-\(size)-\(isDark ? "dark" : "light")")
                try await window.play(as: "")
                try await window.waitForText("Nobody", in: "#scores")
                let start = try await window.place(of: "Nobody")
                try await window.touch(x: start[0] < 1_000 ? 380 : 20, y: 400)
                try await window.waitUntilMoved("Nobody", from: start)
                try await window.liftFinger()
                try await window.wait("world.scores.some(({ score }) => score > 0)")
                try await window.picture("game-\(size)-\(isDark ? "dark" : "light")")
                #expect(window.takeComplaints() == [])
            }
        }

        @Test("A server that comes back finds the player in a ship again")
        func restart() async throws {
            try await Browser.run { browser in
                let server = try await HeliographServerProcess.start()
                let window = try await browser.window("\(server.address)/game")
                try await window.play(as: "Ada")
                server.command.signal(SIGTERM)
                _ = await server.command.outcome()
                try await window.wait("world.own === 0 && document.querySelector('#state').dataset.state !== 'open'")
                let next = try await HeliographServerProcess.start(port: server.port)
                try await window.wait("world.own > 0")
                try await window.waitForText("Ada", in: "#scores")
                withExtendedLifetime(next) {}
            }
        }
    }
}

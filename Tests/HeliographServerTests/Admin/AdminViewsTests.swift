// What the admin pages show and do, without a browser.

import LiveHTML
import LiveViews
import Logging
import NIOCore
import RealtimeHub
import RealtimeProtocol
import RealtimeTesting
import ServerTestSupport
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("The admin pages", .timeLimit(.minutes(2)))
struct AdminViewsTests {
    /// A server with its demo hub, clients in it, and somebody who is logged in.
    struct Desk {
        let server: TestServer
        let admin: Admin
        let login: AdminLogin

        var frame: AdminFrame { AdminFrame(admin: admin, login: login) }
        var hub: Hub { admin.hub }

        func client(_ channels: String...) async throws -> (client: RealtimeClient, id: String) {
            let client = try await RealtimeClient(server)
            let id = try await client.connect().client
            for channel in channels { try await client.subscribe(channel) }
            return (client, id)
        }
    }

    private func run(_ test: @escaping @Sendable (Desk) async throws -> Void) async throws {
        var configuration = ServeConfiguration()
        configuration.adminPassword = AdminRoutesTests.password
        try await TestServer.run(configuration, demos: []) { server in
            let admin = try #require(server.application.admin)
            guard case .accepted(let login) = admin.logIn(AdminRoutesTests.password, from: .unknown, address: "test") else {
                throw Unexpected("not logged in")
            }
            try await test(Desk(server: server, admin: admin, login: login))
        }
    }

    @Test("The markup of all pages is what it may be")
    func markup() async throws {
        try await run { desk in
            let (client, id) = try await desk.client("recover:tea", "bench:a")
            try await desk.hub.publish(Array(#"{"a":1}"#.utf8), to: "recover:tea", tags: ["x": "y"])
            func check<View: LiveView>(_ view: View, _ url: String, _ parameters: [String: String] = [:]) async throws {
                var view = view
                try await view.mount(LiveRequest(url: url, parameters: parameters))
                #expect(LiveTester.problems(of: view).map(\.description) == [], "\(url)")
            }
            try await check(AdminOverview(desk.frame), "/admin")
            try await check(AdminConnections(desk.frame), "/admin/connections")
            try await check(AdminConnections(desk.frame), "/admin/connections?q=none&after=x")
            try await check(AdminConnection(desk.frame), "/admin/connections/x", ["client": id])
            try await check(AdminConnection(desk.frame), "/admin/connections/x", ["client": "nobody"])
            try await check(AdminChannels(desk.frame), "/admin/channels")
            try await check(AdminChannels(desk.frame), "/admin/channels?q=nothing")
            try await check(AdminChannel(desk.frame), "/admin/channel?name=recover:tea")
            try await check(AdminChannel(desk.frame), "/admin/channel?name=bench:a&before=7")
            try await check(AdminTalkers(desk.frame), "/admin/top")
            try await check(AdminTrace(desk.frame), "/admin/trace?kind=user&name=a")
            withExtendedLifetime(client) {}
        }
    }

    @Test("The overview counts connections, and has rates from the second second on")
    func overview() async throws {
        try await run { desk in
            let page = try await LiveTester(AdminOverview(desk.frame))
            #expect(try page.texts(of: ".tiles dd").first == "0")
            let clients = [try await desk.client("bench:a", "bench:b"), try await desk.client("bench:a")]
            try await page.waitUntil("two connections, and rates") { page in
                let tiles = try page.texts(of: ".tiles dd")
                return tiles.first == "2" && tiles.contains("3 subscriptions") && !tiles.contains("–")
            }
            #expect(try page.count("tbody tr") >= 1)
            withExtendedLifetime(clients) {}
        }
    }

    @Test("However many look, the hub is asked once a second")
    func board() async throws {
        try await run { desk in
            async let one = desk.admin.board.overview()
            async let other = desk.admin.board.overview()
            let times = [await one.sample.time, await other.sample.time, await desk.admin.board.overview().sample.time]
            #expect(Set(times).count == 1)
            try await Task.sleep(for: .milliseconds(950))
            let next = await desk.admin.board.overview()
            #expect(next.sample.time > times[0])
            #expect(next.rates != nil)
        }
    }

    @Test("A connection appears, is found, and is disconnected")
    func connections() async throws {
        try await run { desk in
            let page = try await LiveTester(AdminConnections(desk.frame), at: "/admin/connections")
            #expect(try page.exists(".none"))
            let (client, id) = try await desk.client("bench:a")
            let other = try await desk.client()
            try await page.waitUntil("two rows") { try $0.count("tbody tr") == 2 }
            try await page.type(String(id.prefix(12)), into: "#search")
            try await page.waitUntil("one row") { try $0.count("tbody tr") == 1 }
            #expect(page.address == "/admin/connections?q=\(id.prefix(12))")
            #expect(try page.text(of: "tbody .mono") == id.prefix(8))
            try await page.click("tbody button")
            #expect(await client.socket.waitForClose().code.rawValue == 3_503)
            try await page.waitUntil("nobody") { try $0.exists(".none") }
            #expect(desk.hub.counts.clients == 1)
            #expect(page.flash?.kind == "success")
            withExtendedLifetime(other) {}
        }
    }

    @Test("Connections are turned over page by page")
    func pages() async throws {
        try await run { desk in
            var clients: [RealtimeClient] = []
            for _ in 0..<51 { clients.append(try await desk.client().client) }
            let page = try await LiveTester(AdminConnections(desk.frame), at: "/admin/connections")
            #expect(try page.count("tbody tr") == 50)
            #expect(try page.text(of: ".tools .hint") == "51 connections")
            try await page.click(".pages a")
            try await page.waitUntil("the last one") { try $0.count("tbody tr") == 1 }
            try await page.click(".pages a")
            try await page.waitUntil("the first page") { try $0.count("tbody tr") == 50 }
            withExtendedLifetime(clients) {}
        }
    }

    @Test("One connection: its subscriptions come and go; it is unsubscribed and disconnected, and still seen as it was")
    func connection() async throws {
        try await run { desk in
            let (client, id) = try await desk.client("recover:tea")
            let page = try await LiveTester(
                AdminConnection(desk.frame), at: "/admin/connections/\(id)", pattern: "/admin/connections/{client}")
            #expect(try page.texts(of: "tbody a") == ["recover:tea"])
            #expect(try page.text(of: "dd.mono") == id)
            try await client.subscribe("bench:a")
            try await page.waitUntil("two subscriptions") { try $0.texts(of: "tbody a") == ["bench:a", "recover:tea"] }
            try await page.send(AdminConnection.Event.unsubscribe("bench:a"))
            guard case .unsubscribe = try await client.push().body else { throw Unexpected("not unsubscribed") }
            try await page.waitUntil("one subscription") { try $0.texts(of: "tbody a") == ["recover:tea"] }
            try await page.send(AdminConnection.Event.disconnect)
            #expect(await client.socket.waitForClose().code.rawValue == 3_503)
            try await page.waitUntil("it is gone") { try $0.exists(".note") }
            #expect(try page.texts(of: "tbody a") == ["recover:tea"])
            // Of anonymous users, all are not one.
            let other = try await desk.client()
            try await page.send(AdminConnection.Event.disconnectUser)
            #expect(desk.hub.counts.clients == 1)
            withExtendedLifetime(other) {}
        }
    }

    @Test("Channels are found by part of their name or by a pattern")
    func channels() async throws {
        try await run { desk in
            let client = try await desk.client("bench:tea", "bench:coffee", "recover:tea")
            let page = try await LiveTester(AdminChannels(desk.frame), at: "/admin/channels")
            #expect(try page.texts(of: "tbody a") == ["bench:coffee", "bench:tea", "recover:tea"])
            for (search, found) in [("tea", ["bench:tea", "recover:tea"]), ("bench:*", ["bench:coffee", "bench:tea"]), ("x", [])] {
                try await page.type(search, into: "#search")
                try await page.waitUntil("\(search)") { try $0.texts(of: "tbody a") == found }
            }
            #expect(try page.text(of: ".pages a") == "Look at “x”")
            withExtendedLifetime(client) {}
        }
    }

    @Test("A channel: who is there, what was published, and the console; what is no JSON is refused where it was typed")
    func channel() async throws {
        try await run { desk in
            let (client, id) = try await desk.client("recover:tea")
            let page = try await LiveTester(AdminChannel(desk.frame), at: "/admin/channel?name=recover:tea")
            #expect(try page.texts(of: ".people .mono") == [String(id.prefix(8))])
            #expect(try page.texts(of: ".history li").isEmpty)
            try await page.type("{no", into: "#data")
            try await page.submit("#console")
            #expect(try page.text(of: "#problem").contains("no JSON"))
            #expect(try page.value(of: "#data") == "{no")
            try await page.type(#"{"text":"<b>tea</b>"}"#, into: "#data")
            try await page.submit("#console")
            guard case .publication(let publication) = try await client.push().body else { throw Unexpected("no publication") }
            #expect(String(buffer: publication.data) == #"{"text":"<b>tea</b>"}"#)
            try await page.waitUntil("the history") { try $0.texts(of: ".history code") == [#"{"text":"<b>tea</b>"}"#] }
            #expect(page.flash?.text == "Published, at offset 1.")
            try await page.submit("#console", ["data": "2", "skipsHistory": "true"])
            try await page.waitUntil("told") { $0.flash?.text == "Published." }
            for number in 0..<25 { try await desk.hub.publish(Array("\(number)".utf8), to: "recover:tea") }
            try await page.waitUntil("a page") { try $0.count(".history li") == 20 }
            #expect(try page.texts(of: ".history .n").first == "26")
            try await page.click(".pages a")
            try await page.waitUntil("the older ones") { try $0.texts(of: ".history .n").first == "6" }
            try await page.send(AdminChannel.Event.removeHistory)
            try await page.waitUntil("nothing") { try $0.count(".history li") == 0 }
        }
    }

    @Test("Of a channel without presence, history or namespace, that is said")
    func plainChannel() async throws {
        try await run { desk in
            let plain = try await LiveTester(AdminChannel(desk.frame), at: "/admin/channel?name=bench:a")
            #expect(try plain.texts(of: ".none") == ["No history is kept of this channel.", "No presence is kept in this channel."])
            let nowhere = try await LiveTester(AdminChannel(desk.frame), at: "/admin/channel?name=nowhere:a")
            #expect(try nowhere.texts(of: ".none") == ["Unknown channel.", "Unknown channel."])
            try await nowhere.submit("#console", ["data": "1"])
            try await nowhere.waitUntil("refused") { try $0.text(of: "#problem") == "Unknown channel." }
        }
    }

    @Test("Those who talk most are named, and who is slow can be disconnected")
    func talkers() async throws {
        try await run { desk in
            let (client, id) = try await desk.client("bench:loud")
            let page = try await LiveTester(AdminTalkers(desk.frame), at: "/admin/top")
            #expect(try page.count(".none") == 3)
            let talking = Task {
                while !Task.isCancelled {
                    _ = try await client.ask(.publish(Wire.PublishRequest(channel: "bench:loud", data: ByteBuffer(string: "1"))))
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await page.waitUntil("both") { try $0.texts(of: "tbody a") == ["bench:loud", String(id.prefix(8))] }
            talking.cancel()
            try await page.send(AdminTalkers.Event.disconnect(id))
            #expect(await client.socket.waitForClose().code.rawValue == 3_503)
        }
    }

    @Test("A trace of a channel shows what happens, is stopped, cleared, and begun anew with another")
    func trace() async throws {
        try await run { desk in
            let page = try await LiveTester(AdminTrace(desk.frame), at: "/admin/trace")
            try await page.submit("#trace", ["kind": "channel", "name": "recover:tea"])
            #expect(page.address == "/admin/trace?kind=channel&name=recover%3Atea")
            try await page.waitUntil("the trace") { _ in desk.hub.channels()["recover:tea"] == 1 }
            try await desk.hub.publish(Array(#""hello""#.utf8), to: "recover:tea")
            try await page.waitUntil("the publication") { try $0.texts(of: ".trace code") == [#"#1 "hello""#] }
            #expect(try page.texts(of: ".trace b") == ["publication"])
            try await page.send(AdminTrace.Event.clear)
            #expect(try page.count(".trace li") == 0)
            try await page.send(AdminTrace.Event.stop)
            try await page.waitUntil("the end") { _ in desk.hub.channels()["recover:tea"] == nil }
            try await page.submit("#trace", ["kind": "channel", "name": "nowhere:a"])
            try await page.waitUntil("refused") { try $0.text(of: ".hint").contains("can't be traced") }
        }
    }

    @Test("When the login is over, a page that is open does nothing more, and leads to the login", arguments: [true, false])
    func over(_ isLoggedOut: Bool) async throws {
        try await run { desk in
            let (client, id) = try await desk.client()
            let page = try await LiveTester(AdminConnections(desk.frame), at: "/admin/connections")
            desk.admin.logins.end(desk.login)
            if isLoggedOut {
                try await page.waitUntil("sent away") { $0.destination == "/admin/login" }
            } else {
                try await page.send(AdminConnections.Event.disconnect(id))
                #expect(page.destination == "/admin/login")
            }
            #expect(desk.hub.counts.clients == 1)
            withExtendedLifetime(client) {}
        }
    }
}

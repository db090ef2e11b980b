import NIOEmbedded
import Testing

@testable import RealtimeHub

@Suite("Looking at channels")
struct ChannelPagesTests {
    let hub = TestHub.make()
    let loop = EmbeddedEventLoop()

    private func subscribe(_ channels: String...) throws -> TestClient {
        let client = TestClient(hub, on: loop)
        try client.connect()
        for channel in channels { _ = try client.subscribe(channel) }
        return client
    }

    @Test("They come in pages in the order of their names, with their subscribers, each once")
    func pages() throws {
        let names = (0..<57).map { "open:\($0)" }
        var clients: [TestClient] = []
        for name in names { clients.append(try subscribe(name)) }
        clients.append(try subscribe("open:7"))
        var seen: [ChannelSummary] = []
        var next: String? = ""
        while let after = next {
            let page = hub.channels(containing: "", after: after, limit: 10)
            #expect(page.count == 57)
            seen += page.channels
            next = page.next
        }
        #expect(seen.map(\.name) == names.sorted())
        #expect(seen.first { $0.name == "open:7" }?.subscribers == 2)
    }

    @Test("They are found by part of the name, or by whatever is asked of it")
    func search() throws {
        let client = try subscribe("open:tea", "open:coffee", "history:tea")
        #expect(hub.channels(containing: "tea").channels.map(\.name) == ["history:tea", "open:tea"])
        #expect(hub.channels(containing: "no such") == ChannelPage(channels: [], count: 0, next: nil))
        #expect(hub.channels(matching: { $0.hasPrefix("open:") }, limit: 1).channels.map(\.name) == ["open:coffee"])
        withExtendedLifetime(client) {}
    }
}

import LiveHTML
import LiveViews
import RealtimeTesting
import Testing

@Suite("A page with a view")
struct LiveRouteTests {
    struct Titled: LiveView, Codable {
        var name = ""
        var title: String? { name.isEmpty ? nil : "<\(name)>" }
        mutating func mount(_ request: LiveRequest) async throws { name = "\(request.parameters["id"] ?? "") \(request.isConnected)" }
        var body: HTML { "<p>Hello, \(name)</p>" }
    }
    struct Failure: Error {}
    struct Failing: LiveView {
        mutating func mount(_ request: LiveRequest) async throws { throw Failure() }
        var body: HTML { "" }
    }
    struct Refused: LiveView {
        let name = "x"
        var body: HTML { "<script>\(name)</script>" }
    }

    @Test("is the painted view in an element with its seal and its hash")
    func page() async throws {
        let route = LiveRoute(resuming: Titled.self, runtime: .testing())
        let request = LiveRequest(url: "/1", parameters: ["id": "a&b"])
        let page = try await route.page(request) { Titled() }
        #expect(page.title == "<a&b false>")
        let painted = try PaintedPage(page)
        #expect(painted.content == "<p>Hello, <!--[-->a&amp;b false<!--]--></p>")
    }

    @Test("has the same hash for the same view, wherever it was painted with the same secret")
    func hash() async throws {
        let seals = StateSeals()
        let pages = [
            try PaintedPage(try await LiveRoute(Counter.self, runtime: .testing(seals: seals)).page(LiveRequest()) { Counter() }),
            try PaintedPage(try await LiveRoute(resuming: Counter.self, runtime: .testing(seals: seals)).page(LiveRequest()) { Counter() }),
            try PaintedPage(try await LiveRoute(Counter.self, runtime: .testing(seals: seals)).page(LiveRequest()) { Counter(count: 1) }),
            try PaintedPage(try await LiveRoute(Counter.self, runtime: .testing()).page(LiveRequest()) { Counter() }),
        ]
        #expect(pages[0].hash == pages[1].hash)
        #expect(Set(pages.map(\.hash)).count == 3)
        #expect(Set(pages.map(\.seal)).count == 4)
    }

    @Test("is not made if it can't be made, mounted or painted")
    func failures() async {
        let runtime = LiveRuntime.testing()
        await #expect(throws: Failure.self) { try await LiveRoute(Counter.self, runtime: runtime).page(LiveRequest()) { throw Failure() } }
        await #expect(throws: Failure.self) { try await LiveRoute(Failing.self, runtime: runtime).page(LiveRequest()) { Failing() } }
        await #expect(throws: TemplateError.self) { try await LiveRoute(Refused.self, runtime: runtime).page(LiveRequest()) { Refused() } }
    }
}

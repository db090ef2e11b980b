// What seven updates cost on the wire, beside what the reference computed for other formats: a page as the reference has it, a
// sequence number of two digits, the message without its frame. The rows have as many bytes of values as the reference's, as its binary column tells.

import LiveHTML
import Testing

@Suite("Bytes per update")
struct SizesTests {
    struct Row: Sendable, Identifiable {
        var id: Int
        var name: String
        var isDone = false
        var mail: String { "p\(id)@x.io" }

        static func make(_ ids: some Sequence<Int>) -> [Row] { ids.map { Row(id: $0, name: "Person \($0)") } }
    }

    static func clock(_ time: String) -> HTML { "<div><span>Time: \(time)</span></div>" }

    static func counter(_ count: Int) -> HTML { "<div><button>+</button><span>Count: </span><b>\(count)</b></div>" }

    static func person(_ row: Row) -> HTML {
        "<li id=\"row-\(row.id)\" class=\"person\"><b>\(row.name)</b><span class=\"mail\">\(row.mail)</span><i>\(row.id % 10)</i></li>"
    }

    static func list(_ rows: [Row]) -> HTML { "<ul class=\"people\">\(each: rows, { person($0) })</ul>" }

    static func todo(_ items: [Row]) -> HTML {
        """
        <ul>\(each: items, { item in
            "<li class=\"\(item.isDone ? "done" : "")\"><input type=\"checkbox\" checked=\(item.isDone)><span>\(item.name)</span></li>"
        })</ul><p>\(items.count { !$0.isDone }) left</p>
        """
    }

    static func bar(_ number: Int, _ step: Int) -> HTML {
        let width = 10 + Double((number * 7919 + step * 104_729) % 90_000) / 1000
        let color = "#" + String((number * 65_537 + step * 4_099) % 0xf00000 + 0x100000, radix: 16)
        return "<div style=\"width:\(width)%;background:\(color)\"></div>"
    }

    static func rainbow(_ step: Int) -> HTML { "<div>\(each: 0..<60, key: { $0 }, { bar($0, step) })</div>" }

    /// The size of the patch that leads from one page to the other. As the first it has one digit less in JSON than as the twelfth.
    private func size(_ format: PatchFormat, from first: HTML, to second: HTML) throws -> Int {
        var view = RenderedView(cache: TemplateCache())
        _ = try view.update(first)
        return try view.update(second, as: format).patch.count + (format == .json ? 1 : 0)
    }

    struct Scenario: Sendable {
        let name: String
        let first: HTML, second: HTML
        /// The reference's figures. It has none of LiveView's where the values alone are more than half of that.
        let fullHTML: Int, liveView: Int?, json: Int, binary: Int
    }

    static var scenarios: [Scenario] {
        let rows = Row.make(0..<300)
        var named = rows, ticked = Row.make(0..<3)
        named[150].name = "New name"
        ticked[1].isDone = true
        return [
            Scenario(
                name: "clock", first: clock("2026-11-23T10:20:30.123456789Z"), second: clock("2026-11-23T10:20:31.123456789Z"),
                fullHTML: 60, liveView: 82,
                json: 43, binary: 35),
            Scenario(name: "counter", first: counter(42), second: counter(43), fullHTML: 62, liveView: 95, json: 15, binary: 7),
            Scenario(
                name: "one name of 300", first: list(rows), second: list(named), fullHTML: 28_487, liveView: 129, json: 34, binary: 15),
            Scenario(
                name: "a row before 300", first: list(rows), second: list(Row.make([300]) + rows), fullHTML: 28_583, liveView: 2_940,
                json: 51, binary: 32),
            Scenario(
                name: "300 reversed", first: list(rows), second: list(rows.reversed()), fullHTML: 28_487, liveView: 2_897, json: 1_108,
                binary: 476),
            Scenario(
                name: "one box ticked", first: todo(Row.make(0..<3)), second: todo(ticked), fullHTML: 0, liveView: 144, json: 42, binary: 24
            ),
            Scenario(
                name: "60 bars of two values", first: rainbow(0), second: rainbow(1), fullHTML: 3_482, liveView: nil, json: 1_793,
                binary: 1_316),
        ]
    }

    @Test("no more than the reference's figure, and at most half of LiveView's", arguments: 0..<7)
    func sizes(index: Int) throws {
        let scenario = Self.scenarios[index]
        let json = try size(.json, from: scenario.first, to: scenario.second)
        let binary = try size(.binary, from: scenario.first, to: scenario.second)
        let full = try scenario.second.painted(with: TemplateCache(), markers: false).utf8.count
        print("bytes: \(scenario.name): HTML \(full), JSON \(json), binary \(binary)")
        #expect(json <= scenario.json, "\(scenario.name)")
        #expect(binary <= json)
        if let liveView = scenario.liveView { #expect(json * 2 <= liveView, "\(scenario.name)") }
    }

    @Test("a join of 300 rows that are already painted is less than 1,000 bytes")
    func join() throws {
        var view = RenderedView(cache: TemplateCache())
        _ = try view.update(Self.list(Row.make(0..<300)))
        let size = view.templates().count + view.shape().count
        print("bytes: join of 300 painted rows \(size)")
        #expect(size < 1_000)
    }
}

// What seven updates cost on the connection, beside what the reference computed for other formats: patches with a number of two digits, without their
// frames. The acknowledgement, which is the number of the event, is a message of its own.

import LiveHTML
import LiveViews
import RealtimeTesting
import Testing

@Suite("Bytes per event")
struct SizesTests {
    struct Row: Sendable, Identifiable {
        var id: Int
        var name: String
        var isDone = false

        static func make(_ ids: some Sequence<Int>) -> [Row] { ids.map { Row(id: $0, name: "Person \($0)") } }
    }

    enum Scenario: String, CaseIterable, Sendable {
        case clock, counter, name, insertion, reversal, tick, rainbow

        /// The reference's figure for JSON.
        var limit: Int {
            switch self {
            case .clock: 43
            case .counter: 15
            case .name: 34
            case .insertion: 51
            case .reversal: 1_108
            case .tick: 42
            case .rainbow: 1_793
            }
        }
    }

    struct Stage: LiveView {
        let scenario: Scenario
        var step = 0
        enum Event: LiveEvent { case next }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { step += 1 }

        var body: HTML {
            switch scenario {
            case .clock: clock("2026-11-23T10:20:3\(step).123456789Z")
            case .counter: counter(42 + step)
            case .name: list(Row.make(0..<300).map { step > 0 && $0.id == 150 ? Row(id: 150, name: "New name") : $0 })
            case .insertion: list(Row.make(step > 0 ? [300] : []) + Row.make(0..<300))
            case .reversal: list(step > 0 ? Row.make(0..<300).reversed() : Row.make(0..<300))
            case .tick: todo(Row.make(0..<3).map { step > 0 && $0.id == 1 ? Row(id: 1, name: $0.name, isDone: true) : $0 })
            case .rainbow: "<div>\(each: 0..<60, key: { $0 }, { bar($0) })</div>"
            }
        }

        private func clock(_ time: String) -> HTML { "<div><span>Time: \(time)</span></div>" }

        private func counter(_ count: Int) -> HTML {
            "<div><button \(on: .click, Event.next)>+</button><span>Count: </span><b>\(count)</b></div>"
        }

        private func list(_ rows: [Row]) -> HTML {
            "<ul class=\"people\">\(each: rows, { row in "<li id=\"row-\(row.id)\" class=\"person\"><b>\(row.name)</b><span class=\"mail\">p\(row.id)@x.io</span><i>\(row.id % 10)</i></li>" })</ul>"
        }

        private func todo(_ items: [Row]) -> HTML {
            """
            <ul>\(each: items, { item in
                "<li class=\"\(item.isDone ? "done" : "")\"><input type=\"checkbox\" checked=\(item.isDone)><span>\(item.name)</span></li>"
            })</ul><p>\(items.count { !$0.isDone }) left</p>
            """
        }

        private func bar(_ number: Int) -> HTML {
            let width = 10 + Double((number * 7919 + step * 104_729) % 90_000) / 1000
            let color = "#" + String((number * 65_537 + step * 4_099) % 0xf00000 + 0x100000, radix: 16)
            return "<div style=\"width:\(width)%;background:\(color)\"></div>"
        }
    }

    @Test("no more than the reference's figure", arguments: Scenario.allCases)
    func sizes(scenario: Scenario) async throws {
        let page = try await LiveTester(Stage(scenario: scenario))
        try await page.send(.next)
        #expect(page.messages.filter { $0.kind != .templates }.map(\.kind) == [.acknowledgement, .patch])
        // As the first, the patch has one digit less in its number than as the twelfth.
        print("bytes: \(scenario) \(page.patchBytes + 1)")
        #expect(page.patchBytes + 1 <= scenario.limit)
    }

    @Test("a join of a page with 300 rows is less than 1,000 bytes")
    func join() async throws {
        let page = try await LiveTester(Stage(scenario: .name))
        #expect(page.messages.map(\.kind) == [.templates, .bind])
        print("bytes: join \(page.bytesSent)")
        #expect(page.bytesSent < 1_000)
    }
}

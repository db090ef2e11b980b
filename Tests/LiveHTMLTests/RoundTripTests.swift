// The one that must never fail: what is sent leads to what was rendered.

import LiveHTML
import Testing

@Suite("A patch applied to the old tree is the new tree")
struct RoundTripTests {
    /// Everything that a view can be made of.
    struct State: Sendable {
        struct Item: Sendable, Identifiable {
            var id: Int
            var name: String
            var count: Int
            var isDone: Bool
            var color: String
            var note: String?
            var children: [Item] = []
        }

        var title = ""
        var number = 0
        var flag = false
        var tip: String?
        var link = ""
        var items: [Item] = []
        var branch = 0

        var body: HTML {
            """
            <section class="box \(flag ? "on" : "off") n\(number)" title=\(tip)><h1>\(title)</h1>
            <a href="\(link)" hidden=\(flag)>to \(link) (\(number))</a><textarea>\(title)</textarea>
            <ul>\(each: items, { Self.row($0) })</ul> and \(tip) \(branches) or \(unsafeRaw: flag ? "<b>raw</b>" : "")
            <p>\(if: flag, "<i>\(number)</i>", else: "none")</p>\(items.map { "<s>\($0.name)</s>" })</section>
            """
        }

        var branches: HTML? {
            switch branch {
            case 0: nil
            case 1: "<b>one \(title)</b>"
            case 2: "two \(number) \(Badge(count: number))"
            default: "<p style=\"width: \(number)%; color: \(title)\">\(title)</p><hr>"
            }
        }

        static func row(_ item: Item) -> HTML {
            if item.count % 5 == 4 { return "text \(item.name), " }
            return """
                <li id="row-\(item.id)" class="\(item.color)" data-done="\(item.isDone)"><b>\(item.name)</b>\(item.count) \(item.note)
                <input checked=\(item.isDone) value="\(item.name)"><ol>\(each: item.children, { row($0) })</ol></li>
                """
        }
    }

    struct Badge: HTMLComponent {
        let count: Int
        var body: HTML { "<em>\(count)</em>" }
    }

    static let texts = [
        "", "a", "Ann", "<b>&\"'", "line\nline", "\r\u{0}\u{1f}", "日本語", "e\u{301}", "é", "javascript:alert(1)",
        String(repeating: "long ", count: 20),
    ]

    static func change(_ state: inout State, _ random: inout Seeded, depth: Int = 0) {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: state.title = texts.randomElement(using: &random) ?? ""
        case 1: state.number = [0, 1, -7, .max, .min, 1 << 53, 42].randomElement(using: &random) ?? 0
        case 2: state.flag.toggle()
        case 3: state.tip = Bool.random(using: &random) ? nil : texts.randomElement(using: &random)
        case 4: state.link = texts.randomElement(using: &random) ?? ""
        case 5: state.branch = Int.random(in: 0..<4, using: &random)
        default: change(&state.items, &random, depth: 0)
        }
    }

    static func change(_ items: inout [State.Item], _ random: inout Seeded, depth: Int) {
        func index() -> Int { Int.random(in: 0..<max(items.count, 1), using: &random) }
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: items.insert(item(&random), at: items.isEmpty ? 0 : index())
        case 2: if !items.isEmpty { items.remove(at: index()) }
        case 3: items.shuffle(using: &random)
        case 4: items.reverse()
        case 5: if !items.isEmpty { items.insert(items.remove(at: index()), at: 0) }
        case 6: items.append(contentsOf: (0..<5).map { _ in item(&random) })
        case 7: items.removeFirst(items.count / 2)
        default:
            guard !items.isEmpty else { return }
            let index = index()
            if depth < 3 && Bool.random(using: &random) {
                change(&items[index].children, &random, depth: depth + 1)
            } else {
                items[index].name = texts.randomElement(using: &random) ?? ""
                items[index].count = Int.random(in: 0..<20, using: &random)
                items[index].isDone.toggle()
            }
        }
    }

    /// From few ids, so that some are there twice.
    static func item(_ random: inout Seeded) -> State.Item {
        State.Item(
            id: Int.random(in: 0..<30, using: &random), name: texts.randomElement(using: &random) ?? "",
            count: Int.random(in: 0..<20, using: &random),
            isDone: Bool.random(using: &random), color: texts.randomElement(using: &random) ?? "",
            note: Bool.random(using: &random) ? nil : texts.randomElement(using: &random))
    }

    @Test("random states, one to five changes at a time", arguments: PatchFormat.allCases, 0..<16)
    func random(format: PatchFormat, seed: Int) throws {
        var random = Seeded(state: UInt64(seed) &* 77 &+ 5)
        var state = State()
        var pair = Pair(format)
        try pair.show(state.body)
        for _ in 0..<30 {
            for _ in 0..<Int.random(in: 1...5, using: &random) { Self.change(&state, &random) }
            try pair.show(state.body)
        }
    }

    @Test("what has not changed is not sent", arguments: PatchFormat.allCases)
    func unchanged(format: PatchFormat) throws {
        var random = Seeded(state: 1)
        var state = State()
        for _ in 0..<100 { Self.change(&state, &random) }
        var pair = Pair(format)
        try pair.show(state.body)
        #expect(try pair.show(state.body) == [])
        #expect(pair.view.sequence == 0)
    }
}

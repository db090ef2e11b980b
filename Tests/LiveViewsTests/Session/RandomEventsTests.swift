import LiveHTML
import LiveViews
import RealtimeTesting
import Testing

@Suite("Any events")
struct RandomEventsTests {
    /// A view of which everything can change.
    struct Garden: LiveView, Codable {
        struct Bed: Codable, Identifiable, Sendable, Hashable {
            var id: Int
            var name: String
            var plants: [String] = []
            var kind = 0
        }

        var beds: [Bed] = []
        var text = ""
        var note: String?
        var isOpen = false
        var seed: UInt64 = 1

        enum Event: LiveEvent, CaseIterable { case add, remove, move, reverse, shuffle, rename, plant, kind, text, note, open, clear }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            var random = Seeded(state: seed)
            defer { seed = random.next() }
            let index = beds.isEmpty ? 0 : Int.random(in: beds.indices, using: &random)
            let word =
                ["", "a", "<b>&\"'", "long \(String(repeating: "x", count: 40))", "é😀", "7", "\r\n\u{1}"].randomElement(using: &random)
                ?? ""
            switch event {
            case .add: if beds.count < 40 { beds.insert(Bed(id: Int.random(in: 0...1_000_000, using: &random), name: word), at: index) }
            case .remove: if !beds.isEmpty { beds.remove(at: index) }
            case .move: if let bed = beds.popLast() { beds.insert(bed, at: index) }
            case .reverse: beds.reverse()
            case .shuffle: beds.shuffle(using: &random)
            case .rename: if !beds.isEmpty { beds[index].name = word }
            case .plant: if !beds.isEmpty { beds[index].plants = (0..<Int.random(in: 0...4, using: &random)).map { "\(word)\($0)" } }
            case .kind: if !beds.isEmpty { beds[index].kind = Int.random(in: 0...2, using: &random) }
            case .text: text = word
            case .note: note = Bool.random(using: &random) ? word : nil
            case .open: isOpen.toggle()
            case .clear: if Bool.random(using: &random) { beds = [] }
            }
        }

        private func bed(_ bed: Bed) -> HTML {
            switch bed.kind {
            case 0: "<li id=\"b\(bed.id)\" class=\"bed \(bed.name)\">\(bed.name)<ul>\(bed.plants.map { "<li>\($0)</li>" })</ul></li>"
            case 1:
                "<li title=\(bed.plants.first)>\(bed.plants.isEmpty ? "<i>nothing</i>" : "<b>\(bed.plants.count)</b> of \(bed.name)")</li>"
            default: "<li>one</li><li>\(bed.name)</li>"
            }
        }

        var body: HTML {
            """
            <h1 title="\(text) and \(beds.count)">\(text)</h1><p hidden=\(isOpen)>\(note)</p>
            \(isOpen ? "<textarea name=\"t\">\(text)</textarea>\(note.map { "<q>\($0)</q>" })" : nil)
            <ol>\(each: beds, { bed($0) })</ol><input name="v" value="\(text)">
            """
        }
    }

    @Test(
        "lead to what the view is, whether step by step, many at a time, or after a lost connection", arguments: [1, 2, 3, 4] as [UInt64])
    func same(seed: UInt64) async throws {
        let seals = StateSeals()
        let page = try await LiveTester(Garden(seed: seed), isBinary: seed % 2 == 0, runtime: .testing(seals: seals))
        var model = Garden(seed: seed), random = Seeded(state: seed), effects = LiveEffects<Garden.Event>()
        for step in 0..<150 {
            if Int.random(in: 0..<25, using: &random) == 0 {
                try await page.drop()
                try await Bool.random(using: &random) ? page.resume() : page.restart(with: .testing(seals: seals))
            }
            let event = try #require(Garden.Event.allCases.randomElement(using: &random))
            model.handle(event, &effects)
            try await page.send(event)
            let painted = try model.body.painted(with: TemplateCache())
            guard page.markedHTML.normalizedAttributes == painted.normalizedAttributes else {
                Issue.record("seed \(seed), step \(step), \(event):\n\(page.markedHTML)\n\(painted)")
                return
            }
        }
    }
}

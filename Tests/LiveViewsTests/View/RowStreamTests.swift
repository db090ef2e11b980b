// Rows that are sent and forgotten.

import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Testing

@Suite("Rows that are forgotten")
struct RowStreamTests {
    struct Row: Identifiable {
        let id: Int
        var text: String
        init(_ id: Int, _ text: String = "") {
            self.id = id
            self.text = text.isEmpty ? "row \(id)" : text
        }
    }

    struct Feed: LiveView {
        var rows = RowStream<Row>()
        var count = 0

        enum Event: LiveEvent {
            case append([Int]), prepend([Int]), insert(Int, [Int]), update(Int, String), remove(Int), clear, first(Int), last(Int), new,
                many
        }

        init(_ ids: Int...) { rows.append(ids.map { Row($0) }) }

        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .append(let ids): rows.append(ids.map { Row($0) })
            case .prepend(let ids): rows.prepend(ids.map { Row($0) })
            case .insert(let index, let ids): rows.insert(ids.map { Row($0) }, at: index)
            case .update(let id, let text): rows.update(Row(id, text))
            case .remove(let id): rows.remove(id)
            case .clear: rows.removeAll()
            case .first(let count): rows.keep(first: count)
            case .last(let count): rows.keep(last: count)
            case .new: self = Feed(7, 8)
            case .many:
                rows.append(Row(5))
                rows.prepend(Row(0))
                rows.update(Row(5, "five"))
                rows.remove(1)
                rows.keep(last: 2)
            }
            count += 1
        }

        var body: HTML {
            "<ul>\(stream: \Feed.rows, of: self, { "<li id=\"r\($0.id)\">\($0.text)</li>" })</ul><p>\(count)</p>"
        }
    }

    /// Says an event, and gives what the list is told.
    private func told(_ wire: Wire<Feed>, _ ref: Int, _ event: String) async throws -> String {
        try await wire.say("[\(ref),0,\"\(event)\"]")
        let texts = wire.take()
        #expect(texts.first == "\(ref)")
        return texts.dropFirst().joined(separator: "\n")
    }

    @Test("what happens to rows is said by their places, and rows that are there by their keys; nothing else of them is known")
    func operations() async throws {
        let wire = try await Wire(LiveRoute(Feed.self, runtime: .testing())) { _ in Feed(1, 2) }
        try await wire.join()
        #expect(wire.take().last == #"["j",0,0,{"0":[[1,[1,"row 1"],[2,"row 2"]],0]}]"#)
        #expect(try await told(wire, 1, "append:[3]") == #"[1,0,["+",2,[1,[3,"row 3"]]],1,1]"#)
        #expect(try await told(wire, 2, "prepend:[0]") == #"[2,0,["+",0,[1,[0,"row 0"]]],1,2]"#)
        #expect(try await told(wire, 3, "update:2,\\\"two\\\"") == #"[3,0,[2,[0,2,1,"two"]],1,3]"#)
        #expect(try await told(wire, 4, "remove:1") == #"[4,0,["-",1,1],1,4]"#)
        #expect(try await told(wire, 5, "append:[2,4]") == #"[5,0,[1,[0,2,1,"row 2"],"+",3,[1,[4,"row 4"]]],1,5]"#)
        #expect(try await told(wire, 6, "last:2") == #"[6,0,["-",0,2],1,6]"#)
        #expect(try await told(wire, 7, "first:1") == #"[7,0,["-",1,1],1,7]"#)
        #expect(try await told(wire, 8, "insert:99,[9]") == #"[8,0,["+",1,[1,[9,"row 9"]]],1,8]"#)
        #expect(try await told(wire, 9, "clear") == #"[9,0,["-",0,2],1,9]"#)
    }

    @Test("what is not there can't be changed or taken out, and nothing is said of it")
    func absent() async throws {
        let wire = try await Wire.joined(Feed(1))
        #expect(try await told(wire, 1, "remove:9") == "[1,1,1]")
        #expect(try await told(wire, 2, "update:9,\\\"x\\\"") == "[2,1,2]")
        #expect(try await told(wire, 3, "last:5") == "[3,1,3]")
        #expect(try await told(wire, 4, "append:[]") == "[4,1,4]")
    }

    @Test("several changes at once are done one after the other")
    func several() async throws {
        let wire = try await Wire.joined(Feed(1, 2))
        #expect(
            try await told(wire, 1, "many")
                == #"[1,0,["+",2,[1,[5,"row 5"]],"+",0,[1,[0,"row 0"]],3,[0,5,1,"five"],"-",1,1,"-",0,1],1,1]"#)
    }

    @Test("other rows in their place are another list")
    func another() async throws {
        let wire = try await Wire.joined(Feed(1, 2, 3))
        #expect(try await told(wire, 1, "new") == #"[1,0,["-",0,3,"+",0,[1,[7,"row 7"],[8,"row 8"]]],1,1]"#)
        #expect(try await told(wire, 2, "remove:7") == #"[2,0,["-",0,1],1,2]"#)
    }

    @Test("a page that shows them is bound, with or without JavaScript it is whole")
    func bound() async throws {
        let runtime = LiveRuntime.testing()
        let route = LiveRoute(Feed.self, runtime: runtime)
        let page = try PaintedPage(try await route.page(LiveRequest()) { Feed(1, 2) })
        #expect(page.content.contains("<ul><li id=\"r1\">row 1</li><li id=\"r2\">row 2</li></ul>"))
        let wire = try await Wire(route) { _ in Feed(1, 2) }
        try await wire.join(page.seal, page.hash)
        #expect(wire.messages.last?.text == #"["b",0,0,[0,[2,[1]]]]"#)
        _ = wire.take()
        #expect(try await told(wire, 1, "remove:1") == #"[1,0,["-",0,1],1,1]"#)
    }

    @Test("a browser that needs the whole page joins anew, since some of it is nowhere else")
    func full() async throws {
        let wire = try await Wire.joined(Feed(1))
        try await wire.say(#"["full",0]"#)
        #expect(wire.closed == .restart)
    }

    @Test("what has been sent is in the view no more, and not in its seal")
    func forgotten() async throws {
        struct Log: LiveView, Codable {
            var rows = RowStream<Line>()
            struct Line: Identifiable, Codable { let id: Int }
            enum Event: LiveEvent { case fill }
            mutating func resumed(from fresh: Log) { rows.append((0..<3).map { Line(id: $0) }) }
            mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) { rows.append((0..<10_000).map { Line(id: $0) }) }
            var body: HTML { "<ul>\(stream: \Log.rows, of: self, { "<li>\($0.id)</li>" })</ul>" }
        }
        let runtime = LiveRuntime.testing()
        let route = LiveRoute(resuming: Log.self, runtime: runtime)
        let wire = try await Wire(route) { _ in Log() }
        try await wire.join()
        try await wire.say(#"[1,0,"fill"]"#)
        await wire.advance(by: .seconds(2))
        #expect(wire.messages.contains { $0.kind == .patch && $0.text.contains("9999") })
        let page = try PaintedPage(try await route.page(LiveRequest()) { Log() })
        #expect(page.seal.utf8.count < 400)
        let again = try await Wire(route) { _ in Log() }
        try await again.join(page.seal, "")
        #expect(again.messages.last?.text == #"["j",0,0,{"0":[[1,[0],[1],[2]]]}]"#)
    }

    @Test("whatever happens, a client has the rows that there are", arguments: PatchFormat.allCases, 0..<20 as Range<UInt64>)
    func random(format: PatchFormat, seed: UInt64) throws {
        var generator = Seeded(state: seed)
        let cache = TemplateCache()
        var view = RenderedView(cache: cache), client = ClientView()
        var feed = Feed(1, 2, 3)
        var model: [(id: Int, text: String)] = [1, 2, 3].map { ($0, "row \($0)") }
        _ = try view.update(feed.body)
        try client.receive(view.templates())
        try client.receive(view.tree(feed.body))
        for step in 0..<200 {
            // As a session does when it has rendered.
            var effects = LiveEffects<Feed.Event>()
            let ids = (0..<Int.random(in: 1...12, using: &generator)).map { _ in Int.random(in: 0..<30, using: &generator) }
            let event: Feed.Event =
                switch Int.random(in: 0..<7, using: &generator) {
                case 0: .append(ids)
                case 1: .prepend(ids)
                case 2: .insert(Int.random(in: -1...20, using: &generator), ids)
                case 3: .update(ids[0], "changed \(step)")
                case 4: .remove(ids[0])
                case 5: .first(Int.random(in: 3...20, using: &generator))
                default: .last(Int.random(in: 3...20, using: &generator))
                }
            apply(event, to: &model)
            feed.handle(event, &effects)
            guard Bool.random(using: &generator) else { continue }
            let update = try view.update(feed.body, as: format)
            try client.receive(update.templates)
            if format == .binary { try client.receive(binary: update.patch) } else { try client.receive(update.patch) }
            let expected = model.map { "<li id=\"r\($0.id)\">\($0.text)</li>" }.joined()
            #expect(client.html == "<ul>\(expected)</ul><p>\(feed.count)</p>")
        }
    }

    private func apply(_ event: Feed.Event, to model: inout [(id: Int, text: String)]) {
        func insert(_ ids: [Int], at place: Int) {
            var fresh: [(id: Int, text: String)] = []
            for id in ids {
                if let index = model.firstIndex(where: { $0.id == id }) {
                    model[index].text = "row \(id)"
                } else if !fresh.contains(where: { $0.id == id }) {
                    fresh.append((id, "row \(id)"))
                }
            }
            model.insert(contentsOf: fresh, at: min(max(place, 0), model.count))
        }
        switch event {
        case .append(let ids): insert(ids, at: model.count)
        case .prepend(let ids): insert(ids, at: 0)
        case .insert(let place, let ids): insert(ids, at: place)
        case .update(let id, let text): for index in model.indices where model[index].id == id { model[index].text = text }
        case .remove(let id): model.removeAll { $0.id == id }
        case .first(let count): model = Array(model.prefix(count))
        case .last(let count): model = Array(model.suffix(count))
        case .clear, .new, .many: break
        }
    }
}

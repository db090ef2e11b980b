import LiveHTML

private struct Person: Sendable, Identifiable {
    var id: Int
    var name: String
    var mail: String

    static func make(_ count: Int) -> [Person] { (0..<count).map { Person(id: $0, name: "Person \($0)", mail: "p\($0)@x.io") } }
}

private func counter(_ count: Int) -> HTML { "<div><button>+</button><span>Count: </span><b>\(count)</b></div>" }

private func row(_ person: Person) -> HTML {
    "<li id=\"row-\(person.id)\" class=\"person\"><b>\(person.name)</b><span class=\"mail\">\(person.mail)</span><i>\(person.id % 10)</i></li>"
}

private func list(_ people: [Person]) -> HTML { "<ul class=\"people\">\(each: people, { row($0) })</ul>" }

/// The views of the reference's table of sizes: made anew, compared with the last render, and what is different written as JSON.
private func update(_ name: String, rows: Int, _ change: @escaping @Sendable (inout [Person], Int) -> Void) -> Operation {
    Operation("live: \(name)") {
        let first = Person.make(rows)
        return { count in
            var people = first
            var view = RenderedView(cache: TemplateCache())
            _ = try? view.update(list(people))
            for turn in 0..<count {
                change(&people, turn)
                use(try? view.update(list(people)))
            }
        }
    }
}

let live: [Operation] = [
    Operation("live: a counter, one up") {
        { count in
            var view = RenderedView(cache: TemplateCache())
            _ = try? view.update(counter(0))
            for turn in 1...count { use(try? view.update(counter(turn))) }
        }
    },
    update("300 rows, one name changed", rows: 300) { people, turn in people[150].name = "Name \(turn)" },
    update("300 rows, the last one to the front", rows: 300) { people, _ in people.insert(people.removeLast(), at: 0) },
    update("300 rows, the other way round", rows: 300) { people, _ in people.reverse() },
    update("10,000 rows, one name changed", rows: 10_000) { people, turn in people[150].name = "Name \(turn)" },
    Operation("live: 300 rows painted") {
        let people = Person.make(300)
        let cache = TemplateCache()
        return { count in
            var page: [UInt8] = []
            for _ in 0..<count {
                page.removeAll(keepingCapacity: true)
                try? list(people).paint(into: &page, with: cache)
            }
        }
    },
]

/// Which elements are meant: `#id`, `.class`, `tag`, `[attribute]`, `[attribute=value]`, put together without a space for one element, and with spaces for one inside another.
struct Selector {
    private struct Compound {
        var tag: String?
        var id: String?
        var classes: [String] = []
        var attributes: [(name: String, value: String?)] = []
    }

    private let compounds: [Compound]

    /// - Returns: nil if it is none.
    init?(_ text: String) {
        var reader = SelectorReader(text)
        var compounds: [Compound] = []
        reader.skipSpaces()
        while !reader.isAtEnd {
            var compound = Compound()
            guard reader.read(into: &compound) else { return nil }
            compounds.append(compound)
            reader.skipSpaces()
        }
        guard !compounds.isEmpty else { return nil }
        self.compounds = compounds
    }

    private struct SelectorReader {
        private var rest: Substring

        init(_ text: String) {
            rest = text[...]
        }

        var isAtEnd: Bool { rest.isEmpty }
        mutating func skipSpaces() { rest = rest.drop { $0.isWhitespace } }

        mutating func read(into compound: inout Compound) -> Bool {
            let start = rest
            while let first = rest.first, !first.isWhitespace {
                switch first {
                case "#":
                    rest.removeFirst()
                    compound.id = name()
                    if compound.id == "" { return false }
                case ".":
                    rest.removeFirst()
                    compound.classes.append(name())
                    if compound.classes.last == "" { return false }
                case "[": guard readAttribute(into: &compound) else { return false }
                case "*": rest.removeFirst()
                default:
                    let tag = name()
                    guard !tag.isEmpty, compound.tag == nil else { return false }
                    compound.tag = tag.lowercased()
                }
            }
            return rest != start
        }

        private mutating func name() -> String {
            let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            rest = rest[name.endIndex...]
            return String(name)
        }

        private mutating func readAttribute(into compound: inout Compound) -> Bool {
            rest.removeFirst()
            let name = name()
            guard !name.isEmpty else { return false }
            if rest.first == "]" {
                rest.removeFirst()
                compound.attributes.append((name.lowercased(), nil))
                return true
            }
            guard rest.popFirst() == "=" else { return false }
            let value: Substring
            if let quote = rest.first, quote == "\"" || quote == "'" {
                rest.removeFirst()
                value = rest.prefix { $0 != quote }
                rest = rest[value.endIndex...].dropFirst()
            } else {
                value = rest.prefix { $0 != "]" }
                rest = rest[value.endIndex...]
            }
            guard rest.popFirst() == "]" else { return false }
            compound.attributes.append((name.lowercased(), String(value)))
            return true
        }
    }

    /// The elements that it finds, in the order of the page.
    func matches(in tree: PageTree) -> [Int] { tree.elements.indices.filter { matches($0, in: tree) } }

    private func matches(_ index: Int, in tree: PageTree) -> Bool {
        guard let last = compounds.last, Self.matches(tree.elements[index], last) else { return false }
        var wanted = compounds.dropLast()
        for outer in tree.around(index).dropFirst() {
            guard let next = wanted.last else { break }
            if Self.matches(tree.elements[outer], next) { wanted.removeLast() }
        }
        return wanted.isEmpty
    }

    private static func matches(_ element: PageTree.Element, _ compound: Compound) -> Bool {
        if let tag = compound.tag, tag != element.name { return false }
        if let id = compound.id, id != element.attributes["id"] { return false }
        let classes = (element.attributes["class"] ?? "").split(separator: " ").map(String.init)
        return compound.classes.allSatisfy(classes.contains)
            && compound.attributes.allSatisfy { name, value in
                guard let actual = element.attributes[name] else { return false }
                return value == nil || value == actual
            }
    }
}

/// The elements of a page, as a browser would have them. It reads what `LiveHTML` paints, in which every element has its end.
struct PageTree {
    enum Content {
        case text(String)
        case element(Int)
    }

    struct Element {
        let name: String
        let attributes: [String: String]
        let parent: Int?
        /// The number of the view that it is in.
        let view: Int
        var content: [Content] = []
    }

    private(set) var elements: [Element] = []
    /// What is at the top.
    private(set) var content: [Content] = []

    init(_ html: String) {
        var reader = TagReader(html)
        var open: [Int] = [], views = [0]
        while let token = reader.next(inside: open.last.map { elements[$0].name }) {
            switch token {
            case .text(let text): add(.text(text), to: open.last)
            case .start(let name, let attributes, let isEmpty):
                elements.append(Element(name: name, attributes: attributes, parent: open.last, view: views.last ?? 0))
                add(.element(elements.count - 1), to: open.last)
                if !isEmpty { open.append(elements.count - 1) }
            case .view(let number): views.append(number)
            case .endOfView: views.removeLast(views.count > 1 ? 1 : 0)
            case .end(let name):
                guard let index = open.lastIndex(where: { elements[$0].name == name }) else { continue }
                open.removeSubrange(index...)
            }
        }
    }

    // Comments, which no value can have in it.
    static func start(ofView number: Int) -> String { "\(TagReader.view)\(number)-->" }
    static let endOfView = "<!--/view-->"

    private mutating func add(_ content: Content, to parent: Int?) {
        if let parent { elements[parent].content.append(content) } else { self.content.append(content) }
    }

    func text(of index: Int) -> String { text(elements[index].content) }

    private func text(_ content: [Content]) -> String {
        content.map { content in
            switch content {
            case .text(let text): text
            case .element(let index): text(of: index)
            }
        }.joined()
    }

    /// The element and those around it, from the inside.
    func around(_ index: Int) -> some Sequence<Int> {
        sequence(first: index) { elements[$0].parent }
    }

    /// The element or the innermost around it that is so.
    func closest(_ index: Int, where isWanted: (Element) -> Bool) -> Int? {
        around(index).first { isWanted(elements[$0]) }
    }

    /// All in an element, in the order of the page.
    func inside(_ index: Int) -> [Int] {
        elements.indices.filter { $0 != index && around($0).contains(index) }
    }
}

extension String {
    /// As a browser shows it: white space is one space, and none at the ends.
    var shown: String {
        split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" || $0 == "\r\n" || $0 == "\u{c}" }.joined(separator: " ")
    }
}

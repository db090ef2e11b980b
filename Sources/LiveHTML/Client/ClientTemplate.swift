/// A template as a client knows it.
struct ClientTemplate: Hashable, Sendable {
    enum Cell: Hashable, Sendable {
        case text, markup, rows, raw, view
        /// The name is empty for the text of an element.
        case attribute(name: String, pieces: [String])
        case wholeAttribute(name: String)

        /// How many scalars its value has; nil if it is something else.
        var scalars: Int? {
            switch self {
            case .text, .raw, .wholeAttribute: 1
            case .attribute(_, let pieces): pieces.count - 1
            case .markup, .rows, .view: nil
            }
        }
    }

    let fingerprint: String
    let markup: ClientMarkup
    let cells: [Cell]

    /// `fingerprint, html, cells`
    init(_ definition: ArraySlice<JSONValue>) throws(ClientError) {
        let values = Array(definition)
        guard values.count == 3, case .text(let fingerprint) = values[0], case .text(let html) = values[1],
            case .array(let cells) = values[2]
        else {
            throw .syntax
        }
        self.fingerprint = fingerprint
        self.markup = ClientMarkup(html)
        var read: [Cell] = []
        for cell in cells { read.append(try Cell(cell)) }
        self.cells = read
    }
}

extension ClientTemplate.Cell {
    init(_ value: JSONValue) throws(ClientError) {
        switch value {
        case .number(0): self = .text
        case .number(1): self = .markup
        case .number(2): self = .rows
        case .number(3): self = .raw
        case .number(4): self = .view
        case .array(let values): self = try Self.attribute(values)
        default: throw .syntax
        }
    }

    private static func attribute(_ values: [JSONValue]) throws(ClientError) -> Self {
        var texts: [String] = []
        for value in values {
            guard case .text(let text) = value else { throw .syntax }
            texts.append(text)
        }
        guard let name = texts.first, texts.count != 2 else { throw .syntax }
        return texts.count == 1 ? .wholeAttribute(name: name) : .attribute(name: name, pieces: Array(texts.dropFirst()))
    }
}

/// The value of a cell, or one of several, as it travels.
enum Scalar: Hashable, Sendable {
    case absent
    case present
    case integer(Int)
    case text(String)

    /// The text that it is in a page.
    var text: String {
        switch self {
        case .absent, .present: ""
        case .integer(let number): String(number)
        case .text(let text): text
        }
    }
}

extension Cell {
    /// What the cell says, made harmless for its place.
    func scalars(in parts: Parts) -> [Scalar] {
        let scalars = self.parts.map { kind == .wholeAttribute ? parts[$0].asWholeAttribute : parts[$0].asText }
        return context == .plain ? scalars : harmless(scalars)
    }

    private func harmless(_ scalars: [Scalar]) -> [Scalar] {
        switch context {
        case .plain: scalars
        case .style: scalars.map { StyleValue.allows($0.text) ? $0 : .text(StyleValue.blocked) }
        case .url(let check): check.allows(whole(scalars)) ? scalars : blocked(scalars)
        case .urls: URLCheck.allowsAll(whole(scalars)) ? scalars : blocked(scalars)
        }
    }

    private func whole(_ scalars: [Scalar]) -> String {
        guard var text = pieces.first else { return scalars.first?.text ?? "" }
        for (scalar, piece) in zip(scalars, pieces.dropFirst()) { text += scalar.text + piece }
        return text
    }

    /// The first value leads nowhere, and the others are gone.
    private func blocked(_ scalars: [Scalar]) -> [Scalar] {
        [.text(URLCheck.blocked)] + scalars.dropFirst().map { _ in .text("") }
    }
}

extension Part {
    var asText: Scalar {
        switch value {
        case .none, .rows, .changes: .text("")
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .flag(let flag): .text(flag ? "true" : "false")
        case .markup(let html): .text(html.writtenText)
        }
    }

    var asWholeAttribute: Scalar {
        switch value {
        case .none, .rows, .changes, .markup: .absent
        case .flag(let flag): flag ? .present : .absent
        case .text, .integer: asText
        }
    }
}

extension HTML {
    /// What was written, taken for a text: for `class="\(isNew ? "new" : "")"`. Rows, raw markup and views have no text.
    var writtenText: String {
        var text = ""
        for part in parts {
            text += String(decoding: part.literal.bytes, as: UTF8.self)
            if part.kind != .raw && part.kind != .view { text += part.asText.text }
        }
        return text
    }
}

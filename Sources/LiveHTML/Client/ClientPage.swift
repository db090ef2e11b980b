extension ClientView {
    /// What the view's element contains, put together from the templates alone; attributes that have values are the last of their element. Where another
    /// view is, there is nothing.
    public var html: String { html { _ in "" } }

    /// The same with the views that are in it.
    ///
    /// - Parameter view: what the view of this number contains.
    public func html(views view: (Int) -> String) -> String {
        guard let root else { return "" }
        return html(of: root, view)
    }

    private func html(of instance: ClientInstance, _ view: (Int) -> String) -> String {
        guard let template = templates[instance.template] else { return "" }
        var page = "", elementText = ""
        for piece in template.markup.pieces {
            switch piece {
            case .text(let text):
                page += text + elementText
                elementText = ""
            case .content(let number, let isSole): page += content(instance, template, number, isSole, view)
            case .attributes(let numbers):
                page += attributes(instance, template, numbers)
                elementText = self.elementText(instance, template, numbers)
            }
        }
        return page
    }

    private func content(
        _ instance: ClientInstance, _ template: ClientTemplate, _ number: Int, _ isSole: Bool, _ view: (Int) -> String
    ) -> String {
        guard instance.values.indices.contains(number) else { return "" }
        let content: String =
            switch instance.values[number] {
            case .scalars(let scalars):
                template.cells[number] == .raw ? (scalars.first?.text ?? "") : Self.escaped(scalars.first?.text ?? "")
            case .markup(let inner): inner.map { html(of: $0, view) } ?? ""
            case .rows(let rows): rows.map { row($0, view) }.joined()
            case .view(let number): view(number)
            }
        return isSole ? content : "<!--[-->\(content)<!--]-->"
    }

    private func row(_ row: ClientInstance, _ view: (Int) -> String) -> String {
        let isOneElement = templates[row.template]?.markup.isOneElement == true, html = html(of: row, view)
        return isOneElement ? html : "<!--[-->\(html)<!--]-->"
    }

    private func attributes(_ instance: ClientInstance, _ template: ClientTemplate, _ numbers: [Int]) -> String {
        var attributes = ""
        for number in numbers where instance.values.indices.contains(number) {
            guard case .scalars(let scalars) = instance.values[number] else { continue }
            switch template.cells[number] {
            case .attribute(let name, let pieces) where !name.isEmpty:
                attributes += " \(name)=\"\(Self.escaped(Self.joined(pieces, scalars)))\""
            case .wholeAttribute(let name): attributes += Self.wholeAttribute(name, scalars.first ?? .absent)
            case .attribute, .text, .markup, .rows, .raw, .view: break
            }
        }
        return attributes
    }

    private func elementText(_ instance: ClientInstance, _ template: ClientTemplate, _ numbers: [Int]) -> String {
        for number in numbers where instance.values.indices.contains(number) {
            guard case .scalars(let scalars) = instance.values[number], case .attribute("", let pieces) = template.cells[number] else {
                continue
            }
            return Self.escaped(Self.joined(pieces, scalars))
        }
        return ""
    }

    private static func wholeAttribute(_ name: String, _ scalar: Scalar) -> String {
        switch scalar {
        case .absent: ""
        case .present: " \(name)"
        case .text, .integer: " \(name)=\"\(escaped(scalar.text))\""
        }
    }

    private static func joined(_ pieces: [String], _ scalars: [Scalar]) -> String {
        zip(pieces, scalars.map(\.text) + [""]).map { $0 + $1 }.joined()
    }

    private static func escaped(_ text: String) -> String {
        var output: [UInt8] = []
        output.appendEscaped(text)
        return String(decoding: output, as: UTF8.self)
    }
}

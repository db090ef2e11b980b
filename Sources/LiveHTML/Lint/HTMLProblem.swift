/// What is wrong with markup, found by ``HTML/problems()``.
public enum HTMLProblem: Hashable, Sendable, CustomStringConvertible {
    /// A template, or the page that the templates make together, is refused.
    case template(TemplateError)
    /// Two elements have this `id`.
    case duplicateID(String)
    /// A `form` has no `id`, so after a reconnect nobody knows whose fields those were.
    case formWithoutID
    /// An attribute that a strict Content-Security-Policy does not let run.
    case inlineScript(String)

    public var description: String {
        switch self {
        case .template(let error): error.description
        case .duplicateID(let id): "two elements have the id \(id)"
        case .formWithoutID: "a form without an id can't be restored after a reconnect"
        case .inlineScript(let attribute): "\(attribute) is a script in an attribute, which a Content-Security-Policy forbids"
        }
    }
}

extension HTML {
    /// What is wrong with this markup and all that is in it, for tests: templates that a render would refuse, elements that a browser would move
    /// because of what is around them, ids that are there twice, forms without id, scripts in attributes.
    ///
    /// ```swift
    /// @Test func page() { #expect(Counter().body.problems() == []) }
    /// ```
    public func problems() -> [HTMLProblem] {
        let cache = TemplateCache()
        var errors: [TemplateError] = []
        collectErrors(&errors, cache, depth: 0)
        guard errors.isEmpty else { return errors.map(HTMLProblem.template) }
        do {
            let painted = try painted(with: cache, markers: false)
            return Self.problems(of: try TemplateParser([(literal: Array(painted.utf8), kind: .end)]).elements)
        } catch {
            return [.template(error)]
        }
    }

    private func collectErrors(_ errors: inout [TemplateError], _ cache: TemplateCache, depth: Int) {
        guard depth < Depth.max else { return errors.append(TemplateError(.depth)) }
        do {
            _ = try cache.template(of: self)
        } catch  where !errors.contains(error) {
            errors.append(error)
        } catch {}
        for part in parts {
            switch part.value {
            case .markup(let inner): inner.collectErrors(&errors, cache, depth: depth + 1)
            case .rows(let rows):
                try? rows.forEach(0) { _, row in
                    row.collectErrors(&errors, cache, depth: depth + 1)
                    return true
                }
            case .changes(let changes): for row in changes.rows { row.html().collectErrors(&errors, cache, depth: depth + 1) }
            case .none, .text, .integer, .flag: break
            }
        }
    }

    private static func problems(of elements: [TemplateParser.Tag]) -> [HTMLProblem] {
        var problems: [HTMLProblem] = []
        var ids: Set<String> = []
        for element in elements {
            let id = element.values["id"]
            if let id, !id.isEmpty, !ids.insert(id).inserted { problems.append(.duplicateID(id)) }
            if element.name == "form" && (id ?? "").isEmpty { problems.append(.formWithoutID) }
            for (name, value) in element.values.sorted(by: { $0.key < $1.key }) where isScript(name, value) {
                problems.append(.inlineScript(name))
            }
        }
        return problems
    }

    private static func isScript(_ attribute: String, _ value: String) -> Bool {
        attribute.hasPrefix("on") || URLStart(value).scheme == "javascript"
    }
}

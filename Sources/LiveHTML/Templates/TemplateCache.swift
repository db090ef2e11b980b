/// The templates of a program, each parsed once.
///
/// It belongs to one event loop or actor. What was rendered with one cache can only be rendered again with the same one. It grows with the number of
/// places in the program at which markup is written, never with values.
public final class TemplateCache {
    private(set) var templates: ContiguousArray<Template> = []
    private var byIdentity: [UInt64: ContiguousArray<Template>] = [:]
    /// For what is remembered of values. Nobody outside can make two that look the same.
    let hash = ValueHash.random()
    private static let nothing = ("" as HTML).parts

    /// An empty one.
    public init() {}

    /// The template of this markup, which is parsed when it comes for the first time.
    func template(of html: HTML) throws(TemplateError) -> Template {
        let parts = html.isEmpty ? Self.nothing : html.parts
        let identity = Self.identity(of: parts)
        if let template = byIdentity[identity]?.first(where: { $0.outline.isOf(parts) }) { return template }
        let template = try Template(parts, index: templates.count)
        templates.append(template)
        byIdentity[identity, default: []].append(template)
        return template
    }

    private static func identity(of parts: Parts) -> UInt64 {
        var identity: UInt64 = 0
        for part in parts {
            identity = (identity << 7 | identity >> 57) ^ part.literal.identity ^ UInt64(part.kind.rawValue)
        }
        return identity
    }
}

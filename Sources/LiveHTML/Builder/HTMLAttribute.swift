/// An attribute of a ``Tag``. Its name is known when the program is compiled, its value is escaped for what it means.
public struct HTMLAttribute: Sendable {
    private enum Value {
        case text(String)
        case optional(String?)
        case flag(Bool)
        case markup(HTML)
    }

    private let name: StaticString
    private let value: Value

    private init(_ name: StaticString, _ value: Value) {
        self.name = name
        self.value = value
    }

    /// `name="text"`
    public static func attribute(_ name: StaticString, _ text: String) -> HTMLAttribute { HTMLAttribute(name, .text(text)) }

    /// `name="text"`, or nothing.
    @_disfavoredOverload
    public static func attribute(_ name: StaticString, _ text: String?) -> HTMLAttribute { HTMLAttribute(name, .optional(text)) }

    /// `name`, or nothing.
    public static func flag(_ name: StaticString, _ isThere: Bool = true) -> HTMLAttribute { HTMLAttribute(name, .flag(isThere)) }

    /// Several values in one attribute: `.values("style", "width: \(width)%; color: \(color)")`.
    public static func values(_ name: StaticString, _ values: HTML) -> HTMLAttribute { HTMLAttribute(name, .markup(values)) }

    public static func id(_ text: String) -> HTMLAttribute { attribute("id", text) }
    public static func `class`(_ text: String) -> HTMLAttribute { attribute("class", text) }
    public static func href(_ url: String) -> HTMLAttribute { attribute("href", url) }
    public static func src(_ url: String) -> HTMLAttribute { attribute("src", url) }
    public static func name(_ text: String) -> HTMLAttribute { attribute("name", text) }
    public static func type(_ text: String) -> HTMLAttribute { attribute("type", text) }
    public static func value(_ text: String) -> HTMLAttribute { attribute("value", text) }
    public static func title(_ text: String) -> HTMLAttribute { attribute("title", text) }

    func append(to interpolation: inout HTML.StringInterpolation) {
        interpolation.appendLiteral(" ")
        interpolation.appendLiteral(name)
        switch value {
        case .flag(let flag):
            interpolation.appendLiteral("=")
            interpolation.appendInterpolation(flag)
        case .optional(let text):
            interpolation.appendLiteral("=")
            interpolation.appendInterpolation(text)
        case .text(let text):
            interpolation.appendLiteral("=\"")
            interpolation.appendInterpolation(text)
            interpolation.appendLiteral("\"")
        case .markup(let values):
            interpolation.appendLiteral("=\"")
            interpolation.appendParts(of: values)
            interpolation.appendLiteral("\"")
        }
    }
}

/// Markup from Swift statements, for those who would rather not have it in strings. What comes out is the same ``HTML``.
///
/// ```swift
/// Tag.section(.class("inbox")) {
///     Tag.h1() { "Inbox" }
///     if messages.isEmpty { Tag.p() { "Nothing here." } }
///     HTML.each(messages, key: \.id) { message in Tag.p() { message.text } }
/// }
/// ```
///
/// A string in it is a text. Each element is a template of its own, so there is more to send of a page than from one literal; what is sent for a change is the
/// same but for the way to it.
@resultBuilder
public enum HTMLBuilder {
    /// A text.
    public static func buildExpression(_ text: String) -> HTML { "\(text)" }
    /// A number.
    public static func buildExpression(_ number: Int) -> HTML { "\(number)" }
    /// Markup.
    public static func buildExpression(_ markup: HTML) -> HTML { markup }
    /// Markup, or nothing.
    public static func buildExpression(_ markup: HTML?) -> HTML { markup ?? HTML() }
    /// The markup of a component.
    public static func buildExpression(_ component: some HTMLComponent) -> HTML { component.body }

    /// One after the other.
    public static func buildBlock(_ markup: HTML...) -> HTML {
        if markup.count == 1 { return markup[0] }
        var interpolation = HTML.StringInterpolation(literalCapacity: 0, interpolationCount: markup.count)
        for piece in markup { interpolation.appendInterpolation(piece) }
        return HTML(stringInterpolation: interpolation)
    }

    /// `if` without `else`.
    public static func buildOptional(_ markup: HTML?) -> HTML { "\(markup)" }
    /// One branch.
    public static func buildEither(first markup: HTML) -> HTML { markup }
    /// The other.
    public static func buildEither(second markup: HTML) -> HTML { markup }
    /// A loop: rows that are known by their place. With keys: ``HTML/each(_:key:_:)``.
    public static func buildArray(_ rows: [HTML]) -> HTML { "\(rows)" }
}

extension HTML {
    /// Markup from statements.
    public init(@HTMLBuilder _ markup: () -> HTML) {
        self = markup()
    }

    /// A row for each element, known by a key.
    @inlinable
    public static func each<Elements: Collection & Sendable, Key: Hashable & Sendable>(
        _ elements: Elements, key: @escaping @Sendable (Elements.Element) -> Key,
        @HTMLBuilder _ row: @escaping @Sendable (Elements.Element) -> HTML
    ) -> HTML {
        "\(each: elements, key: key, row)"
    }
}

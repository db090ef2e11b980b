/// A place in a template at which instances differ, as the protocol counts them: an attribute is one cell, however many values it has.
struct Cell {
    enum Kind: UInt8 {
        case text, markup, rows, raw, view
        case attribute
        /// An attribute that is there or not.
        case wholeAttribute
        /// All of the text of an element in which there can be nothing else.
        case elementText

        var isText: Bool { self == .text || self == .attribute || self == .wholeAttribute || self == .elementText }
    }

    var kind: Kind
    /// Where its values are among the parts of the markup.
    var parts: [Int]
    /// It is all that its element contains, so there are no markers around it.
    var isSole = false
    /// A browser swallows a newline at its start.
    var losesNewline = false
    /// Of the attribute.
    var name = ""
    /// What stands around its values, one more than there are values.
    var pieces: [String] = []
    var context = AttributeContext.plain

    init(_ kind: Kind, parts: [Int]) {
        self.kind = kind
        self.parts = parts
    }
}

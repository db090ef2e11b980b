/// What can happen to a view, as an enumeration: nothing but its cases can come from a browser.
///
/// ```swift
/// enum Event: LiveEvent {
///     case add
///     case toggle(Int)
///     case rename(id: Int, to: String)
/// }
/// ```
///
/// The values in a case are written into the page by the server and come back as they were, though a browser may say something else: that a case is possible for somebody is for
/// ``LiveView/handle(_:_:)`` to know. Its last value may come from the browser, as what was typed; see ``LiveInput``.
public protocol LiveEvent: Codable, Sendable {}

/// Of a view to which nothing happens.
extension Never: LiveEvent {}

/// A value that comes from the browser with an event: the text of a control, whether a box is checked, the fields of a form.
///
/// A form can be a type of the application, with a property for each field:
///
/// ```swift
/// struct Profile: LiveInput {
///     var name = ""
///     var age: Int?
///     var newsletter = false
/// }
/// ```
///
/// An event in which a field is missing or says nothing of its type is refused. Where people type, use `String`, check it in ``LiveView/handle(_:_:)`` and show what is wrong; an empty field is `nil` for an
/// optional one, and a box that is not checked is `false`.
public protocol LiveInput: Codable, Sendable {
    /// Any value: it stands for the browser's when markup is made.
    init()
}

extension String: LiveInput {}
extension Bool: LiveInput {}
extension Int: LiveInput {}
extension Double: LiveInput {}
extension Array: LiveInput where Element: LiveInput {}
extension Optional: LiveInput where Wrapped: LiveInput {
    /// Of `nil`, nothing would be written where the value shall be.
    public init() { self = .some(Wrapped()) }
}

/// The fields of a form as they were sent.
public struct FormFields: LiveInput, Hashable {
    private var values: [String: [String]]

    var all: [String: [String]] { values }

    public init() {
        values = [:]
    }

    public init(_ values: [String: [String]]) {
        self.values = values
    }

    /// The value of a field; of several with this name the first.
    public subscript(name: String) -> String? { values[name]?.first }

    /// All values of the fields with this name.
    public func all(_ name: String) -> [String] { values[name] ?? [] }

    /// The names of the fields that were sent.
    public var names: [String] { values.keys.filter { !$0.hasPrefix("_") }.sorted() }

    /// The control whose change this is, if it is one.
    public var changed: String? { self["_target"] }

    /// Whether nobody has touched this field yet, so that it is too early to complain about it.
    public func isUntouched(_ name: String) -> Bool { all("_unused").contains(name) }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        values = try container.decode([String: [String]].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}

/// A key that was pressed.
public struct KeyPress: LiveInput, Hashable {
    /// What it means: `a`, `Enter`, `ArrowLeft`.
    public var key: String
    /// Where it is on the keyboard: `KeyA`.
    public var code: String
    /// Which others were held down.
    public var alt, ctrl, meta, shift: Bool
    /// It has been held down.
    public var isRepeated: Bool

    public init() {
        self.init(key: "")
    }

    public init(
        key: String, code: String = "", alt: Bool = false, ctrl: Bool = false, meta: Bool = false, shift: Bool = false,
        isRepeated: Bool = false
    ) {
        self.key = key
        self.code = code
        self.alt = alt
        self.ctrl = ctrl
        self.meta = meta
        self.shift = shift
        self.isRepeated = isRepeated
    }

    private enum CodingKeys: String, CodingKey {
        case key, code, alt, ctrl, meta, shift
        case isRepeated = "repeat"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func flag(_ key: CodingKeys) throws -> Bool { try fields.decodeIfPresent(Bool.self, forKey: key) ?? false }
        self.init(
            key: try fields.decode(String.self, forKey: .key), code: try fields.decodeIfPresent(String.self, forKey: .code) ?? "",
            alt: try flag(.alt), ctrl: try flag(.ctrl), meta: try flag(.meta), shift: try flag(.shift), isRepeated: try flag(.isRepeated))
    }
}

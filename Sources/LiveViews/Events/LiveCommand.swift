public import LiveHTML

/// What an element does in the browser by itself, without the server: `<button \(on: .click, .toggle("#menu"))>`.
///
/// A selector names elements of the page's view; without one it is the element itself. What commands have made of an element's classes and attributes stays when the server
/// changes others of them, or the same: it belongs to the page's user, like what he types. It is gone with the element, and when a new tree replaces the page.
public struct LiveCommand: Sendable {
    /// JSON arrays, as `Docs/live-protocol.md` has them (8).
    let json: String

    private init(_ json: String) { self.json = json }

    private init(_ name: StaticString, _ selector: String, _ part: String, _ value: String?) {
        json = "[\"\(name)\",\(EventNode.quoted(selector)),\(EventNode.quoted(part)),\(value.map(EventNode.quoted) ?? "null")]"
    }

    /// Takes the attribute `hidden` away.
    public static func show(_ selector: String = "") -> LiveCommand { LiveCommand("set", selector, "hidden", nil) }

    /// Sets the attribute `hidden`.
    public static func hide(_ selector: String = "") -> LiveCommand { LiveCommand("set", selector, "hidden", "") }

    /// Shows what is hidden, and hides what is not.
    public static func toggle(_ selector: String = "") -> LiveCommand { LiveCommand("toggle", selector, "hidden", "") }

    /// Gives elements a class.
    public static func addClass(_ name: String, to selector: String = "") -> LiveCommand {
        LiveCommand("set", selector, ".\(name)", "")
    }

    /// Takes a class from elements.
    public static func removeClass(_ name: String, from selector: String = "") -> LiveCommand {
        LiveCommand("set", selector, ".\(name)", nil)
    }

    /// Gives a class to elements that have it not, and takes it from those that have it.
    public static func toggleClass(_ name: String, of selector: String = "") -> LiveCommand {
        LiveCommand("toggle", selector, ".\(name)", "")
    }

    /// Gives elements a class for a time, for a transition or an animation in CSS.
    public static func transition(_ name: String, milliseconds: Int, of selector: String = "") -> LiveCommand {
        LiveCommand(
            [addClass(name, to: selector), wait(milliseconds: milliseconds), removeClass(name, from: selector)].map(\.json).joined(
                separator: ","))
    }

    /// Sets an attribute.
    public static func set(_ attribute: Attribute, to value: String, of selector: String = "") -> LiveCommand {
        LiveCommand("set", selector, attribute.name, value)
    }

    /// Takes an attribute away.
    public static func remove(_ attribute: Attribute, of selector: String = "") -> LiveCommand {
        LiveCommand("set", selector, attribute.name, nil)
    }

    /// Takes an attribute away where it is, and sets it where it is not.
    public static func toggle(_ attribute: Attribute, to value: String = "", of selector: String = "") -> LiveCommand {
        LiveCommand("toggle", selector, attribute.name, value)
    }

    /// Moves the focus.
    public static func focus(_ selector: String = "") -> LiveCommand { LiveCommand("[\"focus\",\(EventNode.quoted(selector))]") }

    /// Dispatches a `CustomEvent`, which bubbles, for JavaScript of the application.
    public static func dispatch(_ name: String, detail: String? = nil, to selector: String = "") -> LiveCommand {
        LiveCommand("event", selector, name, detail)
    }

    /// The commands behind it wait so long.
    public static func wait(milliseconds: Int) -> LiveCommand { LiveCommand("[\"wait\",\(milliseconds)]") }

    /// An attribute that commands may change: none that can have a program or an address in it.
    public struct Attribute: Sendable {
        let name: String

        /// It is not shown.
        public static let hidden = Attribute(name: "hidden")
        /// Of `details` and `dialog`: it is unfolded.
        public static let open = Attribute(name: "open")
        /// Of a control: it can't be used.
        public static let disabled = Attribute(name: "disabled")
        /// Nothing in it can be used or found.
        public static let inert = Attribute(name: "inert")
        /// What shows when the pointer rests on it.
        public static let title = Attribute(name: "title")

        /// `aria-…`
        public static func aria(_ name: StaticString) -> Attribute { Attribute(name: "aria-\(name)") }

        /// `data-…`
        public static func data(_ name: StaticString) -> Attribute { Attribute(name: "data-\(name)") }
    }

    /// When commands are done.
    public struct Trigger: Sendable {
        let attribute: StaticString

        /// A click, or Enter or Space as the browser has it.
        public static let click = Trigger(attribute: " data-do-click=\"")
        /// Each change of a control while it is typed in, or of any in the element.
        public static let input = Trigger(attribute: " data-do-input=\"")
        /// A change of a control when it is done, or of any in the element.
        public static let change = Trigger(attribute: " data-do-change=\"")
        /// A form is sent.
        public static let submit = Trigger(attribute: " data-do-submit=\"")
        /// A click outside of the element. A button that opens a menu belongs inside of the element that closes it.
        public static let away = Trigger(attribute: " data-do-away=\"")
    }
}

extension HTML.StringInterpolation {
    /// What shall happen in the browser, without the server, one after the other: `<button \(on: .click, .toggleClass("open", of: "#menu"), .focus("#first"))>`.
    ///
    /// It stands where an attribute can, beside an event of the same trigger if there is one.
    public mutating func appendInterpolation(on trigger: LiveCommand.Trigger, _ commands: LiveCommand...) {
        appendLiteral(trigger.attribute)
        appendInterpolation("[\(commands.map(\.json).joined(separator: ","))]")
        appendLiteral("\"")
    }
}

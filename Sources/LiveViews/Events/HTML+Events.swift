public import LiveHTML

/// What a page's user does, for `\(on: .click, …)`.
public struct LiveTrigger: Sendable {
    let attribute: StaticString

    /// A click.
    public static let click = LiveTrigger(attribute: " data-on-click=\"")
    /// Each change of a control while it is typed in, or of any in a form.
    public static let input = LiveTrigger(attribute: " data-on-input=\"")
    /// A change of a control when it is done, or of any in a form.
    public static let change = LiveTrigger(attribute: " data-on-change=\"")
    /// A form is sent.
    public static let submit = LiveTrigger(attribute: " data-on-submit=\"")
    /// The element gets the focus.
    public static let focus = LiveTrigger(attribute: " data-on-focus=\"")
    /// The element loses the focus.
    public static let blur = LiveTrigger(attribute: " data-on-blur=\"")
    /// A key is pressed in the element. With `data-key="Enter"` beside it: that key alone.
    public static let keydown = LiveTrigger(attribute: " data-on-keydown=\"")
    /// A key is let go in the element.
    public static let keyup = LiveTrigger(attribute: " data-on-keyup=\"")
    /// A key is pressed anywhere in the page.
    public static let windowKeydown = LiveTrigger(attribute: " data-on-window-keydown=\"")
    /// A key is let go anywhere in the page.
    public static let windowKeyup = LiveTrigger(attribute: " data-on-window-keyup=\"")
    /// The window gets the focus.
    public static let windowFocus = LiveTrigger(attribute: " data-on-window-focus=\"")
    /// The window loses the focus.
    public static let windowBlur = LiveTrigger(attribute: " data-on-window-blur=\"")
    /// A click somewhere else.
    public static let away = LiveTrigger(attribute: " data-on-away=\"")
    /// The element comes into view.
    public static let appear = LiveTrigger(attribute: " data-on-appear=\"")
}

extension HTML.StringInterpolation {
    /// What shall happen: `<button \(on: .click, Event.add)>`.
    ///
    /// It stands where an attribute can.
    @_disfavoredOverload
    public mutating func appendInterpolation(on trigger: LiveTrigger, _ event: some LiveEvent) {
        append(trigger, (try? EventText.of(event)) ?? "")
    }

    /// What shall happen with a value that the browser has: `<input \(on: .input, Event.search)>`, `<form \(on: .submit, Event.save)>`.
    ///
    /// The value is the last one of the case; others are given here: `\(on: .change, { Event.rename(id: row.id, to: $0) })`.
    public mutating func appendInterpolation<Input: LiveInput, Event: LiveEvent>(on trigger: LiveTrigger, _ event: (Input) -> Event) {
        append(trigger, (try? EventText.of(event)) ?? "")
    }

    /// A control with the text of a property, each change of which is an event: `<input name="draft" \(bind: draft, Event.draft)>`.
    ///
    /// While somebody types, his text stays as it is in his own page.
    public mutating func appendInterpolation<Event: LiveEvent>(bind text: String, _ event: (String) -> Event) {
        appendLiteral(" value=\"")
        appendInterpolation(text)
        appendLiteral("\"")
        appendInterpolation(on: .input, event)
    }

    /// A control with a number: `<input type="range" name="volume" \(bind: volume, Event.volume)>`.
    public mutating func appendInterpolation<Event: LiveEvent>(bind number: Int, _ event: (Int) -> Event) {
        appendLiteral(" value=\"")
        appendInterpolation(number)
        appendLiteral("\"")
        appendInterpolation(on: .input, event)
    }

    /// A box that is checked or not: `<input type="checkbox" name="done" \(bind: isDone, Event.done)>`.
    public mutating func appendInterpolation<Event: LiveEvent>(bind flag: Bool, _ event: (Bool) -> Event) {
        appendLiteral(" checked=")
        appendInterpolation(flag)
        appendInterpolation(on: .change, event)
    }

    private mutating func append(_ trigger: LiveTrigger, _ event: String) {
        appendLiteral(trigger.attribute)
        appendInterpolation(event)
        appendLiteral("\"")
    }
}

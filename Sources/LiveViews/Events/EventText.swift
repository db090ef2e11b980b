import NIOCore
package import RealtimeProtocol

/// An event as a text, which a page has in its attributes and a browser sends back.
///
///     event   = name | name ":" values | name "?" object
///     values  = JSON values with "," between them, in place of the last one perhaps "$"
///     object  = a JSON object, its last value perhaps "$": the case has labels
///
/// `$` is the value that the browser sends with it.
package enum EventText {
    /// The largest that a browser can send.
    static let maxLength = 8 << 10

    /// Of an event as it is.
    package static func of(_ event: some LiveEvent) throws -> String {
        try text(EventNode(encoding: event), takesInput: false)
    }

    /// Of an event whose last value the browser has.
    package static func of<Input: LiveInput, Event: LiveEvent>(_ event: (Input) -> Event) throws -> String {
        try text(EventNode(encoding: event(Input())), takesInput: true)
    }

    private static func text(_ node: EventNode, takesInput: Bool) throws -> String {
        if case .text(let name) = node.kind, !takesInput { return name }
        guard case .members = node.kind, let (name, values) = node.members.first, node.members.count == 1 else {
            throw EventError.notAnEvent
        }
        guard !values.members.isEmpty else {
            guard !takesInput else { throw EventError.takesNoInput }
            return name
        }
        var text = name
        let isPositional = values.members.enumerated().allSatisfy { $1.name == "_\($0)" }
        text += isPositional ? ":" : "?{"
        for (index, (label, value)) in values.members.enumerated() {
            if index > 0 { text += "," }
            if !isPositional { text += "\(EventNode.quoted(label)):" }
            if takesInput && index == values.members.count - 1 { text += "$" } else { value.write(to: &text) }
        }
        if !isPositional { text += "}" }
        return text
    }

    /// The event that a browser sent.
    ///
    /// - Throws: ``EventError``, or what the event's own decoding throws.
    package static func event<Event: LiveEvent>(_ text: String, input: JSONValue?, as type: Event.Type = Event.self) throws -> Event {
        guard text.utf8.count <= maxLength else { throw EventError.tooLong }
        // A raw text need not be a name.
        if let type = Event.self as? any RawRepresentable<String>.Type {
            guard let event = type.init(rawValue: text) as? Event else { throw EventError.unknown(text) }
            return event
        }
        let values = try EventValues(text, input: input)
        let event: Event
        do {
            event = try Event(from: EventDecoder(values))
        } catch  where values.isUnknown {
            throw EventError.unknown(values.name)
        }
        guard values.areUsed else { throw EventError.unknownValues(values.name) }
        return event
    }
}

/// What is wrong with an event.
public enum EventError: Error, Hashable, Sendable {
    /// The type is no enumeration with the coding that Swift makes.
    case notAnEvent
    /// The case has no value that the browser could have.
    case takesNoInput
    case tooLong
    /// There is no such case.
    case unknown(String)
    /// More or other values than the case has.
    case unknownValues(String)
    /// A value is missing, or is not what it must be.
    case badValue(String)
    /// The text is not that of an event.
    case syntax
}

extension EventError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notAnEvent: "the type of the event is not an enumeration whose coding Swift has made"
        case .takesNoInput: "the event has no place for the browser's value"
        case .tooLong: "the event is longer than \(EventText.maxLength) bytes"
        case .unknown(let name): "there is no event “\(name.prefix(64))”"
        case .unknownValues(let name): "the event “\(name.prefix(64))” has other values"
        case .badValue(let name): "the event “\(name.prefix(64))” has a value that is missing or of another type"
        case .syntax: "this is not the text of an event"
        }
    }
}

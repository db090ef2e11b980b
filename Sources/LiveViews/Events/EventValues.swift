import NIOCore
import RealtimeProtocol

/// The parts of an event's text.
final class EventValues {
    let name: String
    /// By `_0`, `_1`, … or by their labels.
    let values: [String: EventValue]
    private var used: Set<String> = []
    /// The type has no case of this name.
    var isUnknown = false

    init(_ text: String, input: JSONValue?) throws {
        let end = text.firstIndex { !($0.isLetter || $0.isNumber || $0 == "_") } ?? text.endIndex
        name = String(text[..<end])
        guard !name.isEmpty else { throw EventError.syntax }
        guard end < text.endIndex else {
            // A value that the event has no place for, such as a button's, is nothing to refuse.
            values = [:]
            return
        }
        var rest = text[text.index(after: end)...]
        let takesInput: Bool
        switch text[end] {
        case ":":
            takesInput = rest.hasSuffix("$")
            if takesInput { rest = rest.dropLast() + "null" }
            var values = try Self.json("[\(rest)]").elements().map { EventValue(json: $0) }
            if takesInput, let last = values.indices.last { values[last] = try Self.required(input, name) }
            self.values = Dictionary(uniqueKeysWithValues: values.enumerated().map { ("_\($0)", $1) })
        case "?":
            takesInput = rest.hasSuffix("$}")
            guard takesInput else {
                values = try Self.json(String(rest)).members().mapValues { EventValue(json: $0) }
                return
            }
            // The label before the `$` is the last quoted text.
            let members = try Self.json(rest.dropLast(2) + "null}").members()
            guard let label = Self.lastLabel(rest.dropLast(2)) else { throw EventError.syntax }
            var values = members.mapValues { EventValue(json: $0) }
            values[label] = try Self.required(input, name)
            self.values = values
        default: throw EventError.syntax
        }
    }

    /// Of `…"label":`.
    private static func lastLabel(_ text: some StringProtocol) -> String? {
        guard text.hasSuffix("\":") else { return nil }
        let end = text.dropLast(2)
        guard let start = end.lastIndex(of: "\"") else { return nil }
        return String(end[end.index(after: start)...])
    }

    private static func required(_ input: JSONValue?, _ name: String) throws -> EventValue {
        guard let input else { throw EventError.badValue(name) }
        return EventValue(json: input, isInput: true)
    }

    private static func json(_ text: String) throws -> JSONValue {
        do {
            return try JSONValue(ByteBuffer(string: text))
        } catch {
            throw EventError.syntax
        }
    }

    func value(_ label: String) -> EventValue? {
        used.insert(label)
        return values[label]
    }

    var areUsed: Bool { values.keys.allSatisfy(used.contains) }
}

/// A value of an event: JSON, and whether it is what a control of a page says, where everything is a text.
struct EventValue {
    let json: JSONValue
    var isInput = false

    var isNull: Bool {
        if json.isNull { return true }
        return isInput && json.text.readableBytes == 2 && (try? json.string()) == ""
    }

    func text() -> String? { try? json.string() }

    func flag() -> Bool? {
        if let flag = try? json.bool() { return flag }
        guard isInput, let text = text() else { return nil }
        switch text {
        case "on", "true": return true
        case "", "off", "false": return false
        default: return nil
        }
    }

    func integer<Integer: FixedWidthInteger>() -> Integer? {
        if let number = try? json.integer(Integer.self) { return number }
        return isInput ? text().flatMap { Integer($0) } : nil
    }

    func number() -> Double? {
        if isInput, let text = text() { return Double(text).flatMap { $0.isFinite ? $0 : nil } }
        let isNumber = json.text.readableBytesView.first.map { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } ?? false
        return isNumber ? Double(String(buffer: json.text)).flatMap { $0.isFinite ? $0 : nil } : nil
    }

    func elements() -> [EventValue]? {
        if json.isArray { return try? json.elements().map { EventValue(json: $0, isInput: isInput) } }
        return isInput ? [self] : nil
    }

    func members() -> [String: EventValue]? {
        guard json.isObject else { return nil }
        return try? json.members().mapValues { EventValue(json: $0, isInput: isInput) }
    }
}

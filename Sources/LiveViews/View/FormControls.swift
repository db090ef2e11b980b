import LiveHTML
import NIOCore
import RealtimeProtocol

/// The controls of a form with events of their own, `\(bind: draft, Event.draft)`, as a browser without JavaScript leaves them: it sends what is in them with the form alone.
///
/// It reads what this server has painted.
struct FormControls {
    private struct Control {
        let element: String
        let attributes: [String: String]
    }

    private let controls: [Control]

    /// - Parameters:
    ///   - page: the painted view.
    ///   - event: of the form when it is sent.
    init(_ page: [UInt8], formOf event: String) {
        var controls: [Control] = []
        var isInside = false
        var rest = page[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[(start + 1)...]
            let (name, attributes) = Self.tag(&rest)
            switch name {
            case "form":
                if isInside { break }
                isInside = attributes["data-on-submit"] == event
            case "/form":
                guard isInside else { break }
                self.controls = controls
                return
            case "input", "select", "textarea": if isInside { controls.append(Control(element: name, attributes: attributes)) }
            default: break
            }
        }
        self.controls = controls
    }

    /// What would have come of them before the form was sent.
    func events(_ fields: FormFields) -> [(event: String, value: JSONValue)] {
        controls.compactMap { control in
            let attributes = control.attributes
            guard let name = attributes["name"], let event = attributes["data-on-input"] ?? attributes["data-on-change"],
                let value = Self.value(control, fields.all(name)), let json = try? JSONValue(ByteBuffer(string: value))
            else { return nil }
            return (event, json)
        }
    }

    /// In JSON (live protocol §8).
    private static func value(_ control: Control, _ values: [String]) -> String? {
        switch (control.element, control.attributes["type"]?.lowercased()) {
        case ("input", "checkbox"): return values.contains(control.attributes["value"] ?? "on") ? "true" : "false"
        case ("input", "radio"):
            let value = control.attributes["value"] ?? "on"
            return values.contains(value) ? EventNode.quoted(value) : nil
        case ("input", "file"): return nil
        case ("select", _) where control.attributes["multiple"] != nil:
            return "[\(values.map { EventNode.quoted($0) }.joined(separator: ","))]"
        default: return values.first.map { EventNode.quoted($0) }
        }
    }

    // MARK: Reading

    private static func tag(_ rest: inout ArraySlice<UInt8>) -> (name: String, attributes: [String: String]) {
        let name = take(&rest) { !isSpace($0) && $0 != UInt8(ascii: ">") }
        var attributes: [String: String] = [:]
        guard ["form", "input", "select", "textarea"].contains(name) else { return (name, attributes) }
        while let byte = rest.first, byte != UInt8(ascii: ">") {
            guard !isSpace(byte) else {
                rest.removeFirst()
                continue
            }
            let name = take(&rest) { !isSpace($0) && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ">") }
            attributes[name] = value(&rest)
            // A stray sign must not stop the reader.
            if name.isEmpty { rest = rest.dropFirst() }
        }
        return (name, attributes)
    }

    private static func value(_ rest: inout ArraySlice<UInt8>) -> String {
        guard rest.first == UInt8(ascii: "=") else { return "" }
        rest.removeFirst()
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            return CharacterReference.resolved(take(&rest) { !isSpace($0) && $0 != UInt8(ascii: ">") })
        }
        rest.removeFirst()
        let value = take(&rest) { $0 != quote }
        rest = rest.dropFirst()
        return CharacterReference.resolved(value)
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, while isWanted: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: isWanted)
        rest = rest[taken.endIndex...]
        return String(decoding: taken, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}

/// What painted text says instead of signs that mean something in markup.
enum CharacterReference {
    private static let names: [(String, UInt8)] = [
        ("&quot;", 0x22), ("&amp;", 0x26), ("&lt;", 0x3c), ("&gt;", 0x3e), ("&#39;", 0x27), ("&apos;", 0x27), ("&#13;", 0x0d),
    ]

    static func resolved(_ text: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.first {
            let reference = byte == UInt8(ascii: "&") ? names.first { rest.starts(with: $0.0.utf8) } : nil
            output.append(reference?.1 ?? byte)
            rest = rest.dropFirst(reference?.0.utf8.count ?? 1)
        }
        return output
    }

    static func resolved(_ text: String) -> String { String(decoding: resolved(text.utf8) as [UInt8], as: UTF8.self) }
}

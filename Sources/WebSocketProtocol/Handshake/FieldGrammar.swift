// Strategy: field values are read byte by byte, once, from front to back. Nothing here looks at a byte twice or splits a value into arrays,
// so that no value costs more than its length (CVE-2021-32640, CVE-2020-7662: regular expressions over these very fields).

import HTTPTypes

/// The pieces of RFC 9110's grammar that the handshake needs.
enum FieldGrammar {
    /// RFC 9110 §5.6.2: `tchar`.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"): true
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"): true
        case UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// RFC 9110 §5.6.2: `token = 1*tchar`.
    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(self.isTokenByte)
    }

    /// RFC 9110 §5.6.3: `OWS`.
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// Whether two texts are the same when ASCII letters count without their case. Other bytes must be equal: no Unicode folding, which
    /// would let `ſ` pass for `s`.
    static func equalIgnoringCase(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { self.lowercased($0) == self.lowercased($1) }
    }
}

/// The elements of a comma-separated field value (RFC 9110 §5.6.1), without surrounding white space; empty ones are passed over.
///
/// Only for lists of tokens: a comma inside a quoted string would separate too.
struct ListElements: Sequence, IteratorProtocol {
    private var rest: Substring.UTF8View

    init(_ value: String) {
        self.rest = Substring(value).utf8
    }

    mutating func next() -> Substring.UTF8View? {
        while !self.rest.isEmpty {
            let end = self.rest.firstIndex(of: UInt8(ascii: ",")) ?? self.rest.endIndex
            let element = Self.trimmed(self.rest[..<end])
            self.rest = end == self.rest.endIndex ? self.rest[end...] : self.rest[self.rest.index(after: end)...]
            if !element.isEmpty { return element }
        }
        return nil
    }

    private static func trimmed(_ element: Substring.UTF8View) -> Substring.UTF8View {
        var element = element
        while let first = element.first, FieldGrammar.isSpace(first) { element.removeFirst() }
        while let last = element.last, FieldGrammar.isSpace(last) { element.removeLast() }
        return element
    }
}

/// How often a field that may come once came.
enum SingleField {
    case absent
    case once(String)
    case repeated
}

extension HTTPFields {
    /// The value of a field that must not be repeated.
    func single(_ name: HTTPField.Name) -> SingleField {
        var found = SingleField.absent
        for field in self where field.name == name {
            guard case .absent = found else { return .repeated }
            found = .once(field.value)
        }
        return found
    }

    /// Whether one of the field's lines lists `token`, in whatever case.
    func lists(_ token: String, in name: HTTPField.Name) -> Bool {
        self.contains { field in
            field.name == name && ListElements(field.value).contains { FieldGrammar.equalIgnoringCase($0, token.utf8) }
        }
    }
}

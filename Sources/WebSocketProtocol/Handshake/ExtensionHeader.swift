import HTTPTypes

/// One extension as offered or accepted in `Sec-WebSocket-Extensions` (RFC 6455 §9.1), such as
/// `permessage-deflate; client_max_window_bits; server_max_window_bits=10`.
public struct ExtensionOffer: Hashable, Sendable, CustomStringConvertible {
    /// A parameter: `client_no_context_takeover`, or `server_max_window_bits=10`.
    public struct Parameter: Hashable, Sendable {
        /// The parameter's name, as it was written.
        public var name: String
        /// Its value, unquoted; nil when there is no `=`.
        public var value: String?

        /// A parameter with or without a value.
        public init(name: String, value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    /// The extension's name, as it was written.
    public var name: String
    /// Its parameters in their order. The same name may come more than once: what that means is the extension's business.
    public var parameters: [Parameter]

    /// An extension with its parameters.
    public init(name: String, parameters: [Parameter] = []) {
        self.name = name
        self.parameters = parameters
    }

    /// The extension as it is written in the field.
    public var description: String {
        self.parameters.reduce(self.name) { text, parameter in
            text + "; " + parameter.name + (parameter.value.map { "=" + $0 } ?? "")
        }
    }
}

/// The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).
///
///     extension-list  = 1#extension
///     extension       = token *( ";" extension-param )
///     extension-param = token [ "=" (token | quoted-string) ]
public enum ExtensionHeader {
    /// How many bytes all lines of the field may have together: 1 KiB.
    public static let maxBytes = 1_024
    /// How many extensions may be listed: 8.
    public static let maxOffers = 8

    /// Reads the field.
    ///
    /// - Parameter values: The field's lines, in their order; none at all is an empty list.
    /// - Throws: ``HandshakeError`` with status 431 when the field is over ``maxBytes``, else 400.
    public static func parse(_ values: [String]) throws(HandshakeError) -> [ExtensionOffer] {
        guard !values.isEmpty else { return [] }
        try self.requireSize(values)
        var offers: [ExtensionOffer] = []
        for value in values {
            var parser = ExtensionParser(value)
            try parser.parse(into: &offers)
        }
        guard !offers.isEmpty else { throw .extensions("the list must not be empty") }
        return offers
    }

    /// The field's value for a list of extensions, on one line.
    public static func serialize(_ offers: [ExtensionOffer]) -> String {
        offers.map(\.description).joined(separator: ", ")
    }

    private static func requireSize(_ values: [String]) throws(HandshakeError) {
        var bytes = 0
        for value in values {
            bytes += value.utf8.count
            guard bytes <= self.maxBytes else {
                throw HandshakeError(
                    rule: "Sec-WebSocket-Extensions may have \(self.maxBytes) bytes",
                    status: .requestHeaderFieldsTooLarge
                )
            }
        }
    }
}

/// Reads one line of the field in a single pass.
private struct ExtensionParser {
    private var rest: Substring.UTF8View

    init(_ value: String) {
        self.rest = Substring(value).utf8
    }

    /// `1#extension`: empty elements are passed over (RFC 9110 §5.6.1.2).
    mutating func parse(into offers: inout [ExtensionOffer]) throws(HandshakeError) {
        while true {
            self.skipSpaces()
            guard let next = self.rest.first else { return }
            if next != UInt8(ascii: ",") {
                guard offers.count < ExtensionHeader.maxOffers else {
                    throw .extensions("at most \(ExtensionHeader.maxOffers) extensions are read")
                }
                offers.append(try self.parseExtension())
            }
            guard self.take(UInt8(ascii: ",")) || self.rest.isEmpty else { throw .extensions("a comma must separate extensions") }
        }
    }

    private mutating func parseExtension() throws(HandshakeError) -> ExtensionOffer {
        var offer = ExtensionOffer(name: try self.parseToken())
        self.skipSpaces()
        while self.take(UInt8(ascii: ";")) {
            self.skipSpaces()
            offer.parameters.append(try self.parseParameter())
            self.skipSpaces()
        }
        return offer
    }

    private mutating func parseParameter() throws(HandshakeError) -> ExtensionOffer.Parameter {
        let name = try self.parseToken()
        self.skipSpaces()
        guard self.take(UInt8(ascii: "=")) else { return .init(name: name) }
        self.skipSpaces()
        return .init(name: name, value: try self.take(UInt8(ascii: "\"")) ? self.parseQuoted() : self.parseToken())
    }

    private mutating func parseToken() throws(HandshakeError) -> String {
        let token = self.rest.prefix(while: FieldGrammar.isTokenByte)
        guard !token.isEmpty else { throw .extensions("names and values must be tokens") }
        self.rest = self.rest[token.endIndex...]
        return String(Substring(token))
    }

    /// "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the 'token' ABNF."
    private mutating func parseQuoted() throws(HandshakeError) -> String {
        var value = ""
        while let byte = self.rest.popFirst() {
            if byte == UInt8(ascii: "\""), !value.isEmpty { return value }
            let literal = byte == UInt8(ascii: "\\") ? self.rest.popFirst() : byte
            guard let literal, FieldGrammar.isTokenByte(literal) else { throw .extensions("a quoted value must hold a token") }
            value.unicodeScalars.append(Unicode.Scalar(literal))
        }
        throw .extensions("a quoted value must end with a quote")
    }

    private mutating func skipSpaces() {
        self.rest = self.rest.drop(while: FieldGrammar.isSpace)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.rest.first == byte else { return false }
        self.rest.removeFirst()
        return true
    }
}

extension HandshakeError {
    fileprivate static func extensions(_ rule: String) -> HandshakeError {
        HandshakeError(rule: "RFC 6455 §9.1: in Sec-WebSocket-Extensions, \(rule)")
    }
}

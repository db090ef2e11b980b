extension Wire {
    /// A batch that cannot be read further: the rule that was broken, and where. What was read before it stands.
    public struct DecodingError: Error, Hashable, Sendable {
        /// What kind of a fault it is.
        public enum Kind: Hashable, Sendable {
            /// There is nothing in the batch.
            case empty
            /// Not the grammar of the format, or not a message of the protocol.
            case malformed
            /// More than ``Limits`` allow.
            case overLimit
        }

        /// What kind of a fault it is.
        public var kind: Kind
        /// The rule, after its source: `RFC 8259 §7: …`.
        public var rule: String
        /// How many bytes of the batch come before the place where it was found.
        public var offset: Int

        init(_ fault: DecodingFault, at offset: Int) {
            kind = fault.kind
            rule = fault.rule
            self.offset = offset
        }

        /// The code that ends a connection for it.
        public var disconnectCode: DisconnectCode { .badRequest }
    }

    /// A message that cannot be written.
    public enum EncodingError: Error, Hashable, Sendable {
        /// A payload is not JSON, and the connection speaks JSON.
        case notJSON

        /// The code that ends a connection for it.
        public var disconnectCode: DisconnectCode { .inappropriateProtocol }
    }
}

extension Wire.DecodingError: CustomStringConvertible {
    /// The rule and the place.
    public var description: String { "\(rule) (byte \(offset))" }
}

extension Wire.EncodingError: CustomStringConvertible {
    /// What is wrong with it.
    public var description: String {
        switch self {
        case .notJSON: "protocol §1.1: a payload that is not JSON"
        }
    }
}

/// Every rule that what comes can break. A number while it is passed up: its text is made once, where it leaves us.
enum DecodingFault: UInt8, Error {
    case empty
    // RFC 8259
    case notJSON, badNumber, badString, badEscape, loneSurrogate, notUTF8, controlCharacter, trailing
    // The messages in JSON
    case wrongType, outOfRange, duplicateKey, escapedName, newline
    // Protobuf
    case truncated, longVarint, badTag, group, wireType
    // The protocol
    case severalBodies
    // Limits
    case depth, elements, stringLength

    var kind: Wire.DecodingError.Kind {
        switch self {
        case .empty: .empty
        case .depth, .elements, .stringLength: .overLimit
        default: .malformed
        }
    }

    var rule: String {
        switch self {
        case .empty: "protocol §1.1: an empty batch"
        case .notJSON: "RFC 8259 §2: not a JSON value"
        case .badNumber: "RFC 8259 §6: not a number"
        case .badString: "RFC 8259 §7: a string without an end"
        case .badEscape: "RFC 8259 §7: an unknown escape"
        case .loneSurrogate: "RFC 8259 §8.2: half of a surrogate pair"
        case .notUTF8: "RFC 3629: text that is not UTF-8"
        case .controlCharacter: "RFC 8259 §7: a control character in a string"
        case .trailing: "protocol §1.1: something after the message"
        case .wrongType: "protocol §1.3: a value of another type than the field's"
        case .outOfRange: "protocol §1.3: a number that the field cannot hold"
        case .duplicateKey: "RFC 8259 §4: a name given twice"
        case .escapedName: "protocol §1.3: the name of a field with an escape"
        case .newline: "protocol §1.1: an empty line between messages"
        case .truncated: "Protobuf: a length beyond what is there"
        case .longVarint: "Protobuf: a varint of over 64 bits"
        case .badTag: "Protobuf: a tag without a field"
        case .group: "Protobuf: a group"
        case .wireType: "Protobuf: a value of another type than the field's"
        case .severalBodies: "protocol §1.3: more than one body in a message"
        case .depth: "limit: nested too deeply"
        case .elements: "limit: too many fields and elements"
        case .stringLength: "limit: a string is too long"
        }
    }
}

import NIOCore
import RealtimeProtocol

/// What a member of a call or of a result is, for the OpenAPI document (JSON Schema 2020-12).
indirect enum APISchema: Sendable {
    /// - Parameters:
    ///   - pattern: a regular expression that it matches.
    ///   - example: a text that makes sense.
    case text(minLength: Int = 0, pattern: String? = nil)
    case flag
    case number(ClosedRange<Int64>)
    /// A whole number of up to 64 bits.
    case unsigned
    /// Any JSON.
    case json
    case list(APISchema, atLeast: Int = 0, atMost: Int? = nil)
    /// An object whose names are not known.
    case map(APISchema)
    case object([APIMember])
    /// An object of one member.
    case oneOf([APIMember])
    /// One of the document's own, by its name.
    case named(String)

    static let anyText = APISchema.text()
    /// RFC 4648 §4, with no bits that mean nothing (§3.5).
    static let base64 = APISchema.text(
        pattern: "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$")
    static let empty = APISchema.object([])
    static let seconds = APISchema.number(0...253_402_300_799)

    func write(to output: inout JSONOutput) {
        output.object { write(into: &$0, description: nil, isNullable: false) }
    }

    /// - Parameter isNullable: null counts as not there.
    fileprivate func write(into output: inout JSONOutput, description: String?, isNullable: Bool) {
        if let description { output.member("description", description) }
        switch self {
        case .text(let minLength, let pattern):
            Self.type("string", &output, isNullable)
            if minLength > 0 { output.member("minLength", minLength) }
            if let pattern { output.member("pattern", pattern) }
        case .flag: Self.type("boolean", &output, isNullable)
        case .number(let range):
            Self.type("integer", &output, isNullable)
            output.member("minimum", range.lowerBound)
            output.member("maximum", range.upperBound)
        case .unsigned:
            Self.type("integer", &output, isNullable)
            output.member("minimum", 0)
            output.member("maximum", UInt64.max)
        case .json: break
        case .list(let element, let atLeast, let atMost):
            Self.type("array", &output, isNullable)
            output.name("items")
            element.write(to: &output)
            if atLeast > 0 { output.member("minItems", atLeast) }
            if let atMost { output.member("maxItems", atMost) }
        case .map(let value):
            Self.type("object", &output, isNullable)
            output.name("additionalProperties")
            value.write(to: &output)
        case .object(let members): Self.object(members, &output, isNullable)
        case .oneOf(let members):
            Self.object(members, &output, isNullable)
            output.member("minProperties", 1)
            output.member("maxProperties", 1)
        case .named(let name): output.member("$ref", "#/components/schemas/\(name)")
        }
    }

    private static func type(_ type: String, _ output: inout JSONOutput, _ isNullable: Bool) {
        output.name("type")
        guard isNullable else { return output.string(type) }
        output.array {
            $0.string(type); $0.string("null")
        }
    }

    private static func object(_ members: [APIMember], _ output: inout JSONOutput, _ isNullable: Bool) {
        type("object", &output, isNullable)
        output.name("properties")
        output.object { output in
            for member in members {
                output.name(member.name)
                output.object { member.schema.write(into: &$0, description: member.description, isNullable: member.isNullable) }
            }
        }
        output.name("additionalProperties")
        output.bool(false)
        let required = members.filter(\.isRequired)
        guard !required.isEmpty else { return }
        output.name("required")
        output.array { output in
            for member in required { output.string(member.name) }
        }
    }
}

/// A member of an object.
struct APIMember: Sendable {
    let name: String
    let schema: APISchema
    let description: String?
    let isRequired: Bool
    /// In a call, what may be left out may also be null.
    let isNullable: Bool

    static func required(_ name: String, _ schema: APISchema, _ description: String? = nil) -> APIMember {
        APIMember(name: name, schema: schema, description: description, isRequired: true, isNullable: false)
    }

    static func optional(_ name: String, _ schema: APISchema, _ description: String? = nil) -> APIMember {
        APIMember(name: name, schema: schema, description: description, isRequired: false, isNullable: true)
    }

    /// Of a result: there or not there.
    static func sometimes(_ name: String, _ schema: APISchema, _ description: String? = nil) -> APIMember {
        APIMember(name: name, schema: schema, description: description, isRequired: false, isNullable: false)
    }
}

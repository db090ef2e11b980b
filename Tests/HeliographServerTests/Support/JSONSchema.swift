import Foundation
import ServerTestSupport

/// As much of JSON Schema as the API's document has.
struct JSONSchema {
    private let root: [String: Any]

    /// - Parameter document: an OpenAPI document.
    init(_ document: [String: Any]) { root = document }

    /// What is wrong with a value; nil: nothing.
    func problem(_ value: Any, _ schema: [String: Any], at place: String = "#") throws -> String? {
        if let name = schema["$ref"] as? String { return try problem(value, definition(name), at: place) }
        if let types = Self.types(schema), !types.contains(where: { Self.isType(value, $0) }) { return "\(place) is not \(types)" }
        for part in schema["allOf"] as? [[String: Any]] ?? [] {
            if let problem = try problem(value, part, at: place) { return problem }
        }
        if let parts = schema["anyOf"] as? [[String: Any]], try parts.allSatisfy({ try problem(value, $0, at: place) != nil }) {
            return "\(place) is none of anyOf"
        }
        if let parts = schema["oneOf"] as? [[String: Any]], try parts.count(where: { try problem(value, $0, at: place) == nil }) != 1 {
            return "\(place) is none or several of oneOf"
        }
        if let object = value as? [String: Any] { return try problem(object: object, schema, at: place) }
        if let list = value as? [Any] { return try problem(list: list, schema, at: place) }
        if let text = value as? String { return try problem(text: text, schema, at: place) }
        guard let number = value as? NSNumber, let least = schema["minimum"] as? NSNumber, number.compare(least) == .orderedAscending else {
            return nil
        }
        return "\(place) is less than \(least)"
    }

    private func definition(_ name: String) throws -> [String: Any] {
        var place: Any = root
        for part in name.split(separator: "/").dropFirst() {
            guard let next = (place as? [String: Any])?[String(part)] else { throw Unexpected("\(name) leads nowhere") }
            place = next
        }
        guard let definition = place as? [String: Any] else { throw Unexpected("\(name) is no schema") }
        return definition
    }

    private func problem(object: [String: Any], _ schema: [String: Any], at place: String) throws -> String? {
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        for name in schema["required"] as? [String] ?? [] where object[name] == nil { return "\(place) has no \(name)" }
        if let least = schema["minProperties"] as? Int, object.count < least { return "\(place) has too few members" }
        if let most = schema["maxProperties"] as? Int, object.count > most { return "\(place) has too many members" }
        for (name, value) in object {
            if let schema = properties[name] {
                if let problem = try problem(value, schema, at: "\(place)/\(name)") { return problem }
            } else if let others = schema["additionalProperties"] as? [String: Any] {
                if let problem = try problem(value, others, at: "\(place)/\(name)") { return problem }
            } else if schema["additionalProperties"] as? Bool == false {
                return "\(place) has \(name), which is not known"
            }
        }
        return nil
    }

    private func problem(list: [Any], _ schema: [String: Any], at place: String) throws -> String? {
        if let least = schema["minItems"] as? Int, list.count < least { return "\(place) has too few elements" }
        guard let element = schema["items"] as? [String: Any] else { return nil }
        for (index, value) in list.enumerated() {
            if let problem = try problem(value, element, at: "\(place)/\(index)") { return problem }
        }
        return nil
    }

    private func problem(text: String, _ schema: [String: Any], at place: String) throws -> String? {
        if let least = schema["minLength"] as? Int, text.count < least { return "\(place) is too short" }
        guard let pattern = schema["pattern"] as? String else { return nil }
        return try Regex(pattern).firstMatch(in: text) == nil ? "\(place) does not match \(pattern)" : nil
    }

    private static func types(_ schema: [String: Any]) -> [String]? {
        (schema["type"] as? String).map { [$0] } ?? schema["type"] as? [String]
    }

    private static func isType(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": (value as? NSNumber).map { isBoolean($0) } ?? false
        case "integer": (value as? NSNumber).map { !isBoolean($0) && $0.doubleValue.rounded() == $0.doubleValue } ?? false
        case "null": value is NSNull
        default: false
        }
    }

    /// JSONSerialization makes both of one class.
    private static func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}

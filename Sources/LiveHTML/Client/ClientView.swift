/// A view as its client has it, without a browser: for tests, and to see that what is sent leads to what was rendered.
///
/// ```swift
/// var client = ClientView()
/// try client.receive(view.templates())
/// try client.receive(view.tree(body))
/// #expect(client.html == …)
/// ```
public struct ClientView: Hashable, Sendable {
    /// The number of the view whose messages it takes.
    public let number: Int
    /// Of the last patch.
    public private(set) var sequence: Int?
    private(set) var templates: [Int: ClientTemplate] = [:]
    private(set) var root: ClientInstance?
    /// From earlier views, by fingerprint.
    private var cached: [String: ClientTemplate] = [:]

    /// A client that has nothing yet.
    ///
    /// - Parameters:
    ///   - number: The view's.
    ///   - other: A client whose templates it still has.
    public init(number: Int = 0, keepingTemplatesOf other: ClientView? = nil) {
        self.number = number
        if let other { keep(templatesOf: other) }
    }

    /// The templates of a page are those of all views in it.
    public mutating func keep(templatesOf other: ClientView) {
        cached.merge(other.cached) { mine, _ in mine }
        for template in other.templates.values { cached[template.fingerprint] = template }
    }

    /// The templates that it has, as it would tell them in a join.
    public var fingerprints: Set<String> { Set(cached.keys).union(templates.values.map(\.fingerprint)) }

    /// Takes a message in JSON. An empty one is none.
    public mutating func receive(_ message: [UInt8]) throws(ClientError) {
        guard !message.isEmpty else { return }
        guard case .array(let values) = try JSONValue(message) else { throw .syntax }
        switch values.first {
        case .text("t"):
            try checkView(values.dropFirst())
            var next = self
            for template in values.dropFirst(2) { try next.add(template) }
            self = next
        case .text("j"):
            try checkView(values.dropFirst())
            guard values.count == 4, case .number(let sequence) = values[2] else { throw .syntax }
            root = try JSONPatchReader(templates).instance(values[3])
            self.sequence = sequence
        case .text("p"):
            try checkView(values.dropFirst())
            try patch(values.dropFirst(2))
        default:
            guard number == 0 else { throw .view }
            try patch(values[...])
        }
    }

    private func checkView(_ values: ArraySlice<JSONValue>) throws(ClientError) {
        guard values.first == .number(number) else { throw .view }
    }

    private mutating func add(_ value: JSONValue) throws(ClientError) {
        guard case .array(let values) = value, case .number(let number) = values.first,
            case .text(let fingerprint) = values.dropFirst().first
        else {
            throw .syntax
        }
        if values.count == 2 {
            guard let template = cached[fingerprint] else { throw .template }
            templates[number] = template
        } else {
            templates[number] = try ClientTemplate(values.dropFirst())
        }
    }

    private mutating func patch(_ values: ArraySlice<JSONValue>) throws(ClientError) {
        guard case .number(let sequence) = values.first else { throw .syntax }
        let root = try checkedRoot(sequence)
        self.root = try JSONPatchReader(templates).patched(root, values.dropFirst(), 0)
        self.sequence = sequence
    }

    private func checkedRoot(_ sequence: Int) throws(ClientError) -> ClientInstance {
        guard let root, let last = self.sequence else { throw .missing }
        guard sequence == last &+ 1 else { throw .sequence }
        return root
    }

    /// Takes a binary message. An empty one is none.
    public mutating func receive(binary message: [UInt8]) throws(ClientError) {
        guard !message.isEmpty else { return }
        var reader = BinaryPatchReader(message, templates)
        let kind = try reader.byte()
        guard try reader.varint() == number else { throw .view }
        let sequence = try reader.varint()
        switch kind {
        case 1: try take(reader.patched(try checkedRoot(sequence), isOutermost: true, 0), reader, sequence)
        case 2: try take(reader.instance(0), reader, sequence)
        default: throw .syntax
        }
    }

    private mutating func take(_ root: ClientInstance, _ reader: BinaryPatchReader, _ sequence: Int) throws(ClientError) {
        guard reader.isAtEnd else { throw .rest }
        self.root = root
        self.sequence = sequence
    }
}

/// Reads trees and patches in bytes (Docs/live-protocol.md, 6).
struct BinaryPatchReader {
    private var rest: ArraySlice<UInt8>
    private let templates: [Int: ClientTemplate]

    init(_ bytes: [UInt8], _ templates: [Int: ClientTemplate]) {
        rest = bytes[...]
        self.templates = templates
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws(ClientError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .syntax }
        return byte
    }

    /// At most 63 bits.
    mutating func varint() throws(ClientError) -> Int {
        var number = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            let byte = try byte()
            number |= Int(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        throw .syntax
    }

    private func template(_ number: Int) throws(ClientError) -> ClientTemplate {
        guard let template = templates[number] else { throw .template }
        return template
    }

    mutating func instance(_ depth: Int) throws(ClientError) -> ClientInstance {
        let number = try varint()
        guard number >= 2 else { throw .value }
        return try instance(number - 2, depth)
    }

    private mutating func instance(_ number: Int, _ depth: Int) throws(ClientError) -> ClientInstance {
        guard depth <= ClientDepth.max else { throw .depth }
        var values: [ClientInstance.Value] = []
        for cell in try template(number).cells { values.append(try value(cell, depth)) }
        return ClientInstance(template: number, values: values)
    }

    private mutating func value(_ cell: ClientTemplate.Cell, _ depth: Int) throws(ClientError) -> ClientInstance.Value {
        switch cell {
        case .markup:
            let number = try varint()
            guard number != 1 else { throw .value }
            return .markup(number == 0 ? nil : try instance(number - 2, depth + 1))
        case .rows: return .rows(try rows(depth + 1))
        case .view: return .view(try varint())
        case .text, .raw, .attribute, .wholeAttribute:
            var scalars: [Scalar] = []
            for _ in 0..<(cell.scalars ?? 0) { scalars.append(try scalar(cell)) }
            return .scalars(scalars)
        }
    }

    private mutating func scalar(_ cell: ClientTemplate.Cell) throws(ClientError) -> Scalar {
        let count = try varint()
        if count < 2 {
            guard case .wholeAttribute = cell else { throw .value }
            return count == 0 ? .absent : .present
        }
        let bytes = rest.prefix(count - 2)
        guard bytes.count == count - 2, let text = String(validating: bytes, as: UTF8.self) else { throw .syntax }
        rest = rest.dropFirst(bytes.count)
        return .text(text)
    }

    private mutating func rows(_ depth: Int) throws(ClientError) -> [ClientInstance] {
        var rows: [ClientInstance] = []
        while case let number = try varint(), number > 0 { rows.append(try instance(number - 1, depth)) }
        return rows
    }
}

extension BinaryPatchReader {
    /// The instance after a patch. The outermost ends with the message.
    mutating func patched(_ instance: ClientInstance, isOutermost: Bool = false, _ depth: Int) throws(ClientError) -> ClientInstance {
        let cells = try template(instance.template).cells
        guard depth <= ClientDepth.max else { throw .depth }
        var instance = instance
        var isEmpty = true
        while !(isOutermost && isAtEnd), case let number = try varint(), number > 0 {
            guard cells.indices.contains(number - 1) else { throw .cell }
            instance.values[number - 1] = try patched(instance.values[number - 1], cells[number - 1], depth)
            isEmpty = false
        }
        guard !isEmpty else { throw .syntax }
        return instance
    }

    private mutating func patched(
        _ old: ClientInstance.Value, _ cell: ClientTemplate.Cell, _ depth: Int
    ) throws(ClientError) -> ClientInstance.Value {
        switch old {
        case .rows(let rows): return .rows(try operations(on: rows, depth + 1))
        case .markup(.some(let old)) where rest.first == 1:
            rest.removeFirst()
            return .markup(try patched(old, depth + 1))
        case .markup, .scalars, .view: return try value(cell, depth)
        }
    }

    private mutating func operations(on rows: [ClientInstance], _ depth: Int) throws(ClientError) -> [ClientInstance] {
        var rows = rows
        var isEmpty = true
        while case let code = try varint(), code > 0 {
            isEmpty = false
            switch code {
            case 1: try rows.remove(at: try varint(), count: try varint())
            case 2: try rows.move(from: try varint(), to: try varint(), count: try varint())
            case 3: try rows.reorder(try order())
            case 4:
                let index = try varint()
                try rows.insert(try self.rows(depth), at: index)
            default: try change(&rows, code - 5, depth)
            }
        }
        guard !isEmpty else { throw .syntax }
        return rows
    }

    private mutating func change(_ rows: inout [ClientInstance], _ index: Int, _ depth: Int) throws(ClientError) {
        guard rows.indices.contains(index) else { throw .row }
        guard rest.first == 1 else {
            rows[index] = try instance(depth)
            return
        }
        rest.removeFirst()
        rows[index] = try patched(rows[index], depth)
    }

    private mutating func order() throws(ClientError) -> [RowRun] {
        var order: [RowRun] = []
        for _ in 0..<(try varint()) {
            let first = try varint(), zigzag = try varint()
            order.append(RowRun(first: first, count: zigzag >> 1 ^ -(zigzag & 1)))
        }
        return order
    }
}

/// Reads trees and patches in JSON (Docs/live-protocol.md, 3).
struct JSONPatchReader {
    private let templates: [Int: ClientTemplate]

    init(_ templates: [Int: ClientTemplate]) {
        self.templates = templates
    }

    private func template(_ number: Int) throws(ClientError) -> ClientTemplate {
        guard let template = templates[number] else { throw .template }
        return template
    }

    func instance(_ value: JSONValue, _ depth: Int = 0) throws(ClientError) -> ClientInstance {
        guard case .object(let name, .array(let values)) = value, let number = Int(name) else { throw .value }
        return try instance(number, values, depth)
    }

    private func instance(_ number: Int, _ values: [JSONValue], _ depth: Int) throws(ClientError) -> ClientInstance {
        let template = try template(number)
        guard depth <= ClientDepth.max else { throw .depth }
        guard template.cells.count == values.count else { throw .cell }
        var read: [ClientInstance.Value] = []
        for (cell, value) in zip(template.cells, values) { read.append(try self.value(cell, value, depth)) }
        return ClientInstance(template: number, values: read)
    }

    private func value(_ cell: ClientTemplate.Cell, _ value: JSONValue, _ depth: Int) throws(ClientError) -> ClientInstance.Value {
        switch (cell, value) {
        case (.markup, .null): return .markup(nil)
        case (.markup, _): return .markup(try instance(value, depth + 1))
        case (.rows, _): return .rows(try rows(value, depth + 1))
        case (.view, .number(let number)) where number >= 0: return .view(number)
        case (.view, _): throw .value
        default: return .scalars(try scalars(cell, value))
        }
    }

    private func scalars(_ cell: ClientTemplate.Cell, _ value: JSONValue) throws(ClientError) -> [Scalar] {
        guard let count = cell.scalars, count > 1 else { return [try scalar(cell, value)] }
        guard case .array(let values) = value, values.count == count else { throw .value }
        var read: [Scalar] = []
        for value in values { read.append(try scalar(cell, value)) }
        return read
    }

    private func scalar(_ cell: ClientTemplate.Cell, _ value: JSONValue) throws(ClientError) -> Scalar {
        switch (value, cell) {
        case (.text(let text), _): .text(text)
        case (.number(let number), _): .text(String(number))
        case (.flag(true), .wholeAttribute): .present
        case (.flag(false), .wholeAttribute), (.null, .wholeAttribute): .absent
        default: throw .value
        }
    }

    private func rows(_ value: JSONValue, _ depth: Int) throws(ClientError) -> [ClientInstance] {
        guard case .array(let values) = value else { throw .value }
        var rows: [ClientInstance] = []
        var template: Int?
        for value in values {
            switch (value, template) {
            case (.number(let number), _): template = number
            case (.array(let values), .some(let template)): rows.append(try instance(template, values, depth))
            default: throw .value
            }
        }
        return rows
    }
}

extension JSONPatchReader {
    /// The instance after a patch.
    func patched(_ instance: ClientInstance, _ patch: ArraySlice<JSONValue>, _ depth: Int) throws(ClientError) -> ClientInstance {
        let cells = try template(instance.template).cells
        guard depth <= ClientDepth.max else { throw .depth }
        guard !patch.isEmpty else { throw .syntax }
        var instance = instance
        var rest = patch
        while let number = rest.popFirst() {
            guard case .number(let number) = number, cells.indices.contains(number) else { throw .cell }
            guard let value = rest.popFirst() else { throw .syntax }
            instance.values[number] = try patched(instance.values[number], cells[number], value, depth)
        }
        return instance
    }

    private func patched(
        _ old: ClientInstance.Value, _ cell: ClientTemplate.Cell, _ value: JSONValue, _ depth: Int
    ) throws(ClientError) -> ClientInstance.Value {
        switch (old, value) {
        case (.markup(.some(let old)), .array(let patch)): return .markup(try patched(old, patch[...], depth + 1))
        case (.rows(let old), .array(let operations)): return .rows(try patched(old, operations[...], depth + 1))
        case (.rows, _): throw .value
        default: return try self.value(cell, value, depth)
        }
    }

    private func patched(_ rows: [ClientInstance], _ operations: ArraySlice<JSONValue>, _ depth: Int) throws(ClientError)
        -> [ClientInstance]
    {
        var rows = rows
        var rest = operations
        guard !rest.isEmpty else { throw .syntax }
        while let first = rest.popFirst() {
            switch first {
            case .number(let index): try change(&rows, index, rest.popFirst(), depth)
            case .text("-"): try rows.remove(at: try number(&rest), count: try number(&rest))
            case .text(">"): try rows.move(from: try number(&rest), to: try number(&rest), count: try number(&rest))
            case .text("="): try rows.reorder(try order(rest.popFirst()))
            case .text("+"):
                let index = try number(&rest)
                guard let value = rest.popFirst() else { throw .syntax }
                try rows.insert(try self.rows(value, depth), at: index)
            default: throw .syntax
            }
        }
        return rows
    }

    private func change(_ rows: inout [ClientInstance], _ index: Int, _ value: JSONValue?, _ depth: Int) throws(ClientError) {
        guard rows.indices.contains(index) else { throw .row }
        switch value {
        case .array(let patch): rows[index] = try patched(rows[index], patch[...], depth)
        case .some(let value): rows[index] = try instance(value, depth)
        case nil: throw .syntax
        }
    }

    private func number(_ rest: inout ArraySlice<JSONValue>) throws(ClientError) -> Int {
        guard case .number(let number) = rest.popFirst() else { throw .syntax }
        return number
    }

    private func order(_ value: JSONValue?) throws(ClientError) -> [RowRun] {
        guard case .array(let entries) = value else { throw .syntax }
        var order: [RowRun] = []
        for entry in entries {
            switch entry {
            case .number(let index): order.append(RowRun(first: index, count: 1))
            case .array(let run):
                guard run.count == 2, case .number(let first) = run[0], case .number(let count) = run[1] else { throw .order }
                order.append(RowRun(first: first, count: count))
            default: throw .order
            }
        }
        return order
    }
}

/// How deep instances can be inside instances.
enum ClientDepth {
    static let max = 256
}

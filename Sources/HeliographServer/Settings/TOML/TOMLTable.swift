import Yams

/// A table that is being read. A class, since headers all over the file add to it; it never leaves the function that reads.
final class TOMLTable {
    /// How it came to be, which decides who may add to it (TOML 1.0, "Table").
    enum Origin {
        /// On the way to a table that a header names: its own header may still come.
        case path
        /// By its header, which may come once.
        case header
        /// By the keys with dots that are in it: no header may open it.
        case dots
        /// In braces: complete.
        case inline
    }

    enum Value {
        case node(Node)
        case table(TOMLTable)
        /// What `[[name]]` adds to.
        case tables(Tables)
    }

    final class Tables {
        var list: [TOMLTable]

        init(_ first: TOMLTable) { list = [first] }
    }

    var origin: Origin
    private let line: Int
    private var keys: [(name: String, line: Int)] = []
    private var values: [String: Value] = [:]

    init(_ origin: Origin, line: Int) {
        self.origin = origin
        self.line = line
    }

    subscript(name: String) -> Value? { values[name] }

    func set(_ name: String, _ value: Value, line: Int) {
        if values.updateValue(value, forKey: name) == nil { keys.append((name, line)) }
    }

    /// Nothing is added to it any more, nor to those within it.
    func close() {
        origin = .inline
        for case .table(let table) in values.values where table.origin == .dots { table.close() }
    }

    /// As YAML would be read.
    ///
    /// - Parameters:
    ///   - path: where it is, as in `channel.namespaces[0]`.
    ///   - lines: gets the lines of what is within, by its path.
    func node(at path: String, _ lines: inout [String: Int]) -> Node {
        lines[path] = line
        var pairs: [(Node, Node)] = []
        for key in keys {
            guard let value = values[key.name] else { continue }
            let place = path.isEmpty ? key.name : "\(path).\(key.name)"
            lines[place] = key.line
            pairs.append((.scalar(.init(key.name, Tag(.implicit), .doubleQuoted)), value.node(at: place, &lines)))
        }
        return .mapping(.init(pairs))
    }
}

extension TOMLTable.Value {
    func node(at path: String, _ lines: inout [String: Int]) -> Node {
        switch self {
        case .node(let node): return node
        case .table(let table): return table.node(at: path, &lines)
        case .tables(let tables):
            var nodes: [Node] = []
            for (index, table) in tables.list.enumerated() { nodes.append(table.node(at: "\(path)[\(index)]", &lines)) }
            return .sequence(.init(nodes))
        }
    }

    /// Within a list, whose line is known.
    var node: Node {
        var lines: [String: Int] = [:]
        return node(at: "", &lines)
    }
}

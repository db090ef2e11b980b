// A line of tags (`name=value`, joined by commas), then the JSON of a filter: it is refused, or says what the definition says.

import FuzzSupport
import NIOCore
import RealtimeProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let parts = input.remainder().split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return 0 }
    var tags: [String: String] = [:]
    for tag in parts[0].split(separator: UInt8(ascii: ",")) {
        let pair = tag.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        tags[String(decoding: pair[0], as: UTF8.self)] = pair.count == 2 ? String(decoding: pair[1], as: UTF8.self) : ""
    }
    let json = ByteBuffer(bytes: Array(#"{"subscribe":{"tf":"#.utf8) + parts[1] + Array("}}".utf8))
    var reader = CommandReader(.json, json)
    guard case .subscribe(let request)? = try? reader.next()?.body, let node = request.tagsFilter, let filter = try? TagsFilter(node) else {
        return 0
    }
    require(filter.matches(tags) == slow(node, tags), "it says what the definition says")
    require(
        try TagsFilter(Wire.FilterNode(op: "not", nodes: [node]), limits: .init(maxDepth: 9, maxNodes: 200)).matches(tags)
            != slow(node, tags), "not")
    return 0
}

/// The definition, with the tree as it is.
private func slow(_ node: Wire.FilterNode, _ tags: [String: String]) -> Bool {
    switch node.op {
    case "and": return node.nodes.allSatisfy { slow($0, tags) }
    case "or": return node.nodes.contains { slow($0, tags) }
    case "not": return !node.nodes.contains { slow($0, tags) }
    default: break
    }
    let tag = tags[node.key].map { Array($0.utf8) }
    let value = Array(node.value.utf8)
    switch node.comparison {
    case "eq": return tag == value
    case "neq": return tag != value
    case "in": return node.values.contains { Array($0.utf8) == tag }
    case "nin": return !node.values.contains { Array($0.utf8) == tag }
    case "ex": return tag != nil
    case "nex": return tag == nil
    case "sw": return tag?.starts(with: value) ?? false
    case "ew": return tag?.suffix(value.count) == value[...]
    case "ct": return tag.map { tag in tag.indices.contains { tag[$0...].starts(with: value) } } ?? false
    default:
        // Short whole numbers, which every number type compares alike; of others only that they are decided on.
        guard let left = tags[node.key].flatMap(Int.init), let right = Int(node.value) else {
            return (try? TagsFilter(node).matches(tags)) ?? false
        }
        switch node.comparison {
        case "lt": return left < right
        case "lte": return left <= right
        case "gt": return left > right
        default: return left >= right
        }
    }
}

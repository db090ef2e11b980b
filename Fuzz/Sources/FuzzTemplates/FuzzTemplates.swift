// A value, a newline, and markup in which 0x01 to 0x08 stand for values of the kinds that there are. The markup is refused; or what is painted has the
// same tags and attributes whatever the value is, and no scheme that runs, and a client can make the page.

import FuzzSupport
import LiveHTML

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let parts = input.remainder().split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return 0 }
    // A literal is known by its address, and two calls have the same.
    let markup = Array(parts[1])
    markup.withUnsafeBufferPointer { markup in
        let cache = TemplateCache()
        guard let expected = try? page(markup, "x").painted(with: cache, markers: false) else { return }
        let value = String(decoding: parts[0], as: UTF8.self)
        compare(Skeleton(expected), Skeleton((try? page(markup, value).painted(with: cache, markers: false)) ?? ""))
        send(page(markup, value), page(markup, "x"), cache)
    }
    return 0
}

private func compare(_ expected: Skeleton, _ skeleton: Skeleton) {
    require(expected.tags == skeleton.tags, "a value is no markup")
    require(expected.attributes.map(\.name) == skeleton.attributes.map(\.name), "a value is no attribute")
    for (before, after) in zip(expected.attributes, skeleton.attributes) where before.value != after.value {
        require(!after.name.hasPrefix("on") && after.name != "srcdoc", "a value is not run")
        guard ["href", "xlink:href", "src", "action", "formaction"].contains(after.name) else { continue }
        let url = after.decoded.unicodeScalars.filter { $0.value > 0x20 }.map(String.init).joined().lowercased()
        require(!url.hasPrefix("javascript:") && !url.hasPrefix("vbscript:"), "a URL does not run: \(url)")
    }
}

private func send(_ first: HTML, _ second: HTML, _ cache: TemplateCache) {
    for format in PatchFormat.allCases {
        var view = RenderedView(cache: cache)
        var client = ClientView()
        do {
            _ = try view.update(first)
            try client.receive(view.templates())
            try client.receive(try view.tree(first))
            let update = try view.update(second, as: format)
            try client.receive(update.templates)
            if format == .json { try client.receive(update.patch) } else { try client.receive(binary: update.patch) }
            _ = client.html
        } catch {
            require(false, "what is painted can be sent: \(error)")
        }
    }
    _ = first.problems()
}

/// The markup with the value in it.
private func page(_ markup: UnsafeBufferPointer<UInt8>, _ value: String) -> HTML {
    var page = HTML.StringInterpolation(literalCapacity: 0, interpolationCount: 0)
    var start = 0
    for index in markup.indices where (1...8).contains(markup[index]) {
        page.appendLiteral(literal(markup[start..<index]))
        append(markup[index], value, to: &page)
        start = index + 1
    }
    page.appendLiteral(literal(markup[start...]))
    return HTML(stringInterpolation: page)
}

private func append(_ kind: UInt8, _ value: String, to page: inout HTML.StringInterpolation) {
    switch kind {
    case 1: page.appendInterpolation(value)
    case 2: page.appendInterpolation(value.utf8.count)
    case 3: page.appendInterpolation(Optional(value))
    case 4: page.appendInterpolation(true)
    case 5: page.appendInterpolation(value == "x" ? "a" : "b" as HTML)
    case 6: page.appendInterpolation(each: [value], key: { $0 }, { "<i>\($0)</i>" })
    case 7: page.appendInterpolation(view: 0)
    default: page.appendInterpolation("<b title=\"\(value)\">\(value)</b>" as HTML)
    }
}

/// A literal that the compiler has not seen, which nobody can make but like this: an address, a count, and a flag that says that it is an address.
private func literal(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> StaticString {
    guard let base = UnsafeBufferPointer(rebasing: bytes).baseAddress else { return "" }
    return unsafeBitCast((UInt(bitPattern: base), UInt(bytes.count), UInt8(0)), to: StaticString.self)
}

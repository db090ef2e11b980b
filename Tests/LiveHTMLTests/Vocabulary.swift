import LiveHTML
import Testing

/// A server and a client of the same view.
struct Pair {
    let format: PatchFormat
    let cache = TemplateCache()
    var view: RenderedView
    var client = ClientView()
    private var isJoined = false

    init(_ format: PatchFormat = .json) {
        self.format = format
        view = RenderedView(cache: cache)
    }

    /// Renders, lets the client have what is sent, and checks that it has what was rendered. Returns the patch.
    @discardableResult
    mutating func show(_ html: HTML, at location: SourceLocation = #_sourceLocation) throws -> [UInt8] {
        let update = try view.update(html, as: format)
        try receive(update.templates, isText: true)
        try receive(update.patch)
        if !isJoined { try join(html) }
        isJoined = true
        #expect(normalized(client.html) == normalized(try html.painted(with: cache)), sourceLocation: location)
        try checkAgainstFresh(html, location)
        return update.patch
    }

    private mutating func join(_ html: HTML) throws {
        try client.receive(view.templates())
        try receive(try view.tree(html, as: format))
    }

    /// A client that has just come has the same.
    private func checkAgainstFresh(_ html: HTML, _ location: SourceLocation) throws {
        var fresh = ClientView()
        try fresh.receive(view.templates())
        switch format {
        case .json: try fresh.receive(try view.tree(html, as: format))
        case .binary: try fresh.receive(binary: try view.tree(html, as: format))
        }
        #expect(fresh == client, sourceLocation: location)
    }

    private mutating func receive(_ message: [UInt8], isText: Bool = false) throws {
        if format == .json || isText { try client.receive(message) } else { try client.receive(binary: message) }
    }

    /// The patch as text.
    mutating func patch(_ html: HTML, at location: SourceLocation = #_sourceLocation) throws -> String {
        String(decoding: try show(html, at: location), as: UTF8.self)
    }
}

/// With the attributes of each tag in alphabetical order: the client puts those with values last.
func normalized(_ html: String) -> String {
    var result = ""
    var rest = Array(html.utf8)[...]
    while let byte = rest.first {
        guard byte == UInt8(ascii: "<"), let next = rest.dropFirst().first, next.isLetter else {
            result.unicodeScalars.append(Unicode.Scalar(byte))
            rest.removeFirst()
            continue
        }
        let tag = startTag(rest)
        let pieces = attributes(tag)
        result += ([pieces[0]] + pieces.dropFirst().sorted()).joined(separator: " ") + ">"
        rest = rest.dropFirst(tag.count)
    }
    return result
}

private func startTag(_ html: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var isQuoted = false
    for index in html.indices {
        if html[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
        if html[index] == UInt8(ascii: ">") && !isQuoted { return html[...index] }
    }
    return html
}

/// The name, then the attributes.
private func attributes(_ tag: ArraySlice<UInt8>) -> [String] {
    var pieces: [[UInt8]] = [[]]
    var isQuoted = false
    for byte in tag.dropFirst().dropLast() {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if byte == UInt8(ascii: " ") && !isQuoted { pieces.append([]) } else { pieces[pieces.count - 1].append(byte) }
    }
    return pieces.map { String(decoding: $0, as: UTF8.self) }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (0x61...0x7a).contains(self | 0x20) }
}

/// As a page without a client has it.
func plain(_ html: HTML, at location: SourceLocation = #_sourceLocation) -> String {
    do {
        return try html.painted(with: TemplateCache(), markers: false)
    } catch {
        Issue.record("\(error)", sourceLocation: location)
        return ""
    }
}

func refuse(_ html: HTML, _ rule: TemplateError.Rule, at location: SourceLocation = #_sourceLocation) {
    do {
        let painted = try html.painted(with: TemplateCache())
        Issue.record("was accepted: \(painted)", sourceLocation: location)
    } catch {
        #expect(error.rule == rule, "\(error)", sourceLocation: location)
    }
}

/// The same numbers each time.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ state >> 31) &* 0x9e37_79b9_7f4a_7c15
    }
}

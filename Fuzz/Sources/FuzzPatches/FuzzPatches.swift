// A format, then messages, each a byte of length and that many bytes; a length of zero stands for a message that our server would send next. A client
// takes a message or refuses it, and then it is what it was.

import FuzzSupport
import LiveHTML

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let format = input.flag() ? PatchFormat.json : .binary
    guard var server = try? Server(), var client = try? server.join(format) else { return 1 }
    var isHonest = true
    while !input.isEmpty {
        let length = input.number(in: 0...255)
        let before = client
        if length == 0 {
            guard let update = try? server.change(input.byte(), format) else { return 1 }
            let isTaken = take(update.templates, .json, &client) && take(update.patch, format, &client)
            require(!isHonest || isTaken, "what our server sends is taken")
        } else if take(input.bytes(upTo: length), format, &client) {
            isHonest = isHonest && client == before
            _ = client.html
        } else {
            require(client == before, "what is refused has changed nothing")
        }
        if isHonest { require((try? server.fresh(format)) == client, "the client has what the server has") }
    }
    return 0
}

private func take(_ message: [UInt8], _ format: PatchFormat, _ client: inout ClientView) -> Bool {
    switch format {
    case .json: (try? client.receive(message)) != nil
    case .binary: (try? client.receive(binary: message)) != nil
    }
}

private struct Server {
    private var view = RenderedView(cache: TemplateCache())
    private var rows = [1, 2, 3]
    private var text = "a"

    init() throws {
        _ = try view.update(page)
        // Every template comes in the join, so that what is made up can use them.
        for change in UInt8.min...7 { _ = try self.change(change, .json) }
    }

    private var page: HTML {
        let tip: String? = rows.isEmpty ? nil : text
        return """
            <p class="\(text) \(rows.count)" title=\(tip)>\(rows.count % 2 == 0 ? "<b>\(text)</b>" : nil)</p>
            <ul>\(each: rows, key: { $0 % 8 }, { $0 > 7 ? "<li>\($0)</li>" : "\($0), \($0 == 1 ? "one" : nil)" })</ul>
            """
    }

    func join(_ format: PatchFormat) throws -> ClientView { try fresh(format) }

    func fresh(_ format: PatchFormat) throws -> ClientView {
        var client = ClientView()
        try client.receive(view.templates())
        switch format {
        case .json: try client.receive(try view.tree(page))
        case .binary: try client.receive(binary: try view.tree(page, as: .binary))
        }
        return client
    }

    mutating func change(_ choice: UInt8, _ format: PatchFormat) throws -> RenderedView.Update {
        switch choice % 6 {
        case 0: text += "b\""
        case 1: rows.append(Int(choice))
        case 2: rows.reverse()
        case 3: rows = Array(rows.dropFirst(Int(choice) % 3))
        case 4: if let first = rows.first { rows = rows.dropFirst() + [first] }
        default: rows.insert(Int(choice) % 16, at: 0)
        }
        if rows.count > 20 { rows.removeLast(10) }
        return try view.update(page, as: format)
    }
}

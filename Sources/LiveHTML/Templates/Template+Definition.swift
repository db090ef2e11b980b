// The definition of a template as the protocol has it (Docs/live-protocol.md, 1).
extension Template {
    static func definition(_ parsed: TemplateParser) -> [UInt8] {
        var output: [UInt8] = []
        output.appendJSON(String(decoding: parsed.wire, as: UTF8.self))
        output.append(",[")
        for (number, cell) in parsed.cells.enumerated() {
            if number > 0 { output.append(UInt8(ascii: ",")) }
            switch cell.kind {
            case .text: output.append(UInt8(ascii: "0"))
            case .markup: output.append(UInt8(ascii: "1"))
            case .rows: output.append(UInt8(ascii: "2"))
            case .raw: output.append(UInt8(ascii: "3"))
            case .view: output.append(UInt8(ascii: "4"))
            case .attribute, .wholeAttribute, .elementText: output.appendJSON([cell.name] + cell.pieces)
            }
        }
        output.append("]")
        return output
    }
}

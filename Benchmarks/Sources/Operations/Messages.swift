import NIOCore
import RealtimeProtocol

private let payload = ByteBuffer(string: #"{"text":"hello, how are you today?","from":"alice","n":12345,"at":1700000000,"ok":true}"#)

private func write(_ command: Wire.Command, _ format: WireFormat) -> ByteBuffer {
    var batch = ByteBuffer()
    try? Wire.write(command, as: format, to: &batch)
    return batch
}

private func read(_ name: String, _ format: WireFormat) -> Operation {
    Operation(name) {
        let batch = write(Wire.Command(id: 17, body: .publish(Wire.PublishRequest(channel: "chat:lobby", data: payload))), format)
        return { count in
            for _ in 0..<count {
                var reader = CommandReader(format, batch)
                while let command = try? reader.next() { use(command.id) }
            }
        }
    }
}

private func write(_ name: String, _ format: WireFormat, _ reply: Wire.Reply) -> Operation {
    Operation(name) {
        return { count in
            var batch = ByteBuffer()
            for _ in 0..<count {
                batch.clear(minimumCapacity: 512)
                try? Wire.write(reply, as: format, to: &batch)
            }
            use(batch)
        }
    }
}

private let push = Wire.Reply(
    body: .push(Wire.Push(channel: "chat:lobby", body: .publication(Wire.Publication(data: payload, offset: 123_456)))))

let messages: [Operation] = [
    read("message: read a publish command, JSON", .json),
    read("message: read a publish command, Protobuf", .protobuf),
    write("message: write a publication push, JSON", .json, push),
    write("message: write a publication push, Protobuf", .protobuf, push),
    write("message: write the reply to a publish command, JSON", .json, Wire.Reply(id: 17, body: .publish(Wire.PublishResult()))),
    Operation("message: look through 16 KiB of JSON") {
        let text = ByteBuffer(string: "[" + repeatElement(String(buffer: payload), count: 180).joined(separator: ",") + "]")
        return { count in for _ in 0..<count { use(try? JSONText.compact(text)) } }
    },
    Operation("delta: a patch for 4 KiB with one change") {
        let base = (0..<4_096).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 8) }
        var target = base
        target[2_000] ^= 1
        return { [target] count in for _ in 0..<count { use(Delta.make(from: base, to: target)) } }
    },
    Operation("filter: two texts and a number") {
        let node = Wire.FilterNode(
            op: "and",
            nodes: [
                Wire.FilterNode(key: "ticker", comparison: "eq", value: "AAPL"),
                Wire.FilterNode(key: "source", comparison: "in", values: ["NASDAQ", "NYSE"]),
                Wire.FilterNode(key: "price", comparison: "gte", value: "100.5"),
            ])
        let filter = try? TagsFilter(node)
        let tags = ["ticker": "AAPL", "source": "NYSE", "price": "187.25"]
        return { count in for _ in 0..<count { use(filter?.matches(tags)) } }
    },
]

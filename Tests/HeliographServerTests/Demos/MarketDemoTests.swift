import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketNIO

@testable import Demos
@testable import HeliographServer

@Suite("The market, over its channels", .timeLimit(.minutes(3)))
struct MarketDemoTests {
    private struct Overview: Decodable {
        let t: Int64
        let prices: [Int]
        let volumes: [Int]
    }

    private struct Symbols: Decodable {
        struct Row: Decodable {
            let symbol: String
            let name: String
            let numbers: [Int]
            let moves: [Int]

            init(from decoder: any Decoder) throws {
                var row = try decoder.unkeyedContainer()
                symbol = try row.decode(String.self)
                name = try row.decode(String.self)
                numbers = try (0..<4).map { _ in try row.decode(Int.self) }
                moves = try row.decode([Int].self)
            }
        }

        let sectors: [String]
        let symbols: [Row]
    }

    private struct Book: Decodable {
        let price: Int
        let bids: [[Int]]
        let asks: [[Int]]
        let candle: [Int64]
    }

    private struct Tape: Decodable {
        let trades: [[Int]]
    }

    private struct Candles: Decodable {
        let interval: Int64
        let candles: [[Int64]]
    }

    private func call<Answer: Decodable>(
        _ client: RealtimeClient, _ method: String, _ data: String = "", as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let reply = try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: data), method: method)))
        guard case .rpc(let result) = reply.body else { throw Unexpected("\(reply)") }
        return try WebSocketMessage.text(String(buffer: result.data)).decode(Answer.self)
    }

    private func publication(_ client: RealtimeClient) async throws -> ByteBuffer {
        while true {
            if case .publication(let publication) = try await client.push().body { return publication.data }
        }
    }

    private func decoded<Value: Decodable>(_ data: ByteBuffer, as type: Value.Type = Value.self) throws -> Value {
        try WebSocketMessage.text(String(buffer: data)).decode(Value.self)
    }

    @Test("Prices tick for all symbols, and who comes later gets the latest at once")
    func overview() async throws {
        try await TestServer.run { server in
            let first = try await RealtimeClient(server)
            try await first.connect()
            let symbols = try await call(first, "market:symbols", as: Symbols.self)
            #expect(symbols.symbols.count == 300 && symbols.sectors.count == 12)
            for row in symbols.symbols {
                #expect(symbols.sectors.indices.contains(row.numbers[0]) && row.numbers[1] > 0 && row.numbers[2] > 0)
                #expect(row.moves.count == 24 && row.moves.reduce(row.numbers[2], -) > 0 && !row.name.isEmpty)
            }
            try await first.subscribe("market:overview")
            var seen: [Overview] = []
            while seen.count < 5 { seen.append(try decoded(try await publication(first))) }
            #expect(seen.allSatisfy { $0.prices.count == 300 && $0.volumes.count == 300 })
            #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.t < $1.t })
            #expect(seen[0].prices != seen[4].prices)

            let second = try await RealtimeClient(server)
            try await second.connect()
            let result = try await second.subscribe("market:overview")
            #expect(result.recovered && result.publications.count == 1, "recovery in cache mode")
        }
    }

    @Test("A symbol's book has ten levels on each side, and its trades are told and kept")
    func symbol() async throws {
        try await TestServer.run { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            let symbol = try await call(client, "market:symbols", as: Symbols.self).symbols[0].symbol
            try await client.subscribe("market:book.\(symbol)")
            let book: Book = try decoded(try await publication(client))
            #expect(book.bids.count == 10 && book.asks.count == 10 && book.candle.count == 6)
            #expect(try #require(book.bids.first?.first) < #require(book.asks.first?.first))
            try await client.subscribe("tape:\(symbol)")
            while true {
                if let tape = try? decoded(try await publication(client), as: Tape.self), !tape.trades.isEmpty { break }
            }
            let history = try await client.ask(.history(Wire.HistoryRequest(channel: "tape:\(symbol)", limit: 10)))
            guard case .history(let result) = history.body else { throw Unexpected("\(history)") }
            #expect(!result.publications.isEmpty)
            let candles = try await call(client, "market:candles", #"{"symbol":"\#(symbol)"}"#, as: Candles.self)
            #expect(candles.interval == 5_000 && candles.candles.count == 96)
        }
    }

    @Test("With deltas most of a message is not sent again")
    func delta() async throws {
        try await TestServer.run { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "market:overview", delta: "fossil")))
            var sizes: [Bool: [Int]] = [:]
            while sizes[true, default: []].count < 5 {
                guard case .publication(let publication) = try await client.push().body else { continue }
                sizes[publication.delta, default: []].append(publication.data.readableBytes)
            }
            let whole = try #require(sizes[false]?.first)
            for difference in sizes[true] ?? [] { #expect(difference < whole * 2 / 3) }
        }
    }

    @Test("Nobody publishes but the market, and only what there is can be asked for")
    func refusals() async throws {
        try await TestServer.run { server in
            let client = try await RealtimeClient(server)
            try await client.connect()
            for channel in ["market:overview", "tape:ABCD"] {
                let reply = try await client.ask(.publish(Wire.PublishRequest(channel: channel, data: ByteBuffer(string: "{}"))))
                #expect(reply.error?.code == 103)
            }
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "market:everything"))).error?.code == 107)
            for data in ["", "{}", "[]", #"{"symbol":7}"#, #"{"symbol":"NOBODY"}"#, "\"" + String(repeating: "x", count: 10_000) + "\""] {
                let reply = try await client.ask(
                    .rpc(Wire.RPCRequest(data: ByteBuffer(string: data.isEmpty ? "null" : data), method: "market:candles")))
                #expect(reply.error?.code == 107, "\(data.prefix(20))")
            }
            #expect(try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "{}"), method: "market:close"))).error?.code == 104)
        }
    }

    @Test("What nobody watches is not published")
    func idle() async throws {
        try await TestServer.run { server in
            try await Task.sleep(for: .milliseconds(700))
            let client = try await RealtimeClient(server)
            try await client.connect()
            #expect(try await client.subscribe("market:overview").offset == 0)
            #expect(try await publication(client).readableBytes > 0)
            let symbol = try await call(client, "market:symbols", as: Symbols.self).symbols[1].symbol
            #expect(try await client.subscribe("market:book.\(symbol)").offset == 0)
        }
    }
}

// Messages with anything in them.

import NIOCore
import RealtimeProtocol
import WebSocketTesting

struct RandomMessages {
    var random: SeededRandom
    /// Payloads and maps as JSON, or any bytes.
    let format: WireFormat

    init(seed: UInt64, format: WireFormat) {
        random = SeededRandom(seed: seed)
        self.format = format
    }

    // MARK: Values

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
    mutating func flag() -> Bool { .random(using: &random) }
    mutating func u32() -> UInt32 { chance(3) ? 0 : .random(in: 0...(.max), using: &random) >> UInt32.random(in: 0..<32, using: &random) }
    mutating func u64() -> UInt64 { chance(3) ? 0 : .random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random) }
    mutating func i32() -> Int32 { Int32(bitPattern: u32()) }
    mutating func i64() -> Int64 { Int64(bitPattern: u64()) }

    mutating func text() -> String {
        let count = chance(3) ? 0 : chance(20) ? 300 : Int.random(in: 1..<24, using: &random)
        let pool: [Unicode.Scalar] = [
            "a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1f}", "\u{7f}", "é", "€", "😀", "\u{2028}",
        ]
        return String(String.UnicodeScalarView((0..<count).compactMap { _ in pool.randomElement(using: &random) }))
    }

    mutating func bytes() -> ByteBuffer {
        if chance(3) { return ByteBuffer() }
        guard format == .json else { return ByteBuffer(bytes: random.bytes(chance(20) ? 20_000 : Int.random(in: 0..<40, using: &random))) }
        return ByteBuffer(string: jsonValue(3))
    }

    mutating func jsonValue(_ depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return "null"
        case 1: return flag() ? "true" : "false"
        case 2: return "\(i64())"
        case 3: return "-1.5e+\(u32())"
        case 4, 5: return JSONText.string(ByteBuffer(string: text())).map { String(buffer: $0) } ?? "\"\""
        case 6: return "[" + list { $0.jsonValue(depth - 1) }.joined(separator: ",") + "]"
        default: return "{" + list { "\"\($0.u32())\":" + $0.jsonValue(depth - 1) }.joined(separator: ",") + "}"
        }
    }

    mutating func list<Value>(_ make: (inout RandomMessages) -> Value) -> [Value] {
        (0..<(chance(2) ? 0 : Int.random(in: 1..<4, using: &random))).map { _ in make(&self) }
    }

    mutating func map<Value>(_ make: (inout RandomMessages) -> Value) -> [String: Value] {
        Dictionary(list { ($0.text(), make(&$0)) }) { first, _ in first }
    }

    mutating func perhaps<Value>(_ make: (inout RandomMessages) -> Value) -> Value? { flag() ? make(&self) : nil }
}

// MARK: - Messages

extension RandomMessages {
    mutating func command() -> Wire.Command { Wire.Command(id: u32(), body: perhaps { $0.request() }) }

    private mutating func request() -> Wire.Command.Body {
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            .connect(
                Wire.ConnectRequest(
                    token: text(), data: bytes(), subs: map { $0.subscribe() }, name: text(), version: text(), headers: map { $0.text() },
                    flag: i64(), dictionary: text(), profile: text()))
        case 1: .subscribe(subscribe())
        case 2: .unsubscribe(Wire.UnsubscribeRequest(channel: text()))
        case 3: .publish(Wire.PublishRequest(channel: text(), data: bytes(), type: i32(), key: text(), removed: flag()))
        case 4: .presence(Wire.PresenceRequest(channel: text()))
        case 5: .presenceStats(Wire.PresenceStatsRequest(channel: text()))
        case 6: .history(Wire.HistoryRequest(channel: text(), limit: i32(), since: perhaps { $0.position() }, reverse: flag()))
        case 7: .ping(Wire.PingRequest())
        case 8: .send(Wire.SendRequest(data: bytes()))
        case 9: .rpc(Wire.RPCRequest(data: bytes(), method: text()))
        case 10: .refresh(Wire.RefreshRequest(token: text()))
        default:
            .subRefresh(
                Wire.SubRefreshRequest(
                    channel: text(), token: text(), type: i32(), track: list { $0.track() }, untrack: list { $0.text() }))
        }
    }

    private mutating func subscribe() -> Wire.SubscribeRequest {
        Wire.SubscribeRequest(
            channel: text(), token: text(), recover: flag(), epoch: text(), offset: u64(), data: bytes(), positioned: flag(),
            recoverable: flag(), joinLeave: flag(), delta: text(), tagsFilter: perhaps { $0.filter(3) }, flag: i64(), type: i32(),
            phase: i32(),
            cursor: text(), limit: i32(), ascending: flag())
    }

    mutating func filter(_ depth: Int) -> Wire.FilterNode {
        Wire.FilterNode(
            op: text(), key: text(), comparison: text(), value: text(), values: list { $0.text() },
            nodes: depth > 0 ? list { $0.filter(depth - 1) } : [])
    }

    private mutating func track() -> Wire.TrackBatch {
        Wire.TrackBatch(signature: text(), items: list { Wire.KeyedItem(key: $0.text(), version: $0.u64()) })
    }

    private mutating func position() -> Wire.StreamPosition { Wire.StreamPosition(offset: u64(), epoch: text()) }

    private mutating func info() -> Wire.ClientInfo {
        Wire.ClientInfo(user: text(), client: text(), connectionInfo: bytes(), channelInfo: bytes())
    }

    mutating func publication() -> Wire.Publication {
        Wire.Publication(
            data: bytes(), info: perhaps { $0.info() }, offset: u64(), tags: map { $0.text() }, delta: flag(), time: i64(), channel: text(),
            key: text(), removed: flag(), score: i64(), epoch: text(), prevData: bytes(), version: u64())
    }

    private mutating func subscribed() -> Wire.SubscribeResult {
        Wire.SubscribeResult(
            expires: flag(), ttl: u32(), recoverable: flag(), epoch: text(), publications: list { $0.publication() }, recovered: flag(),
            offset: u64(), positioned: flag(), data: bytes(), wasRecovering: flag(), delta: flag(), id: i64(), type: i32(), phase: i32(),
            cursor: text(), state: list { $0.publication() }, publishDebounce: u32())
    }

    mutating func reply() -> Wire.Reply {
        let error = perhaps { Wire.ErrorReply(code: $0.u32(), message: $0.text(), temporary: $0.flag()) }
        return Wire.Reply(id: u32(), error: error, body: perhaps { $0.result() })
    }

    private mutating func result() -> Wire.Reply.Body {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: .push(push())
        case 1:
            .connect(
                Wire.ConnectResult(
                    client: text(), version: text(), expires: flag(), ttl: u32(), data: bytes(), subs: map { $0.subscribed() }, ping: u32(),
                    pong: flag(), session: text(), node: text(), time: i64(), flag: i64(),
                    dictionary: perhaps { Wire.Dictionary(id: $0.text(), data: $0.bytes(), base64: $0.text()) }))
        case 2: .subscribe(subscribed())
        case 3: .unsubscribe(Wire.UnsubscribeResult())
        case 4: .publish(Wire.PublishResult())
        case 5: .presence(Wire.PresenceResult(presence: map { $0.info() }))
        case 6: .presenceStats(Wire.PresenceStatsResult(numClients: u32(), numUsers: u32()))
        case 7: .history(Wire.HistoryResult(publications: list { $0.publication() }, epoch: text(), offset: u64()))
        case 8: .ping(Wire.PingResult())
        case 9: .rpc(Wire.RPCResult(data: bytes()))
        case 10: .refresh(Wire.RefreshResult(client: text(), version: text(), expires: flag(), ttl: u32()))
        default: .subRefresh(Wire.SubRefreshResult(expires: flag(), ttl: u32(), items: list { $0.publication() }))
        }
    }

    mutating func push() -> Wire.Push { Wire.Push(id: i64(), channel: text(), body: perhaps { $0.happening() }) }

    private mutating func happening() -> Wire.Push.Body {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: .publication(publication())
        case 1: .join(Wire.Join(info: perhaps { $0.info() }))
        case 2: .leave(Wire.Leave(info: perhaps { $0.info() }))
        case 3: .unsubscribe(Wire.Unsubscribe(code: u32(), reason: text()))
        case 4: .message(Wire.Message(data: bytes()))
        case 5: .subscribe(Wire.Subscribe(recoverable: flag(), epoch: text(), offset: u64(), positioned: flag(), data: bytes()))
        case 6:
            .connect(
                Wire.Connect(
                    client: text(), version: text(), data: bytes(), subs: map { $0.subscribed() }, expires: flag(), ttl: u32(), ping: u32(),
                    pong: flag(), session: text(), node: text(), time: i64()))
        case 7: .disconnect(Wire.Disconnect(code: u32(), reason: text(), reconnect: flag()))
        default: .refresh(Wire.Refresh(expires: flag(), ttl: u32()))
        }
    }
}

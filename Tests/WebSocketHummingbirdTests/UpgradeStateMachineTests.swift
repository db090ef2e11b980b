import NIOHTTP1
import Testing

@testable import WebSocketHummingbird

@Suite
struct UpgradeStateMachineTests {
    static let plain = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "localhost"])
    static let last = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Connection": "close"])
    static let upgrade = HTTPRequestHead(
        version: .http1_1, method: .GET, uri: "/", headers: ["Upgrade": "websocket", "Connection": "Upgrade"])

    /// A short name of what is to be done.
    private func name(_ action: UpgradeStateMachine.RequestAction) -> String {
        switch action {
        case .handOn: "hand on"
        case .drop: "drop"
        case .ask: "ask"
        case .refuse(let refusal): "refuse \(refusal.status.code)"
        case .leave: "leave"
        }
    }

    private func name(_ action: UpgradeStateMachine.ResponseAction) -> String {
        switch action {
        case .nothing: "nothing"
        case .ask: "ask"
        case .refuse(let refusal): "refuse \(refusal.status.code)"
        case .leave: "leave"
        }
    }

    @Test("Plain requests are handed on, pipelined ones too")
    func plainRequests() {
        var machine = UpgradeStateMachine()
        #expect(machine.isIdle)
        for _ in 0..<3 {
            #expect(name(machine.requestHead(Self.plain)) == "hand on")
            #expect(name(machine.requestBody()) == "hand on")
            #expect(!machine.isBetweenRequests)
            #expect(name(machine.requestEnd()) == "hand on")
            #expect(machine.isBetweenRequests && !machine.isIdle)
        }
        #expect(machine.responsesInFlight == 3)
        for _ in 0..<3 { #expect(name(machine.responseEnd()) == "nothing") }
        #expect(machine.isIdle)
        #expect(name(machine.responseEnd()) == "nothing")
    }

    @Test("An upgrade is asked about at its end, if nothing is in flight")
    func firstUpgrade() {
        var machine = UpgradeStateMachine()
        #expect(name(machine.requestHead(Self.upgrade)) == "drop")
        #expect(machine.takesRequests)
        #expect(name(machine.requestEnd()) == "ask")
        #expect(!machine.takesRequests)
        #expect(machine.answered(upgrade: true) == true)
        #expect(machine.isUpgraded)
        #expect(machine.answered(upgrade: true) == false)
    }

    @Test("A later upgrade waits for the responses before it")
    func lateUpgrade() {
        var machine = UpgradeStateMachine()
        for _ in 0..<2 {
            _ = machine.requestHead(Self.plain)
            _ = machine.requestEnd()
        }
        #expect(name(machine.requestHead(Self.upgrade)) == "drop")
        #expect(name(machine.requestEnd()) == "drop")
        #expect(name(machine.responseEnd()) == "nothing")
        #expect(name(machine.responseEnd()) == "ask")
        #expect(machine.answered(upgrade: false) == true)
        #expect(machine.isLeaving)
    }

    @Test("What comes behind an upgrade is not a request")
    func behindUpgrade() {
        var machine = UpgradeStateMachine()
        _ = machine.requestHead(Self.upgrade)
        _ = machine.requestEnd()
        #expect(name(machine.requestHead(Self.plain)) == "refuse 400")
        #expect(machine.isLeaving)
        #expect(machine.answered(upgrade: true) == false)
        #expect(name(machine.requestHead(Self.plain)) == "drop")
        #expect(name(machine.requestEnd()) == "drop")

        var waiting = UpgradeStateMachine()
        _ = waiting.requestHead(Self.plain)
        _ = waiting.requestEnd()
        _ = waiting.requestHead(Self.upgrade)
        #expect(name(waiting.requestBody()) == "drop")
        #expect(name(waiting.responseEnd()) == "refuse 400")
    }

    @Test("A broken request is refused after the responses before it")
    func brokenRequest() {
        var machine = UpgradeStateMachine()
        #expect(name(machine.requestBroken(.malformed)) == "refuse 400")

        machine = UpgradeStateMachine()
        _ = machine.requestHead(Self.plain)
        _ = machine.requestEnd()
        #expect(name(machine.requestBroken(.headersTooLarge)) == "drop")
        #expect(name(machine.responseEnd()) == "refuse 431")
        #expect(name(machine.requestBroken(.malformed)) == "drop")
    }

    @Test("A request that breaks off while the application reads it is the application's to answer")
    func brokenBody() {
        var machine = UpgradeStateMachine()
        _ = machine.requestHead(Self.plain)
        #expect(name(machine.requestBroken(.malformed)) == "hand on")
        #expect(machine.isLastResponse)
        #expect(name(machine.responseEnd()) == "leave")

        machine = UpgradeStateMachine()
        _ = machine.requestHead(Self.plain)
        _ = machine.responseEnd()
        #expect(name(machine.requestBroken(.malformed)) == "leave")
    }

    @Test("A request that declines the connection, or stops the decoder, is the last")
    func lastRequest() {
        for head in [
            Self.last, HTTPRequestHead(version: .http1_0, method: .GET, uri: "/"),
            HTTPRequestHead(version: .http1_1, method: .CONNECT, uri: "a:1"),
        ] {
            var machine = UpgradeStateMachine()
            _ = machine.requestHead(Self.plain)
            _ = machine.requestEnd()
            #expect(name(machine.requestHead(head)) == "hand on")
            #expect(name(machine.requestEnd()) == "hand on")
            #expect(name(machine.requestHead(Self.plain)) == "drop")
            #expect(name(machine.requestEnd()) == "drop")
            #expect(!machine.isLastResponse)
            #expect(name(machine.responseEnd()) == "nothing")
            #expect(machine.isLastResponse)
            #expect(name(machine.responseEnd()) == "leave")
            #expect(name(machine.responseEnd()) == "nothing")
        }
    }

    @Test("A response that declines the connection is the last, whatever is in flight")
    func lastResponse() {
        var machine = UpgradeStateMachine()
        for _ in 0..<2 {
            _ = machine.requestHead(Self.plain)
            _ = machine.requestEnd()
        }
        machine.responseCloses()
        #expect(name(machine.responseEnd()) == "leave")
        #expect(name(machine.requestHead(Self.plain)) == "drop")
    }

    @Test(
        "What asks for a WebSocket, and what only stops the decoder",
        arguments: [
            ("websocket", "Upgrade", true, true), ("WebSocket", "keep-alive, upgrade", true, true),
            ("h2c, websocket", "UPGRADE", true, true),
            ("websocket", " Upgrade\t", true, true), ("h2c", "Upgrade", false, true), ("websocket", "keep-alive", false, false),
            ("websockets", "Upgrade", false, true), ("web socket", "Upgrade", false, true), ("websocket", "Upgrades", false, false),
            ("", "Upgrade", false, true), ("websocket", "", false, false), (",websocket,", ",,Upgrade", true, true),
        ])
    func recognized(upgrade: String, connection: String, asks: Bool, stops: Bool) {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["UPGRADE": upgrade, "connection": connection])
        #expect(head.asksForWebSocket == asks)
        #expect(head.stopsDecoder == stops)
        head.method = .POST
        #expect(!head.asksForWebSocket)
    }

    @Test(
        "A body is announced by a length or a coding",
        arguments: [("0", nil, false), ("5", nil, true), (nil, "chunked", true), (nil, nil, false)] as [(String?, String?, Bool)])
    func bodies(length: String?, coding: String?, announces: Bool) {
        var head = Self.upgrade
        if let length { head.headers.add(name: "Content-Length", value: length) }
        if let coding { head.headers.add(name: "Transfer-Encoding", value: coding) }
        #expect(head.announcesBody == announces)
        var machine = UpgradeStateMachine()
        #expect(name(machine.requestHead(head)) == (announces ? "refuse 400" : "drop"))
    }

    @Test(
        "A close is announced beside what Connection lists already",
        arguments: [([], "close"), (["upgrade"], "close, upgrade"), (["keep-alive"], "close"), (["close"], "close")] as [([String], String)]
    )
    func announcesClose(before: [String], after: String) {
        var headers = HTTPHeaders(before.map { ("Connection", $0) })
        headers.announceClose()
        #expect(headers["connection"] == [after])
    }
}

@Suite
struct HeaderCountTests {
    @Test("A block in one piece, however it is cut", arguments: 1...40)
    func cut(length: Int) {
        let block = Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        let body = [UInt8](repeating: 0x61, count: 100)
        var exact = HeaderCount(limit: block.count)
        var short = HeaderCount(limit: block.count - 1)
        var fits = true
        var fitsShort = true
        var rest = (block + body)[...]
        while !rest.isEmpty {
            // The decoder has seen the block's end once it is in a piece.
            fits = fits && exact.add(rest.prefix(length))
            fitsShort = fitsShort && short.add(rest.prefix(length))
            let seen = block.count + body.count - rest.count + length
            rest = rest.dropFirst(length)
            if seen >= block.count { break }
        }
        #expect(fits)
        #expect(!fitsShort)
    }

    @Test("A block without an end is over the limit as soon as it is")
    func endless() {
        var header = HeaderCount(limit: 100)
        for _ in 0..<10 { #expect(header.add(repeatElement(UInt8(0x61), count: 10)) == true) }
        #expect(header.add([0x61]) == false)
        header.reset()
        #expect(header.add([0x61]) == true)
    }
}

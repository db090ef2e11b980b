// The conversation of protocol §1.18, as both sides read and write it.

import NIOCore
import RealtimeProtocol
import Testing

@Suite("A conversation: protocol §1.18")
struct TranscriptTests {
    @Test("connect and subscribe in one frame")
    func firstFrame() throws {
        let read = try commands(
            #"{"id":1,"connect":{"name":"js","token":"T"}}"# + "\n"
                + #"{"id":2,"subscribe":{"channel":"news","recoverable":true,"flag":1}}"#)
        #expect(
            read == [
                Wire.Command(id: 1, body: .connect(Wire.ConnectRequest(token: "T", name: "js"))),
                Wire.Command(id: 2, body: .subscribe(Wire.SubscribeRequest(channel: "news", recoverable: true, flag: 1))),
            ])
    }

    @Test("both replies in one frame")
    func firstReplies() throws {
        let connected = Wire.Reply(id: 1, body: .connect(Wire.ConnectResult(client: "c1", version: "x", ping: 25, pong: true)))
        let subscribed = Wire.Reply(
            id: 2, body: .subscribe(Wire.SubscribeResult(recoverable: true, epoch: "AbCdEfGh", offset: 7, positioned: true)))
        #expect(
            try json(connected, subscribed) == #"{"id":1,"connect":{"client":"c1","version":"x","ping":25,"pong":true}}"# + "\n"
                + #"{"id":2,"subscribe":{"recoverable":true,"epoch":"AbCdEfGh","offset":7,"positioned":true}}"#)
    }

    @Test("a publication arrives, and a ping is answered")
    func pushAndPing() throws {
        let publication = Wire.Publication(data: .text(#"{"t":1}"#), offset: 8)
        let push = Wire.Reply(body: .push(Wire.Push(channel: "news", body: .publication(publication))))
        #expect(try json(push) == #"{"push":{"channel":"news","pub":{"data":{"t":1},"offset":8}}}"#)
        #expect(try json(Wire.Reply()) == "{}")
        #expect(try protobuf(Wire.Reply()) == [0])
        #expect(try commands("{}") == [Wire.Command()])
        #expect(try commands(.protobuf, ByteBuffer(bytes: [0])) == [Wire.Command()])
    }

    @Test("history, with its zeros where clients expect them")
    func history() throws {
        #expect(
            try commands(#"{"id":3,"history":{"channel":"news","limit":1,"reverse":true}}"#) == [
                Wire.Command(id: 3, body: .history(Wire.HistoryRequest(channel: "news", limit: 1, reverse: true)))
            ])
        let publication = Wire.Publication(data: .text(#"{"t":1}"#), offset: 8)
        let result = Wire.Reply(id: 3, body: .history(Wire.HistoryResult(publications: [publication], epoch: "AbCdEfGh", offset: 8)))
        #expect(try json(result) == #"{"id":3,"history":{"publications":[{"data":{"t":1},"offset":8}],"epoch":"AbCdEfGh","offset":8}}"#)
        let empty = Wire.Reply(id: 3, body: .history(Wire.HistoryResult()))
        #expect(try json(empty) == #"{"id":3,"history":{"publications":[],"epoch":"","offset":0}}"#)
        #expect(try protobuf(empty) == [4, 8, 3, 0x5a, 0])
    }

    @Test("the other zeros that are written: who somebody is, and how many there are")
    func zeros() throws {
        let push = Wire.Reply(body: .push(Wire.Push(channel: "a", body: .join(Wire.Join(info: Wire.ClientInfo())))))
        #expect(try json(push) == #"{"push":{"channel":"a","join":{"info":{"user":"","client":""}}}}"#)
        let stats = Wire.Reply(id: 1, body: .presenceStats(Wire.PresenceStatsResult()))
        #expect(try json(stats) == #"{"id":1,"presence_stats":{"num_clients":0,"num_users":0}}"#)
        #expect(try json(Wire.Reply(id: 3, body: .publish(Wire.PublishResult()))) == #"{"id":3,"publish":{}}"#)
    }

    @Test("what precedes a broken command is read")
    func brokenSecond() throws {
        var reader = CommandReader(.json, .text("{\"id\":1,\"ping\":{}}\n{\"id\":x}\n{}"))
        #expect(try reader.next() == Wire.Command(id: 1, body: .ping(Wire.PingRequest())))
        let error = #expect(throws: Wire.DecodingError.self) { try reader.next() }
        #expect(error?.offset == 25)
        #expect(error?.kind == .malformed)
        #expect(try reader.next() == nil)
    }
}

// The tables of protocol §1.16, as they stand there.

import RealtimeProtocol
import Testing

@Suite("Codes: protocol §1.16")
struct CodesTests {
    @Test("errors, and which of them are temporary")
    func errors() {
        let all: [Wire.ErrorReply.Code] = [
            .internal, .unauthorized, .unknownChannel, .permissionDenied, .methodNotFound, .alreadySubscribed, .limitExceeded, .badRequest,
            .notAvailable, .tokenExpired, .expired, .tooManyRequests, .unrecoverablePosition, .concurrentPagination,
        ]
        #expect(all.map(\.number) == Array(100...113))
        #expect(all.filter(\.isTemporary).map(\.number) == [100, 111, 113])
        #expect(Set(all.map(\.message)).count == all.count)
        #expect(Wire.ErrorReply(.internal) == Wire.ErrorReply(code: 100, message: "internal server error", temporary: true))
        let own = Wire.ErrorReply.Code(1_000, message: "sold out")
        #expect(Wire.ErrorReply(own) == Wire.ErrorReply(code: 1_000, message: "sold out", temporary: false))
    }

    @Test("unsubscribing: from 2500 on a client subscribes again")
    func unsubscribe() {
        let all: [UnsubscribeCode] = [.client, .disconnect, .server, .insufficientState, .expired, .stateInvalidated]
        #expect(all.map(\.number) == [0, 1, 2_000, 2_500, 2_501, 2_502])
        #expect(all.map(\.isTerminal) == [true, true, true, false, false, false])
        #expect(Wire.Unsubscribe(.expired) == Wire.Unsubscribe(code: 2_501, reason: "subscription expired"))
        #expect(UnsubscribeCode(2_100, reason: "moved").isTerminal)
    }

    @Test("disconnecting: which codes end it for good")
    func disconnect() {
        let again: [DisconnectCode] = [
            .connectionClosed, .shutdown, .serverError, .connectionExpired, .subscriptionExpired, .slow, .writeError, .insufficientState,
            .forceReconnect, .noPong, .tooManyRequests, .stateInvalidated,
        ]
        #expect(again.map(\.number) == [3_000, 3_001, 3_004, 3_005, 3_006, 3_008, 3_009, 3_010, 3_011, 3_012, 3_013, 3_014])
        #expect(again.allSatisfy { !$0.isTerminal })
        let terminal: [DisconnectCode] = [
            .invalidToken, .badRequest, .stale, .forceDisconnect, .connectionLimit, .channelLimit, .inappropriateProtocol,
            .permissionDenied, .notAvailable, .tooManyErrors,
        ]
        #expect(terminal.map(\.number) == Array(3_500...3_509))
        #expect(terminal.allSatisfy { $0.isTerminal })
        // A Close frame holds 123 bytes of reason (RFC 6455 §5.5).
        #expect((again + terminal).allSatisfy { !$0.reason.isEmpty && $0.reason.utf8.count <= 123 })
        let ranges = [1_000, 1_009, 2_999, 4_000, 4_499, 4_500, 4_999, 5_000].map { DisconnectCode($0, reason: "") }
        #expect(ranges.map(\.isTerminal) == [false, true, false, false, false, true, true, false])
        #expect(Wire.Disconnect(.shutdown) == Wire.Disconnect(code: 3_001, reason: "shutdown", reconnect: true))
        #expect(Wire.Disconnect(.stale) == Wire.Disconnect(code: 3_502, reason: "stale", reconnect: false))
    }

    @Test("flags and types of subscriptions")
    func flags() {
        let flags: Wire.SubscribeRequest.Flag = [.channelCompaction, .rejectUnrecovered]
        #expect(flags.rawValue == 3)
        #expect(Wire.SubscribeRequest.Flag(rawValue: 2).contains(.rejectUnrecovered))
        let types: [Wire.SubscriptionType] = [.stream, .map, .mapOfClients, .mapOfUsers, .sharedPoll]
        #expect(types.map(\.rawValue) == [0, 1, 2, 3, 4])
    }
}

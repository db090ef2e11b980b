// Strategy: everything that a client decides is decided here, and nothing is done here. Calls of the application, bytes of the server and the time go
// in; effects come out, and whoever drives the machine carries them out in their order. There is no clock, no task, no lock and no socket inside.
//
//   ClientMachine+Connection.swift      the phases of the connection, and all that moves it between them
//   ClientMachine+Receiving.swift       replies and pushes
//   ClientMachine+Requests.swift        what the application asks, and what becomes of it
//   ClientMachine+Subscriptions.swift   the states of subscriptions, and all that moves them between them
//   ClientMachine+Publications.swift    what comes in a channel, and readers who are too slow for it
//   ClientMachine+Presence.swift        who comes and leaves
//   ClientMachine+ServerSide.swift      subscriptions that the server makes
//   ClientMachine+Tokens.swift          tokens: when there is none, and before they expire
//
// Phases of the connection:
//
//     idle ──connect()──▶ fetchingToken ──▶ dialing ──▶ opening ──▶ connected
//      ▲                       │               │           │            │
//      │ disconnect(), or      └───────┬───────┴───────────┴────────────┘
//      │ an end for good               ▼  lost, refused for now
//      └─────────────────────────── waiting ──time──▶ fetchingToken …
//
// A connection has a number, its `link`. What comes with another number is late and means nothing.

import NIOCore
import RealtimeProtocol

struct ClientMachine: Sendable {
    /// What is to be done outside.
    enum Effect: Sendable {
        /// A WebSocket is to be opened.
        case open(link: UInt64)
        /// There is something to be written: ``takeFrames()``, soon.
        case flush(link: UInt64)
        /// The WebSocket is to be closed after these frames.
        case close(link: UInt64, last: [ByteBuffer])
        /// A token is to be asked for.
        case getToken(id: UInt64, @Sendable () async throws -> String)
        /// It is not wanted any more.
        case cancelToken(id: UInt64)
        /// A request is over.
        case complete(ticket: UInt64, Result<Wire.Reply.Body?, RealtimeError>)
        /// There is something for the reader of ``takeEvent()``.
        case wakeClient
        /// There is something for the readers of ``takeEvent(of:)`` and ``takePresence(of:)``.
        case wake(SubscriptionKey)
        /// The client is in another state.
        case state(Client.State)
    }

    enum Phase: Hashable, Sendable {
        case idle
        case waiting
        case fetchingToken
        case dialing
        case opening
        case connected
    }

    /// What one of our commands was for.
    enum Call: Sendable {
        case connect
        case refresh
        case subscribe(channel: String, turn: UInt64)
        case unsubscribe
        case subscriptionRefresh(channel: String, turn: UInt64)
        case request(ticket: UInt64)
    }

    let configuration: Client.Configuration
    /// From 0 to 1.
    let random: @Sendable () -> Double
    private var effects: [Effect] = []

    // The connection. `phase` and `state` are assigned in ClientMachine+Connection.swift alone.
    var phase = Phase.idle
    var state = Client.State.disconnected
    /// It is disconnected, and was not always so: whoever waits for it waits in vain. How it ended, until somebody connects.
    var ending: Client.Reason?
    var link: UInt64 = 0
    var clientID = ""
    var token: String
    var tokenRequest: TokenRequest?
    var backoff = Backoff()
    var answersPings = false
    var hasPonged = false
    /// How long the server may be silent; nil without pings.
    var patience: Duration?

    // Commands
    var outbox: Outbox
    var calls: [UInt32: Call] = [:]
    var requests: [UInt64: Request] = [:]
    var pendingBytes = 0
    private var lastCall: UInt32 = 0
    private var lastNumber: UInt64 = 0

    // Channels
    var subscriptions: [String: SubscriptionEntry] = [:]
    var serverSide: [String: ChannelStream] = [:]
    /// What stands for a channel in pushes (protocol §1.11).
    var numbers: [Int64: String] = [:]

    var mailbox: Mailbox<Client.Event>
    var timers = Timers()

    init(_ configuration: Client.Configuration, random: @escaping @Sendable () -> Double) {
        self.configuration = configuration
        self.random = random
        token = configuration.token
        outbox = Outbox(format: configuration.format, maxCommandSize: configuration.maxCommandSize)
        mailbox = Mailbox(maxCount: configuration.maxBufferedEvents, maxCost: configuration.maxBufferedBytes)
    }

    // MARK: Effects

    mutating func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    mutating func perform(_ effect: Effect) {
        effects.append(effect)
    }

    mutating func takeFrames() -> [ByteBuffer] { outbox.takeFrames() }

    /// A number that was not used before: for tokens, turns and subscriptions.
    mutating func newNumber() -> UInt64 {
        lastNumber &+= 1
        return lastNumber
    }

    // MARK: Commands

    /// Whether commands can be written: the server sees them after the connect.
    var isLive: Bool { phase == .opening || phase == .connected }

    /// Writes a command without an answer.
    mutating func write(_ command: Wire.Command) throws(RealtimeError) {
        let wasEmpty = outbox.isEmpty
        try outbox.write(command)
        if wasEmpty { perform(.flush(link: link)) }
    }

    /// Writes a command whose answer is waited for.
    @discardableResult
    mutating func call(_ body: Wire.Command.Body, for call: Call, at now: Duration) throws(RealtimeError) -> UInt32 {
        lastCall = lastCall == .max ? 1 : lastCall + 1
        try write(Wire.Command(id: lastCall, body: body))
        calls[lastCall] = call
        timers.set(.call(lastCall), at: now + configuration.timeout)
        return lastCall
    }

    /// Each connection counts from 1.
    mutating func forgetCalls() {
        for id in calls.keys { timers.cancel(.call(id)) }
        calls = [:]
        lastCall = 0
        _ = outbox.takeFrames()
    }

    // MARK: Time

    mutating func advance(to now: Duration) {
        for key in timers.takeDue(at: now) {
            switch key {
            case .retry: open(at: now)
            case .silence: drop(.noPing, at: now)
            case .expiry: renewToken(at: now)
            case .token(let id): tokenArrived(id, .failure(.noToken("no token in time")), at: now)
            case .call(let id): callTimedOut(id, at: now)
            case .request(let ticket): finish(ticket, .failure(.timeout))
            case .subscriptionRetry(let channel): startSubscription(channel, at: now)
            case .subscriptionExpiry(let channel): renewToken(of: channel, at: now)
            }
        }
    }
}

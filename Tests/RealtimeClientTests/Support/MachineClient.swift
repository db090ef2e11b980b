import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

/// A machine with a clock that the test moves, and a server that the test plays.
struct MachineClient {
    private(set) var machine: ClientMachine
    private(set) var now: Duration = .zero
    private(set) var opened: [UInt64] = []
    private(set) var closed: [UInt64] = []
    private(set) var lastFrames: [ByteBuffer] = []
    private(set) var tokenRequests: [UInt64] = []
    private(set) var cancelledTokens: [UInt64] = []
    private(set) var completed: [UInt64: Result<Wire.Reply.Body?, RealtimeError>] = [:]
    private(set) var states: [Client.State] = []
    private var lastTicket: UInt64 = 0

    /// - Parameter random: the part of each longest wait that is waited.
    init(random: Double = 1, _ change: (inout Client.Configuration) -> Void = { _ in }) {
        var configuration = Client.Configuration()
        change(&configuration)
        machine = ClientMachine(configuration) { random }
    }

    /// One that is connected.
    static func connected(
        random: Double = 1, _ change: (inout Client.Configuration) -> Void = { _ in },
        _ result: Wire.ConnectResult = Wire.ConnectResult(client: "c1", ping: 25, pong: true)
    ) throws -> MachineClient {
        var client = MachineClient(random: random, change)
        client.connect()
        try client.accept(result)
        _ = client.events()
        return client
    }

    // MARK: The application

    @discardableResult
    mutating func tell<Value>(_ body: (inout ClientMachine, Duration) throws -> Value) rethrows -> Value {
        defer { carryOut() }
        return try body(&machine, now)
    }

    private mutating func carryOut() {
        for effect in machine.takeEffects() {
            switch effect {
            case .open(let link): opened.append(link)
            case .close(let link, let last):
                closed.append(link)
                lastFrames += last
            case .getToken(let id, _): tokenRequests.append(id)
            case .cancelToken(let id): cancelledTokens.append(id)
            case .complete(let ticket, let result): completed[ticket] = result
            case .state(let state): states.append(state)
            case .flush, .wake, .wakeClient: break
            }
        }
    }

    mutating func connect() { tell { $0.connect(at: $1) } }

    mutating func subscribe(
        _ channel: String, _ change: (inout Client.SubscriptionOptions) -> Void = { _ in }
    ) throws -> SubscriptionKey {
        var options = Client.SubscriptionOptions()
        change(&options)
        return try tell { try $0.subscribe(channel, options, at: $1) }
    }

    /// Asks; returns the ticket.
    mutating func request(_ body: Wire.Command.Body?, needs key: SubscriptionKey? = nil) -> UInt64 {
        lastTicket += 1
        let ticket = lastTicket
        tell { $0.request(ticket, body, needs: key, at: $1) }
        return ticket
    }

    /// The error of a request that has failed.
    func failure(of ticket: UInt64) -> RealtimeError? {
        if case .failure(let error) = completed[ticket] { error } else { nil }
    }

    mutating func events() -> [Client.Event] {
        var events: [Client.Event] = []
        while case .event(let event) = tell({ $0.takeEvent(at: $1) }) { events.append(event) }
        return events
    }

    mutating func events(of key: SubscriptionKey, atMost count: Int = .max) -> [Client.SubscriptionEvent] {
        var events: [Client.SubscriptionEvent] = []
        while events.count < count, case .event(let event) = tell({ $0.takeEvent(of: key, at: $1) }) { events.append(event) }
        return events
    }

    func state(of key: SubscriptionKey) -> Client.SubscriptionState? {
        machine.has(key) ? machine.subscriptions[key.channel]?.state : nil
    }

    // MARK: Time

    mutating func wait(_ duration: Duration) {
        now += duration
        tell { $0.advance(to: $1) }
    }

    // MARK: The server

    var link: UInt64 { machine.link }
    private var format: WireFormat { machine.configuration.format }

    /// What has been written, frame by frame.
    mutating func frames() throws -> [[Wire.Command]] {
        try machine.takeFrames().map { try Self.commands($0, format) }
    }

    /// The same as it is written.
    mutating func takeFrames() -> [ByteBuffer] { machine.takeFrames() }

    mutating func commands() throws -> [Wire.Command] { try frames().flatMap { $0 } }

    static func commands(_ frame: ByteBuffer, _ format: WireFormat) throws -> [Wire.Command] {
        var commands: [Wire.Command] = []
        var reader = CommandReader(format, frame)
        while let command = try reader.next() { commands.append(command) }
        return commands
    }

    /// There is a WebSocket.
    mutating func open() {
        let link = link
        tell { $0.opened(link, at: $1) }
    }

    mutating func receive(_ replies: Wire.Reply...) throws { try receive(replies) }

    mutating func receive(_ replies: [Wire.Reply]) throws {
        var batch = ByteBuffer()
        for reply in replies { try Wire.write(reply, as: format, to: &batch) }
        receive(batch)
    }

    mutating func receive(_ batch: ByteBuffer) {
        let link = link
        tell { $0.received(link, batch, at: $1) }
    }

    mutating func push(_ channel: String, _ body: Wire.Push.Body, id: Int64 = 0) throws {
        try receive(Wire.Reply(body: .push(Wire.Push(id: id, channel: channel, body: body))))
    }

    mutating func publish(_ data: String, offset: UInt64 = 0, to channel: String) throws {
        try push(channel, .publication(Wire.Publication(data: ByteBuffer(string: data), offset: offset)))
    }

    mutating func lose(_ code: UInt16 = 1_006, _ reason: String = "") {
        let link = link
        tell { $0.closed(link, code: code, reason: reason, at: $1) }
    }

    /// Opens the WebSocket and accepts the client. Returns the commands behind the connect.
    @discardableResult
    mutating func accept(_ result: Wire.ConnectResult = Wire.ConnectResult(client: "c1", ping: 25, pong: true)) throws -> [Wire.Command] {
        open()
        let commands = try commands()
        let connect = try #require(commands.first)
        guard case .connect = connect.body else { throw Unexpected("no connect") }
        try receive(Wire.Reply(id: connect.id, body: .connect(result)))
        return Array(commands.dropFirst())
    }

    /// The connection is lost; the client comes back at once. Returns the commands behind the connect.
    @discardableResult
    mutating func comeBack() throws -> [Wire.Command] {
        lose()
        wait(.seconds(20))
        return try accept()
    }

    /// Takes the subscribe that is waiting, and answers it.
    @discardableResult
    mutating func grant(_ result: Wire.SubscribeResult = Wire.SubscribeResult(), in commands: [Wire.Command]? = nil) throws
        -> Wire.SubscribeRequest
    {
        let (command, request) = try nextSubscribe(commands)
        try receive(Wire.Reply(id: command.id, body: .subscribe(result)))
        return request
    }

    @discardableResult
    mutating func refuse(_ code: UInt32, isTemporary: Bool = false, in commands: [Wire.Command]? = nil) throws -> Wire.SubscribeRequest {
        let (command, request) = try nextSubscribe(commands)
        try receive(Wire.Reply(id: command.id, error: Wire.ErrorReply(code: code, message: "no", temporary: isTemporary)))
        return request
    }

    private mutating func nextSubscribe(_ commands: [Wire.Command]?) throws -> (Wire.Command, Wire.SubscribeRequest) {
        for command in try commands ?? self.commands() {
            if case .subscribe(let request) = command.body { return (command, request) }
        }
        throw Unexpected("no subscribe")
    }

    /// A connected client with a subscription.
    static func subscribed(
        _ result: Wire.SubscribeResult = Wire.SubscribeResult(), _ configure: (inout Client.Configuration) -> Void = { _ in },
        _ change: (inout Client.SubscriptionOptions) -> Void = { _ in }
    ) throws -> (MachineClient, SubscriptionKey) {
        var client = try MachineClient.connected(configure)
        let key = try client.subscribe("news", change)
        try client.grant(result)
        _ = client.events(of: key)
        return (client, key)
    }
}

extension Wire.SubscribeResult {
    /// One that can be recovered.
    static func recoverable(at offset: UInt64, epoch: String = "e1") -> Self {
        Self(recoverable: true, epoch: epoch, offset: offset, positioned: true)
    }

    /// What was missed.
    static func recovered(after offset: UInt64, _ missed: ClosedRange<UInt64>?, epoch: String = "e1") -> Self {
        var result = recoverable(at: offset, epoch: epoch)
        (result.wasRecovering, result.recovered) = (true, true)
        result.publications = missed.map { $0.map { Wire.Publication(data: ByteBuffer(string: "\($0)"), offset: $0) } } ?? []
        return result
    }
}

extension [Client.SubscriptionEvent] {
    var offsets: [UInt64] { compactMap { if case .publication(let publication) = $0 { publication.offset } else { nil } } }
    var texts: [String] {
        compactMap { if case .publication(let publication) = $0 { String(buffer: publication.data) } else { nil } }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

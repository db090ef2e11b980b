import Foundation
import NIOCore
import UnixSignals
import WebSocketNIO
import WebSocketProtocol

/// One connection and the person or the script at its other end.
///
/// An actor, so that what comes in, what is typed and what is measured take turns at the screen.
actor ConnectSession {
    /// What to do without a person.
    struct Script: Sendable {
        /// What to send; nil: the lines of the standard input.
        let messages: [String]?
        /// How long to listen afterwards.
        let wait: Duration
    }

    private let socket: WebSocket
    private let terminal: Terminal?
    private let formatter: MessageFormatter
    private let count: Int?
    private let history: HistoryFile?
    private var editor: LineEditor
    private var keys = KeyDecoder()
    private var screen: ConnectScreen
    private var received = 0
    private var weAskedForIt = false
    private var isShort = false
    private var roundTrips: [Duration] = []
    private let enough = AsyncStream.makeStream(of: Void.self)

    init(socket: WebSocket, terminal: Terminal?, formatter: MessageFormatter, count: Int?) {
        self.socket = socket
        self.terminal = terminal
        self.formatter = formatter
        self.count = count
        self.history = terminal == nil ? nil : HistoryFile()
        self.editor = LineEditor(history: self.history?.load() ?? LineHistory())
        self.screen = ConnectScreen(isColored: formatter.isColored)
    }

    /// Runs until the connection is closed.
    func run(_ script: Script, pingEvery interval: Duration?) async -> ConnectResult {
        begin()
        // Tasks of their own: a read of the terminal does not end before the program does.
        let driver = Task { if terminal == nil { await drive(script) } else { await readKeys() } }
        let signals = Task { await obeySignals() }
        let pinger = interval.map { interval in Task { await ping(every: interval) } }
        await readMessages()
        let reason = await socket.waitForClose()
        for task in [driver, signals, pinger] { task?.cancel() }
        return end(reason)
    }

    // MARK: Begin and end

    private func begin() {
        guard let terminal else { return }
        terminal.makeRaw()
        var facts = "connected"
        if let subprotocol = socket.subprotocol { facts += ", subprotocol \(TerminalText.escaped(subprotocol))" }
        if socket.isCompressed { facts += ", compressed" }
        note(facts + "; /help lists commands, Control-D leaves")
        StandardOutput.write(screen.prompt(editor, columns: terminal.columns))
    }

    private func end(_ reason: CloseReason) -> ConnectResult {
        if !roundTrips.isEmpty { note(roundTripSummary) }
        let result = isShort ? .tooFew : ConnectResult(reason, weAskedForIt: weAskedForIt)
        if terminal != nil || result != .done { note("closed: \(TerminalText.escaped("\(reason)"))") }
        if let terminal {
            StandardOutput.write(screen.leavePrompt())
            terminal.restore()
            history?.save(editor.history)
        }
        return result
    }

    private func leave(code: CloseCode = .normalClosure, reason: String = "") {
        weAskedForIt = true
        socket.startClosing(code: code, reason: reason)
    }

    // MARK: What comes in

    private func readMessages() async {
        do {
            for try await message in socket.messages { show(message) }
        } catch {
            // How it ended is told by the close reason.
        }
    }

    private func show(_ message: WebSocketMessage) {
        if let count, received >= count { return }
        received += 1
        if let terminal {
            let text = Style.green("< ", isOn: formatter.isColored) + String(decoding: formatter.output(message), as: UTF8.self)
            StandardOutput.write(screen.print(text, above: editor, columns: terminal.columns))
        } else {
            StandardOutput.write(formatter.output(message))
        }
        guard received == count else { return }
        enough.continuation.yield()
        if terminal != nil { leave() }
    }

    /// A line that is not a message.
    private func note(_ text: String) {
        guard let terminal else { return StandardOutput.writeError(text + "\n") }
        StandardOutput.write(screen.print(Style.faint(text, isOn: formatter.isColored) + "\n", above: editor, columns: terminal.columns))
    }

    // MARK: A person

    private func readKeys() async {
        await StandardInput.read { [weak self] bytes in await self?.typed(bytes) }
        leave()
    }

    private func typed(_ bytes: [UInt8]) async {
        for key in keys.decode(bytes) { await pressed(key) }
        redraw()
    }

    private func pressed(_ key: Key) async {
        switch editor.handle(key) {
        case .none: break
        case .submit(let line): await submitted(line)
        case .interrupt, .endOfInput: leave()
        case .suspend:
            StandardOutput.write(screen.leavePrompt())
            terminal?.suspend()
        case .clearScreen:
            if let terminal { StandardOutput.write(screen.clear(editor, columns: terminal.columns)) }
        }
    }

    private func redraw() {
        guard let terminal, !socket.isClosed else { return }
        StandardOutput.write(screen.prompt(editor, columns: terminal.columns))
    }

    private func submitted(_ line: String) async {
        guard !line.isEmpty else { return }
        StandardOutput.write(screen.leavePrompt(with: Style.blue("> ", isOn: formatter.isColored) + TerminalText.escaped(line)))
        switch InputCommand(line) {
        case .text(let text): await send(.text(text))
        case .binary(let bytes): await send(.binary(bytes))
        case .ping: Task { await measureRoundTrip() }
        case .close(let code, let reason): leave(code: code, reason: reason)
        case .help: note(InputCommand.helpText)
        case .mistake(let text): note(text)
        }
    }

    private func send(_ message: WebSocketMessage) async {
        do { try await socket.send(message) } catch { note("not sent: \(error)") }
    }

    // MARK: A script

    private func drive(_ script: Script) async {
        if let messages = script.messages {
            for message in messages { await send(.text(message)) }
        } else {
            await sendLines()
        }
        let hasEnough = await waitForEnough(atMost: script.wait)
        if count != nil, !hasEnough, !socket.isClosed { isShort = true }
        leave()
    }

    private func sendLines() async {
        let lines = LineBuffer()
        await StandardInput.read { [weak self] bytes in
            for line in lines.append(bytes) { await self?.send(line) }
        }
        if let last = lines.finish() { await send(last) }
    }

    /// Whether `--count` messages have come.
    private func waitForEnough(atMost limit: Duration) async -> Bool {
        let stream = enough.stream
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in stream { return true }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    // MARK: Pings and signals

    private func ping(every interval: Duration) async {
        while !Task.isCancelled, await measureRoundTrip() { try? await Task.sleep(for: interval) }
    }

    @discardableResult
    private func measureRoundTrip() async -> Bool {
        guard let time = try? await socket.ping() else { return false }
        roundTrips.append(time)
        note("ping \(roundTrips.count): \(Self.milliseconds(time))")
        return true
    }

    private var roundTripSummary: String {
        guard let least = roundTrips.min(), let most = roundTrips.max() else { return "" }
        let mean = roundTrips.reduce(.zero, +) / roundTrips.count
        return
            "\(roundTrips.count) round trips: min \(Self.milliseconds(least)), mean \(Self.milliseconds(mean)), max \(Self.milliseconds(most))"
    }

    private static func milliseconds(_ duration: Duration) -> String {
        String(format: "%.3f ms", duration / .milliseconds(1))
    }

    private func obeySignals() async {
        for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigquit, .sigwinch, .sigcont) {
            switch signal {
            case .sigwinch: redraw()
            case .sigcont:
                terminal?.makeRaw()
                redraw()
            default: leave(code: .goingAway)
            }
        }
    }
}

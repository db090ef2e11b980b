// The Chrome DevTools Protocol, spoken by our own client: JSON over one WebSocket, answers matched to commands by number.

import Foundation
import ServerTestSupport
import Synchronization
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// A connection to a browser.
final class DevTools: Sendable {
    private struct State {
        var lastID = 0
        var waiting: [Int: CheckedContinuation<WebSocketMessage, any Error>] = [:]
        /// What the pages complained about: exceptions, and entries of the log such as a broken content security policy.
        var complaints: [String: [String]] = [:]
        var isClosed = false
    }

    private let socket: WebSocket
    private let state = Mutex(State())
    private let reader = Mutex<Task<Void, Never>?>(nil)

    private init(_ socket: WebSocket) {
        self.socket = socket
    }

    static func connect(to url: String) async throws -> DevTools {
        var configuration = WebSocketClientConfiguration()
        // A screenshot comes as one message.
        configuration.webSocket.limits.maxMessageSize = 64 << 20
        let devTools = DevTools(try await WebSocket.connect(to: url, configuration: configuration))
        devTools.reader.withLock { $0 = Task { await devTools.read() } }
        return devTools
    }

    func close() async {
        await socket.close()
    }

    /// Sends a command and waits for its answer.
    ///
    /// - Parameter session: the page that it is for; nil for the browser.
    func call<Result: Decodable>(
        _ method: String, _ parameters: some Encodable & Sendable = [String: String](), session: String? = nil,
        as type: Result.Type = Nothing.self
    ) async throws -> Result {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let request = String(
            decoding: try JSONEncoder().encode(Request(id: id, method: method, params: parameters, sessionId: session)), as: UTF8.self)
        let message: WebSocketMessage = try await withCheckedThrowingContinuation { continuation in
            let isClosed = state.withLock { state in
                if !state.isClosed { state.waiting[id] = continuation }
                return state.isClosed
            }
            if isClosed { return continuation.resume(throwing: Unexpected("the browser is gone")) }
            Task { [socket] in try? await socket.send(request) }
        }
        let reply = try message.decode(Reply<Result>.self)
        if let error = reply.error { throw Unexpected("\(method): \(error.message)") }
        guard let result = reply.result else { throw Unexpected("\(method): no result") }
        return result
    }

    /// What the page of a session complained about since the last time.
    func takeComplaints(session: String) -> [String] {
        state.withLock { $0.complaints.removeValue(forKey: session) ?? [] }
    }

    private func read() async {
        do {
            for try await message in socket.messages { receive(message) }
        } catch {
            // The browser has ended; whoever waits is told below.
        }
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.isClosed = true
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume(throwing: Unexpected("the browser is gone")) }
    }

    private func receive(_ message: WebSocketMessage) {
        guard let envelope = try? message.decode(Envelope.self) else { return }
        if let id = envelope.id {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: message)
        } else if let session = envelope.sessionId, let complaint = envelope.complaint {
            state.withLock { $0.complaints[session, default: []].append(complaint) }
        }
    }

    struct Nothing: Decodable {}

    private struct Request<Parameters: Encodable>: Encodable {
        let id: Int
        let method: String
        let params: Parameters
        let sessionId: String?
    }

    private struct Reply<Result: Decodable>: Decodable {
        struct Failure: Decodable {
            let message: String
        }

        let result: Result?
        let error: Failure?
    }

    /// What is common to answers and events, and the two events that matter here.
    private struct Envelope: Decodable {
        struct Parameters: Decodable {
            struct Entry: Decodable {
                let source: String
                let level: String
                let text: String
            }

            struct Exception: Decodable {
                struct Value: Decodable {
                    let description: String?
                }

                let text: String
                let exception: Value?
            }

            let entry: Entry?
            let exceptionDetails: Exception?
        }

        let id: Int?
        let method: String?
        let sessionId: String?
        let params: Parameters?

        var complaint: String? {
            if let exception = params?.exceptionDetails, method == "Runtime.exceptionThrown" {
                return "\(exception.text) \(exception.exception?.description ?? "")"
            }
            guard let entry = params?.entry, entry.level == "error", entry.source != "network" else { return nil }
            return "\(entry.source): \(entry.text)"
        }
    }
}

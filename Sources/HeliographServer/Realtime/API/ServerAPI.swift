// Strategy: a call is a name and a body, and its answer a body; how both travel is in ServerAPI+Routes.swift. Each method names the members that
// it knows in its first line.

import NIOCore
import PubSub
import RealtimeHub
import RealtimeProtocol

/// What a backend can have done (server-features §2.7).
struct ServerAPI: Sendable {
    let hub: Hub
    let configuration: Configuration
    let key: ReplaceableKey
    private let start = ContinuousClock.now

    struct Configuration: Hashable, Sendable {
        /// Who has it may do everything.
        var key: String
        var maxBodyBytes: Int
    }

    init(hub: Hub, configuration: Configuration, key: ReplaceableKey) {
        self.hub = hub
        self.configuration = configuration
        self.key = key
    }

    /// Writes a call's result, an object.
    typealias Method = @Sendable (ServerAPI, ByteBuffer, inout JSONOutput) async throws -> Void

    static let methods: [String: Method] = [
        "publish": { try await $0.publish($1, &$2) },
        "broadcast": { try await $0.broadcast($1, &$2) },
        "history": { try await $0.history($1, &$2) },
        "history_remove": { try await $0.removeHistory($1, &$2) },
        "presence": { try await $0.presence($1, &$2) },
        "presence_stats": { try await $0.presenceStats($1, &$2) },
        "unsubscribe": { try $0.unsubscribe($1, &$2) },
        "revoke": { try $0.revoke($1, &$2) },
        "disconnect": { try $0.disconnect($1, &$2) },
        "channels": { try $0.channels($1, &$2) },
        "info": { try $0.info($1, &$2) },
    ]

    /// `{"result": …}` or `{"error": {"code": …, "message": …}}`.
    func answer(_ method: Method, _ body: ByteBuffer) async -> ByteBuffer {
        var result = JSONOutput()
        do {
            try await method(self, body, &result)
        } catch {
            return Self.answer(APIError(error))
        }
        let content = result.buffer
        var output = JSONOutput()
        output.object {
            $0.name("result"); $0.raw(content)
        }
        return output.buffer
    }

    static func answer(_ error: APIError) -> ByteBuffer {
        var output = JSONOutput()
        output.object { $0.error(error) }
        return output.buffer
    }

    // MARK: Publishing

    private static let publication: Set<String> = [
        "data", "b64data", "tags", "idempotency_key", "delta", "skip_history", "version", "version_epoch",
    ]

    private struct Publication {
        let data: [UInt8]
        let tags: [String: String]
        let idempotencyKey: String
        let usesDelta: Bool
        let skipsHistory: Bool
        let version: UInt64
        let versionEpoch: String

        init(_ request: APIRequest) throws(APIError) {
            data = try request.data()
            tags = try request.tags()
            idempotencyKey = try request.text("idempotency_key")
            usesDelta = try request.flag("delta")
            skipsHistory = try request.flag("skip_history")
            version = try request.integer("version")
            versionEpoch = try request.text("version_epoch")
        }
    }

    private func publish(_ publication: Publication, to channel: String) async throws -> StreamPosition {
        try await hub.publish(
            publication.data, to: channel, tags: publication.tags,
            idempotencyKey: publication.idempotencyKey.isEmpty ? nil : publication.idempotencyKey, usesDelta: publication.usesDelta,
            skipsHistory: publication.skipsHistory, version: publication.version, versionEpoch: publication.versionEpoch
        ).position
    }

    private func publish(_ body: ByteBuffer, _ result: inout JSONOutput) async throws {
        let request = try APIRequest(body, known: Self.publication.union(["channel"]))
        let channel = try request.required("channel")
        let position = try await publish(Publication(request), to: channel)
        result.object { $0.position(position) }
    }

    private func broadcast(_ body: ByteBuffer, _ result: inout JSONOutput) async throws {
        let request = try APIRequest(body, known: Self.publication.union(["channels"]))
        let channels = try request.texts("channels")
        guard !channels.isEmpty else { throw APIError(.badRequest, "channels is missing") }
        let publication = try Publication(request)
        var outcomes: [Result<StreamPosition, APIError>] = []
        for channel in channels {
            do { outcomes.append(.success(try await publish(publication, to: channel))) } catch {
                outcomes.append(.failure(APIError(error)))
            }
        }
        result.object { result in
            result.name("responses")
            result.array { result in
                for outcome in outcomes { result.object { $0.outcome(outcome) } }
            }
        }
    }

    // MARK: History

    private func history(_ body: ByteBuffer, _ result: inout JSONOutput) async throws {
        let request = try APIRequest(body, known: ["channel", "limit", "since", "reverse"])
        let channel = try request.required("channel")
        let limit = try request.integer("limit", Int.self)
        var query = HistoryQuery(limit: limit == 0 ? .none : limit < 0 ? .all : .count(limit), isReversed: try request.flag("reverse"))
        if let since = try request.object("since", known: ["offset", "epoch"]) {
            query.since = StreamPosition(offset: try since.integer("offset"), epoch: try since.text("epoch"))
        }
        let history = try await hub.history(of: channel, query)
        result.object { result in
            result.name("publications")
            result.array { result in
                for publication in history.publications { result.object { $0.publication(publication) } }
            }
            result.position(history.position)
        }
    }

    private func removeHistory(_ body: ByteBuffer, _ result: inout JSONOutput) async throws {
        let request = try APIRequest(body, known: ["channel"])
        try await hub.removeHistory(of: request.required("channel"))
        result.object { _ in }
    }

    // MARK: Presence

    private func presence(_ body: ByteBuffer, _ result: inout JSONOutput) async throws {
        let request = try APIRequest(body, known: ["channel"])
        let members = try await hub.presence(in: request.required("channel"))
        result.object { result in
            result.name("presence")
            result.object { result in
                for (client, info) in members {
                    result.name(client)
                    result.object { $0.client(info) }
                }
            }
        }
    }

    private func presenceStats(_ body: ByteBuffer, _ result: inout JSONOutput) async throws {
        let request = try APIRequest(body, known: ["channel"])
        let counts = try await hub.presenceCounts(in: request.required("channel"))
        result.object {
            $0.member("num_clients", counts.clients)
            $0.member("num_users", counts.users)
        }
    }

    // MARK: Clients

    /// The connections of `user`, or the one that is `client`, which then must be the user's if there is one too.
    private func clients(_ request: APIRequest) throws(APIError) -> Set<String> {
        let user = try request.text("user")
        let client = try request.text("client")
        guard !user.isEmpty || !client.isEmpty else { throw APIError(.badRequest, "user or client is missing") }
        guard !client.isEmpty else { return hub.clients(of: user) }
        return user.isEmpty || hub.clients(of: user).contains(client) ? [client] : []
    }

    private func unsubscribe(_ body: ByteBuffer, _ result: inout JSONOutput) throws {
        let request = try APIRequest(body, known: ["user", "client", "channel"])
        let channel = try request.required("channel")
        for client in try clients(request) { hub.unsubscribe(client: client, from: channel) }
        result.object { _ in }
    }

    private func disconnect(_ body: ByteBuffer, _ result: inout JSONOutput) throws {
        let request = try APIRequest(body, known: ["user", "client", "whitelist", "disconnect"])
        let kept = Set(try request.texts("whitelist"))
        var code = DisconnectCode.forceDisconnect
        if let own = try request.object("disconnect", known: ["code", "reason"]) {
            code = DisconnectCode(try own.integer("code"), reason: try own.text("reason"))
            guard (3_000...4_999).contains(code.number), code.reason.utf8.count <= 123 else {
                throw APIError(.badRequest, "disconnect must have a code from 3000 to 4999 and a reason of at most 123 bytes")
            }
        }
        for client in try clients(request).subtracting(kept) { hub.disconnect(client: client, code) }
        result.object { _ in }
    }

    // MARK: The server

    private func channels(_ body: ByteBuffer, _ result: inout JSONOutput) throws {
        let request = try APIRequest(body, known: ["pattern"])
        let pattern = try request.text("pattern")
        let glob = Glob(pattern.isEmpty ? "*" : pattern)
        let channels = hub.channels().filter { glob.matches($0.key) }
        result.object { result in
            result.name("channels")
            result.object { result in
                for (channel, count) in channels {
                    result.name(channel)
                    result.object { $0.member("num_clients", count) }
                }
            }
        }
    }

    private func info(_ body: ByteBuffer, _ result: inout JSONOutput) throws {
        _ = try APIRequest(body, known: [])
        let (clients, users) = hub.counts
        let channels = hub.channels()
        let uptime = start.duration(to: .now).components.seconds
        result.object { result in
            result.name("nodes")
            result.array { result in
                result.object {
                    $0.member("uid", hub.node)
                    $0.member("name", "heliograph")
                    $0.member("num_clients", clients)
                    $0.member("num_users", users)
                    $0.member("num_channels", channels.count)
                    $0.member("num_subs", channels.values.reduce(0, +))
                    $0.member("uptime", uptime)
                }
            }
        }
    }
}

import PubSub
import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    func history(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let channel = try request.channel()
        let limit = try request.integer("limit", -1...2_147_483_647) ?? 0
        var query = HistoryQuery(limit: limit == 0 ? .none : limit < 0 ? .all : .count(Int(limit)), isReversed: try request.flag("reverse"))
        query.since = try request.position("since")
        let history = try await hub.history(of: channel, query)
        try result.object { result in
            result.name("publications")
            try result.array { result in
                for publication in history.publications {
                    try request.write(to: &result) { $0.object { $0.publication(publication) } }
                }
            }
            result.position(history.position)
        }
    }

    func removeHistory(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        try await hub.removeHistory(of: request.channel())
        result.object { _ in }
    }

    func presence(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let members = try await hub.presence(in: request.channel())
        try result.object { result in
            result.name("presence")
            try result.object { result in
                for (client, info) in members {
                    try request.write(to: &result) {
                        $0.name(client)
                        $0.object { $0.client(info) }
                    }
                }
            }
        }
    }

    func presenceStats(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let counts = try await hub.presenceCounts(in: request.channel())
        result.object {
            $0.member("num_clients", counts.clients)
            $0.member("num_users", counts.users)
        }
    }

    func channels(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let pattern = try request.text("pattern")
        let limit = Int(try request.integer("limit", 1...10_000) ?? 10_000)
        let cursor = try request.text("cursor")
        let glob = Glob(pattern.isEmpty ? "*" : pattern)
        let page = await hub.channelsInTurns(matching: glob.matches, after: cursor, limit: limit)
        try result.object { result in
            result.name("channels")
            try result.object { result in
                for channel in page.channels {
                    try request.write(to: &result) {
                        $0.name(channel.name)
                        $0.object { $0.member("num_clients", channel.subscribers) }
                    }
                }
            }
            if let next = page.next { result.member("cursor", next) }
        }
    }
}

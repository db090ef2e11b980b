import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    func connections(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        var query = ConnectionQuery(text: try request.text("text"), limit: Int(try request.integer("limit", 1...1_000) ?? 100))
        if request.has("user") { query.user = try request.text("user") }
        if request.has("channel") { query.channel = try request.text("channel") }
        if request.has("cursor") { query.after = try request.text("cursor") }
        let page = await hub.connections(query)
        try result.object { result in
            result.name("connections")
            try result.object { result in
                for connection in page.connections {
                    try request.write(to: &result) {
                        $0.name(connection.client)
                        $0.object { $0.connection(connection) }
                    }
                }
            }
            result.member("count", page.count)
            if let next = page.next { result.member("cursor", next) }
        }
    }

    func connection(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let details = await hub.connection(try request.required("client"))
        try request.write(to: &result) { result in
            result.object { result in
                guard let details else { return }
                result.name("connection")
                result.object { $0.connection(details) }
            }
        }
    }
}

extension JSONOutput {
    fileprivate mutating func connection(_ details: ConnectionDetails) {
        connection(details.connection)
        if let info = details.info { payload("info", info) }
        if details.expiresAt > 0 { member("expire_at", details.expiresAt / 1_000) }
        name("subscriptions")
        array { output in
            for subscription in details.subscriptions { output.object { $0.subscription(subscription) } }
        }
    }

    fileprivate mutating func connection(_ connection: ConnectionInfo) {
        member("user", connection.user)
        member("app_name", connection.name)
        member("app_version", connection.version)
        member("transport", connection.transport)
        member("protocol", connection.format == .json ? "json" : "protobuf")
        if let address = connection.address { member("address", address) }
        member("connected_at", connection.connectedAt / 1_000)
        name("channels")
        array { output in
            for channel in connection.channels { output.string(channel) }
        }
        member("queued_bytes", connection.queuedBytes)
        name("is_slow")
        bool(connection.isSlow)
    }

    fileprivate mutating func subscription(_ subscription: SubscriptionDetails) {
        member("channel", subscription.channel)
        for (name, value) in [
            ("server_side", subscription.isServerSide), ("positioned", subscription.isPositioned),
            ("recoverable", subscription.isRecoverable),
            ("delta", subscription.usesDelta), ("filtered", subscription.isFiltered),
        ] {
            self.name(name)
            bool(value)
        }
        member("offset", subscription.offset)
        if subscription.expiresAt > 0 { member("expire_at", subscription.expiresAt / 1_000) }
    }
}

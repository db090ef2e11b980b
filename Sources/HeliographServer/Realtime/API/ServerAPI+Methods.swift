extension APISchema {
    static let channel = APISchema.text(minLength: 1, pattern: "^[!-~]+$")

    fileprivate static let position = APISchema.object([
        .required("offset", .unsigned, "the number of the publication in the channel's history; 0 where there is none"),
        .required("epoch", .anyText, "the incarnation of the history"),
    ])
    fileprivate static let outcome = APISchema.oneOf([.sometimes("result", position), .sometimes("error", .named("Error"))])
}

extension APIMember {
    fileprivate static let publication: [APIMember] = [
        .optional("data", .json, "the payload, any JSON"), .optional("b64data", .base64, "the payload in base64, in place of data"),
        .optional("skip_history", .flag, "the channel's history leaves it out"),
        .optional("tags", .map(.anyText), "what clients can filter by"),
        .optional("idempotency_key", .anyText, "published once within five minutes, however often it is sent to the channel"),
        .optional("delta", .flag, "clients that asked for it get the difference to the publication before"),
        .optional("version", .unsigned, "of what the channel is about: nothing is published that is not newer"),
        .optional("version_epoch", .anyText, "the incarnation of the versions"),
        .optional("exclude", .anyText, "the id of a client that does not get it"),
    ]
    fileprivate static let payloads = ["data", "b64data"]

    /// Whom a method is about.
    fileprivate static let clients: [APIMember] = [
        .optional("user", .anyText, "all connections of this user"),
        .optional("client", .anyText, "the connection with this id; with user, only if it is the user's"),
        .optional("session", .anyText, "the connection with this name, which its client was told (transports without a socket)"),
    ]
    fileprivate static let selectors = ["user", "client", "session"]

    fileprivate static let code: [APIMember] = [
        .required("code", .number(3_000...4_999), "from 3500 to 3999 and from 4500 to 4999 clients do not come back"),
        .optional("reason", .anyText, "of which the client gets 123 bytes"),
    ]
    fileprivate static let since: [APIMember] = [.optional("offset", .unsigned), .optional("epoch", .anyText)]
    fileprivate static let override: [APIMember] = [
        "presence", "join_leave", "force_recovery", "force_positioning", "force_push_join_leave",
    ].map { .optional($0, .object([.required("value", .flag)])) }
}

extension ServerAPI {
    /// The table.
    static let methods: [APIMethod] = [
        APIMethod(
            "publish", "Publishes to a channel.", [.required("channel", .channel)] + APIMember.publication, oneOf: APIMember.payloads,
            .position, atOnce: { try $0.publishAtOnce($1, &$2) }
        ) { try await $0.publish($1, &$2) },
        APIMethod(
            "broadcast", "Publishes the same to several channels.",
            [.required("channels", .list(.channel, atLeast: 1, atMost: maxChannels))] + APIMember.publication, oneOf: APIMember.payloads,
            .object([.required("responses", .list(.outcome), "one for each channel, in their order")])
        ) { try await $0.broadcast($1, &$2) },
        APIMethod(
            "publish_pattern", "Publishes the same to all channels that have subscribers and match a pattern.",
            [.required("pattern", .text(minLength: 1), "* for any characters, ? for one")] + APIMember.publication,
            oneOf: APIMember.payloads,
            .object([.required("channels", .map(.outcome), "by name")])
        ) { try await $0.publishToPattern($1, &$2) },
        APIMethod(
            "subscribe", "Subscribes connections to a channel. Their clients are told, and cannot refuse.",
            [.required("channel", .channel)] + APIMember.clients + [
                .optional("info", .json, "what others in the channel see of them"), .optional("b64info", .base64, "the same in base64"),
                .optional("data", .json, "sent to the clients"), .optional("b64data", .base64, "the same in base64"),
                .optional("recover_since", .object(APIMember.since), "what they have: they are sent what came after"),
                .optional("expire_at", .seconds, "when it ends, in seconds since 1970; 0: never"),
                .optional("override", .object(APIMember.override), "options in place of the channel's own"),
            ], oneOf: APIMember.selectors
        ) { try await $0.subscribe($1, &$2) },
        APIMethod(
            "unsubscribe", "Ends the subscriptions of connections to a channel.", [.required("channel", .channel)] + APIMember.clients,
            oneOf: APIMember.selectors
        ) { try $0.unsubscribe($1, &$2) },
        APIMethod(
            "disconnect", "Ends connections.",
            APIMember.clients + [
                .optional("whitelist", .list(.anyText), "the ids of connections that stay"),
                .optional("disconnect", .object(APIMember.code), "what they are told; 3503 otherwise"),
            ], oneOf: APIMember.selectors
        ) { try $0.disconnect($1, &$2) },
        APIMethod(
            "refresh", "Prolongs connections, or ends them as expired.",
            APIMember.clients + [
                .optional("expired", .flag, "they are over"),
                .optional("expire_at", .seconds, "when they must be refreshed again, in seconds since 1970; 0: never"),
                .optional("info", .json, "what others see of them from now on"),
            ], oneOf: APIMember.selectors
        ) { try $0.refresh($1, &$2) },
        APIMethod(
            "revoke", "Takes tokens back: they are refused from now on, and what was granted by them ends.",
            [
                .optional("user", .anyText, "this user's"), .optional("session", .anyText, "those of this login (sid)"),
                .optional("token", .anyText, "the one with this id (jti); only one of these three"),
                .optional(
                    "expire_at", .seconds, "when none of them is good any more by itself, in seconds since 1970; 30 days from now otherwise"
                ),
            ], oneOf: ["user", "session", "token"], isExclusive: true
        ) { try $0.revoke($1, &$2) },
        APIMethod(
            "presence", "Says who is in a channel.", [.required("channel", .channel)],
            .object([.required("presence", .map(.named("ClientInfo")), "by the ids of the connections")])
        ) { try await $0.presence($1, &$2) },
        APIMethod(
            "presence_stats", "Says how many are in a channel.", [.required("channel", .channel)],
            .object([.required("num_clients", .unsigned), .required("num_users", .unsigned)])
        ) { try await $0.presenceStats($1, &$2) },
        APIMethod(
            "history", "Reads the history of a channel.",
            [
                .required("channel", .channel),
                .optional("limit", .number(-1...2_147_483_647), "how many publications at most; 0: the position alone, -1: all"),
                .optional("since", .object(APIMember.since), "those after this position; backwards, those before it"),
                .optional("reverse", .flag, "the newest first"),
            ],
            .object([
                .required("publications", .list(.named("Publication"))), .required("offset", .unsigned), .required("epoch", .anyText),
            ])
        ) { try await $0.history($1, &$2) },
        APIMethod(
            "history_remove", "Forgets the publications of a channel, but not its position.", [.required("channel", .channel)]
        ) { try await $0.removeHistory($1, &$2) },
        APIMethod(
            "channels", "Lists channels with subscribers, in the order of their names.",
            [
                .optional("pattern", .anyText, "* for any characters, ? for one; all otherwise"),
                .optional("limit", .number(1...10_000), "how many at most; 10,000 otherwise"),
                .optional("cursor", .anyText, "that of the page before"),
            ],
            .object([
                .required("channels", .map(.object([.required("num_clients", .unsigned)])), "by name"),
                .sometimes("cursor", .anyText, "there are more: ask again with it"),
            ])
        ) { try await $0.channels($1, &$2) },
        APIMethod(
            "connections", "Lists connections, the newest first.",
            [
                .optional("user", .anyText, "this user's; of anonymous users with an empty text"),
                .optional("channel", .anyText, "those that are subscribed to it"),
                .optional("text", .anyText, "part of the id, the user, the address or what the client says that it is"),
                .optional("limit", .number(1...1_000), "how many at most; 100 otherwise"),
                .optional("cursor", .anyText, "that of the page before"),
            ],
            .object([
                .required("connections", .map(.object(connection)), "by id"), .required("count", .unsigned, "on all pages"),
                .sometimes("cursor", .anyText, "there are more: ask again with it"),
            ])
        ) { try await $0.connections($1, &$2) },
        APIMethod(
            "connection", "Shows one connection, if there is one with this id.", [.required("client", .text(minLength: 1))],
            .object([
                .sometimes(
                    "connection",
                    .object(
                        connection + [
                            .sometimes("info", .json), .sometimes("b64info", .base64), .sometimes("expire_at", .seconds),
                            .required("subscriptions", .list(.object(subscription))),
                        ]))
            ])
        ) { try await $0.connection($1, &$2) },
        APIMethod(
            "info", "Says what there is.", [], .object([.required("nodes", .list(.named("Node")))])
        ) { try $0.info($1, &$2) },
        APIMethod(
            "rpc", "Calls a method of the application, as a client would.",
            [.required("method", .text(minLength: 1)), .optional("params", .json, "its arguments")],
            .object([.sometimes("data", .json), .sometimes("b64data", .base64)])
        ) { try await $0.call($1, &$2) },
        APIMethod(
            "batch", "Does several things.",
            [
                .required(
                    "commands", .list(.oneOf(batched), atLeast: 1, atMost: maxCommands),
                    "each an object with one member, named like a method"),
                .optional("parallel", .flag, "not one after the other"),
            ], .object([])
        ) { _, _, _ in },
    ]

    private static let connection: [APIMember] = [
        .required("user", .anyText), .required("app_name", .anyText), .required("app_version", .anyText), .required("transport", .anyText),
        .required("protocol", .anyText), .sometimes("address", .anyText), .required("connected_at", .seconds),
        .required("channels", .list(.anyText)), .required("queued_bytes", .unsigned), .required("is_slow", .flag),
    ]
    private static let subscription: [APIMember] = [
        .required("channel", .anyText), .required("server_side", .flag), .required("positioned", .flag), .required("recoverable", .flag),
        .required("delta", .flag), .required("filtered", .flag), .required("offset", .unsigned), .sometimes("expire_at", .seconds),
    ]

    private static let batched: [APIMember] = [
        "publish", "broadcast", "publish_pattern", "subscribe", "unsubscribe", "disconnect", "refresh", "revoke", "presence",
        "presence_stats", "history", "history_remove", "channels", "connections", "connection",
        "info", "rpc",
    ].map { .sometimes($0, .map(.json), "as in a call of its own") }

    /// So many channels at most are published to at once.
    static let maxChannels = 10_000
    /// So many commands at most are in a batch.
    static let maxCommands = 10_000
}

extension APIMethod {
    /// Its answer has `replies` in place of a result.
    var isBatch: Bool { name == "batch" }
}

import NIOCore
import RealtimeHub
import RealtimeProtocol

struct ConnectResult: HookResult {
    let grant: ConnectGrant

    init(_ result: AnswerObject) throws(AnswerFault) {
        var subscriptions: [String: SubscribeGrant] = [:]
        for channel in try result.texts("channels") { subscriptions[channel] = SubscribeGrant() }
        for (channel, options) in try result.objects("subs") {
            var grant = try SubscribeResult(options).grant
            grant.recoversCache = try options.flag("cache_recover") ?? false
            subscriptions[channel] = grant
        }
        var grant = ConnectGrant(
            user: try result.text("user") ?? "", info: try result.payload("info"), data: try result.data("data"),
            expiresAt: try result.time("expire_at"), subscriptions: subscriptions)
        grant.capabilities = try result.capabilities() ?? Capabilities()
        grant.meta = try result.payload("meta")
        self.grant = grant
    }
}

struct SubscribeResult: HookResult {
    let grant: SubscribeGrant

    init(_ result: AnswerObject) throws(AnswerFault) {
        var grant = SubscribeGrant(
            info: try result.payload("info"), data: try result.data("data"), expiresAt: try result.time("expire_at"),
            override: try result.override())
        grant.tagsFilter = try result.tagsFilter()
        self.grant = grant
    }
}

struct PublishResult: HookResult {
    let grant: PublishGrant

    init(_ result: AnswerObject) throws(AnswerFault) {
        var grant = PublishGrant(
            data: try result.data("data"), tags: try result.textsByName("tags"), skipsHistory: try result.flag("skip_history") ?? false,
            idempotencyKey: try result.text("idempotency_key").flatMap { $0.isEmpty ? nil : $0 },
            usesDelta: try result.flag("delta") ?? false)
        grant.version = try result.integer("version") ?? 0
        grant.versionEpoch = try result.text("version_epoch") ?? ""
        self.grant = grant
    }
}

struct CallResult: HookResult {
    let data: ByteBuffer

    init(_ result: AnswerObject) throws(AnswerFault) {
        data = try result.data("data") ?? ByteBuffer()
    }
}

/// Of both refreshes.
struct RefreshResult: HookResult {
    let decision: RefreshDecision

    init(_ result: AnswerObject) throws(AnswerFault) {
        var grant = RefreshGrant(
            expiresAt: try result.time("expire_at"), info: try result.payload("info"), meta: try result.payload("meta"),
            capabilities: try result.capabilities())
        grant.tagsFilter = try result.tagsFilter()
        decision = try result.flag("expired") == true ? .expired : .prolonged(grant)
    }
}

import RealtimeHub

/// How the hub is, for all who look: asked at most once a second, however many they are, and not at all when nobody does.
actor AdminBoard {
    struct Overview: Sendable {
        let sample: HubSample
        /// Nil: there is nothing yet to compare with.
        let rates: HubRates?
        var connections = "", deliveries = "", commands = "", bytesReceived = "", bytesSent = "", channels = ""
    }

    private struct Lines {
        var connections = Sparkline(), deliveries = Sparkline(), commands = Sparkline()
        var bytesReceived = Sparkline(), bytesSent = Sparkline(), channels = Sparkline()
    }

    /// What is younger is as good as new.
    private static let freshness = Duration.milliseconds(900)
    /// What is older is nothing to compare with.
    private static let patience = Duration.seconds(5)

    private let hub: Hub
    private var lines = Lines()
    private var last: Overview?
    private var talkers: (TopTalkers, ContinuousClock.Instant)?
    private var slow: ([ConnectionInfo], ContinuousClock.Instant)?
    private var asking: Task<Overview, Never>?

    init(hub: Hub) {
        self.hub = hub
    }

    func overview() async -> Overview {
        if let last, last.sample.time.duration(to: .now) < Self.freshness { return last }
        if let asking { return await asking.value }
        let task = Task { added(await hub.sample()) }
        asking = task
        defer { asking = nil }
        return await task.value
    }

    private func added(_ sample: HubSample) -> Overview {
        let before = last.flatMap { $0.sample.time.duration(to: sample.time) < Self.patience ? $0.sample : nil }
        if before == nil { lines = Lines() }
        let rates = before.map { sample.rates(since: $0) }
        lines.connections.add(Double(sample.connections))
        lines.channels.add(Double(sample.channels))
        if let all = rates?.all {
            lines.deliveries.add(all.deliveries)
            lines.commands.add(all.commandsReceived)
            lines.bytesReceived.add(all.bytesReceived)
            lines.bytesSent.add(all.bytesSent)
        }
        let overview = Overview(
            sample: sample, rates: rates, connections: lines.connections.path, deliveries: lines.deliveries.path,
            commands: lines.commands.path, bytesReceived: lines.bytesReceived.path, bytesSent: lines.bytesSent.path,
            channels: lines.channels.path)
        last = overview
        return overview
    }

    func slowReaders() async -> [ConnectionInfo] {
        if let (readers, time) = slow, time.duration(to: .now) < Self.freshness { return readers }
        let found = await hub.slowReaders(limit: 15)
        slow = (found, .now)
        return found
    }

    func topTalkers() async -> TopTalkers {
        if let (talkers, time) = talkers, time.duration(to: .now) < Self.freshness { return talkers }
        let found = await hub.topTalkers(limit: 15)
        talkers = (found, .now)
        return found
    }
}

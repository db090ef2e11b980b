import PubSub

extension BrokerContract {
    /// What the receiver is told, with and without streams.
    static let delivery: [Rule] = [
        Rule("A publication arrives as it was published") { trial in
            let info = ClientInfo(user: "u", client: "c", connectionInfo: [1], channelInfo: [])
            let options = PublishOptions(version: 7, excludedClient: "me", info: info, tags: ["a": "b"], time: 12)
            let result = try await trial.broker.publish([0, 255, 10], to: trial.channel, options)
            try trial.expect.equal(result, PublishResult(), "what the publisher was told")
            let wanted = Publication(data: [0, 255, 10], info: info, tags: ["a": "b"], time: 12, version: 7)
            let events = try await trial.receiver.events(on: trial.channel, count: 1)
            try trial.expect.equal(events, [.published(wanted, base: nil, excluded: "me")], "what the receiver was told")
        },
        Rule("An empty publication arrives") { trial in
            try await trial.publish("", PublishOptions())
            let told = try await trial.told(1)
            try trial.expect.equal(told, [""], "what was told")
        },
        Rule("Publications of one publisher keep their order") { trial in
            for number in 0..<50 { try await trial.publish("\(number)", PublishOptions()) }
            let told = try await trial.told(50)
            try trial.expect.equal(told, (0..<50).map(String.init), "what was told")
        },
        Rule("Joins and leaves arrive in their order") { trial in
            let (one, two) = (ClientInfo(user: "u", client: "1"), ClientInfo(user: "", client: "2", connectionInfo: [9]))
            trial.broker.publishJoin(one, on: trial.channel)
            trial.broker.publishJoin(two, on: trial.channel)
            trial.broker.publishLeave(one, on: trial.channel)
            let events = try await trial.receiver.events(on: trial.channel, count: 3)
            try trial.expect.equal(events, [.joined(one), .joined(two), .left(one)], "what was told")
        },
        Rule("A channel that was unsubscribed and subscribed again is told what comes after") { trial in
            trial.broker.unsubscribe(trial.channel)
            try await trial.broker.subscribe(trial.channel)
            try await trial.publish("again", PublishOptions())
            let told = try await trial.told(1)
            try trial.expect.equal(told.last, "again", "the last that was told")
        },
        Rule("A stopped broker tells nothing") { trial in
            trial.broker.stop()
            _ = try? await trial.publish("late", PublishOptions())
            trial.broker.publishJoin(ClientInfo(user: "u", client: "c"), on: trial.channel)
            try await Task.sleep(for: .milliseconds(20))
            try trial.expect.equal(trial.receiver.events(on: trial.channel), [], "what was told")
        },
    ]
}

import PubSub

extension BrokerContract {
    /// Idempotency and versions.
    static let suppression: [Rule] = [
        Rule("The second with the same idempotency key is told nobody, and gets the first one's position") { trial in
            let options = PublishOptions(retention: Trial.retention, idempotencyKey: "k")
            let first = try await trial.publish("1", options)
            try await trial.publish("2")
            let again = try await trial.publish("1 again", options)
            try trial.expect.equal(first.suppression, nil, "what became of the first")
            try trial.expect.equal(again, PublishResult(position: first.position, suppression: .duplicate), "what became of the second")
            try trial.expect.equal(try await trial.publish("3").position.offset, 3, "the next offset")
            let told = try await trial.told(3)
            try trial.expect.equal(told, ["1", "2", "3"], "what was told")
        },
        Rule("Idempotency keys hold without history too, each for its own channel") { trial in
            let options = PublishOptions(idempotencyKey: "k")
            let results = [try await trial.publish("1", options), try await trial.publish("2", options)]
            try trial.expect.equal(results.map(\.suppression), [nil, .duplicate], "what became of the two")
            let other = try await trial.broker.publish([1], to: trial.channel + ".other", options)
            try trial.expect.equal(other.suppression, nil, "what became of the other channel's")
            let told = try await trial.told(1)
            try trial.expect.equal(told, ["1"], "what was told")
        },
        Rule("An idempotency key can be used again when its window is over") { trial in
            let options = PublishOptions(retention: Trial.retention, idempotencyKey: "k", idempotencyWindow: .seconds(2))
            try await trial.publish("1", options)
            try await trial.advance(.seconds(3))
            let again = try await trial.publish("2", options)
            try trial.expect.equal(again.suppression, nil, "what became of it")
            try trial.expect.equal(again.position.offset, 2, "the offset")
            try trial.expect.equal(try await trial.publish("3", options).suppression, .duplicate, "what became of the next")
        },
        Rule("Of those with one idempotency key that come at once, one is published") { trial in
            let results = try await withThrowingTaskGroup(of: PublishResult.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await trial.publish("\(number)", PublishOptions(retention: Trial.retention, idempotencyKey: "k"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try trial.expect.equal(results.filter { $0.suppression == nil }.count, 1, "how many were published")
            try trial.expect.equal(Set(results.map(\.position)).count, 1, "how many positions there are")
            try trial.expect.equal(try await trial.history(HistoryQuery()).position.offset, 1, "the offset")
        },
        Rule("A version that is not newer is told nobody and takes no offset") { trial in
            func publish(_ version: UInt64) async throws -> PublishResult {
                try await trial.publish("v\(version)", PublishOptions(retention: Trial.retention, version: version))
            }
            let first = try await publish(5).position
            for version: UInt64 in [4, 5, 1] {
                let result = try await publish(version)
                try trial.expect.equal(result, PublishResult(position: first, suppression: .oldVersion), "what became of \(version)")
            }
            try trial.expect.equal(try await publish(6).position.offset, 2, "the offset of 6")
            try trial.expect.equal(try await trial.publish("unversioned").suppression, nil, "what became of one without a version")
            try trial.expect.equal(try await publish(6).suppression, .oldVersion, "what became of 6 again")
            try trial.expect.equal(try await publish(.max).suppression, nil, "what became of the largest")
            let told = try await trial.told(4)
            try trial.expect.equal(told, ["v5", "v6", "unversioned", "v\(UInt64.max)"], "what was told")
        },
        Rule("Versions are compared within one epoch of versions") { trial in
            func suppression(_ version: UInt64, _ epoch: String) async throws -> PublishResult.Suppression? {
                let options = PublishOptions(retention: Trial.retention, version: version, versionEpoch: epoch)
                let result = try await trial.publish("\(version)", options)
                return result.suppression
            }
            try trial.expect.equal(try await suppression(5, "a"), nil, "5 of a")
            try trial.expect.equal(try await suppression(5, "a"), .oldVersion, "5 of a again")
            try trial.expect.equal(try await suppression(1, "b"), nil, "1 of b")
            try trial.expect.equal(try await suppression(1, "b"), .oldVersion, "1 of b again")
            try trial.expect.equal(try await suppression(1, ""), .oldVersion, "1 of none")
            try trial.expect.equal(try await suppression(2, ""), nil, "2 of none")
            try trial.expect.equal(try await suppression(2, "b"), .oldVersion, "2 of b")
        },
        Rule("Versions hold without history too") { trial in
            func suppression(_ version: UInt64) async throws -> PublishResult.Suppression? {
                let result = try await trial.publish("\(version)", PublishOptions(version: version))
                return result.suppression
            }
            try trial.expect.equal(try await suppression(2), nil, "2")
            try trial.expect.equal(try await suppression(1), .oldVersion, "1")
            try trial.expect.equal(try await suppression(3), nil, "3")
            let told = try await trial.told(2)
            try trial.expect.equal(told, ["2", "3"], "what was told")
        },
        Rule("A publication that was suppressed for its version does not use up its idempotency key") { trial in
            let key = PublishOptions(retention: Trial.retention, idempotencyKey: "k", version: 1)
            try await trial.publish("2", PublishOptions(retention: Trial.retention, version: 2))
            try trial.expect.equal(try await trial.publish("1", key).suppression, .oldVersion, "what became of it")
            var newer = key
            newer.version = 3
            try trial.expect.equal(try await trial.publish("3", newer).suppression, nil, "what became of a newer one with the key")
        },
    ]
}

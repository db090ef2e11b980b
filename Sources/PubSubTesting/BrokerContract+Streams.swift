import PubSub

extension BrokerContract {
    /// Offsets, epochs and what history answers.
    static let streams: [Rule] = [
        Rule("Offsets begin with 1 and have no gaps, in one epoch") { trial in
            for number in 1...20 {
                let position = try await trial.publish("\(number)").position
                try trial.expect.equal(position.offset, UInt64(number), "the offset told to the publisher")
            }
            let told = try await trial.receiver.publications(on: trial.channel, count: 20)
            try trial.expect.equal(told.map(\.offset), Array(1...20), "the offsets told to the receiver")
            try trial.expect.equal(Set(told.map(\.epoch)).count, 1, "how many epochs there were")
            try trial.expect.that(told.first?.epoch.isEmpty == false, "the epoch has a name")
        },
        Rule("What was published is in the history when the publisher is told so") { trial in
            for number in 1...5 {
                let position = try await trial.publish("\(number)").position
                let history = try await trial.history(HistoryQuery(limit: .count(1), isReversed: true))
                try trial.expect.equal(history.position, position, "the position")
                try trial.expect.equal(history.publications.map(\.data), [Array("\(number)".utf8)], "the newest")
            }
        },
        Rule("History is what the receiver was told") { trial in
            let info = ClientInfo(user: "u", client: "c", connectionInfo: [1, 2])
            let options = PublishOptions(retention: Trial.retention, version: 3, info: info, tags: ["k": "v"], time: 99)
            try await trial.publish("1", options)
            try await trial.publish("2")
            let told = try await trial.receiver.publications(on: trial.channel, count: 2)
            try trial.expect.equal(try await trial.history().publications, told, "the history")
        },
        Rule("A query goes both ways, with and without a beginning, up to its limit") { trial in
            let epoch = try await trial.publish(count: 6).epoch
            func offsets(_ since: UInt64?, _ limit: HistoryQuery.Limit, _ isReversed: Bool = false) async throws -> [UInt64] {
                let since = since.map { StreamPosition(offset: $0, epoch: epoch) }
                return try await trial.historyOffsets(HistoryQuery(since: since, limit: limit, isReversed: isReversed))
            }
            try trial.expect.equal(try await offsets(nil, .all), [1, 2, 3, 4, 5, 6], "all")
            try trial.expect.equal(try await offsets(nil, .none), [], "none")
            try trial.expect.equal(try await offsets(nil, .count(2)), [1, 2], "the first two")
            try trial.expect.equal(try await offsets(nil, .count(100)), [1, 2, 3, 4, 5, 6], "a hundred")
            try trial.expect.equal(try await offsets(0, .all), [1, 2, 3, 4, 5, 6], "all since 0")
            try trial.expect.equal(try await offsets(4, .all), [5, 6], "all since 4")
            try trial.expect.equal(try await offsets(3, .count(2)), [4, 5], "two since 3")
            try trial.expect.equal(try await offsets(6, .all), [], "all since the newest")
            try trial.expect.equal(try await offsets(60, .all), [], "all since what will be")
            try trial.expect.equal(try await offsets(nil, .all, true), [6, 5, 4, 3, 2, 1], "all backwards")
            try trial.expect.equal(try await offsets(nil, .count(2), true), [6, 5], "the last two backwards")
            try trial.expect.equal(try await offsets(4, .all, true), [3, 2, 1], "backwards since 4")
            try trial.expect.equal(try await offsets(4, .count(1), true), [3], "one backwards since 4")
            try trial.expect.equal(try await offsets(1, .all, true), [], "backwards since the first")
            try trial.expect.equal(try await offsets(60, .count(1), true), [6], "backwards since what will be")
        },
        Rule("A position of another epoch is refused with the present position; an empty epoch is the present one") { trial in
            let position = try await trial.publish(count: 3)
            for limit in [HistoryQuery.Limit.none, .all, .count(1)] {
                let query = HistoryQuery(since: StreamPosition(offset: 1, epoch: position.epoch + "x"), limit: limit)
                do {
                    _ = try await trial.history(query)
                    try trial.expect.that(false, "another epoch is refused (\(limit))")
                } catch let error as BrokerError {
                    try trial.expect.equal(error, .wrongEpoch(current: position), "the error")
                }
            }
            let offsets = try await trial.historyOffsets(HistoryQuery(since: StreamPosition(offset: 1), limit: .all))
            try trial.expect.equal(offsets, [2, 3], "since 1 of the empty epoch")
        },
        Rule("Asking for the history makes a stream, whose position then holds") { trial in
            let first = try await trial.history(HistoryQuery())
            try trial.expect.equal(first.position.offset, 0, "the offset")
            try trial.expect.that(!first.position.epoch.isEmpty, "the epoch has a name")
            try trial.expect.equal(try await trial.history(), first, "the history when asked again")
            try trial.expect.equal(try await trial.publish("1").position, StreamPosition(offset: 1, epoch: first.position.epoch), "then")
        },
        Rule("Without a retention nothing is kept, and nothing is made") { trial in
            for retention in [nil, Retention(size: 0, timeToLive: .seconds(9)), Retention(size: 9, timeToLive: .zero)] {
                let result = try await trial.publish("x", PublishOptions(retention: retention))
                try trial.expect.equal(result.position, StreamPosition(), "the position told to the publisher")
                try trial.expect.equal(try await trial.history(HistoryQuery(limit: .all), retention), History(), "the history")
            }
        },
        Rule("A publication without a retention leaves the stream as it is") { trial in
            let position = try await trial.publish(count: 2)
            let result = try await trial.publish("aside", PublishOptions())
            try trial.expect.equal(result.position, StreamPosition(), "the position told to the publisher")
            try trial.expect.equal(try await trial.history(HistoryQuery()).position, position, "the position of the stream")
            try trial.expect.equal(try await trial.publish("3").position.offset, 3, "the next offset")
            let told = try await trial.receiver.publications(on: trial.channel, count: 4)
            try trial.expect.equal(told.map(\.offset), [1, 2, 0, 3], "the offsets told to the receiver")
        },
        Rule("Channels have streams of their own") { trial in
            let other = trial.channel + ".other"
            try await trial.publish(count: 3)
            try await trial.broker.publish([1], to: other, PublishOptions(retention: Trial.retention))
            let history = try await trial.broker.history(of: other, HistoryQuery(limit: .all), retention: Trial.retention)
            try trial.expect.equal(history.publications.map(\.offset), [1], "the other's offsets")
            try trial.expect.that(history.position.epoch != (try await trial.history()).position.epoch, "the epochs differ")
        },
        Rule("Many publishers at once: the receiver is told in the order of the offsets, and history agrees") { trial in
            let retention = Retention(size: 1000, timeToLive: .seconds(60))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for publisher in 0..<8 {
                    group.addTask {
                        for number in 0..<50 { try await trial.publish("\(publisher).\(number)", PublishOptions(retention: retention)) }
                    }
                }
                try await group.waitForAll()
            }
            let told = try await trial.receiver.publications(on: trial.channel, count: 400)
            try trial.expect.equal(told.map(\.offset), Array(1...400), "the offsets told to the receiver")
            try trial.expect.equal(try await trial.history(HistoryQuery(limit: .all), retention).publications, told, "the history")
        },
        Rule("The base of a delta is the publication before") { trial in
            let delta = PublishOptions(retention: Trial.retention, usesDelta: true)
            try await trial.publish("1", delta)
            try await trial.publish("2", delta)
            try await trial.publish("3")
            try await trial.publish("aside", PublishOptions(usesDelta: true))
            try await trial.publish("4", delta)
            try await trial.broker.removeHistory(of: trial.channel)
            try await trial.publish("5", delta)
            try trial.expect.equal(try await trial.bases(6), [nil, 1, nil, nil, 3, nil], "the offsets of the bases")
        },
    ]
}

import PubSub

extension BrokerContract {
    /// What goes, when and with which consequences.
    static let lifetimes: [Rule] = [
        Rule("The oldest goes when the size is reached") { trial in
            let epoch = try await trial.publish(count: 25).epoch
            try trial.expect.equal(try await trial.historyOffsets(HistoryQuery(limit: .all)), Array(16...25), "what is kept")
            let since = StreamPosition(offset: 3, epoch: epoch)
            let offsets = try await trial.historyOffsets(HistoryQuery(since: since, limit: .count(2)))
            try trial.expect.equal(offsets, [16, 17], "two since 3, which is no longer kept")
            let backwards = try await trial.historyOffsets(HistoryQuery(since: since, limit: .all, isReversed: true))
            try trial.expect.equal(backwards, [], "backwards since 3")
        },
        Rule("A smaller size holds from the next publication on, and so does a larger one") { trial in
            try await trial.publish(count: 8)
            try await trial.publish("9", PublishOptions(retention: Retention(size: 3, timeToLive: .seconds(60))))
            try trial.expect.equal(try await trial.historyOffsets(HistoryQuery(limit: .all)), [7, 8, 9], "what is kept")
            for number in 10...13 {
                try await trial.publish("\(number)", PublishOptions(retention: Retention(size: 20, timeToLive: .seconds(60))))
            }
            try trial.expect.equal(try await trial.historyOffsets(HistoryQuery(limit: .all)), Array(7...13), "what is kept")
        },
        Rule("Publications go when their time is over; the position stays") { trial in
            let retention = Retention(size: 10, timeToLive: .seconds(2), metadataTimeToLive: .seconds(60))
            let position = try await trial.publish("1", PublishOptions(retention: retention)).position
            try await trial.advance(.seconds(3))
            let history = try await trial.history(HistoryQuery(limit: .all), retention)
            try trial.expect.equal(history, History(position: position), "the history")
            let next = try await trial.publish("2", PublishOptions(retention: retention)).position
            try trial.expect.equal(next, StreamPosition(offset: 2, epoch: position.epoch), "the next position")
            try trial.expect.equal(try await trial.historyOffsets(HistoryQuery(limit: .all)), [2], "what is kept")
        },
        Rule("A stream that nobody used for long enough begins anew with another epoch") { trial in
            let retention = Retention(size: 10, timeToLive: .seconds(1), metadataTimeToLive: .seconds(2))
            let old = try await trial.publish("1", PublishOptions(retention: retention)).position
            try await trial.advance(.seconds(3))
            let new = try await trial.history(HistoryQuery(limit: .all), retention)
            try trial.expect.equal(new.publications, [], "what is kept")
            try trial.expect.equal(new.position.offset, 0, "the offset")
            try trial.expect.that(new.position.epoch != old.epoch, "the epoch is another")
            let next = try await trial.publish("2", PublishOptions(retention: retention)).position
            try trial.expect.equal(next, StreamPosition(offset: 1, epoch: new.position.epoch), "the next position")
        },
        Rule("A stream that is used lives on") { trial in
            let retention = Retention(size: 10, timeToLive: .seconds(1), metadataTimeToLive: .seconds(4))
            let position = try await trial.publish("1", PublishOptions(retention: retention)).position
            for _ in 0..<4 {
                try await trial.advance(.seconds(2))
                try trial.expect.equal(try await trial.history(HistoryQuery(), retention).position, position, "the position")
            }
        },
        Rule("What is removed is gone; offsets go on in the same epoch") { trial in
            let position = try await trial.publish(count: 3)
            try await trial.broker.removeHistory(of: trial.channel)
            try trial.expect.equal(try await trial.history(), History(position: position), "the history")
            let next = try await trial.publish("4").position
            try trial.expect.equal(next, StreamPosition(offset: 4, epoch: position.epoch), "the next position")
            try trial.expect.equal(try await trial.historyOffsets(HistoryQuery(limit: .all)), [4], "what is kept")
        },
        Rule("What was never there can be removed") { trial in
            try await trial.broker.removeHistory(of: trial.channel)
            try trial.expect.equal(try await trial.publish("1").position.offset, 1, "the offset")
        },
    ]
}

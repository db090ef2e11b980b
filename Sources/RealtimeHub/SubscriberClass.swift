// Strategy: subscribers who get the same bytes form a class: the same encoding, envelope, filter and use of deltas. What a turn of the loop
// brought for a channel is encoded once for each class, and its members who are up to date get that one batch. A member who is not
// (a gap, a duplicate, its own publication that it does not want back) is served by itself.

import CPrefetch
import NIOCore
import PubSub
import RealtimeProtocol

/// What decides on the bytes that a subscriber gets.
struct SubscriberClassKey: Hashable {
    var format: WireFormat
    /// Bare pushes, for unidirectional transports.
    var isBare = false
    var usesDelta = false
    /// The channel's number in place of its name; 0: the name.
    var compactID: Int64 = 0
    /// What the client wants.
    var filter: TagsFilter?
    /// What it may have of the channel.
    var serverFilter: TagsFilter?

    func admits(_ tags: [String: String]) -> Bool { serverFilter?.matches(tags) ?? true && filter?.matches(tags) ?? true }
}

/// Subscribers of one channel on one loop who get the same bytes.
final class SubscriberClass {
    let key: SubscriberClassKey
    private let encoder: PublicationEncoder
    private let maxMessagesInBatch: Int
    @exclusivity(unchecked) private(set) var members: [Subscription] = []
    /// How many members want to know who comes and goes.
    private var watchers = 0

    /// How many publications the class has had.
    @exclusivity(unchecked) private var sequence: UInt64 = 0
    /// The last of them: what a member who has it can take a delta against.
    private var base: Publication?

    init(key: SubscriberClassKey, channel: String, maxMessagesInBatch: Int) {
        self.key = key
        self.encoder = PublicationEncoder(key: key, channel: channel)
        self.maxMessagesInBatch = max(1, maxMessagesInBatch)
    }

    // MARK: Members

    var isEmpty: Bool { members.isEmpty }

    func add(_ subscription: Subscription) {
        subscription.subscriberClass = self
        subscription.index = members.count
        members.append(subscription)
        if subscription.wantsJoinsAndLeaves { watchers += 1 }
    }

    func remove(_ subscription: Subscription) {
        let index = subscription.index
        guard members.indices.contains(index), members[index] === subscription, let last = members.popLast() else { return }
        if subscription.wantsJoinsAndLeaves { watchers -= 1 }
        if last !== subscription {
            members[index] = last
            last.index = index
        }
        subscription.subscriberClass = nil
    }

    /// A member has recovered up to a publication: it needs no full one if the class has come just as far.
    func noteRecovered(_ subscription: Subscription, last: Publication?) {
        guard key.usesDelta, let last, let base, base.offset == last.offset, base.epoch == last.epoch else { return }
        subscription.seen = sequence
    }

    // MARK: A turn's publications

    private struct Item {
        let publication: Publication
        let origin: String?
        let excluded: String?
        /// Nil: the filter leaves it out, or it can't be said in the class's encoding.
        let message: Message?
    }

    private struct Message {
        /// For members who have what came before.
        let bytes: ByteBuffer
        /// For those who have not.
        let full: ByteBuffer
        /// The place in the class's sequence, from 1.
        let number: UInt64
    }

    /// Returns how many publications the members got, together.
    func deliver(_ deliveries: ArraySlice<Delivery>) -> Int {
        guard !members.isEmpty else { return 0 }
        let before = sequence
        // Streams of several channels have no common order of offsets, and nobody has a position in them.
        let isOfPattern = deliveries.first?.origin != nil
        guard let items = encode(deliveries) else {
            refuseAll()
            return 0
        }
        guard let first = items.first?.publication, let last = items.last?.publication else { return 0 }
        let messageCount = Int(truncatingIfNeeded: sequence &- before)
        var count = 0
        let isSimple = !items.contains { $0.excluded != nil } && (isOfPattern || isContiguous(items))
        var batches: [SharedBatch]?
        var fullBatches: [SharedBatch]?
        // Backwards: a member that is disconnected leaves, and the last one takes its place.
        var index = members.count - 1
        while index >= 0 {
            defer { index -= 1 }
            guard index < members.count else { continue }
            let member = members[index]
            prefetch(before: index)
            guard isSimple, member.isLive, member.backlog.isEmpty, isNext(first, for: member), !member.session.isSlow else {
                count &+= deliver(items, deliveries, to: member)
                continue
            }
            if member.isPositioned { member.position.offset = last.offset }
            if !key.usesDelta || member.seen == before {
                if batches == nil { batches = join(items.compactMap(\.message?.bytes)) }
                member.session.push(batches ?? [], isTurn: true)
            } else {
                if fullBatches == nil { fullBatches = join(firstFull(items)) }
                member.session.push(fullBatches ?? [], isTurn: true)
            }
            member.seen = sequence
            count &+= messageCount
        }
        return count
    }

    /// A thousand sessions do not stay in the cache from one publication to the next, and what sending to one touches hangs together by
    /// pointers. So each is followed a step at a time while the ones before it are served: that is a tenth of a broadcast.
    @inline(__always)
    private func prefetch(before index: Int) {
        if index >= 1 { members[index - 1].session.transport.expectSend() }
        if index >= 2 { CPrefetch.prefetch(Unmanaged.passUnretained(members[index - 2].session.transport as AnyObject).toOpaque()) }
        if index >= 3 { CPrefetch.prefetch(Unmanaged.passUnretained(members[index - 3].session).toOpaque()) }
        if index >= 4 { CPrefetch.prefetch(Unmanaged.passUnretained(members[index - 4]).toOpaque()) }
    }

    /// Nil if the members can't be told what the channel is for. One payload that is no JSON, in a channel that may have any, is left out for those who speak JSON: they are not
    /// to suffer for who published it.
    private func encode(_ deliveries: ArraySlice<Delivery>) -> [Item]? {
        var items: [Item] = []
        items.reserveCapacity(deliveries.count)
        for delivery in deliveries {
            guard case .publication(let publication, let usesDelta, let excluded) = delivery.event else { continue }
            guard key.admits(publication.tags) else {
                items.append(Item(publication: publication, origin: delivery.origin, excluded: excluded, message: nil))
                continue
            }
            guard let full = encoder.full(publication, in: delivery.origin) else {
                if members.first?.options.dataFormat == .binary { return nil }
                members.first?.session.loop.statistics.leftOut()
                items.append(Item(publication: publication, origin: delivery.origin, excluded: excluded, message: nil))
                continue
            }
            let bytes = usesDelta ? encoder.delta(publication, from: base) ?? full : full
            sequence &+= 1
            if key.usesDelta { base = publication }
            items.append(
                Item(
                    publication: publication, origin: delivery.origin, excluded: excluded,
                    message: Message(bytes: bytes, full: full, number: sequence)))
        }
        return items
    }

    private func firstFull(_ items: [Item]) -> [ByteBuffer] {
        let messages = items.compactMap(\.message)
        return messages.prefix(1).map(\.full) + messages.dropFirst().map(\.bytes)
    }

    private func isContiguous(_ items: [Item]) -> Bool {
        guard let first = items.first?.publication else { return true }
        var offset = first.offset
        for item in items.dropFirst() {
            if offset != 0 { offset &+= 1 }
            guard item.publication.offset == offset, item.publication.epoch == first.epoch else { return false }
        }
        return true
    }

    private func isNext(_ publication: Publication, for member: Subscription) -> Bool {
        guard member.isPositioned else { return true }
        return publication.offset == member.position.offset &+ 1 && publication.epoch == member.position.epoch
    }

    private func join(_ messages: [ByteBuffer]) -> [SharedBatch] {
        if messages.count == 1 { return [SharedBatch(messages[0])] }
        return stride(from: 0, to: messages.count, by: maxMessagesInBatch).map { start in
            var batch = ByteBuffer()
            for message in messages[start..<min(start + maxMessagesInBatch, messages.count)] {
                PublicationEncoder.append(message, to: &batch, format: key.format)
            }
            return SharedBatch(batch)
        }
    }

    // MARK: A single member

    private func deliver(_ items: [Item], _ deliveries: ArraySlice<Delivery>, to member: Subscription) -> Int {
        guard member.isLive else {
            member.session.keep(deliveries, for: member)
            return 0
        }
        var batch = ByteBuffer()
        var count = 0
        for item in items {
            switch member.admit(item.publication) {
            case .stale: continue
            case .gap:
                member.session.lostPosition(member)
                return count
            case .next: break
            }
            guard let message = item.message, item.excluded == nil || item.excluded != member.session.client else { continue }
            guard member.session.admits(item.publication, item.origin, member) else { continue }
            PublicationEncoder.append(
                key.usesDelta && member.seen != message.number &- 1 ? message.full : message.bytes, to: &batch, format: key.format)
            member.seen = message.number
            count &+= 1
        }
        if batch.readableBytes > 0 { member.session.push([SharedBatch(batch)], isTurn: true) }
        return count
    }

    /// Sends what came while the subscription was not complete.
    func catchUp(_ member: Subscription, _ waiting: [Delivery]) {
        guard !waiting.isEmpty else { return }
        var batch = ByteBuffer()
        for delivery in waiting {
            guard case .publication(let publication, _, let excluded) = delivery.event else { continue }
            switch member.admit(publication) {
            case .stale: continue
            case .gap: return member.session.lostPosition(member)
            case .next: break
            }
            guard key.admits(publication.tags), excluded == nil || excluded != member.session.client else { continue }
            guard let full = encoder.full(publication, in: delivery.origin) else {
                if member.options.dataFormat == .binary { return member.session.disconnect(.inappropriateProtocol) }
                continue
            }
            PublicationEncoder.append(full, to: &batch, format: key.format)
            member.seen = base == publication ? sequence : nil
        }
        if batch.readableBytes > 0 { member.session.push([SharedBatch(batch)], isTurn: false) }
    }

    /// Sends what was kept for a slow reader.
    func deliverBacklog(of member: Subscription) {
        let kept = member.backlog
        member.backlog = []
        var batch = ByteBuffer()
        for (publication, origin) in kept where key.admits(publication.tags) {
            guard let full = encoder.full(publication, in: origin) else { continue }
            PublicationEncoder.append(full, to: &batch, format: key.format)
            member.seen = base == publication ? sequence : nil
        }
        if batch.readableBytes > 0 { member.session.push([SharedBatch(batch)], isTurn: false) }
    }

    /// The channel's payloads are binary and the encoding is JSON: the client is in the wrong place.
    private func refuseAll() {
        for member in members { member.session.disconnect(.inappropriateProtocol) }
    }

    // MARK: Joins and leaves

    func announce(_ event: Delivery.Event) {
        guard watchers > 0, let bytes = encoder.announcement(event) else { return }
        let batch = SharedBatch(bytes)
        var index = members.count - 1
        while index >= 0 {
            if index < members.count, members[index].wantsJoinsAndLeaves, members[index].isLive {
                members[index].session.push([batch], isTurn: true)
            }
            index -= 1
        }
    }
}

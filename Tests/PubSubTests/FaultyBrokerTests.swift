import PubSub
import PubSubTesting
import Synchronization
import Testing

/// The contract is worth something if a broker that breaks it is found out.
@Suite("The contracts notice faults")
struct FaultyBrokerTests {
    enum Fault: CaseIterable {
        case losesPublications, tellsTwice, forgetsOrder, ignoresKeys, sharesKeys, ignoresVersions, givesNoBase, baseIsItself,
            keepsWhatIsRemoved
        case ignoresLimits, ignoresReverse, takesAnyEpoch, tellsWhenStopped, losesTags, ignoresSize, forgetsJoins, forgetsExclusion
        case keepsHistoryUnasked, mixesChannels
    }

    /// A broker in memory between two who change what is said.
    private final class FaultyBroker: Broker, BrokerReceiver {
        let inner: MemoryBroker
        let fault: Fault
        let receiver = Mutex<(any BrokerReceiver)?>(nil)
        let count = Atomic(0)
        let heldBack = Mutex<Publication?>(nil)

        init(_ fault: Fault, _ clock: ManualClock) {
            self.fault = fault
            self.inner = MemoryBroker(now: clock.now)
        }

        func start(_ receiver: any BrokerReceiver) {
            self.receiver.withLock { $0 = receiver }
            inner.start(self)
        }

        func stop() {
            if fault != .tellsWhenStopped { inner.stop() }
        }

        func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
            inner.subscribe(channel, completion)
        }

        func unsubscribe(_ channel: String) {}

        func publish(
            _ data: [UInt8], to channel: String, _ options: PublishOptions,
            _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void
        ) {
            var options = options
            switch fault {
            case .ignoresKeys: options.idempotencyKey = nil
            case .ignoresVersions: options.version = 0
            case .losesTags: options.tags = [:]
            case .ignoresSize: options.retention?.size = 1000
            case .forgetsExclusion: options.excludedClient = nil
            case .keepsHistoryUnasked: options.retention = options.retention ?? .minute
            case .mixesChannels: return inner.publish(data, to: String(channel.prefix(12)), options, completion)
            default: break
            }
            if fault == .sharesKeys, let key = options.idempotencyKey {
                return inner.publish([], to: "keys", PublishOptions(idempotencyKey: key)) { [options] result in
                    if (try? result.get())?.suppression != nil { return completion(result) }
                    self.inner.publish(data, to: channel, options, completion)
                }
            }
            inner.publish(data, to: channel, options, completion)
        }

        func publishJoin(_ info: ClientInfo, on channel: String) {
            if fault != .forgetsJoins { inner.publishJoin(info, on: channel) }
        }

        func publishLeave(_ info: ClientInfo, on channel: String) {
            inner.publishLeave(info, on: channel)
        }

        func history(
            of channel: String, _ query: HistoryQuery, retention: Retention?,
            _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void
        ) {
            var query = query
            switch fault {
            case .ignoresLimits: query.limit = .all
            case .ignoresReverse: query.isReversed = false
            case .takesAnyEpoch: query.since?.epoch = ""
            case .mixesChannels: return inner.history(of: String(channel.prefix(12)), query, retention: retention, completion)
            default: break
            }
            inner.history(of: channel, query, retention: retention, completion)
        }

        func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
            if fault == .keepsWhatIsRemoved { return completion(.success(())) }
            inner.removeHistory(of: channel, completion)
        }

        // MARK: What is told

        func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) {
            guard let receiver = receiver.withLock({ $0 }) else { return }
            let number = count.add(1, ordering: .relaxed).newValue
            switch fault {
            case .losesPublications where number % 3 == 0: return
            case .tellsTwice where number % 3 == 0:
                receiver.published(publication, on: channel, delta: base, excluding: client)
            case .forgetsOrder:
                // Every second one is told after the one that follows it.
                let late = heldBack.withLock { held in
                    let late = held
                    held = late == nil ? publication : nil
                    return late
                }
                guard let late else { return }
                receiver.published(publication, on: channel, delta: base, excluding: client)
                return receiver.published(late, on: channel, delta: nil, excluding: client)
            case .givesNoBase: return receiver.published(publication, on: channel, delta: nil, excluding: client)
            case .baseIsItself:
                return receiver.published(publication, on: channel, delta: base.map { _ in publication }, excluding: client)
            default: break
            }
            receiver.published(publication, on: channel, delta: base, excluding: client)
        }

        func joined(_ info: ClientInfo, on channel: String) { receiver.withLock { $0 }?.joined(info, on: channel) }
        func left(_ info: ClientInfo, on channel: String) { receiver.withLock { $0 }?.left(info, on: channel) }
    }

    @Test("A broker with a fault breaks a rule", .timeLimit(.minutes(2)), arguments: Fault.allCases)
    func fault(fault: Fault) async throws {
        let clock = ManualClock()
        await #expect(throws: ContractViolation.self) {
            try await BrokerContract.check { BrokerFixture(FaultyBroker(fault, clock), advance: clock.advance) }
        }
    }

    @Test("A broker whose time stands still is noticed")
    func time() async {
        let clock = ManualClock()
        await #expect(throws: ContractViolation.self) {
            try await BrokerContract.check { BrokerFixture(MemoryBroker(now: clock.now), advance: { _ in }) }
        }
        await #expect(throws: ContractViolation.self) {
            try await PresenceContract.check { PresenceFixture(MemoryPresenceStore(now: clock.now), advance: { _ in }) }
        }
    }
}

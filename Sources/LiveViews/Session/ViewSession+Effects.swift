import Logging
import NIOCore
import PubSub
import RealtimeHub

extension ViewSession {
    /// Room for another effect; nil if there are too many.
    private func started(_ name: RunningEffects.Name) -> UInt64? {
        if let number = ownExtras.running.add(name, max: configuration.maxEffects) { return number }
        isOverLimit()
        return nil
    }

    private func isOverLimit() {
        runtime.logger.warning(
            "A live view has too many effects.", metadata: ["view": "\(route.name)", "limit": "\(configuration.maxEffects)"])
    }

    private func isRunning(_ number: UInt64) -> Bool { extras?.running.isRunning(number) == true }

    // MARK: Work

    func run<Event: Sendable>(
        _ name: RunningEffects.Name, _ work: @escaping @Sendable () async -> Event?, _ dispatch: @escaping Dispatch<Event>
    ) {
        guard let number = started(name) else { return }
        let bound = bound
        let task = Task {
            let event = await work()
            bound.eventLoop.execute {
                let session = bound.value
                guard session.isRunning(number) else { return }
                session.extras?.running.remove(number)
                if let event { dispatch(session, event) }
            }
        }
        extras?.running.setCancellation(of: number) { task.cancel() }
    }

    // MARK: Timers

    func startTimer<Event: Sendable>(
        _ name: RunningEffects.Name, _ delay: Duration, _ repeats: Bool, _ event: Event, _ dispatch: @escaping Dispatch<Event>
    ) {
        guard let number = started(name) else { return }
        let interval = TimeAmount(max(delay, .zero))
        schedule(number, at: loop.eventLoop.now + interval, every: repeats ? interval : nil) { dispatch($0, event) }
    }

    private func schedule(
        _ number: UInt64, at deadline: NIODeadline, every interval: TimeAmount?, _ fire: @escaping @Sendable (ViewSession<View>) -> Void
    ) {
        let bound = bound
        let scheduled = loop.eventLoop.scheduleTask(deadline: deadline) {
            let session = bound.value
            guard session.isRunning(number) else { return }
            if let interval {
                // A tick that could not come in time is not made up for.
                session.schedule(number, at: max(deadline + interval, session.loop.eventLoop.now), every: interval, fire)
            } else {
                session.extras?.running.remove(number)
            }
            fire(session)
        }
        extras?.running.setCancellation(of: number) { scheduled.cancel() }
    }

    // MARK: Channels

    static func name(ofSubscriptionTo channel: String, by view: Int) -> RunningEffects.Name {
        RunningEffects.Name(view: view, id: "channel \(channel)")
    }

    func subscribe<Event: Sendable>(
        _ channel: String, by view: Int, _ make: @escaping @Sendable (Publication) -> Event?, _ dispatch: @escaping Dispatch<Event>
    ) {
        guard let hub = runtime.hub else {
            return runtime.logger.error("A live view subscribes to a channel, but there is no hub.", metadata: ["view": "\(route.name)"])
        }
        guard let number = started(Self.name(ofSubscriptionTo: channel, by: view)) else { return }
        let bound = bound, logger = runtime.logger
        let task = Task {
            while !Task.isCancelled {
                do {
                    for try await publication in try await hub.publications(in: channel) {
                        guard let event = make(publication) else { continue }
                        // The channel waits for the view, up to its buffer.
                        try await bound.eventLoop.submit {
                            if bound.value.isRunning(number) { dispatch(bound.value, event) }
                        }.get()
                    }
                    return
                } catch is HubPublications.Overflow {
                    logger.warning("A live view is too slow for its channel.", metadata: ["channel": "\(channel)"])
                } catch {
                    return logger.error("A live view can't subscribe.", metadata: ["channel": "\(channel)", "error": "\(error)"])
                }
            }
        }
        extras?.running.setCancellation(of: number) { task.cancel() }
    }

    func publish(_ channel: String, _ data: [UInt8]) {
        guard let hub = runtime.hub else {
            return runtime.logger.error("A live view publishes to a channel, but there is no hub.", metadata: ["view": "\(route.name)"])
        }
        let extras = ownExtras, logger = runtime.logger, bound = bound
        guard extras.publishing < configuration.maxEffects else { return isOverLimit() }
        extras.publishing += 1
        // One after the other: the broker's order is that in which the view published.
        let before = extras.lastPublish
        extras.lastPublish = Task {
            defer { bound.eventLoop.execute { bound.value.extras?.publishing -= 1 } }
            await before?.value
            do {
                try await hub.publish(data, to: channel)
            } catch {
                logger.error("A live view can't publish.", metadata: ["channel": "\(channel)", "error": "\(error)"])
            }
        }
    }
}

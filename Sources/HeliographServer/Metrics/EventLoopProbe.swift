import NIOCore
import RealtimeHub
import Synchronization

/// Asks each event loop how busy it is and how late it answers, without waiting for one that does not.
final class EventLoopProbe: Sendable {
    struct Figures: Hashable, Sendable {
        /// In seconds, since the loop's thread began.
        var processorTime = 0.0
        /// In seconds: how long the last question took to be answered, or has been waiting.
        var lag = 0.0
    }

    private struct State {
        var figures: Figures
        /// When the question was put that has no answer yet.
        var askedAt: ContinuousClock.Instant?
    }

    private let loops: [any EventLoop]
    private let states: Mutex<[State]>

    init(_ group: any EventLoopGroup) {
        loops = Array(group.makeIterator())
        states = Mutex(loops.map { _ in State(figures: Figures()) })
    }

    /// The figures of all loops, in their order.
    ///
    /// - Parameter patience: how long to wait for answers.
    func figures(patience: Duration = .milliseconds(50)) async -> [Figures] {
        let now = ContinuousClock.now
        for (index, loop) in loops.enumerated() { ask(index, loop, now) }
        while hasOpenQuestions, now.duration(to: .now) < patience {
            guard (try? await Task.sleep(for: .milliseconds(1))) != nil else { break }
        }
        return states.withLock { states in
            states.map { state in
                guard let askedAt = state.askedAt else { return state.figures }
                return Figures(processorTime: state.figures.processorTime, lag: askedAt.duration(to: .now) / .seconds(1))
            }
        }
    }

    private var hasOpenQuestions: Bool { states.withLock { $0.contains { $0.askedAt != nil } } }

    private func ask(_ index: Int, _ loop: any EventLoop, _ now: ContinuousClock.Instant) {
        let isOpen = states.withLock { states in
            defer { states[index].askedAt = states[index].askedAt ?? now }
            return states[index].askedAt != nil
        }
        guard !isOpen else { return }
        loop.execute {
            let figures = Figures(processorTime: threadProcessorTime() / .seconds(1), lag: now.duration(to: .now) / .seconds(1))
            self.states.withLock { $0[index] = State(figures: figures) }
        }
    }
}

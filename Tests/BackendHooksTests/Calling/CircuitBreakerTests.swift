// The breaker, with its time as a value.

import NIOCore
import Testing

@testable import BackendHooks

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    /// What is expected of it changes it.
    private final class Breaker {
        private var breaker: CircuitBreaker

        init(_ failures: Int) {
            var limits = CircuitBreaker.Limits()
            (limits.failures, limits.window, limits.pause) = (failures, .seconds(10), .seconds(5))
            breaker = CircuitBreaker(limits)
        }

        var isOpen: Bool { breaker.isOpen }
        func admits(at time: NIODeadline) -> Bool { breaker.admits(at: time) }
        func succeeded(at time: NIODeadline) { breaker.succeeded(at: time) }
        func failed(at time: NIODeadline) -> Bool { breaker.failed(at: time) }
    }

    private func breaker(_ failures: Int = 3) -> Breaker { Breaker(failures) }

    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    @Test("opens after so many failures within the window, and not before")
    func opens() {
        let breaker = breaker()
        #expect(!breaker.failed(at: at(0)))
        #expect(!breaker.failed(at: at(1)))
        #expect(breaker.admits(at: at(1)))
        #expect(breaker.failed(at: at(2)), "it opens, and says so once")
        #expect(breaker.isOpen)
        #expect(!breaker.failed(at: at(2)))
        #expect(!breaker.admits(at: at(6)))
    }

    @Test("failures that are long ago do not count")
    func window() {
        let breaker = breaker()
        for second in stride(from: Int64(0), to: 200, by: 9) { #expect(!breaker.failed(at: at(second))) }
        #expect(breaker.admits(at: at(200)))
    }

    @Test("a few failures among many successes do not open it")
    func ratio() {
        let breaker = breaker()
        for _ in 0..<100 { breaker.succeeded(at: at(0)) }
        for _ in 0..<99 { #expect(!breaker.failed(at: at(1))) }
        #expect(breaker.failed(at: at(1)), "as many failures as successes do")
    }

    @Test("after the pause one question is let through; its success closes it")
    func probe() {
        let breaker = breaker()
        for _ in 0..<3 { _ = breaker.failed(at: at(0)) }
        #expect(!breaker.admits(at: at(4)))
        #expect(breaker.admits(at: at(5)))
        #expect(!breaker.admits(at: at(5)), "one")
        breaker.succeeded(at: at(6))
        #expect(breaker.admits(at: at(6)))
        #expect(!breaker.failed(at: at(6)), "what was before is forgotten")
    }

    @Test("a failure of that one opens it for another pause")
    func probeFails() {
        let breaker = breaker()
        for _ in 0..<3 { _ = breaker.failed(at: at(0)) }
        #expect(breaker.admits(at: at(5)))
        #expect(breaker.failed(at: at(6)))
        #expect(!breaker.admits(at: at(10)))
        #expect(breaker.admits(at: at(11)))
    }

    @Test("an answer to a question from before it opened closes nothing")
    func late() {
        let breaker = breaker()
        for _ in 0..<3 { _ = breaker.failed(at: at(0)) }
        breaker.succeeded(at: at(1))
        #expect(!breaker.admits(at: at(2)))
    }

    @Test("with no number of failures it never opens")
    func off() {
        let breaker = breaker(0)
        for _ in 0..<1_000 { #expect(!breaker.failed(at: at(0))) }
        #expect(breaker.admits(at: at(0)))
    }
}

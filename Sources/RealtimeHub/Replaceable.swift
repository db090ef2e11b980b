import Synchronization

/// What holds now, and can be replaced while others ask for it.
package final class Replaceable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>
    private let replacements = Atomic(0)

    package init(_ value: Value) {
        current = Mutex(value)
    }

    package var value: Value { current.withLock { $0 } }

    /// Another one when ``value`` is. Asked before the value, it is never newer than that.
    package var version: Int { replacements.load(ordering: .acquiring) }

    package func replace(by new: Value) {
        current.withLock { $0 = new }
        replacements.wrappingAdd(1, ordering: .releasing)
    }
}

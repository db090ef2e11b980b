import Synchronization

/// What holds now, and can be replaced while others ask for it.
package final class Replaceable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    package init(_ value: Value) {
        current = Mutex(value)
    }

    package var value: Value { current.withLock { $0 } }

    package func replace(by new: Value) { current.withLock { $0 = new } }
}

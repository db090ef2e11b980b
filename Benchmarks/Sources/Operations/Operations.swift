// The operations that are measured. What an operation needs is made beforehand. What it changes are variables of the repeating closure: captured
// ones would be checked for exclusive access each time, which costs more than many an operation.

/// A named operation. `make` prepares it and returns what does it so many times.
public struct Operation: Sendable {
    public let name: String
    public let make: @Sendable () -> (_ count: Int) -> Void

    init(_ name: String, _ make: @escaping @Sendable () -> (_ count: Int) -> Void) {
        self.name = name
        self.make = make
    }

    public static let all = decoding + encoding + text + deflate + handshake + publishing + messages + live
}

/// Keeps the optimizer from leaving out what nobody looks at.
@inline(never) @_optimize(none)
func use<Value>(_ value: Value) {}

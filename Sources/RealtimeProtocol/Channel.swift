/// A channel by its name, and what its publications are: a name that the server and its clients share, so that both sides speak of one type.
///
/// ```swift
/// extension Channel where Value == Quote {
///     static func quotes(of symbol: String) -> Channel<Quote> { Channel("stocks:\(symbol)") }
/// }
/// ```
///
/// It says nothing of who may do what there: that is the server's to decide. On the wire a value is JSON.
public struct Channel<Value: Codable & Sendable>: Hashable, Sendable {
    /// Of the channel, as it is on the wire: `namespace:name`.
    public let name: String

    /// The channel of that name.
    public init(_ name: String) { self.name = name }
}

extension Channel: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

/// A message that is not one of the protocol (Docs/live-protocol.md, 7). Nothing of it has been done.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    static let syntax = ClientError("not well-formed")
    static let cell = ClientError("a cell that is not in the template")
    static let row = ClientError("a row that is not in the list")
    static let template = ClientError("a template that has not come")
    static let view = ClientError("another view")
    static let sequence = ClientError("not the next patch")
    static let value = ClientError("a value that does not fit its cell")
    static let order = ClientError("an order that does not name each row once")
    static let depth = ClientError("nested too deep")
    static let rest = ClientError("something after the end")
    static let missing = ClientError("a patch of a view that has not come")
}

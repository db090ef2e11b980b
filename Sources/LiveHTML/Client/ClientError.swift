/// A message that is not one of the protocol (Docs/live-protocol.md, 7). Nothing of it has been done.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension ClientError {
    /// Neither JSON, nor bytes, as the protocol has them.
    public static let syntax = Self("not well-formed")
    /// A number beyond the cells of the template.
    public static let cell = Self("a cell that is not in the template")
    /// A number beyond the rows of the list.
    public static let row = Self("a row that is not in the list")
    /// A number, or a fingerprint, that is not known.
    public static let template = Self("a template that has not come")
    /// The message is for a view that is not this one.
    public static let view = Self("another view")
    /// A patch is missing, or came twice.
    public static let sequence = Self("not the next patch")
    /// Such as rows where a text is.
    public static let value = Self("a value that does not fit its cell")
    /// A row is missing, or named twice.
    public static let order = Self("an order that does not name each row once")
    /// Instances inside instances.
    public static let depth = Self("nested too deep")
    /// More bytes than the message has.
    public static let rest = Self("something after the end")
    /// There is nothing that it could change.
    public static let missing = Self("a patch of a view that has not come")
}

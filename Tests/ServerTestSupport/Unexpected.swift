/// Something that a test did not expect, in words.
public struct Unexpected: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

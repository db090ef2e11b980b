extension Wire {
    /// What a message may cost us before we refuse it. The length of a batch is bounded by who received it.
    public struct Limits: Hashable, Sendable {
        /// Nested objects, lists and messages: those of a message, and by themselves those of a payload. At most 64.
        public var maxDepth: Int {
            didSet { maxDepth = Self.allowed(maxDepth) }
        }
        /// Fields, list elements and map entries of one message, together. A payload's are not counted: nothing is allocated for them.
        public var maxElements: Int
        /// Bytes of a string of ours: a channel, a token, a tag. Not of a payload.
        public var maxStringLength: Int

        /// Limits for what a client sends.
        public init(maxDepth: Int = 32, maxElements: Int = 4_096, maxStringLength: Int = 1 << 16) {
            self.maxDepth = Self.allowed(maxDepth)
            self.maxElements = maxElements
            self.maxStringLength = maxStringLength
        }

        /// Limits for what a client reads from the server it chose.
        public static let server = Limits(maxElements: 1 << 20, maxStringLength: 1 << 24)

        private static func allowed(_ depth: Int) -> Int { min(max(depth, 1), 64) }
    }
}

/// The last messages of a room, bounded by number and by bytes.
struct ChatHistory: Sendable {
    private let maxCount: Int
    private let maxBytes: Int
    private(set) var messages: [ChatMessage] = []
    private var bytes = 0
    private(set) var lastSequence = 0

    init(maxCount: Int, maxBytes: Int) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    mutating func append(_ message: ChatMessage) {
        messages.append(message)
        lastSequence = message.seq
        bytes += message.text.utf8.count
        var surplus = 0
        while messages.count - surplus > maxCount || (bytes > maxBytes && messages.count - surplus > 1) {
            bytes -= messages[surplus].text.utf8.count
            surplus += 1
        }
        messages.removeFirst(surplus)
    }

    /// All messages after a number; nil if some of them are forgotten, or the number has not been reached yet.
    func messages(after sequence: Int) -> [ChatMessage]? {
        guard sequence <= lastSequence, sequence >= lastSequence - messages.count else { return nil }
        return messages.suffix(lastSequence - sequence)
    }

    /// A message that was said before, to recognise one that is said again because its answer was lost.
    func message(reference: ClientKey) -> ChatMessage? {
        messages.last { $0.ref == reference.value }
    }
}

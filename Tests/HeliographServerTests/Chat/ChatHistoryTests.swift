import Testing

@testable import HeliographServer

@Suite("The history of a room")
struct ChatHistoryTests {
    private func history(count: Int, maxCount: Int, maxBytes: Int = .max, bytes: Int = 1) -> ChatHistory {
        var history = ChatHistory(maxCount: maxCount, maxBytes: maxBytes)
        for number in stride(from: 1, through: count, by: 1) {
            let text = String(repeating: "x", count: bytes)
            history.append(ChatMessage(seq: number, from: 1, name: "Ada", text: text, time: 0, ref: "reference-\(number)"))
        }
        return history
    }

    @Test("keeps the last messages, by number", arguments: [(0, 0), (1, 1), (5, 5), (6, 5), (500, 5)])
    func count(said: Int, kept: Int) {
        let history = history(count: said, maxCount: 5)
        #expect(history.messages.count == kept)
        #expect(history.lastSequence == said)
        #expect(history.messages.last?.seq == (said == 0 ? nil : said))
    }

    @Test("keeps the last messages, by bytes, and always the very last")
    func bytes() {
        #expect(history(count: 10, maxCount: 100, maxBytes: 100, bytes: 30).messages.map(\.seq) == [8, 9, 10])
        #expect(history(count: 10, maxCount: 100, maxBytes: 100, bytes: 1_000).messages.map(\.seq) == [10])
    }

    @Test(
        "knows what was said after a number, or that it does not",
        arguments: [(10, []), (9, [10]), (5, [6, 7, 8, 9, 10]), (4, nil), (0, nil), (11, nil), (-1, nil)] as [(Int, [Int]?)])
    func after(sequence: Int, expected: [Int]?) {
        #expect(history(count: 10, maxCount: 5).messages(after: sequence)?.map(\.seq) == expected)
    }

    @Test("of a silent room has missed nothing")
    func empty() {
        #expect(history(count: 0, maxCount: 5).messages(after: 0) == [])
    }
}

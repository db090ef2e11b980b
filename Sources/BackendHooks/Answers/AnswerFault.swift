/// Why a backend's answer can't be used: what it is of, and what is wrong.
struct AnswerFault: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

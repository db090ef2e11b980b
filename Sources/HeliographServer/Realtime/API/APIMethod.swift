import NIOCore
import RealtimeProtocol

/// A method of the API: one line of the table that makes the routes, the check of what a call has, and the OpenAPI document.
struct APIMethod: Sendable {
    typealias Run = @Sendable (ServerAPI, APIRequest, inout JSONOutput) async throws -> Void
    typealias RunAtOnce = @Sendable (ServerAPI, APIRequest, inout JSONOutput) throws -> Void

    let name: String
    let summary: String
    let members: [APIMember]
    /// Whether one of these must be there too.
    let alternatives: [String]
    /// Whether no more than one of them may be there.
    let isExclusive: Bool
    let result: APISchema
    let known: Set<String>
    /// Writes the result.
    let run: Run
    /// The same without waiting, where the hub publishes at once. Nil: there is no such way.
    let runAtOnce: RunAtOnce?

    /// - Parameters:
    ///   - name: as it stands in the path and in batches.
    ///   - summary: what it does, in a sentence.
    ///   - members: what a call may have.
    ///   - alternatives: one of these members at least must be there.
    ///   - isExclusive: and no more than one.
    ///   - result: what comes back.
    ///   - runAtOnce: does it without waiting, where the hub publishes at once.
    ///   - run: does it.
    init(
        _ name: String, _ summary: String, _ members: [APIMember], oneOf alternatives: [String] = [], isExclusive: Bool = false,
        _ result: APISchema = .empty,
        atOnce runAtOnce: RunAtOnce? = nil,
        _ run: @escaping Run
    ) {
        self.name = name
        self.summary = summary
        self.members = members
        self.alternatives = alternatives
        self.isExclusive = isExclusive
        self.result = result
        self.known = Set(members.map(\.name))
        self.run = run
        self.runAtOnce = runAtOnce
    }

    /// What is wrong with the members' names, before anything is done.
    func check(_ request: APIRequest) throws(APIError) {
        try request.check(known: known)
        for member in members where member.isRequired && !request.has(member.name) {
            throw APIError(.badRequest, "\(member.name) is missing")
        }
        guard !alternatives.isEmpty, !alternatives.contains(where: { request.names($0) }) else { return }
        throw APIError(.badRequest, "\(alternatives.joined(separator: " or ")) is missing")
    }
}

import NIOCore
import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    private struct Command: Sendable {
        let method: APIMethod
        let request: APIRequest
    }

    /// `{"replies": [{"publish": {…}}, {"error": {…}}]}`, in the order of the commands.
    ///
    /// What a command lacks is in its reply. A batch that is not one, or has a method that there is not, is refused as a whole, and nothing of it is done.
    func batch(_ request: APIRequest, for caller: APICaller) async throws -> ByteBuffer {
        let (commands, isParallel) = try content(request)
        if hub.publishesAtOnce, let answer = try atOnce(commands, for: caller) { return answer }
        try caller.count(commands.count)
        let budget = budget(caller)
        let replies =
            try await isParallel ? inParallel(commands, budget, for: caller) : inOrder(commands, budget, for: caller)
        var output = JSONOutput()
        output.object { output in
            output.name("replies")
            output.array { output in
                for reply in replies { output.raw(reply) }
            }
        }
        return output.buffer
    }

    /// The same without waiting, where the hub publishes at once. Nil: there is a command that has to wait, or they are so many that others could not; nothing was done.
    func batchAtOnce(_ request: APIRequest, for caller: APICaller) throws(APIError) -> ByteBuffer? {
        try atOnce(content(request).commands, for: caller)
    }

    private func atOnce(_ commands: [Command], for caller: APICaller) throws(APIError) -> ByteBuffer? {
        guard commands.count <= Self.maxAtOnce, commands.allSatisfy({ $0.method.runAtOnce != nil }) else { return nil }
        try caller.count(commands.count)
        var output = JSONOutput()
        output.object { output in
            output.name("replies")
            output.array { output in
                for command in commands { reply(to: command, for: caller, &output) }
            }
        }
        return output.buffer
    }

    private func reply(to command: Command, for caller: APICaller, _ output: inout JSONOutput) {
        let start = output.mark
        do {
            guard output.count < configuration.maxAnswerBytes else { throw CallBudget.tooLong(configuration.maxAnswerBytes) }
            try check(command.method, command.request, for: caller)
            try output.object { output in
                output.name(command.method.name)
                try command.method.runAtOnce?(self, command.request, &output)
            }
        } catch {
            output.rewind(to: start)
            output.object { $0.error(APIError(error)) }
        }
    }

    private func content(_ request: APIRequest) throws(APIError) -> (commands: [Command], isParallel: Bool) {
        try Self.table["batch"]?.check(request)
        return (try commands(request), try request.flag("parallel"))
    }

    private func commands(_ request: APIRequest) throws(APIError) -> [Command] {
        let values = try request.list("commands")
        guard !values.isEmpty else { throw APIError(.badRequest, "commands is missing") }
        guard values.count <= Self.maxCommands else { throw APIError(.badRequest, "commands must be at most \(Self.maxCommands)") }
        var commands: [Command] = []
        commands.reserveCapacity(values.count)
        for value in values {
            guard let (name, members) = try APIRequest(value, place: "commands").only, let method = Self.table[name], !method.isBatch else {
                throw APIError(.badRequest, "each of commands must have one member, with the name of a method")
            }
            commands.append(Command(method: method, request: try APIRequest(members, place: name)))
        }
        return commands
    }

    private func inOrder(_ commands: [Command], _ budget: CallBudget, for caller: APICaller) async throws -> [ByteBuffer] {
        var replies: [ByteBuffer] = []
        replies.reserveCapacity(commands.count)
        for (index, command) in commands.enumerated() {
            if command.method.runAtOnce == nil || index.isMultiple(of: Self.publicationsPerTurn) { try await Self.letOthers() }
            replies.append(await reply(to: command, budget, for: caller))
        }
        return replies
    }

    /// So many publications are made in a turn of an event loop: its own subscribers have to get them in between.
    static let publicationsPerTurn = 64
    /// So many commands at most are done in one turn.
    private static let maxAtOnce = 512

    /// Whoever runs on this event loop has a turn.
    ///
    /// - Throws: if nobody waits for the answer any more.
    static func letOthers() async throws {
        await Task.yield()
        try Task.checkCancellation()
    }

    /// A few at a time: the rest of the server has its turn too.
    private func inParallel(_ commands: [Command], _ budget: CallBudget, for caller: APICaller) async throws -> [ByteBuffer] {
        try await withThrowingTaskGroup(of: (Int, ByteBuffer).self) { group in
            var replies = [ByteBuffer](repeating: ByteBuffer(), count: commands.count)
            var next = 0
            func add() {
                guard commands.indices.contains(next) else { return }
                let (index, command) = (next, commands[next])
                next += 1
                group.addTask {
                    try Task.checkCancellation()
                    return (index, await self.reply(to: command, budget, for: caller))
                }
            }
            for _ in 0..<16 { add() }
            for try await (index, reply) in group {
                replies[index] = reply
                add()
            }
            return replies
        }
    }

    /// What a reply has beside what there may be much of.
    private static let replyBytes = 64

    private func reply(to command: Command, _ budget: CallBudget, for caller: APICaller) async -> ByteBuffer {
        var output = JSONOutput()
        do {
            try budget.answer(Self.replyBytes)
            guard command.method.runAtOnce == nil || !hub.publishesAtOnce else {
                reply(to: command, for: caller, &output)
                return output.buffer
            }
            try check(command.method, command.request, for: caller)
            var result = JSONOutput()
            var request = command.request
            request.budget = budget
            try await command.method.run(self, request, &result)
            output.object {
                $0.name(command.method.name); $0.raw(result.buffer)
            }
        } catch {
            let error = APIError(error)
            output.object { $0.error(error) }
        }
        return output.buffer
    }
}

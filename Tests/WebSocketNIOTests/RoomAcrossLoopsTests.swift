import NIOCore
import NIOPosix
import Synchronization
import Testing
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Rooms across event loops")
struct RoomAcrossLoopsTests {
    @Test("Broadcasts of one task reach members of all loops in their order, exactly once", arguments: [nil, DeflateParameters()])
    func order(deflate: DeflateParameters?) async throws {
        try await Loopback.withGroup(threads: 3) { group in
            try await Loopback.with {
                $0.group = group
                $0.handshake.deflate = deflate
            } _: { server in
                let room = Room()
                let clients = try await Self.members(of: room, 9, server)
                #expect(room.count == 9)
                let texts = (0..<500).map { "message \($0) " + String(repeating: "x", count: $0) }
                async let received = Self.read(clients)
                for text in texts { room.broadcast(text: text) }
                for client in clients.servers { await client.close() }
                for messages in try await received { #expect(messages == texts.map { .text($0) }) }
                #expect(room.count == 0)
            }
        }
    }

    private struct Members {
        var servers: [WebSocket] = []
        var clients: [WebSocket] = []
    }

    private static func members(of room: Room, _ count: Int, _ server: Loopback) async throws -> Members {
        var members = Members()
        for _ in 0..<count {
            let (server, client) = try await server.pair()
            room.join(server)
            members.servers.append(server)
            members.clients.append(client)
        }
        // Joining happens on each socket's loop.
        for server in members.servers { await server.onLoop { _ in } }
        return members
    }

    private static func read(_ members: Members) async throws -> [[WebSocketMessage]] {
        try await withThrowingTaskGroup(of: [WebSocketMessage].self) { group in
            for client in members.clients { group.addTask { try await client.all() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("Many tasks and loops broadcast: every member has all, each sender's in its order")
    func manySenders() async throws {
        try await Loopback.withGroup(threads: 3) { group in
            try await Loopback.with {
                $0.group = group
            } _: { server in
                let room = Room()
                let members = try await Self.members(of: room, 6, server)
                async let received = Self.read(members)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for sender in 0..<4 {
                        group.addTask { for number in 0..<200 { room.broadcast(text: "task\(sender) \(number)") } }
                    }
                    for (index, socket) in members.servers.enumerated() {
                        // On the loop, and from the task of a member that has sends of its own.
                        group.addTask {
                            await socket.onLoop { _ in for number in 0..<200 { room.broadcast(text: "loop\(index) \(number)") } }
                        }
                        group.addTask { for number in 0..<200 { try await socket.send("own \(number)") } }
                    }
                    try await group.waitForAll()
                }
                for socket in members.servers { await socket.close() }
                for messages in try await received {
                    #expect(messages.count == 2_200)
                    var next: [Substring: Int] = [:]
                    for case .text(let text) in messages {
                        let words = text.split(separator: " ")
                        #expect(next[words[0], default: 0] == Int(words[1]))
                        next[words[0], default: 0] += 1
                    }
                }
            }
        }
    }

    @Test("A task's own sends and its broadcasts reach a member in the order of the calls")
    func sendsAndBroadcasts() async throws {
        try await Loopback.withGroup(threads: 2) { group in
            try await Loopback.with {
                $0.group = group
            } _: { server in
                let room = Room()
                let members = try await Self.members(of: room, 2, server)
                async let received = Self.read(members)
                let socket = members.servers[0]
                for number in 0..<500 {
                    if number % 3 == 0 { try await socket.send("\(number)") } else { room.broadcast(text: "\(number)") }
                }
                for socket in members.servers { await socket.close() }
                let all = try await received
                #expect(all.contains((0..<500).map { .text("\($0)") }))
            }
        }
    }

    @Test("Joining, leaving and closing under a broadcast: the count is right in the end, and nobody is told twice")
    func churn() async throws {
        try await Loopback.withGroup(threads: 2) { group in
            try await Loopback.with {
                $0.group = group
            } _: { server in
                let room = Room(slowReaders: .skip)
                let isOver = Flag()
                let broadcasting = Task {
                    var number = 0
                    while !isOver.isSet {
                        room.broadcast(text: "\(number)")
                        number += 1
                        if number % 4 == 0 { try await Task.sleep(for: .microseconds(100)) }
                    }
                }
                for visits in 0..<12 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for visitor in 0..<8 {
                            let (socket, client) = try await server.pair()
                            group.addTask {
                                var random = SeededRandom(seed: UInt64(visits * 8 + visitor))
                                try await Self.comeAndGo(room, socket, client, &random)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                try await eventually { room.count == 0 }
                isOver.set()
                try await broadcasting.value
            }
        }
    }

    /// Broadcasts raise a number by one each time: a member sees a row without a gap as long as it is a member, and nothing after it left.
    private static func comeAndGo(
        _ room: Room, _ socket: WebSocket, _ client: WebSocket, _ random: inout SeededRandom
    ) async throws {
        async let received = client.all()
        for _ in 0..<3 {
            room.join(socket)
            try await Task.sleep(for: .microseconds(Int.random(in: 0...800, using: &random)))
            if Bool.random(using: &random) { room.join(socket) }
            room.leave(socket)
            try await socket.send("left")
        }
        room.join(socket)
        await socket.close()
        let stays = try await received.map { String(buffer: $0.bytes) }.split(separator: "left", omittingEmptySubsequences: false)
        #expect(stays.count == 4)
        for stay in stays {
            let numbers = stay.compactMap { Int($0) }
            #expect(numbers == numbers.first.map { Array($0..<$0 + numbers.count) } ?? [])
        }
    }

    @Test("The compressed form is made once, whoever comes first")
    func encodeOnce() async throws {
        let message = PreparedMessage(text: String(repeating: "the same words ", count: 1_000))
        let frames = await withTaskGroup(of: ByteBuffer?.self) { group in
            for _ in 0..<8 { group.addTask { message.compressedFrame(DeflateConfiguration()) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let addresses = frames.map { frame in frame?.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } }
        #expect(Set(addresses).count == 1)
        #expect(addresses[0] != nil)
    }
}

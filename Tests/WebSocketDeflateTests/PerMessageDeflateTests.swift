import Testing
import WebSocketProtocol

@testable import WebSocketDeflate

/// RFC 7692 §5 and §7.1, each as it is written in the header.
@Suite struct PerMessageDeflateTests {
    /// A configuration that wishes for nothing.
    static let open = DeflateConfiguration.test()
    static let frugal = DeflateConfiguration(budget: DeflateBudget(bytes: 4 << 20))

    func answer(_ offer: String, _ configuration: DeflateConfiguration = open) throws -> String? {
        PerMessageDeflate.accept(try ExtensionHeader.parse([offer]), configuration: configuration)?.response.description
    }

    @Test(
        "What a server without wishes agrees to",
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
            ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
            ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15"),
            ("permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            (
                "permessage-deflate; client_max_window_bits; server_max_window_bits=10; client_no_context_takeover; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=15"
            ),
            ("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"),
            ("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate"),
            (
                "permessage-bzip2, permessage-deflate; server_max_window_bits=10, permessage-deflate",
                "permessage-deflate; server_max_window_bits=10"
            ),
        ])
    func agreed(offer: String, expected: String) throws {
        #expect(try self.answer(offer) == expected)
    }

    @Test(
        "What a server with the default configuration agrees to",
        arguments: [
            ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            (
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12"
            ),
            (
                "permessage-deflate; client_max_window_bits=10; server_max_window_bits=15",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10"
            ),
        ])
    func agreedByDefault(offer: String, expected: String) throws {
        #expect(try self.answer(offer, Self.frugal) == expected)
    }

    static let traps = [
        "server_max_window_bits=8", "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=99",
        "server_max_window_bits=0", "server_max_window_bits=08", "server_max_window_bits=010", "server_max_window_bits=+9",
        "server_max_window_bits=9.5", "server_max_window_bits=18446744073709551626", "server_max_window_bits=x",
        "server_max_window_bits", "server_max_window_bits=\"08\"",
        "server_max_window_bits=10; server_max_window_bits=10", "server_max_window_bits=10; server_max_window_bits=11",
        "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=08", "client_max_window_bits=-1",
        "client_max_window_bits; client_max_window_bits", "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover=1", "server_no_context_takeover=true", "client_no_context_takeover=\"x\"",
        "server_no_context_takeover; server_no_context_takeover", "client_no_context_takeover; client_no_context_takeover",
        "mux", "unknown=1", "Server_no_context_takeover",
    ]

    @Test("An offer that cannot be kept is declined, and the next one is tried", arguments: traps)
    func declined(trap: String) throws {
        #expect(try self.answer("permessage-deflate; \(trap)") == nil)
        #expect(
            try self.answer("permessage-deflate; \(trap), permessage-deflate; server_no_context_takeover")
                == "permessage-deflate; server_no_context_takeover")
    }

    @Test("Other extensions are not ours", arguments: ["permessage-bzip2", "permessage-deflate2", "Permessage-Deflate", "deflate-frame"])
    func otherExtensions(name: String) throws {
        #expect(try self.answer(name) == nil)
    }

    @Test("No offer, no extension")
    func noOffer() {
        #expect(PerMessageDeflate.accept([], configuration: Self.open) == nil)
    }

    @Test("What was agreed to is what the answer says, and 15 where it says nothing")
    func meaning() throws {
        func parameters(_ offer: String, _ configuration: DeflateConfiguration = Self.open) throws -> DeflateParameters? {
            PerMessageDeflate.accept(try ExtensionHeader.parse([offer]), configuration: configuration)?.parameters
        }
        #expect(try parameters("permessage-deflate") == DeflateParameters())
        #expect(
            try parameters("permessage-deflate; server_max_window_bits=10; client_max_window_bits", Self.frugal)
                == .init(serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10, clientMaxWindowBits: 12))
        #expect(
            try parameters("permessage-deflate", Self.frugal)
                == .init(serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 15, clientMaxWindowBits: 15),
            "a client that does not let us choose may use 15")
    }

    @Test("As the budget fills, first context takeover goes, then compression")
    func budget() throws {
        let full =
            ZlibContext.Settings.deflate(windowBits: 15, memoryLevel: 8, level: 6).cost + ZlibContext.Settings.inflate(windowBits: 15).cost
        #expect(try self.answer("permessage-deflate", .test(budget: DeflateBudget(bytes: full))) == "permessage-deflate")
        #expect(
            try self.answer("permessage-deflate", .test(budget: DeflateBudget(bytes: full - 1)))
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        #expect(try self.answer("permessage-deflate", .test(budget: DeflateBudget(bytes: 1_000))) == nil)
    }

    @Test("A configuration's values are brought into their range")
    func ranges() {
        var low = DeflateConfiguration(serverMaxWindowBits: 8, clientMaxWindowBits: -1, level: 0, memoryLevel: 0)
        #expect([low.serverMaxWindowBits, low.clientMaxWindowBits, low.level, low.memoryLevel] == [9, 9, 1, 1])
        (low.serverMaxWindowBits, low.clientMaxWindowBits, low.level, low.memoryLevel) = (16, 99, 10, .max)
        #expect([low.serverMaxWindowBits, low.clientMaxWindowBits, low.level, low.memoryLevel] == [15, 15, 9, 9])
    }

    // MARK: Client

    @Test("What a client offers")
    func offers() {
        #expect(
            ExtensionHeader.serialize(PerMessageDeflate.offers(configuration: Self.open)) == "permessage-deflate; client_max_window_bits")
        #expect(
            PerMessageDeflate.offers(configuration: Self.frugal).map(\.description) == [
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
            ])
    }

    @Test(
        "What a client takes an answer to mean",
        arguments: [
            ("permessage-deflate", .init()),
            ("permessage-deflate; server_no_context_takeover", .init(serverNoContextTakeover: true)),
            ("permessage-deflate; client_no_context_takeover", .init(clientNoContextTakeover: true)),
            ("permessage-deflate; server_max_window_bits=8", .init(serverMaxWindowBits: 8)),
            ("permessage-deflate; client_max_window_bits=8", .init(clientMaxWindowBits: 8)),
            ("permessage-deflate; client_max_window_bits=12; server_max_window_bits=15", .init(clientMaxWindowBits: 12)),
        ] as [(String, DeflateParameters)])
    func accepted(answer: String, expected: DeflateParameters) throws {
        let offer = try #require(try ExtensionHeader.parse([answer]).first)
        #expect(try PerMessageDeflate.validate(offer, configuration: Self.open) == expected)
    }

    @Test("What a client wished for itself it keeps to, and what the server did not confirm it does not count on")
    func unconfirmed() throws {
        let parameters = try PerMessageDeflate.validate(ExtensionOffer(name: "permessage-deflate"), configuration: Self.frugal)
        #expect(parameters == .init(clientNoContextTakeover: true))
    }

    @Test(
        "An answer out of the rules fails the connection",
        arguments: traps.filter { $0 != "server_max_window_bits=8" } + ["client_max_window_bits"])
    func broken(trap: String) throws {
        let offer = try #require(try ExtensionHeader.parse(["permessage-deflate; \(trap)"]).first)
        #expect(throws: HandshakeError.self) { try PerMessageDeflate.validate(offer, configuration: Self.open) }
    }

    @Test("Another extension is not an answer")
    func anotherAnswer() {
        #expect(throws: HandshakeError.self) { try PerMessageDeflate.validate(ExtensionOffer(name: "x"), configuration: Self.open) }
    }

    @Test("Our client and our server agree, under every pair of wishes")
    func bothOurs() throws {
        let wishes = [true, false].flatMap { first in [true, false].flatMap { second in [9, 12, 15].map { (first, second, $0) } } }
        for client in wishes {
            for server in wishes {
                let ours = DeflateConfiguration.test(
                    .init(
                        serverNoContextTakeover: client.0, clientNoContextTakeover: client.1, serverMaxWindowBits: client.2,
                        clientMaxWindowBits: client.2))
                let theirs = DeflateConfiguration.test(
                    .init(
                        serverNoContextTakeover: server.0, clientNoContextTakeover: server.1, serverMaxWindowBits: server.2,
                        clientMaxWindowBits: server.2))
                let header = ExtensionHeader.serialize(PerMessageDeflate.offers(configuration: ours))
                let agreed = try #require(PerMessageDeflate.accept(try ExtensionHeader.parse([header]), configuration: theirs))
                let parameters = try PerMessageDeflate.validate(agreed.response, configuration: ours)
                #expect(parameters == agreed.parameters)
                let sender = DeflateCodec(role: .client, parameters: parameters, configuration: ours)
                let receiver = DeflateCodec(role: .server, parameters: agreed.parameters, configuration: theirs)
                for _ in 0..<2 { #expect(try receiver.inflated(#require(sender.compressed(poem))) == Array(poem.utf8)) }
            }
        }
    }
}

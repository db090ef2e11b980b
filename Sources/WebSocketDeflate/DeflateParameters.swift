import WebSocketProtocol

/// What both sides agreed to (RFC 7692 §7.1). The limits bind the side they name when it compresses.
public struct DeflateParameters: Hashable, Sendable {
    /// The server compresses each message by itself (§7.1.1.1).
    public var serverNoContextTakeover: Bool
    /// The client compresses each message by itself (§7.1.1.2).
    public var clientNoContextTakeover: Bool
    /// The window the server may compress with, as a binary logarithm, 8 to 15 (§7.1.2.1). 15 when nothing was said.
    public var serverMaxWindowBits: Int
    /// The window the client may compress with (§7.1.2.2).
    public var clientMaxWindowBits: Int

    /// An agreement. Without arguments it is that of the bare `permessage-deflate`: context takeover, windows of 15 bits.
    public init(
        serverNoContextTakeover: Bool = false,
        clientNoContextTakeover: Bool = false,
        serverMaxWindowBits: Int = 15,
        clientMaxWindowBits: Int = 15
    ) {
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits
        self.clientMaxWindowBits = clientMaxWindowBits
    }

    func noContextTakeover(of role: WebSocketRole) -> Bool {
        role == .server ? self.serverNoContextTakeover : self.clientNoContextTakeover
    }

    func maxWindowBits(of role: WebSocketRole) -> Int {
        role == .server ? self.serverMaxWindowBits : self.clientMaxWindowBits
    }
}

/// The parameters of one `permessage-deflate` as they are written, offered or accepted.
struct ParameterList: Hashable {
    /// `client_max_window_bits` may come without a value in an offer: "I let you choose".
    enum ClientWindow: Hashable {
        case any
        case bits(Int)
    }

    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaxWindowBits: Int?
    var clientMaxWindowBits: ClientWindow?

    init() {}

    /// Reads the parameters. Nil when one is unknown, repeated, or has a value it cannot have: §7 has a server decline such an offer, and a
    /// client fail such a connection.
    init?(_ parameters: [ExtensionOffer.Parameter]) {
        for (index, parameter) in parameters.enumerated() {
            guard !parameters[..<index].contains(where: { $0.name == parameter.name }), self.take(parameter) else { return nil }
        }
    }

    private mutating func take(_ parameter: ExtensionOffer.Parameter) -> Bool {
        switch (parameter.name, parameter.value) {
        case ("server_no_context_takeover", nil):
            self.serverNoContextTakeover = true
        case ("client_no_context_takeover", nil):
            self.clientNoContextTakeover = true
        case ("server_max_window_bits", let value?):
            self.serverMaxWindowBits = Self.windowBits(value)
            return self.serverMaxWindowBits != nil
        case ("client_max_window_bits", let value?):
            self.clientMaxWindowBits = Self.windowBits(value).map { .bits($0) }
            return self.clientMaxWindowBits != nil
        case ("client_max_window_bits", nil):
            self.clientMaxWindowBits = .any
        default:
            return false
        }
        return true
    }

    /// §7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
    private static func windowBits(_ value: String) -> Int? {
        switch value {
        case "8": 8
        case "9": 9
        case "10": 10
        case "11": 11
        case "12": 12
        case "13": 13
        case "14": 14
        case "15": 15
        default: nil
        }
    }

    /// The parameters as they are written.
    var parameters: [ExtensionOffer.Parameter] {
        var list: [ExtensionOffer.Parameter] = []
        if self.serverNoContextTakeover { list.append(.init(name: "server_no_context_takeover")) }
        if self.clientNoContextTakeover { list.append(.init(name: "client_no_context_takeover")) }
        if let serverMaxWindowBits { list.append(.init(name: "server_max_window_bits", value: "\(serverMaxWindowBits)")) }
        switch self.clientMaxWindowBits {
        case .any: list.append(.init(name: "client_max_window_bits"))
        case .bits(let bits): list.append(.init(name: "client_max_window_bits", value: "\(bits)"))
        case nil: break
        }
        return list
    }
}

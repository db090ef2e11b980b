public import WebSocketProtocol

/// The negotiation of `permessage-deflate` (RFC 7692 §5 and §7.1).
public enum PerMessageDeflate {
    /// The extension's name in `Sec-WebSocket-Extensions`.
    public static let name = "permessage-deflate"

    // MARK: Server

    /// Agrees to the first offer that we understand and can keep; nil when there is none, and the connection goes on uncompressed.
    ///
    /// An offer with a parameter that is unknown, repeated or out of range is passed over (§7), so is one with `server_max_window_bits=8`: zlib
    /// cannot compress with so small a window. When the budget has no room left for another connection that keeps contexts, no context takeover
    /// is agreed to, and when it has room for none, compression is declined.
    ///
    /// - Returns: The element for our `Sec-WebSocket-Extensions`, and what it means.
    public static func accept(
        _ offers: [ExtensionOffer],
        configuration: DeflateConfiguration
    ) -> (response: ExtensionOffer, parameters: DeflateParameters)? {
        for offer in offers where offer.name == self.name {
            guard let wanted = ParameterList(offer.parameters), wanted.serverMaxWindowBits != 8 else { continue }
            guard let answer = self.answer(to: wanted, configuration) else { return nil }
            return (ExtensionOffer(name: self.name, parameters: answer.parameters), DeflateParameters(answer))
        }
        return nil
    }

    private static func answer(to wanted: ParameterList, _ configuration: DeflateConfiguration) -> ParameterList? {
        var answer = ParameterList()
        // §7.1.1: what the client asks of us we must grant; what it says of itself we hold it to, for it costs the client nothing.
        answer.serverNoContextTakeover = wanted.serverNoContextTakeover || configuration.serverNoContextTakeover
        answer.clientNoContextTakeover = wanted.clientNoContextTakeover || configuration.clientNoContextTakeover
        // §7.1.2.1: the same value or a smaller one. Unasked, we need not say how small our window is.
        answer.serverMaxWindowBits = wanted.serverMaxWindowBits.map { min($0, configuration.serverMaxWindowBits) }
        // §7.1.2.2: only a client that offers it lets us choose.
        switch wanted.clientMaxWindowBits {
        case .any: answer.clientMaxWindowBits = .bits(configuration.clientMaxWindowBits)
        case .bits(let bits): answer.clientMaxWindowBits = .bits(min(bits, configuration.clientMaxWindowBits))
        case nil: break
        }
        return self.fit(answer, into: configuration)
    }

    private static func fit(_ answer: ParameterList, into configuration: DeflateConfiguration) -> ParameterList? {
        let settings = CodecSettings(role: .server, parameters: DeflateParameters(answer), configuration: configuration)
        if configuration.budget.hasRoom(for: settings.costOfBoth) { return answer }
        guard configuration.budget.hasRoom(for: settings.costOfLarger) else { return nil }
        var frugal = answer
        frugal.serverNoContextTakeover = true
        frugal.clientNoContextTakeover = true
        return frugal
    }

    // MARK: Client

    /// What we offer: first with all our wishes, then without a limit for the server's window, for servers that cannot keep one.
    public static func offers(configuration: DeflateConfiguration) -> [ExtensionOffer] {
        var wishes = ParameterList()
        wishes.serverNoContextTakeover = configuration.serverNoContextTakeover
        wishes.clientNoContextTakeover = configuration.clientNoContextTakeover
        wishes.clientMaxWindowBits = .any
        let plain = ExtensionOffer(name: self.name, parameters: wishes.parameters)
        guard configuration.serverMaxWindowBits < 15 else { return [plain] }
        wishes.serverMaxWindowBits = configuration.serverMaxWindowBits
        return [ExtensionOffer(name: self.name, parameters: wishes.parameters), plain]
    }

    /// Reads what the server agreed to.
    ///
    /// A server that does not confirm a wish is taken as it is: we can decompress whatever it may then send.
    ///
    /// - Throws: `HandshakeError` when the answer has a parameter that is unknown, repeated or out of range: §7.1.3 has us fail the connection.
    public static func validate(
        _ accepted: ExtensionOffer,
        configuration: DeflateConfiguration
    ) throws(HandshakeError) -> DeflateParameters {
        guard accepted.name == self.name, let list = ParameterList(accepted.parameters), list.clientMaxWindowBits != .any else {
            throw HandshakeError(rule: "RFC 7692 §7.1: permessage-deflate must be accepted with its own parameters, each once and in range")
        }
        var parameters = DeflateParameters(list)
        // What we announced of ourselves we keep to, confirmed or not.
        parameters.clientNoContextTakeover = parameters.clientNoContextTakeover || configuration.clientNoContextTakeover
        return parameters
    }
}

extension DeflateParameters {
    /// What an answer means: nothing said is context takeover and a window of 15 bits.
    init(_ answer: ParameterList) {
        self.init(
            serverNoContextTakeover: answer.serverNoContextTakeover,
            clientNoContextTakeover: answer.clientNoContextTakeover,
            serverMaxWindowBits: answer.serverMaxWindowBits ?? 15,
            clientMaxWindowBits: answer.clientMaxWindowBits.map { if case .bits(let bits) = $0 { bits } else { 15 } } ?? 15
        )
    }
}

import WebSocketProtocol

/// The contexts that one connection needs: the agreement and our own wishes, seen from our role.
struct CodecSettings {
    /// How we compress. Nil when the window agreed to is of 8 bits, which zlib refuses: we then send everything uncompressed, as an agreement
    /// always lets us.
    let outbound: ZlibContext.Settings?
    let inbound: ZlibContext.Settings
    let keepsOutbound: Bool
    let keepsInbound: Bool

    init(role: WebSocketRole, parameters: DeflateParameters, configuration: DeflateConfiguration) {
        let peer: WebSocketRole = role == .server ? .client : .server
        let wish = role == .server ? configuration.serverMaxWindowBits : configuration.clientMaxWindowBits
        let bits = min(wish, parameters.maxWindowBits(of: role))
        let isPossible = bits >= ZlibContext.minimumDeflateWindowBits
        self.outbound = isPossible ? .deflate(windowBits: bits, memoryLevel: configuration.memoryLevel, level: configuration.level) : nil
        self.inbound = .inflate(windowBits: parameters.maxWindowBits(of: peer))
        self.keepsOutbound = !parameters.noContextTakeover(of: role)
        self.keepsInbound = !parameters.noContextTakeover(of: peer)
    }

    var costOfBoth: Int { (self.outbound?.cost ?? 0) + self.inbound.cost }
    var costOfLarger: Int { max(self.outbound?.cost ?? 0, self.inbound.cost) }
}

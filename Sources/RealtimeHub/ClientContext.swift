public import RealtimeProtocol

/// How a client is connected, for an application that looks at that.
public struct ClientContext: Hashable, Sendable {
    /// What the transport is called, such as "websocket". Empty: no client asks, but a backend.
    public var transport = ""
    /// The encoding of the connection.
    public var format = WireFormat.json
    /// Fields of the HTTP request that the connection began with: those that ``HubHandlers/keptRequestFields`` names.
    public var requestFields: [RequestField] = []
    /// What a browser could not put into fields, and put into its connect command: those that
    /// ``HubHandlers/keptHeaders`` names. Nobody but the client vouches for them.
    public var headers: [String: String] = [:]
    /// What the application keeps with the connection (``ConnectGrant/meta``).
    public var meta: [UInt8]?

    public init() {}
}

/// A field of an HTTP request.
public struct RequestField: Hashable, Sendable {
    /// In lower case.
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension Session {
    var context: ClientContext {
        var context = ClientContext()
        context.transport = transport.name
        context.format = transport.format
        context.requestFields = transport.requestFields
        context.headers = keptHeaders
        context.meta = meta
        return context
    }

    /// Of what the client said in place of fields, as much as somebody will ask for.
    func keepHeaders(_ headers: [String: String]) {
        let kept = loop.handlers.keptHeaders
        guard !kept.isEmpty, !headers.isEmpty else { return }
        keptHeaders = headers.filter { kept.contains($0.key.lowercased()) }
    }
}

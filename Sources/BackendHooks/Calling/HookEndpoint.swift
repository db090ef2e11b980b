public import RealtimeHub

/// Where a backend is asked, and how.
public struct HookEndpoint: Hashable, Sendable {
    /// What it is called in metrics and logs. Default "default".
    public var name: String
    /// An address that ``EndpointRules`` has no objection to. Its query is never logged.
    public var url: String
    /// How long an answer may take, all of it. Default 1 s.
    public var timeout: Duration = .seconds(1)
    /// Fields of the client's HTTP request that are passed on: their names in lower case. Default none.
    public var requestFields: [String] = []
    /// What the client put into its connect command in place of fields, and is passed on: names in lower case. Default none. The client can say what it
    /// likes there.
    public var emulatedFields: Set<String> = []
    /// Fields of every question. Default none.
    public var staticFields: [String: String] = [:]
    /// Whether the connection's meta is told. Default false.
    public var includesMeta = false
    /// Whether payloads are told in base64 (`b64data` in place of `data`). Default false: payloads are JSON.
    public var isBinary = false
    /// What a client is told when the backend answers with another status than 200. Default: error 100, temporary.
    public var refusals: [Int: HubRefusal] = [:]
    /// So many questions at most are at the backend. Default 64. Sixteen times as many wait for their turn, within ``timeout``; what is more is refused at
    /// once.
    public var maxConcurrent = 64
    /// The most bytes of an answer. Default 1 MiB.
    public var maxAnswerBytes = 1 << 20
    /// When the backend is left alone.
    public var breaker = CircuitBreaker.Limits()
    /// Certificates.
    public var tls = HookTLS()

    /// - Parameters:
    ///   - url: where.
    ///   - name: for metrics and logs; one of a few.
    public init(url: String, name: String = "default") {
        self.url = url
        self.name = name
    }
}

/// With what certificates a backend is reached. The backend's own is always checked, unless somebody says otherwise.
public struct HookTLS: Hashable, Sendable {
    /// Certificates in PEM that the backend's may come from, in place of the system's. Default nil.
    public var authorities: String?
    /// Certificate and private key in PEM that we show. Default nil.
    public var certificate: String?
    public var key: String?
    /// Whether any certificate is good enough. Default false; true gives the secrets of clients to whoever stands in between.
    public var dangerouslySkipsVerification = false

    public init() {}
}

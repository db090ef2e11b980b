import RealtimeProtocol

/// What a client may do too often.
public enum HubOperation: String, CaseIterable, Sendable {
    case connect
    case subscribe
    case unsubscribe
    case publish
    case history
    case presence
    case presenceStats = "presence_stats"
    case refresh
    case subRefresh = "sub_refresh"
    case rpc
    /// A message that is not answered: one too many is dropped.
    case send

    var index: Int {
        switch self {
        case .connect: 0
        case .subscribe: 1
        case .unsubscribe: 2
        case .publish: 3
        case .history: 4
        case .presence: 5
        case .presenceStats: 6
        case .refresh: 7
        case .subRefresh: 8
        case .rpc: 9
        case .send: 10
        }
    }

    /// Nil: the answer to a ping, or nothing.
    init?(_ body: Wire.Command.Body?) {
        switch body {
        case .connect: self = .connect
        case .subscribe: self = .subscribe
        case .unsubscribe: self = .unsubscribe
        case .publish: self = .publish
        case .history: self = .history
        case .presence: self = .presence
        case .presenceStats: self = .presenceStats
        case .refresh: self = .refresh
        case .subRefresh: self = .subRefresh
        case .rpc: self = .rpc
        case .send: self = .send
        case .ping, nil: return nil
        }
    }
}

/// How often what may be done, by whomever they are for: one connection, one user, one address. Of several rates all must hold, such as 20 a second
/// and 200 a minute.
public struct CommandLimits: Hashable, Sendable {
    /// All commands together.
    public var total: [BucketRate] = []
    /// Each operation that is not in ``operations``, by itself.
    public var usual: [BucketRate] = []
    public var operations: [HubOperation: [BucketRate]] = [:]
    /// Methods of calls that have rates of their own, in place of ``HubOperation/rpc``'s.
    public var methods: [String: [BucketRate]] = [:]
    /// Bytes of batches of commands. One too large ends the connection (3013): it can't be answered, as it is not read.
    public var bytes: [BucketRate] = []
    /// Whether one command too many ends the connection (3013). Default false: it is answered with error 111, which clients take for a reason to try
    /// again later.
    public var disconnects = false

    /// Nothing is limited.
    public init() {}

    var isEmpty: Bool {
        total.isEmpty && usual.isEmpty && operations.values.allSatisfy(\.isEmpty) && methods.values.allSatisfy(\.isEmpty) && bytes.isEmpty
    }
}

/// Limits as they are looked up: all buckets of whoever they are for lie in one array.
struct LimitPlan: Sendable {
    private(set) var rates: [BucketRate] = []
    private(set) var total = 0..<0
    private(set) var bytes = 0..<0
    private var operations: [Range<Int>] = []
    private var methods: [String: Range<Int>] = [:]
    let disconnects: Bool

    /// Nil: there is nothing to look up.
    init?(_ limits: CommandLimits) {
        guard !limits.isEmpty else { return nil }
        disconnects = limits.disconnects
        total = add(limits.total)
        bytes = add(limits.bytes)
        operations = HubOperation.allCases.map { _ in 0..<0 }
        for operation in HubOperation.allCases { operations[operation.index] = add(limits.operations[operation] ?? limits.usual) }
        for (method, rates) in limits.methods { methods[method] = add(rates) }
    }

    private mutating func add(_ new: [BucketRate]) -> Range<Int> {
        let start = rates.count
        rates += new
        return start..<rates.count
    }

    func buckets(for operation: HubOperation, _ command: Wire.Command) -> Range<Int> {
        if operation == .rpc, !methods.isEmpty, case .rpc(let request) = command.body, let range = methods[request.method] { return range }
        return operations[operation.index]
    }

    /// As many as there are rates.
    var fullBuckets: [TokenBucket] { Array(repeating: TokenBucket(), count: rates.count) }

    /// Takes tokens from some buckets and from some others, if all have as many.
    func take(_ tokens: Int64, from first: Range<Int>, _ second: Range<Int>, of buckets: inout [TokenBucket], at now: Int64) -> Bool {
        for index in first where buckets[index].wait(for: tokens, rates[index], at: now) > 0 { return false }
        for index in second where buckets[index].wait(for: tokens, rates[index], at: now) > 0 { return false }
        for index in first { buckets[index].take(tokens, rates[index], at: now) }
        for index in second { buckets[index].take(tokens, rates[index], at: now) }
        return true
    }
}

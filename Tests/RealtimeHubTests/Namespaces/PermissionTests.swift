import RealtimeHub
import Testing

/// Each row is one kind of channel and one option; the cells are what each kind of client gets.
@Suite("Who may do what in a channel")
struct PermissionTests {
    private static let operations = Namespaces.Operation.allCases

    private func namespaces(_ operation: Namespaces.Operation, _ openness: Openness, userLimited: Bool = false) -> Namespaces {
        var options = ChannelSettings()
        options.presence = true
        options.historySize = 10
        options.historyTTL = .seconds(10)
        options.allowUserLimitedChannels = userLimited
        switch operation {
        case .subscribe: options.allowSubscribe = openness
        case .publish: options.allowPublish = openness
        case .presence: options.allowPresence = openness
        case .history: options.allowHistory = openness
        }
        return Namespaces(withoutNamespace: options)
    }

    @Test("Nothing is allowed that nobody allowed", arguments: operations)
    func denyByDefault(operation: Namespaces.Operation) {
        for userLimited in [false, true] {
            let namespaces = namespaces(operation, [], userLimited: userLimited)
            for channel in ["a", "$a", "a#8", "$a#8", "a#", "a#,"] {
                for user in ["7", ""] {
                    for isSubscribed in [false, true] {
                        let decision = namespaces.permission(for: operation, channel: channel, user: user, isSubscribed: isSubscribed)
                        #expect(!decision.isAllowed, "\(channel) \(user)")
                    }
                }
            }
        }
    }

    @Test("What is open for one thing is not open for the others", arguments: operations)
    func oneOperation(operation: Namespaces.Operation) {
        let namespaces = namespaces(operation, [.clients, .anonymous, .subscribers])
        for other in Self.operations {
            for user in ["7", ""] {
                let decision = namespaces.permission(for: other, channel: "a", user: user, isSubscribed: true)
                #expect(decision.isAllowed == (other == operation), "\(other) where \(operation) is open")
            }
        }
    }

    @Test(
        "Openness to clients, to the anonymous and to subscribers are three things",
        arguments: [Namespaces.Operation.publish, .presence, .history])
    func openness(operation: Namespaces.Operation) {
        // Who: a user, an anonymous client, a user who is subscribed, an anonymous client who is.
        let table: [(Openness, [Namespaces.Ground?])] = [
            (.clients, [.client, nil, .client, nil]),
            (.anonymous, [nil, .anonymous, nil, .anonymous]),
            (.subscribers, [nil, nil, .subscriber, .subscriber]),
            ([.clients, .anonymous], [.client, .anonymous, .client, .anonymous]),
            ([.clients, .subscribers], [.client, nil, .subscriber, .subscriber]),
            ([.clients, .anonymous, .subscribers], [.client, .anonymous, .subscriber, .subscriber]),
        ]
        let clients = [("7", false), ("", false), ("7", true), ("", true)]
        for (openness, row) in table {
            for ((user, isSubscribed), ground) in zip(clients, row) {
                let decision = namespaces(operation, openness)
                    .permission(for: operation, channel: "a", user: user, isSubscribed: isSubscribed)
                #expect(decision == ground.map(Namespaces.Decision.allowed) ?? .denied(.notOpen), "\(openness) \(user) \(isSubscribed)")
            }
        }
    }

    @Test("Subscribing: a token, a name in the channel's name, or openness")
    func subscribing() {
        let open = namespaces(.subscribe, [.clients, .anonymous], userLimited: true)
        let onlyUsers = namespaces(.subscribe, .clients, userLimited: true)
        let notLimited = namespaces(.subscribe, [.clients, .anonymous])
        let closed = namespaces(.subscribe, [])
        typealias Row = (Namespaces, String, String, Namespaces.Decision)
        let rows: [Row] = [
            (open, "a", "7", .allowed(.client)),
            (open, "a", "", .allowed(.anonymous)),
            (onlyUsers, "a", "", .denied(.notOpen)),
            (closed, "a", "7", .denied(.notOpen)),
            (open, "$a", "7", .denied(.needsToken)),
            (open, "$a#7", "7", .denied(.needsToken)),
            (open, "a#7", "7", .allowed(.namedUser)),
            (open, "a#7,8", "8", .allowed(.namedUser)),
            (open, "a#7#8", "8", .allowed(.namedUser)),
            (open, "a#7#8", "7", .denied(.notNamed)),
            (open, "a#7,8", "9", .denied(.notNamed)),
            (open, "a#77", "7", .denied(.notNamed)),
            (open, "a#7,8", "7,8", .denied(.notNamed)),
            (open, "a#", "", .denied(.notNamed)),
            (open, "a#,", "", .denied(.notNamed)),
            (open, "a#,7", "", .denied(.notNamed)),
            (open, "a#7", "", .denied(.notNamed)),
            (notLimited, "a#7", "7", .denied(.notNamed)),
            (notLimited, "a#7", "8", .denied(.notNamed)),
        ]
        for (namespaces, channel, user, wanted) in rows {
            #expect(namespaces.permission(for: .subscribe, channel: channel, user: user) == wanted, "\(channel) by \(user)")
            let withToken = namespaces.permission(for: .subscribe, channel: channel, user: user, hasToken: true)
            #expect(withToken == .allowed(.token), "\(channel) by \(user)")
            #expect(namespaces.permission(for: .subscribe, channel: channel, user: user, isSubscribed: true) == wanted)
        }
    }

    @Test("Private channels, and those for users, are not open to others", arguments: [Namespaces.Operation.publish, .presence, .history])
    func limitedChannels(operation: Namespaces.Operation) {
        let all = namespaces(operation, [.clients, .anonymous, .subscribers], userLimited: true)
        let clients = namespaces(operation, [.clients, .anonymous], userLimited: true)
        func decide(_ namespaces: Namespaces, _ channel: String, _ user: String, _ isSubscribed: Bool) -> Namespaces.Decision {
            namespaces.permission(for: operation, channel: channel, user: user, isSubscribed: isSubscribed)
        }
        #expect(decide(all, "$a", "7", false) == .denied(.needsToken))
        #expect(decide(all, "$a", "7", true) == .allowed(.subscriber))
        #expect(decide(clients, "$a", "7", true) == .denied(.needsToken))
        #expect(decide(all, "a#7", "8", false) == .denied(.notNamed))
        #expect(decide(all, "a#7", "8", true) == .allowed(.subscriber))
        #expect(decide(clients, "a#7", "7", false) == .allowed(.client))
        #expect(decide(clients, "a#7", "8", true) == .denied(.notNamed))
        #expect(decide(clients, "a#7", "", false) == .denied(.notNamed))
        #expect(decide(namespaces(operation, .anonymous, userLimited: true), "a#7", "7", false) == .denied(.notOpen))
        // A token is for subscribing.
        #expect(namespaces(operation, []).permission(for: operation, channel: "a", user: "7", hasToken: true) == .denied(.notOpen))
    }

    @Test("What is not there is denied before anything else")
    func existence() {
        let options = ChannelSettings()
        var namespaces = Namespaces(named: ["a": options])
        namespaces.isInsecure = true
        for operation in Self.operations {
            #expect(namespaces.permission(for: operation, channel: "b:x", user: "7") == .denied(.unknownChannel))
            #expect(namespaces.permission(for: operation, channel: "a:\u{1}", user: "7", hasToken: true) == .denied(.badName))
        }
        #expect(namespaces.permission(for: .presence, channel: "a:x", user: "7") == .denied(.notAvailable))
        #expect(namespaces.permission(for: .history, channel: "a:x", user: "7") == .denied(.notAvailable))
    }

    @Test("Insecure opens what nobody opened, but no private channel and none for other users")
    func insecure() {
        for operation in Self.operations {
            var namespaces = namespaces(operation, [], userLimited: true)
            namespaces.isInsecure = true
            #expect(namespaces.permission(for: operation, channel: "a", user: "") == .allowed(.insecure))
            #expect(namespaces.permission(for: operation, channel: "$a", user: "7") == .denied(.needsToken))
            #expect(namespaces.permission(for: operation, channel: "a#7", user: "8") == .denied(.notNamed))
        }
    }

    @Test("Options that came with a token are decided on in the same way")
    func ownOptions() {
        var options = ChannelSettings()
        options.allowPublish = .subscribers
        let namespaces = Namespaces()
        #expect(namespaces.allows(.publish, in: "a", options, user: "7", isSubscribed: true))
        #expect(!namespaces.allows(.publish, in: "a", options, user: "7", isSubscribed: false))
        #expect(!namespaces.allows(.subscribe, in: "$a", options, user: "7", isSubscribed: false))
    }

    @Test("Without a users' boundary, the character is one like others")
    func noUserBoundary() {
        var namespaces = namespaces(.subscribe, .clients)
        namespaces.syntax.userBoundary = nil
        #expect(namespaces.permission(for: .subscribe, channel: "a#7", user: "8") == .allowed(.client))
        namespaces.syntax.userBoundary = "#"
        namespaces.syntax.userSeparator = nil
        namespaces.withoutNamespace?.allowUserLimitedChannels = true
        #expect(namespaces.permission(for: .subscribe, channel: "a#7,8", user: "7,8") == .allowed(.namedUser))
        #expect(namespaces.permission(for: .subscribe, channel: "a#7,8", user: "7") == .denied(.notNamed))
    }
}

import PubSub
import RealtimeHub
import Testing

@Suite("Which options a channel has")
struct NamespacesTests {
    private func options(_ size: Int) -> ChannelSettings {
        var options = ChannelSettings()
        options.historySize = size
        return options
    }

    private func size(_ channel: String, _ namespaces: Namespaces) -> Int? {
        namespaces.options(of: channel)?.historySize
    }

    @Test("What is before the first colon decides; the private prefix does not count")
    func resolution() {
        let namespaces = Namespaces(withoutNamespace: options(1), named: ["news": options(2), "": options(3)])
        let wanted = [
            "today": 1, "$today": 1, "news:today": 2, "$news:today": 2, "news:a:b": 2, "news": 1, "news:": 2, ":x": 3, "a#1:2": nil,
        ]
        for (channel, wanted) in wanted { #expect(size(channel, namespaces) == wanted, "\(channel)") }
        #expect(size("other:x", namespaces) == nil)
        #expect(size("News:x", namespaces) == nil, "case counts")
    }

    @Test("Nothing exists that nobody configured")
    func empty() {
        for channel in ["a", "a:b", "$a", "a#1"] { #expect(Namespaces().options(of: channel) == nil) }
    }

    @Test("Patterns come first, in their order")
    func patterns() throws {
        let namespaces = Namespaces(
            withoutNamespace: options(1), named: ["news": options(2)],
            patterns: [
                Namespaces.Patterned(try ChannelPattern("news:*:live"), options(3)),
                Namespaces.Patterned(try ChannelPattern("news:sport:**"), options(4)),
                Namespaces.Patterned(try ChannelPattern("users.*"), options(5)),
            ])
        let wanted = [
            "news:sport:live": 3, "$news:sport:live": 3, "news:sport:x": 4, "news:sport:x:y": 4, "news:sport:": 2, "news:x": 2,
            "users.7": 5,
            "users.7.x": 1, "users.": 1,
        ]
        for (channel, wanted) in wanted { #expect(size(channel, namespaces) == wanted, "\(channel)") }
    }

    @Test("A name that breaks a rule is another error than a namespace that is not there")
    func errors() throws {
        var strict = options(1)
        strict.nameRegex = try ChannelRegex("[a-z]+")
        let namespaces = Namespaces(named: ["news": strict])
        func error(_ channel: String) -> Namespaces.NameError? {
            do throws(Namespaces.NameError) {
                _ = try namespaces.resolve(channel)
                return nil
            } catch {
                return error
            }
        }
        #expect(error("news:today") == nil)
        for channel in ["news:today1", "news:", "news:Today", "", "news:\n", "é", String(repeating: "x", count: 256)] {
            #expect(error(channel) == .badName, "\(channel)")
        }
        for channel in ["other:today", "today"] { #expect(error(channel) == .unknown, "\(channel)") }
    }

    @Test("The characters with a meaning can be others, or none")
    func syntax() {
        var namespaces = Namespaces(withoutNamespace: options(1), named: ["news": options(2)])
        namespaces.syntax.namespaceBoundary = "/"
        namespaces.syntax.privatePrefix = "!"
        let wanted = ["news/x": 2, "!news/x": 2, "news:x": 1, "$news/x": nil]
        for (channel, wanted) in wanted { #expect(size(channel, namespaces) == wanted, "\(channel)") }
        namespaces.syntax.namespaceBoundary = nil
        #expect(size("news/x", namespaces) == 1)
    }

    @Test("A name is taken apart")
    func parsing() {
        let name = ChannelSyntax().parse("$dialogs:room#x#7,8")
        #expect(name.isPrivate)
        #expect(name.withoutPrefix == "dialogs:room#x#7,8")
        #expect(name.namespace == "dialogs")
        #expect(name.rest == "room#x#7,8")
        #expect(name.users == "7,8")
        let plain = ChannelSyntax().parse("room")
        #expect(!plain.isPrivate && plain.namespace == nil && plain.rest == "room" && plain.users == nil)
        #expect(ChannelSyntax().parse("").rest == "")
        #expect(ChannelSyntax().parse("$").rest == "")
    }

    @Test("Options that can have no effect are named")
    func contradictions() {
        #expect(ChannelSettings().contradictions == [])
        func count(_ change: (inout ChannelSettings) -> Void) -> Int {
            var options = ChannelSettings()
            change(&options)
            return options.contradictions.count
        }
        func history(_ options: inout ChannelSettings) {
            options.historySize = 10
            options.historyTTL = .seconds(10)
        }
        #expect(count { $0.historySize = 10 } == 1)
        #expect(count { $0.historyTTL = .seconds(1) } == 1)
        #expect(count { $0.historySize = -1 } == 1)
        #expect(count { history(&$0) } == 0)
        #expect(
            count {
                history(&$0)
                $0.historyMetaTTL = .seconds(1)
            } == 1)
        #expect(count { $0.forcePushJoinLeave = true } == 1)
        #expect(count { $0.forceRecovery = true } == 1)
        #expect(count { $0.allowPositioning = true } == 1)
        #expect(count { $0.autoCacheRecover = true } == 1)
        #expect(count { $0.allowHistory = .clients } == 1)
        #expect(count { $0.allowPresence = .clients } == 1)
        #expect(count { $0.allowsDelta = true } == 1)
        #expect(count { $0.deltaPublish = true } == 1)
        #expect(count { $0.allowSubscribe = [.clients, .subscribers] } == 1)
        #expect(count { $0.slowReaders = .dropOldest(keeping: 0) } == 1)
        #expect(
            count {
                history(&$0)
                ($0.forceRecovery, $0.allowsDelta, $0.deltaPublish, $0.allowHistory) = (true, true, true, .subscribers)
                ($0.recoveryMode, $0.autoCacheRecover, $0.slowReaders) = (.cache, true, .keepLatest)
            } == 0)
    }

    @Test("Retention needs a size and a time")
    func retention() {
        var options = ChannelSettings()
        #expect(options.retention == nil)
        options.historySize = 5
        #expect(options.retention == nil)
        options.historyTTL = .seconds(9)
        #expect(options.retention == Retention(size: 5, timeToLive: .seconds(9), metadataTimeToLive: .seconds(2_592_000)))
    }
}

/// A channel with subscribers on this process.
public struct ChannelSummary: Hashable, Sendable, Identifiable {
    public var name: String
    /// Clients, and parts of the application.
    public var subscribers: Int

    public var id: String { name }

    public init(name: String, subscribers: Int) {
        self.name = name
        self.subscribers = subscribers
    }
}

/// Some of the channels with subscribers on this process, in the order of their names.
public struct ChannelPage: Hashable, Sendable {
    public var channels: [ChannelSummary]
    /// How many there are on all pages.
    public var count: Int
    /// Where the next page begins; nil after the last.
    public var next: String?

    public init(channels: [ChannelSummary] = [], count: Int = 0, next: String? = nil) {
        self.channels = channels
        self.count = count
        self.next = next
    }
}

extension Hub {
    /// Channels with subscribers on this process, in the order of their names, a page of them.
    ///
    /// - Parameters:
    ///   - isWanted: by the name. It is called for all channels, and holds nobody up meanwhile.
    ///   - name: ``ChannelPage/next`` of the page before; empty: the first page.
    ///   - limit: how many make a page: 1 to 10,000. Default 100.
    public func channels(matching isWanted: (String) -> Bool, after name: String = "", limit: Int = 100) -> ChannelPage {
        var search = ChannelSearch(after: name, limit: limit)
        core.directory.forEachShard { search.look(at: $0, isWanted) }
        return search.page
    }

    /// The same for who must not hold up an event loop: others have their turns between parts of the channels.
    package func channelsInTurns(matching isWanted: (String) -> Bool, after name: String = "", limit: Int = 100) async -> ChannelPage {
        var search = ChannelSearch(after: name, limit: limit)
        for part in 0..<core.directory.partCount {
            search.look(at: core.directory.part(part), isWanted)
            await Task.yield()
        }
        return search.page
    }

    /// The same for those whose names have a text in them.
    public func channels(containing text: String, after name: String = "", limit: Int = 100) -> ChannelPage {
        let text = SearchText(text)
        return channels(matching: { text.isIn($0) }, after: name, limit: limit)
    }
}

/// Finds a page of channels among parts of them.
private struct ChannelSearch {
    private let name: String
    private var found: FirstFew<String, ChannelSummary>
    private var count = 0

    init(after name: String, limit: Int) {
        self.name = name
        found = FirstFew(min(limit, 10_000))
    }

    mutating func look(at channels: [ChannelSummary], _ isWanted: (String) -> Bool) {
        for channel in channels where isWanted(channel.name) {
            count += 1
            if channel.name > name { found.add(channel.name, channel) }
        }
    }

    var page: ChannelPage {
        let entries = found.entries
        return ChannelPage(channels: entries.map(\.element), count: count, next: found.hasMore ? entries.last?.key : nil)
    }
}

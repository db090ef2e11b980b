import NIOCore
import Synchronization

/// A session in whose page a shared view is. All is called on its own event loop.
protocol SharedViewWatcher: AnyObject {
    /// Templates, and then what the page shows from now on.
    func begin(_ messages: [ByteBuffer], _ watch: SharedWatch, in group: SharedAudience.Group)
    /// Of a change.
    func receive(_ messages: [ByteBuffer], number: Int)
    func sharedViewEnded(_ code: LiveCloseCode, _ reason: String)
}

/// Somebody who wants to see a shared view.
struct SharedWatch: Sendable {
    let watcher: NIOLoopBound<any SharedViewWatcher>
    /// Of the view in that page.
    let number: Int
    /// Of the times that this page has shown it, which: one that is over wants nothing any more.
    let showing: Int
    /// Whether it has been shown before, and was too slow since.
    let isKnown: Bool
    /// What the page shows, if it shows it.
    let version: String?
    let fingerprints: Set<String>

    /// From any thread.
    func refuse(_ code: LiveCloseCode, _ reason: String) {
        watcher.eventLoop.execute { watcher.value.sharedViewEnded(code, reason) }
    }
}

/// The transport of a shared view: all who watch it.
final class SharedAudience: LiveTransport {
    let eventLoop: any EventLoop
    let isBinary = false
    private var groups: [ObjectIdentifier: Group] = [:]
    /// That the view has in the pages of its watchers: as many as there are kinds of pages with it.
    private var numbers: Set<Int> = []
    private let count = WatcherCount()
    /// What comes before the patch of the same render.
    private var templates: [UInt8] = []
    private let ended: () -> Void

    init(eventLoop: any EventLoop, ended: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.ended = ended
    }

    var isWatched: Bool { count.value > 0 }

    /// Nothing is rendered for nobody.
    var bufferedBytes: Int { isWatched ? 0 : .max }

    func holdReads(_ isHeld: Bool) {}

    /// What the view's session says: templates and patches of view 0, and what is for all.
    func send(_ message: [UInt8], isBinary: Bool) {
        if message.starts(with: ViewMessage.templates) {
            templates = message
        } else if ViewMessage.isPatch(message) || message.starts(with: ViewMessage.tree) {
            let templates = templates
            self.templates = []
            deliver { number in
                let patch = ByteBuffer(bytes: ViewMessage.renumbered(message, number))
                return templates.isEmpty ? [patch] : [ByteBuffer(bytes: ViewMessage.renumbered(templates, number)), patch]
            }
        } else {
            let buffer = ByteBuffer(bytes: message)
            deliver { _ in [buffer] }
        }
    }

    private func deliver(_ messages: (Int) -> [ByteBuffer]) {
        let messages = Dictionary(uniqueKeysWithValues: numbers.map { ($0, messages($0)) })
        for group in groups.values { group.eventLoop.execute { group.deliver(messages) } }
    }

    func close(_ code: LiveCloseCode, _ reason: String) {
        for group in groups.values { group.eventLoop.execute { group.end(code, reason) } }
        ended()
    }

    /// Somebody is about to watch.
    func add(_ watch: SharedWatch) {
        numbers.insert(watch.number)
        if !watch.isKnown { count.add(1) }
    }

    func send(_ templates: [UInt8], _ content: [UInt8], to watch: SharedWatch) {
        let group = group(watch.watcher.eventLoop)
        let messages = [templates, content].map { ByteBuffer(bytes: ViewMessage.renumbered($0, watch.number)) }
        group.eventLoop.execute { watch.watcher.value.begin(messages, watch, in: group) }
    }

    private func group(_ eventLoop: any EventLoop) -> Group {
        if let group = groups[ObjectIdentifier(eventLoop)] { return group }
        let group = Group(eventLoop: eventLoop, count: count)
        groups[ObjectIdentifier(eventLoop)] = group
        return group
    }
}

/// How many watch, on all loops.
final class WatcherCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ number: Int) { count.wrappingAdd(number, ordering: .relaxed) }
}

extension SharedAudience {
    /// The watchers of one event loop.
    ///
    /// `@unchecked Sendable`: `watchers` is only touched on the loop.
    final class Group: @unchecked Sendable {
        private struct Place: Hashable {
            let session: ObjectIdentifier
            let number: Int
        }

        let eventLoop: any EventLoop
        private let count: WatcherCount
        private var watchers: [Place: any SharedViewWatcher] = [:]

        init(eventLoop: any EventLoop, count: WatcherCount) {
            self.eventLoop = eventLoop
            self.count = count
        }

        func add(_ watcher: any SharedViewWatcher, _ number: Int) {
            watchers[Place(session: ObjectIdentifier(watcher), number: number)] = watcher
        }

        func remove(_ watcher: any SharedViewWatcher, _ number: Int) {
            if watchers.removeValue(forKey: Place(session: ObjectIdentifier(watcher), number: number)) != nil { count.add(-1) }
        }

        /// Of one who was gone before it was shown.
        func forget() { count.add(-1) }

        fileprivate func deliver(_ messages: [Int: [ByteBuffer]]) {
            for (place, watcher) in watchers {
                if let messages = messages[place.number] { watcher.receive(messages, number: place.number) }
            }
        }

        fileprivate func end(_ code: LiveCloseCode, _ reason: String) {
            for watcher in Array(watchers.values) { watcher.sharedViewEnded(code, reason) }
        }
    }
}

/// The messages of view 0 are those of any other view, but for the number (live protocol §3).
private enum ViewMessage {
    static let templates = Array("[\"t\",0".utf8)
    /// In place of a patch where the root is of another template.
    static let tree = Array("[\"j\",0".utf8)

    static func isPatch(_ message: [UInt8]) -> Bool {
        message.dropFirst().first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }

    /// `[seq, …` becomes `["p",number,seq, …`, and `["t",0,…` `["t",number,…`; `b` and `j` like `t`.
    static func renumbered(_ message: [UInt8], _ number: Int) -> [UInt8] {
        guard !message.isEmpty else { return [] }
        if isPatch(message) { return Array("[\"p\",\(number),".utf8) + message.dropFirst() }
        return message.prefix(5) + Array("\(number)".utf8) + message.dropFirst(6)
    }
}

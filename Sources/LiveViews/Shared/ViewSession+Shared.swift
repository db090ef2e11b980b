import LiveHTML
import NIOCore

/// What a shared view's session tells its host. Both are called on the loop.
final class SessionObserver<View: LiveView> {
    /// The state has changed. False: there is no host any more.
    let changed: (View) -> Bool
    /// What has changed was sent.
    let rendered: () -> Void

    init(changed: @escaping (View) -> Bool, rendered: @escaping () -> Void) {
        self.changed = changed
        self.rendered = rendered
    }
}

/// Where shared views are in a page.
final class SharedPlaces {
    /// By the views' numbers, those that the page shows, and which time it is.
    fileprivate(set) var showings: [Int: Int] = [:]
    private var lastShowing = 0
    /// Those that have been shown.
    fileprivate(set) var groups: [Int: SharedAudience.Group] = [:]
    /// Those whose patches were not sent, because the browser was slow.
    fileprivate(set) var behind: Set<Int> = []
    /// Those whose trees were asked for before they were shown.
    fileprivate(set) var wanted: Set<Int> = []
    /// Events that shared views have not shown yet, in their order.
    fileprivate(set) var unshown: [(ref: Int, number: Int)] = []

    fileprivate func show(_ number: Int) {
        lastShowing &+= 1
        showings[number] = lastShowing
    }

    /// - Returns: where it has been shown, if it has.
    fileprivate func hide(_ number: Int) -> SharedAudience.Group? {
        showings[number] = nil
        behind.remove(number)
        wanted.remove(number)
        // Nobody tells here when it shows what has become of them.
        unshown.removeAll { $0.number == number }
        return groups.removeValue(forKey: number)
    }
}

extension ViewSession: SharedViewWatcher {
    private var places: SharedPlaces? { extras?.places }

    // MARK: Watching

    /// Those that the page shows.
    func watchAll(_ painted: PageHash, _ fingerprints: Set<String>) {
        guard let places else { return }
        let shown = rendered.shownViews
        var versions = painted.versions[...]
        for number in Self.sharedNumbers {
            let version = versions.popFirst()
            guard shown.contains(number) else { continue }
            places.show(number)
            watch(number, version: version, fingerprints)
        }
    }

    /// The page may show others now.
    func watchShown() {
        guard let places else { return }
        let shown = rendered.shownViews
        for number in Self.sharedNumbers where shown.contains(number) != (places.showings[number] != nil) {
            if shown.contains(number) {
                places.show(number)
                watch(number, version: nil, [])
            } else {
                places.hide(number)?.remove(self, number)
                sendAcknowledgement()
            }
        }
    }

    private static var sharedNumbers: [Int] {
        View.children.indices.map { ViewNumber<View>(slot: $0, serial: 0) }.filter(\.isShared).map(\.number)
    }

    private func watch(_ number: Int, version: String?, _ fingerprints: Set<String>) {
        guard let view, let places, let showing = places.showings[number], let shared = ViewNumber<View>(number)?.child.shared else {
            return
        }
        let watcher = NIOLoopBound<any SharedViewWatcher>(self, eventLoop: loop.eventLoop)
        shared.watch(
            view,
            SharedWatch(
                watcher: watcher, number: number, showing: showing, isKnown: places.groups[number] != nil, version: version,
                fingerprints: fingerprints))
    }

    /// Of what was not sent, the whole is.
    func watchAgain() {
        for number in places?.behind ?? [] { watchAgain(number) }
    }

    /// The trees that a browser wants: of one view; with 0, of all.
    func watchAgain(all wanted: Int) {
        guard places != nil else { return }
        for number in Self.sharedNumbers where wanted == 0 || wanted == number { watchAgain(number) }
    }

    /// The whole view, as it is now.
    func watchAgain(_ number: Int) {
        guard let places, places.showings[number] != nil else { return }
        guard places.groups[number] != nil else {
            places.wanted.insert(number)
            return
        }
        places.behind.insert(number)
        watch(number, version: nil, [])
    }

    func begin(_ messages: [ByteBuffer], _ watch: SharedWatch, in group: SharedAudience.Group) {
        let number = watch.number
        guard phase == .live, let places, places.showings[number] == watch.showing else {
            if !watch.isKnown { group.forget() }
            return
        }
        if places.groups[number] == nil {
            places.groups[number] = group
            group.add(self, number)
        }
        places.behind.remove(number)
        receive(messages, number: number)
        sendAcknowledgement()
        if places.wanted.remove(number) != nil { watchAgain(number) }
    }

    func receive(_ messages: [ByteBuffer], number: Int) {
        guard phase == .live, let places, !places.behind.contains(number) else { return }
        guard transport.bufferedBytes <= configuration.maxBufferedBytes else {
            places.behind.insert(number)
            return lookAgain()
        }
        for message in messages where message.readableBytes > 0 { transport.send(message, isBinary: false) }
    }

    func sharedViewEnded(_ code: LiveCloseCode, _ reason: String) { end(code, reason) }

    func leavePlaces() {
        guard let places else { return }
        for number in Array(places.showings.keys) { places.hide(number)?.remove(self, number) }
    }

    // MARK: Events

    /// The event that is being handled is a shared view's.
    ///
    /// - Parameters:
    ///   - number: of the view.
    ///   - pass: gets what is to be called, anywhere, when the view shows what has become of it.
    func passOn(_ number: Int, _ pass: (@escaping @Sendable () -> Void) -> Void) {
        guard let places else { return }
        guard places.showings[number] != nil else {
            setNeedsRender()
            return pass {}
        }
        guard places.unshown.count < configuration.maxEffects else { return end(.flood, "too many events") }
        let ref = handled, bound = bound
        places.unshown.append((ref, number))
        pass {
            // The patch has taken the same way.
            bound.eventLoop.execute { bound.value.shown(ref) }
        }
    }

    private func shown(_ ref: Int) {
        guard phase == .live, let places else { return }
        places.unshown.removeAll { $0.ref == ref }
        // With what is not sent yet comes the acknowledgement too.
        if places.behind.isEmpty && !willRender { sendAcknowledgement() }
    }
}

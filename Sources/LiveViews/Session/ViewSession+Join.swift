import LiveHTML
import Logging
import NIOCore

extension ViewSession {
    /// The view is resumed or made; until then nothing is read.
    func join(_ seal: String, _ hash: String, _ fingerprints: Set<String>) {
        guard let pendingJoin = extras?.pendingJoin else { return end(.failure, "the view failed") }
        phase = .joining
        transport.holdReads(true)
        let make = pendingJoin.make, request = request, route = route, bound = bound
        pendingJoin.task = Task {
            let result = await route.view(for: request, seal: seal, make: make)
            bound.eventLoop.execute { bound.value.joined(result, hash, fingerprints) }
        }
    }

    private func joined(_ made: LiveRoute<View>.Made, _ hash: String, _ fingerprints: Set<String>) {
        guard phase == .joining else { return }
        endJoin()
        transport.holdReads(false)
        switch made {
        case .failed(let refusal as LiveRefusal): end(refusal.code, refusal.reason)
        case .failed(let error): fail(error)
        case .resumed(let view):
            runtime.metrics.resumed()
            begin(view, hash, fingerprints)
        case .mounted(let view):
            runtime.metrics.mounted()
            begin(view, hash, fingerprints)
            // What the page has is of another one.
            if phase == .live, route.coder != nil { self.seal(force: true) }
        }
    }

    private func begin(_ view: View, _ hash: String, _ fingerprints: Set<String>) {
        let shown = PageHash(hash)
        self.view = view
        _ = isNew(title: view.title)
        do {
            _ = try rendered.update(view.body)
            var isShown = try !hash.isEmpty && shown.own == paintHash(view)
            let numbers = view.childNumbers
            let all = try [rendered] + addShown(numbers.map(\.number), view)
            isShown = isShown && all.allSatisfy(\.hasShape)
            var known = fingerprints
            for each in all { try introduce(each, view, isShown: isShown, &known) }
            if View.children.contains(where: \.isKeyed) || extras?.hidden.isEmpty == false { ownExtras.sentTemplates = known }
            if !isShown, let title = view.title { send(.title(title)) }
        } catch {
            return fail(error)
        }
        phase = .live
        forgetWrittenRows()
        sealedState = stateHash(of: (try? route.state(of: view)) ?? nil)
        perform(0, { $0.handle($1) }) { view, effects in view.connected(&effects) }
        for number in self.view?.childNumbers ?? [] { number.child.connected(self, number) }
        watchAll(shown, fingerprints)
    }

    private func addShown(_ numbers: [Int], _ view: View) throws -> [RenderedView] {
        guard !numbers.isEmpty else { return [] }
        let shown = rendered.shownViews
        return try numbers.compactMap { number in
            if shown.contains(number) { return try addChild(number, view) }
            hideChild(number)
            return nil
        }
    }

    /// What a browser needs that does not have this view yet.
    private func introduce(_ rendered: RenderedView, _ view: View, isShown: Bool, _ known: inout Set<String>) throws {
        transport.send(rendered.templates(knownToClient: known), isBinary: false)
        known.formUnion(rendered.fingerprints)
        if isShown {
            transport.send(rendered.shape(), isBinary: false)
        } else {
            transport.send(try tree(rendered.number, view), isBinary: transport.isBinary)
        }
    }

    /// There is nobody yet who looks.
    func share(_ view: View) throws {
        addExtras()
        self.view = view
        _ = try rendered.update(view.body)
        guard !rendered.hasForgottenRows else { throw NotShareable(.rows, "\(View.self)") }
        phase = .live
        perform(0, { $0.handle($1) }) { view, effects in view.connected(&effects) }
    }

    private func paintHash(_ view: View) throws -> String {
        var painted: [UInt8] = []
        try view.body.paint(into: &painted, with: loop.cache) { (number) throws(TemplateError) in view.ownChildBody(number) ?? HTML() }
        return runtime.seals.paintHash.text(of: painted)
    }

    // MARK: Seals

    private func stateHash(of state: [UInt8]?) -> Int {
        var hasher = Hasher()
        hasher.combine(state)
        hasher.combine(request.address)
        return hasher.finalize()
    }

    /// A state that has changed is sealed at most once in an interval.
    func sealLater() {
        guard route.coder != nil, !isSealDue else { return }
        isSealDue = true
        let next = max(lastSeal + TimeAmount(configuration.sealInterval), loop.eventLoop.now)
        let bound = bound
        loop.eventLoop.scheduleTask(deadline: next) {
            let session = bound.value
            session.isSealDue = false
            if session.phase == .live, session.hasChanged { session.seal() }
        }
    }

    /// The seal is of what has been sent: a render that is due comes first.
    func seal(force: Bool = false) {
        flush()
        guard phase == .live, let view else { return }
        hasChanged = false
        isAddressNew = false
        lastSeal = loop.eventLoop.now
        do {
            let state = try route.state(of: view), newest = stateHash(of: state)
            // An event need not have changed anything that is sealed.
            guard force || newest != sealedState else { return }
            sealedState = newest
            let seal = try route.seal(state, request)
            // What is not rendered yet, since the browser is slow, is not what the page shows.
            send(.seal(seal, hash: willRender || hasForgottenRows ? "" : try paintHash(view)))
        } catch {
            runtime.logger.warning("The state of a live view can't be sealed.", metadata: ["view": "\(route.name)", "error": "\(error)"])
        }
    }
}

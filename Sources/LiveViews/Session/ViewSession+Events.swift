import LiveHTML
import Logging
import NIOCore
import RealtimeProtocol

extension ViewSession {
    /// An event of the browser.
    func event(_ ref: Int, _ number: Int, _ text: String, _ input: JSONValue?) {
        handled = ref
        // It asks whether somebody is there.
        if number == 0, text.isEmpty { return willRender ? () : sendAcknowledgement() }
        runtime.metrics.received()
        do {
            try runtime.tracing.span("live.event", of: route.name) {
                if number == 0 {
                    handle(try EventText.event(text, input: input))
                } else if let child = ViewNumber<View>(number) {
                    try child.child.event(self, child, text, input)
                } else {
                    throw EventError.syntax
                }
            }
        } catch {
            let reason = (error as? EventError).map { "\($0)" } ?? "a value of the event is not what it must be"
            runtime.logger.debug("An event is refused.", metadata: ["view": "\(route.name)", "reason": "\(reason)"])
            refuse(ref, reason)
        }
    }

    /// Before the acknowledgement: for the browser, an event is over with that.
    func refuse(_ ref: Int, _ reason: String) {
        runtime.metrics.refused()
        send(.refusal(ref: ref, reason))
        setNeedsRender()
    }

    /// An event of the view itself, wherever it comes from.
    func handle(_ event: View.Event) {
        perform(0, { $0.handle($1) }) { view, effects in view.handle(event, &effects) }
    }

    /// The browser is at another address of the view.
    func navigated(_ ref: Int, _ url: String) {
        handled = ref
        guard LiveRequest.isAddress(url) else { return end(.badMessage, "not an address") }
        address(url)
    }

    private func address(_ url: String) {
        guard let parameters = runtimeParameters(url) else {
            say(.go(url))
            return setNeedsRender()
        }
        request.url = url
        isAddressNew = true
        request.parameters = parameters
        let request = request
        perform(0, { $0.handle($1) }) { view, effects in view.navigated(to: request, &effects) }
        for number in view?.childNumbers ?? [] { number.child.navigated(self, number, request) }
    }

    /// What the route's path has as parameters in this address; nil if it is not an address of the route's.
    private func runtimeParameters(_ url: String) -> [String: String]? {
        guard let pattern = request.pattern else { return request.parameters }
        return pattern.parameters(of: String(url.prefix { $0 != "?" }))
    }

    /// Where an effect's event goes.
    typealias Dispatch<Event> = @Sendable (ViewSession<View>, Event) -> Void

    /// Changes the state, and then does what is to be done besides.
    ///
    /// - Parameter number: of the view that changes; when it is the parent, the others may have changed too.
    func perform<Event>(
        _ number: Int, _ dispatch: @escaping Dispatch<Event>, _ change: (inout View, inout LiveEffects<Event>) -> Void
    ) {
        guard phase == .live, var view else { return }
        // Not copied while it is changed.
        self.view = nil
        var effects = LiveEffects<Event>()
        let start = NIODeadline.now()
        change(&view, &effects)
        self.view = view
        let duration = NIODeadline.now() - start
        if duration > TimeAmount(configuration.slowHandler) {
            runtime.metrics.wasSlow()
            runtime.logger.warning(
                "A live view holds up its event loop.",
                metadata: ["view": "\(route.name)", "milliseconds": "\(duration.nanoseconds / 1_000_000)"])
        }
        hasChanged = true
        // Nobody has a shared view any more.
        guard extras?.observer?.changed(view) != false else { return closed() }
        setNeedsRender(number)
        if extras?.uploads != nil { synchronizeUploads() }
        for effect in effects.effects where phase == .live { perform(effect, of: number, dispatch) }
    }

    private func perform<Event>(_ effect: LiveEffects<Event>.Effect, of view: Int, _ dispatch: @escaping Dispatch<Event>) {
        if extras?.observer != nil, case .message(let message) = effect, !message.isForAll { return }
        switch effect {
        case .send(let event):
            // A view that always has another event keeps nobody waiting for ever.
            let extras = ownExtras
            guard extras.depth < 16 else {
                let bound = bound
                return loop.eventLoop.execute { dispatch(bound.value, event) }
            }
            extras.depth += 1
            dispatch(self, event)
            extras.depth -= 1
        case .run(let id, let work): run(.init(view: view, id: id), work, dispatch)
        case .timer(let id, let delay, let repeats, let event): startTimer(.init(view: view, id: id), delay, repeats, event, dispatch)
        case .cancel(let id): extras?.running.cancel(.init(view: view, id: id))
        case .subscribe(let channel, let make): subscribe(channel, by: view, make, dispatch)
        case .unsubscribe(let channel): extras?.running.cancel(Self.name(ofSubscriptionTo: channel, by: view))
        case .publish(let channel, let data): publish(channel, data)
        case .message(.address(let url, let replaces)):
            guard LiveRequest.isAddress(url), url != request.url else { return }
            addressFromView(url, replaces: replaces)
        case .message(.go(let url)): if LiveRequest.isAddress(url) { say(.go(url)) }
        case .message(let message): say(message)
        }
    }

    private func addressFromView(_ url: String, replaces: Bool) {
        let extras = ownExtras
        guard extras.depth < 16 else {
            return runtime.logger.error("A live view's addresses lead to one another without end.", metadata: ["view": "\(route.name)"])
        }
        if runtimeParameters(url) != nil { say(.address(url, replaces: replaces)) }
        extras.depth += 1
        address(url)
        extras.depth -= 1
    }
}

import LiveHTML

// Views within the view: those of properties, and those of lists, which come and go.
extension ViewSession {
    func child(_ number: Int) -> RenderedView? { extras?.children[number] }

    /// - Returns: nil if there is no such view any more.
    func updateChild(_ number: Int, _ view: View) throws -> RenderedView.Update? {
        guard let body = view.childBody(number) else { return nil }
        defer { if let child = child(number), child.hasForgottenRows { extras?.streamed.append(number) } }
        return try extras?.children[number]?.update(body, as: format)
    }

    /// All of them, when the parent has been rendered: what has changed, and which are new.
    func updateChildren(_ view: View) throws -> (updates: [RenderedView.Update], added: [ViewNumber<View>]) {
        let numbers = view.childNumbers
        var updates: [RenderedView.Update] = []
        var added: [ViewNumber<View>] = []
        for number in numbers {
            if let update = try updateChild(number.number, view) {
                updates.append(update)
            } else if let child = try addChild(number.number, view) {
                let templates = child.templates(knownToClient: ownExtras.sentTemplates)
                ownExtras.sentTemplates.formUnion(child.fingerprints)
                updates.append(RenderedView.Update(templates: templates, patch: try tree(number.number, view)))
                added.append(number)
            }
        }
        if let extras, extras.children.count > numbers.count { removeChildren(except: Set(numbers.map(\.number))) }
        return (updates, added)
    }

    func addChild(_ number: Int, _ view: View) throws -> RenderedView? {
        guard let body = view.childBody(number) else { return nil }
        var child = RenderedView(number: number, cache: loop.cache)
        _ = try child.update(body)
        ownExtras.children[number] = child
        if child.hasForgottenRows { ownExtras.streamed.append(number) }
        return child
    }

    private func removeChildren(except numbers: Set<Int>) {
        guard let extras else { return }
        for number in extras.children.keys where !numbers.contains(number) {
            extras.children[number] = nil
            extras.running.cancelAll(of: number)
        }
    }

    // MARK: Rows that are forgotten

    /// What has been written is taken out of the state.
    func forgetWrittenRows() {
        let streamed = extras?.streamed ?? []
        guard rendered.hasForgottenRows || !streamed.isEmpty, var view else { return }
        self.view = nil
        for written in rendered.takeWritten() { (written as? WrittenRows<View>)?.forget(&view) }
        for number in streamed {
            guard let place = ViewNumber<View>(number) else { continue }
            for written in extras?.children[number]?.takeWritten() ?? [] { place.child.forget(&view, place.serial, written) }
        }
        extras?.streamed = []
        self.view = view
    }

    /// Whether only the browser has all of what it shows.
    var hasForgottenRows: Bool { rendered.hasForgottenRows || (extras?.children ?? [:]).values.contains(where: \.hasForgottenRows) }
}

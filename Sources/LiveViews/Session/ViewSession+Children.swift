import LiveHTML

// Views within the view: those of properties, and those of lists, which come and go.
extension ViewSession {
    func child(_ number: Int) -> RenderedView? { extras?.children[number] }

    /// - Returns: nil if there is no such view any more, or the browser has it not.
    func updateChild(_ number: Int, _ view: View) throws -> RenderedView.Update? {
        guard child(number) != nil, let body = view.childBody(number) else { return nil }
        defer { if let child = child(number), child.hasForgottenRows { extras?.streamed.append(number) } }
        return try extras?.children[number]?.update(body, as: format)
    }

    /// All of them, when the parent has been rendered: what has changed, and which are new. A browser has those alone that the parent shows.
    ///
    /// - Parameter isChanged: whether the parent shows something else than before.
    func updateChildren(_ view: View, isChanged: Bool) throws -> (updates: [RenderedView.Update], added: [ViewNumber<View>]) {
        let numbers = view.childNumbers
        let shown = isChanged ? rendered.shownViews : nil
        var updates: [RenderedView.Update] = []
        var added: [ViewNumber<View>] = []
        for place in numbers {
            let number = place.number
            if child(number) == nil, extras?.hidden[number] == nil { added.append(place) }
            guard shown?.contains(number) ?? (child(number) != nil) else {
                hideChild(number)
                continue
            }
            if let update = try updateChild(number, view) {
                updates.append(update)
            } else if extras?.hidden[number] == true {
                ownExtras.mustJoinAnew = true
            } else if let child = try addChild(number, view) {
                let templates = child.templates(knownToClient: ownExtras.sentTemplates)
                ownExtras.sentTemplates.formUnion(child.fingerprints)
                updates.append(RenderedView.Update(templates: templates, patch: try tree(number, view)))
            }
        }
        if let extras, extras.children.count + extras.hidden.count > numbers.count { removeChildren(except: Set(numbers.map(\.number))) }
        return (updates, added)
    }

    /// A browser forgets a view that its page does not show.
    func hideChild(_ number: Int) {
        let extras = ownExtras
        guard extras.hidden[number] == nil else { return }
        let child = extras.children.removeValue(forKey: number)
        extras.hidden[number] = child?.hasForgottenRows ?? false
        extras.sentTemplates.formUnion(child?.fingerprints ?? [])
    }

    /// Rows that the browser has thrown away are nowhere: they are put in when the view is resumed.
    func joinAnew() {
        seal()
        end(.restart, "some rows were in the page alone")
    }

    func addChild(_ number: Int, _ view: View) throws -> RenderedView? {
        guard let body = view.childBody(number) else { return nil }
        var child = RenderedView(number: number, cache: loop.cache)
        _ = try child.update(body)
        ownExtras.children[number] = child
        ownExtras.hidden[number] = nil
        if child.hasForgottenRows { ownExtras.streamed.append(number) }
        return child
    }

    private func removeChildren(except numbers: Set<Int>) {
        guard let extras else { return }
        for number in Array(extras.children.keys) + extras.hidden.keys where !numbers.contains(number) {
            extras.children[number] = nil
            extras.hidden[number] = nil
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
    var hasForgottenRows: Bool {
        guard !rendered.hasForgottenRows, let extras else { return rendered.hasForgottenRows }
        return extras.children.values.contains(where: \.hasForgottenRows) || extras.hidden.values.contains(true)
    }
}

import LiveHTML

/// What a view within a view is called in a page (live protocol §3): which of the parent's ``LiveView/children`` it is, and which of those that have keys.
struct ViewNumber<Parent: LiveView>: Hashable {
    let slot: Int
    /// 0 for the one view of a property.
    let serial: Int

    init(slot: Int, serial: Int) {
        self.slot = slot
        self.serial = serial
    }

    /// - Returns: nil for the parent's own, and if there are no children.
    init?(_ number: Int) {
        let count = Parent.children.count
        guard number > 0, count > 0 else { return nil }
        (serial, slot) = (number &- 1).quotientAndRemainder(dividingBy: count)
    }

    var number: Int { serial &* Parent.children.count &+ slot &+ 1 }

    var child: LiveChild<Parent> { Parent.children[slot] }

    /// Whether it is a view that others have too.
    var isShared: Bool { serial == 0 && child.shared != nil }
}

extension LiveView {
    /// All views that there are within this one.
    var childNumbers: [ViewNumber<Self>] {
        Self.children.enumerated().flatMap { slot, child in child.serials(self).map { ViewNumber(slot: slot, serial: $0) } }
    }

    /// What a view within this one looks like; nil if there is none of this number.
    func childBody(_ number: Int) -> HTML? {
        ViewNumber<Self>(number).flatMap { $0.child.body(self, $0.serial) }
    }

    /// The same, of views that are this page's alone.
    func ownChildBody(_ number: Int) -> HTML? {
        ViewNumber<Self>(number)?.isShared == true ? nil : childBody(number)
    }
}

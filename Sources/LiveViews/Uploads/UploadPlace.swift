/// An upload of a view, or of those within it that are one of its ``LiveView/children``.
struct UploadPlace<View: LiveView>: Sendable {
    /// Which of the children; nil: it is the page's own.
    let slot: Int?
    /// The views that have it: 0 for one that is alone.
    let serials: @Sendable (View) -> [Int]
    let get: @Sendable (View, Int) -> LiveUpload?
    let change: @Sendable (inout View, Int, (inout LiveUpload) -> Void) -> Void
    /// Tells the view of this number that a file has come.
    let finished: @Sendable (ViewSession<View>, Int, String) -> Void
}

/// Which upload of which view.
struct UploadAddress: Hashable {
    /// Among the places.
    let place: Int
    let serial: Int
    /// The view's.
    let number: Int
}

extension LiveView {
    private static var ownPlaces: [UploadPlace<Self>] {
        uploads.map { path in
            UploadPlace(
                slot: nil, serials: { _ in [0] }, get: { view, _ in view[keyPath: path] }, change: { $2(&$0[keyPath: path]) },
                finished: { session, _, name in session.perform(0, { $0.handle($1) }) { $0.uploaded(name, &$1) } })
        }
    }

    /// Its own, and those of the views within it.
    static var uploadPlaces: [UploadPlace<Self>] {
        ownPlaces + children.enumerated().flatMap { slot, child in child.uploadPlaces(slot) }
    }

    /// What uploads allow is what a view says that was made for this request. Of views by keys there are none in it.
    mutating func takeUploads(from fresh: Self) {
        let children = Self.children
        for place in Self.uploadPlaces where place.slot.map({ !children[$0].isKeyed }) ?? true {
            guard let upload = place.get(fresh, 0) else { continue }
            place.change(&self, 0) { $0 = upload }
        }
    }
}

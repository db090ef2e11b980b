import NIOCore

/// The uploads of one session: which files are under way, and of which it is known that they are not any more. On its event loop only.
final class UploadDesk<View: LiveView> {
    /// Files that wait for the view.
    struct Offer {
        let ref: Int
        let address: UploadAddress
        /// In the order of the offer; nil for a file that is refused, with the reason.
        let answers: [(id: Int, problem: UploadProblem?)]
    }

    let places: [UploadPlace<View>]
    var incoming: [Int: IncomingFile] = [:]
    /// Whole, and still the view's.
    var finished: Set<Int> = []
    var waiting: [Offer] = []
    var timer: Scheduled<Void>?
    private var lastID = 0
    /// Ended here while the browser was still sending: what it had sent until it knew is passed over.
    private var over: [(id: Int, pieces: Int)] = []

    private static var maxOver: Int { 128 }

    /// - Returns: nil if the view has no uploads.
    init?() {
        places = View.uploadPlaces
        if places.isEmpty { return nil }
    }

    deinit { timer?.cancel() }

    func nextID() -> Int {
        lastID += 1
        return lastID
    }

    func wasIssued(_ id: Int) -> Bool { (1...max(1, lastID)).contains(id) && lastID > 0 }

    func address(_ number: Int, _ name: String, in view: View) -> UploadAddress? {
        let child = ViewNumber<View>(number)
        guard number == 0 || child != nil else { return nil }
        let serial = child?.serial ?? 0
        let place = places.firstIndex { $0.slot == child?.slot && $0.get(view, serial)?.name == name }
        return place.map { UploadAddress(place: $0, serial: serial, number: number) }
    }

    func upload(_ address: UploadAddress, in view: View) -> LiveUpload? { places[address.place].get(view, address.serial) }

    private func entries(of view: View) -> [LiveUpload.Entry] {
        places.flatMap { place in place.serials(view).flatMap { place.get(view, $0)?.entries ?? [] } }
    }

    /// The files that there are, in whatever upload.
    func ids(in view: View) -> Set<Int> { Set(entries(of: view).map(\.id)) }

    /// All that is there, in whatever upload.
    func room(in view: View, _ limits: UploadLimits) -> UploadRoom {
        var room = UploadRoom(files: limits.maxFilesPerView, bytes: limits.maxBytesPerView)
        for entry in entries(of: view) where entry.problem == nil {
            room.files -= 1
            room.bytes -= min(entry.size, room.bytes)
        }
        return room
    }

    /// It is not wanted any more, which the browser does not know yet.
    func end(_ id: Int) {
        finished.remove(id)
        guard incoming.removeValue(forKey: id) != nil else { return }
        if over.count == Self.maxOver { over.removeFirst() }
        // A browser's window, and the end.
        over.append((id, UploadPiece.window / UploadPiece.minBytes + 1))
    }

    /// Whether the browser could still send this.
    func passesOver(_ piece: UploadPiece) -> Bool {
        guard let index = over.firstIndex(where: { $0.id == piece.id }) else { return false }
        over[index].pieces -= 1
        if piece.bytes.readableBytes == 0 || over[index].pieces == 0 { over.remove(at: index) }
        return true
    }

    func isOver(_ id: Int) { over.removeAll { $0.id == id } }

    /// When the next file is overdue.
    func nextDeadline(_ pieceTimeout: TimeAmount) -> NIODeadline? {
        incoming.values.map { min($0.deadline, $0.lastPiece + pieceTimeout) }.min()
    }
}

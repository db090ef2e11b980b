import LiveHTML
import Logging
import NIOCore

// Files of a browser (live protocol §11). What a view shows of them is its own state, so a piece that was written changes it as an event does; what a view takes out of it is ended here after the event that did it.

extension ViewSession {
    private var limits: UploadLimits { configuration.uploads }

    /// The entries of an upload have changed.
    private func change(_ address: UploadAddress, _ change: (inout LiveUpload) -> Void) {
        guard var view, let desk = extras?.uploads else { return }
        // Not copied while it is changed.
        self.view = nil
        desk.places[address.place].change(&view, address.serial, change)
        self.view = view
    }

    // MARK: Offers

    /// The browser has files for an upload.
    func offered(_ ref: Int, _ number: Int, _ name: String, _ files: [OfferedFile]) {
        handled = ref
        runtime.metrics.received()
        guard let desk = extras?.uploads, let view, let address = desk.address(number, name, in: view) else {
            return refuse(ref, "there is no upload “\(name.prefix(64))”")
        }
        var answers: [(id: Int, problem: UploadProblem?)] = []
        change(address) { $0.beginChoice() }
        withdraw(address)
        synchronizeUploads()
        guard let current = self.view else { return }
        var room = desk.room(in: current, limits)
        change(address) { upload in
            for file in files {
                let id = desk.nextID()
                let problem = transport.carriesFiles ? upload.offer(file, id: id, &room) : upload.refuse(file, id: id, .noConnection)
                if problem != nil { runtime.metrics.refusedUpload() }
                answers.append((id, problem))
            }
        }
        let offer = UploadDesk<View>.Offer(ref: ref, address: address, answers: answers)
        if desk.upload(address, in: current)?.startsByItself == true { answer(offer) } else { desk.waiting.append(offer) }
        setNeedsRender(number)
    }

    /// Of files that wait, the last choice counts.
    private func withdraw(_ address: UploadAddress) {
        guard let desk = extras?.uploads else { return }
        let old = desk.waiting.filter { $0.address == address }
        for offer in old { send(.offered(offer.ref, offer.answers.map { _ in .failure(.replaced) })) }
        desk.waiting.removeAll { $0.address == address }
        change(address) { upload in for id in old.flatMap({ $0.answers.map(\.id) }) { upload.cancel(id) } }
    }

    /// Says which files may come.
    private func answer(_ offer: UploadDesk<View>.Offer) {
        guard let desk = extras?.uploads, let view else { return }
        let upload = desk.upload(offer.address, in: view), now = loop.eventLoop.now
        var results: [Result<Int, UploadProblem>] = []
        for (id, problem) in offer.answers {
            guard problem == nil, var entry = upload?[id] else {
                results.append(.failure(problem ?? .replaced))
                continue
            }
            entry.state = .sending
            change(offer.address) { $0[id] = entry }
            let content = UploadContent(runtime.uploads, isInMemory: entry.size <= limits.maxBytesInMemory)
            desk.incoming[id] = IncomingFile(
                offer.address, content, size: entry.size, now: now, timeout: TimeAmount(limits.fileTimeout))
            results.append(.success(id))
        }
        send(.offered(offer.ref, results))
        watchUploads()
    }

    // MARK: Pieces

    func received(piece message: ByteBuffer) {
        guard let desk = extras?.uploads, let piece = UploadPiece(message) else { return end(.badMessage, "unexpected binary message") }
        guard let file = desk.incoming[piece.id] else {
            if !desk.passesOver(piece) { end(.badMessage, "a piece of a file that was not asked for") }
            return
        }
        let count = piece.bytes.readableBytes
        if let fault = file.receive(piece.bytes, now: loop.eventLoop.now) { return end(.badMessage, fault.rawValue) }
        // The last one may be small.
        if count > 0, count < UploadPiece.minBytes, file.received < file.size, !isAllowed(nil) { return }
        runtime.metrics.uploaded(bytes: count)
        guard count > 0 else { return finishIfWhole(piece.id, file) }
        if file.showsHead(), let problem = problem(with: file, piece.id) { return fail(piece.id, problem) }
        let bound = bound, id = piece.id
        let outcome = file.content.append(piece.bytes) { problem in
            bound.eventLoop.execute { bound.value.wrote(id, count, problem) }
        }
        switch outcome {
        case .written: wrote(id, count, nil)
        case .underWay: break
        case .refused(let problem): fail(id, problem)
        }
    }

    private func problem(with file: IncomingFile, _ id: Int) -> UploadProblem? {
        guard let view, let upload = extras?.uploads?.upload(file.address, in: view), let entry = upload[id] else { return .replaced }
        do throws(UploadProblem) {
            _ = try upload.kind(name: entry.name, type: entry.claimedType, head: file.head)
            return nil
        } catch {
            return error
        }
    }

    private func wrote(_ id: Int, _ count: Int, _ problem: UploadProblem?) {
        guard phase == .live, let desk = extras?.uploads, let file = desk.incoming[id] else { return }
        if let problem { return fail(id, problem) }
        file.wrote(count)
        send(.taken(id, file.written))
        let written = file.written
        change(file.address) { $0[id]?.taken = written }
        if file.percent != file.shown {
            file.shown = file.percent
            setNeedsRender(file.address.number)
        }
        finishIfWhole(id, file)
    }

    private func finishIfWhole(_ id: Int, _ file: IncomingFile) {
        guard file.isWhole, let desk = extras?.uploads, let view else { return }
        guard file.written == file.size else { return fail(id, .incomplete) }
        let address = file.address
        guard let upload = desk.upload(address, in: view), var entry = upload[id] else { return }
        do throws(UploadProblem) {
            let kind = try upload.kind(name: entry.name, type: entry.claimedType, head: file.head)
            entry.state = .finished(
                UploadedFile(name: entry.name, claimedType: entry.claimedType, kind: kind, size: file.size, content: file.content))
        } catch {
            return fail(id, error)
        }
        desk.incoming[id] = nil
        desk.finished.insert(id)
        runtime.metrics.finishedUpload()
        change(address) { $0[id] = entry }
        setNeedsRender(address.number)
        desk.places[address.place].finished(self, address.number, upload.name)
    }

    // MARK: Ends

    /// It can't be taken, and the view shows why.
    private func fail(_ id: Int, _ problem: UploadProblem) {
        guard let desk = extras?.uploads, let file = desk.incoming[id] else { return }
        runtime.metrics.refusedUpload()
        runtime.logger.debug("A file is refused.", metadata: ["view": "\(route.name)", "reason": "\(problem)"])
        desk.end(id)
        send(.ended(id))
        change(file.address) { $0[id]?.state = .refused(problem) }
        setNeedsRender(file.address.number)
    }

    /// The browser does not send it after all.
    func cancelled(_ id: Int) {
        guard let desk = extras?.uploads, desk.wasIssued(id) else { return end(.badMessage, "an upload that there is not") }
        desk.isOver(id)
        guard let file = desk.incoming.removeValue(forKey: id) else { return }
        change(file.address) { $0.cancel(id) }
        setNeedsRender(file.address.number)
    }

    /// What the view has taken out ends; what it lets start may come.
    func synchronizeUploads() {
        guard let desk = extras?.uploads, let view else { return }
        let present = desk.ids(in: view)
        for id in Array(desk.incoming.keys) + desk.finished where !present.contains(id) {
            desk.end(id)
            send(.ended(id))
        }
        // Of a view that is gone, nothing comes.
        let ready = desk.waiting.filter { desk.upload($0.address, in: view)?.mayStart ?? true }
        desk.waiting.removeAll { offer in ready.contains { $0.ref == offer.ref } }
        for offer in ready { answer(offer) }
    }

    private func watchUploads() {
        guard let desk = extras?.uploads, desk.timer == nil, let deadline = desk.nextDeadline(TimeAmount(limits.pieceTimeout)) else {
            return
        }
        let bound = bound
        desk.timer = loop.eventLoop.scheduleTask(deadline: deadline) {
            let session = bound.value
            session.extras?.uploads?.timer = nil
            session.endOverdue()
        }
    }

    private func endOverdue() {
        guard phase == .live, let desk = extras?.uploads else { return }
        let now = loop.eventLoop.now, pieceTimeout = TimeAmount(limits.pieceTimeout)
        for (id, file) in desk.incoming where min(file.deadline, file.lastPiece + pieceTimeout) <= now { fail(id, .tooSlow) }
        watchUploads()
    }
}

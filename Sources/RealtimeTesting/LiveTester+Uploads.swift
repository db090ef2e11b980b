import LiveViews
import NIOEmbedded
import Synchronization

/// Files (live protocol §11). Pieces go as a browser sends them: one by one for a test that looks between them, or all.
extension LiveTester {
    // MARK: Choosing

    /// Chooses files in a control and sends them to their end, as far as the server takes them.
    public func upload(_ files: TestFile..., in selector: String) async throws {
        try await choose(files, in: selector)
        try await sendFiles()
    }

    /// Chooses files in a control. What the server says is in ``chosen``; nothing of them is sent yet.
    public func choose(_ files: TestFile..., in selector: String) async throws { try await choose(files, in: selector) }

    /// Drops files on an element with `data-drop`, or on what is in it.
    public func drop(_ files: TestFile..., on selector: String) async throws {
        let tree = tree()
        guard let area = tree.closest(try one(selector, tree), where: { $0.attributes["data-drop"] != nil }) else {
            throw LiveTesterError(.noBinding, "neither “\(selector)” nor what is around it has data-drop, in \(html)")
        }
        try await choose(files, in: "#\(tree.elements[area].attributes["data-drop"] ?? "")")
    }

    private func choose(_ files: [TestFile], in selector: String) async throws {
        let tree = tree()
        let index = try one(selector, tree), control = tree.elements[index]
        guard !tree.isDisabled(index) else { throw LiveTesterError(.disabled, "“\(selector)” is disabled in \(html)") }
        guard tree.type(of: index) == "file", let name = control.attributes["data-upload"], let id = control.attributes["id"] else {
            throw LiveTesterError(.noControl, "“\(selector)” is no control for files in \(html)")
        }
        begin()
        for file in chosen where file.control == id && !file.isSent && !file.isOver { try await cancelFile(file) }
        try await offer(control.attributes["multiple"] == nil ? Array(files.prefix(1)) : files, id, name, of: control.view)
    }

    private func offer(_ files: [TestFile], _ control: String, _ name: String, of view: Int) async throws {
        let texts = files.map { "[\(JSON.quoted($0.name)),\(JSON.quoted($0.type)),\($0.bytes.count)]" }.joined(separator: ",")
        try await push { ref in
            state.withLock { state in
                state.offers[ref] = Array(state.files.count..<state.files.count + files.count)
                state.files += files.map { ChosenFile(file: $0, control: control) }
            }
            return "[\"up\",\(ref),\(view),\(JSON.quoted(name)),[\(texts)]]"
        }
    }

    /// What was chosen and the view had not taken out is sent again after a lost connection, from its beginning.
    func offerAgain() async throws {
        let left = state.withLock { state in
            defer {
                state.files = []
                state.offers = [:]
            }
            return state.files.filter { !$0.isOver && $0.refusal == nil }
        }
        let tree = tree()
        for control in tree.elements {
            guard let id = control.attributes["id"], let name = control.attributes["data-upload"] else { continue }
            let files = left.filter { $0.control == id }.map(\.file)
            if !files.isEmpty { try await offer(files, id, name, of: control.view) }
        }
    }

    // MARK: Sending

    /// Sends all that the server takes, to its end.
    public func sendFiles() async throws {
        begin()
        for index in chosen.indices {
            while let file = underWay(index), file.sent < file.file.bytes.count {
                if file.sent + file.nextPiece.count - file.taken > ChosenFile.window {
                    try await settle("room for “\(file.file.name)”") { $0.files[index].taken > file.taken || $0.files[index].isOver }
                }
                try await sendPiece(index)
            }
            guard let file = underWay(index) else { continue }
            try await sendPiece(index)
            try await settle("the end of “\(file.file.name)”") { $0.files[index].taken == file.file.bytes.count || $0.files[index].isOver }
        }
        await loop.run()
    }

    /// Sends pieces of a file, and its end when there are no more; the server has taken them then.
    ///
    /// - Parameters:
    ///   - name: of the file, chosen before.
    ///   - count: how many pieces, of 32 KiB.
    public func sendPieces(of name: String, _ count: Int = 1) async throws {
        begin()
        guard let index = chosen.lastIndex(where: { $0.file.name == name }) else {
            throw LiveTesterError(.noControl, "no file “\(name)” was chosen")
        }
        for _ in 0..<count where underWay(index) != nil { try await sendPiece(index) }
        let sent = chosen[index].sent
        try await settle("that “\(name)” is taken") { $0.files[index].taken == sent || $0.files[index].isOver }
        await loop.run()
    }

    private func underWay(_ index: Int) -> ChosenFile? {
        let file = chosen[index]
        return file.id != nil && !file.isOver && !file.isSent ? file : nil
    }

    private func sendPiece(_ index: Int) async throws {
        guard let file = underWay(index) else { return }
        let piece = file.nextPiece
        state.withLock { state in
            state.files[index].sent += piece.count
            state.files[index].isSent = piece.isEmpty
        }
        try await receive(binary: file.message(piece))
    }

    /// A binary message as it is, which may be wrong. It does not wait for an answer.
    public func send(binary bytes: [UInt8]) async throws {
        begin()
        try await receive(binary: bytes)
    }

    /// The browser gives a file up.
    public func cancelFile(_ name: String) async throws {
        begin()
        for file in chosen where file.file.name == name { try await cancelFile(file) }
    }

    private func cancelFile(_ file: ChosenFile) async throws {
        guard let id = file.id, !file.isOver else { return }
        state.withLock { state in
            for index in state.files.indices where state.files[index].id == id { state.files[index].isOver = true }
        }
        try await receive("[\"ux\",\(id)]")
    }

    // MARK: Looking

    /// The files that were chosen since the last join.
    public var chosen: [ChosenFile] { state.withLock(\.files) }

    /// What the browser shows in elements with `data-progress-for`: how much has been taken of the files of a control, in percent.
    public func progress(of control: String) -> Int {
        let files = chosen.filter { $0.control == control && $0.id != nil && !$0.isOver }
        let size = files.reduce(0) { $0 + $1.file.bytes.count }
        return size > 0 ? files.reduce(0) { $0 + $1.taken } * 100 / size : 100
    }
}

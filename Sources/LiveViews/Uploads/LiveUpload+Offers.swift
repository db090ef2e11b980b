/// A file as a browser offers it.
package struct OfferedFile: Hashable, Sendable {
    package let name: String
    package let type: String
    package let size: Int

    package init(name: String, type: String, size: Int) {
        self.name = Self.shown(name)
        self.type = String(decoding: type.utf8.prefix(127), as: UTF8.self)
        self.size = size
    }

    /// A browser may say a path. What is left can be read, and leads nowhere.
    private static func shown(_ name: String) -> String {
        let last = name.split { $0 == "/" || $0 == "\\" }.last ?? ""
        var text = ""
        for scalar in last.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: continue
            default: break
            }
            guard text.utf8.count + UTF8.width(scalar) <= 255 else { break }
            text.unicodeScalars.append(scalar)
        }
        return text.isEmpty || text == "." || text == ".." ? "file" : text
    }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { UTF8.encode(scalar)?.count ?? 4 }
}

/// What is left for another file.
struct UploadRoom {
    var files: Int
    var bytes: Int
}

extension LiveUpload {
    /// Something else is chosen: what was refused is no news any more, and of an upload of one file what there is goes.
    mutating func beginChoice() {
        entries.removeAll { $0.problem != nil || maxFiles == 1 }
        mayStart = false
    }

    /// Another file is chosen.
    ///
    /// - Returns: why it is refused, if it is.
    mutating func offer(_ file: OfferedFile, id: Int, _ room: inout UploadRoom) -> UploadProblem? {
        let problem = problem(of: file, room)
        if problem == nil {
            room.files -= 1
            room.bytes -= file.size
        }
        let state = problem.map { Entry.State.refused($0) } ?? (startsByItself ? .sending : .waiting)
        entries.append(Entry(id: id, name: file.name, claimedType: file.type, size: file.size, state: state))
        return problem
    }

    /// A file that can't come, whatever it is.
    mutating func refuse(_ file: OfferedFile, id: Int, _ problem: UploadProblem) -> UploadProblem? {
        entries.append(Entry(id: id, name: file.name, claimedType: file.type, size: file.size, state: .refused(problem)))
        return problem
    }

    private func problem(of file: OfferedFile, _ room: UploadRoom) -> UploadProblem? {
        guard kinds.isEmpty || kinds.contains(where: { $0.matches(name: file.name, type: file.type) }) else { return .wrongKind }
        guard file.size <= maxFileBytes else { return .tooLarge(limit: maxFileBytes) }
        guard entries.count(where: { $0.problem == nil }) < maxFiles else { return .tooMany(limit: maxFiles) }
        return room.files > 0 && file.size <= room.bytes ? nil : .noRoom
    }

    /// The kind of a file by its name and its first bytes; nil if it is none of those that are taken, or nothing is known of it.
    func kind(name: String, type: String, head: [UInt8]) throws(UploadProblem) -> FileKind? {
        guard !kinds.isEmpty else { return nil }
        let named = kinds.filter { $0.matches(name: name, type: type) }
        guard let kind = named.first(where: { $0.matches(head: head) }) else { throw .notItsKind }
        return kind.isVerifiable ? kind : nil
    }

    subscript(id: Int) -> Entry? {
        get { entries.first { $0.id == id } }
        set {
            guard let index = entries.firstIndex(where: { $0.id == id }), let newValue else { return }
            entries[index] = newValue
        }
    }
}

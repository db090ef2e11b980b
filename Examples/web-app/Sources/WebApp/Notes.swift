// What the application is about: notes in memory. An actor is enough of a database for an example.

import Hummingbird

public struct Note: Codable, Sendable, Equatable, ResponseEncodable {
    public var id: Int
    public var text: String
    public var tags: [String]
    /// Counts the changes of this note; Caching.swift makes its entity tag of it.
    public var version: Int
}

actor NoteStore {
    private var notes: [Int: Note] = [:]
    private var lastID = 0

    func all(tag: String? = nil, limit: Int) -> [Note] {
        let found = notes.values.filter { note in tag.map(note.tags.contains) ?? true }
        return Array(found.sorted { $0.id < $1.id }.prefix(limit))
    }

    func note(_ id: Int) -> Note? { notes[id] }

    func add(text: String, tags: [String]) -> Note {
        lastID += 1
        let note = Note(id: lastID, text: text, tags: tags, version: 1)
        notes[note.id] = note
        return note
    }

    /// Changes a note if it still has the version that the caller saw. Nil: it has another one, or it is gone.
    func change(_ id: Int, ifVersion version: Int, text: String) -> Note? {
        guard var note = notes[id], note.version == version else { return nil }
        note.text = text
        note.version += 1
        notes[id] = note
        return note
    }

    func remove(_ id: Int) -> Bool { notes.removeValue(forKey: id) != nil }
}

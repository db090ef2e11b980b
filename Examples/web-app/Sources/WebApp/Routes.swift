// Routes and parameters: captures, typed captures, query items, wildcards, status codes.

import Hummingbird

func addNoteRoutes(to group: RouterGroup<AppContext>, notes: NoteStore) {
    // GET /notes?tag=home&limit=10
    group.get { request, _ in
        let query = request.uri.queryParameters
        let limit = query["limit"].flatMap { Int($0) } ?? 20
        guard (1...100).contains(limit) else { throw HTTPError(.badRequest, message: "limit must be between 1 and 100") }
        return await notes.all(tag: query["tag"].map(String.init), limit: limit)
    }

    // GET /notes/7. `require(_:as:)` answers 400 when the capture is no integer.
    group.get("{id}") { _, context in
        let id = try context.parameters.require("id", as: Int.self)
        guard let note = await notes.note(id) else { throw HTTPError(.notFound, message: "no note \(id)") }
        return note
    }

    // POST /notes: 201, where the new note is, and the note.
    group.post { request, context in
        struct NewNote: Decodable {
            var text: String
            var tags: [String]?
        }
        let new = try await request.decode(as: NewNote.self, context: context)
        let note = await notes.add(text: new.text, tags: new.tags ?? [])
        return EditedResponse(status: .created, headers: [.location: "/notes/\(note.id)"], response: note)
    }

    // DELETE /notes/7: 204, and 404 the second time.
    group.delete("{id}") { _, context -> HTTPResponse.Status in
        let id = try context.parameters.require("id", as: Int.self)
        return await notes.remove(id) ? .noContent : .notFound
    }

    // GET /notes/by-path/2026/11/23: `**` takes what is left of the path.
    group.get("by-path/**") { _, context in
        context.parameters.getCatchAll().joined(separator: " > ")
    }
}

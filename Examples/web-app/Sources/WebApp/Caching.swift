// Caching with entity tags (RFC 9110 §13): a client that has the current version gets 304 and no body, and nobody overwrites
// a version that they have not seen.

import HTTPTypes
import Hummingbird

/// A strong tag, such as `"7-3"`: this note, in this version.
struct EntityTag: Equatable, CustomStringConvertible {
    var opaque: String
    init(_ note: Note) { opaque = "\(note.id)-\(note.version)" }
    var description: String { "\"\(opaque)\"" }

    /// Is this tag in `If-None-Match` or `If-Match`? Each may be `*` or a list over several lines.
    /// - Parameter weak: `If-None-Match` compares weakly: `W/"7-3"`, which proxies that compress make of `"7-3"`, counts too.
    func isListed(in header: [String], weak: Bool) -> Bool {
        header.flatMap { $0.split(separator: ",") }.contains { item in
            let item = String(item).filter { $0 != " " && $0 != "\t" }
            return item == "*" || item == description || (weak && item == "W/" + description)
        }
    }
}

func addCachedRoutes(to group: RouterGroup<AppContext>, notes: NoteStore) {
    // GET /cached/notes/7 with If-None-Match: "7-1"
    group.get("{id}") { request, context in
        let note = try await find(notes, context)
        let tag = EntityTag(note)
        // "no-cache": keep it, and ask each time whether it is still current. "private": not in a shared cache.
        let headers: HTTPFields = [.eTag: tag.description, .cacheControl: "private, no-cache"]
        if tag.isListed(in: request.headers[values: .ifNoneMatch], weak: true) {
            return Response(status: .notModified, headers: headers)
        }
        var response = try context.responseEncoder.encode(note, from: request, context: context)
        response.headers.append(contentsOf: headers)
        return response
    }

    // PUT /cached/notes/7 with If-Match: "7-1". Without it 428; when somebody else was faster 412, and the client reads again.
    group.put("{id}") { request, context in
        let expected = request.headers[values: .ifMatch]
        guard !expected.isEmpty else {
            throw HTTPError(.preconditionRequired, message: "send If-Match with the ETag of the note that you changed")
        }
        let note = try await find(notes, context)
        let text = try await String(buffer: request.body.collect(upTo: 64 * 1024))
        guard EntityTag(note).isListed(in: expected, weak: false),
            // The store compares again: between our look and now another request may have come.
            let changed = await notes.change(note.id, ifVersion: note.version, text: text)
        else {
            throw HTTPError(.preconditionFailed, message: "the note has changed since you read it")
        }
        return EditedResponse(headers: [.eTag: EntityTag(changed).description], response: changed)
    }
}

private func find(_ notes: NoteStore, _ context: AppContext) async throws -> Note {
    guard let note = await notes.note(try context.parameters.require("id", as: Int.self)) else { throw HTTPError(.notFound) }
    return note
}

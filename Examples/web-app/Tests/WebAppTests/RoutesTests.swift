import HTTPTypes
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct RoutesTests {
    @Test func aNewNoteHasAPlaceAndCanBeReadThere() async throws {
        try await inMemory { client in
            let made = try await client.execute(uri: "/notes", method: .post, body: .json(#"{"text":"milk","tags":["home"]}"#))
            #expect(made.status == .created)
            #expect(made.headers[.location] == "/notes/1")
            let read = try await client.execute(uri: "/notes/1", method: .get)
            #expect(try read.json(Note.self) == Note(id: 1, text: "milk", tags: ["home"], version: 1))
        }
    }

    @Test func aListIsFilteredAndLimitedByTheQuery() async throws {
        try await inMemory { client in
            for index in 1...3 {
                let body = #"{"text":"\#(index)","tags":["\#(index == 2 ? "work" : "home")"]}"#
                try await client.execute(uri: "/notes", method: .post, body: .json(body))
            }
            let home = try await client.execute(uri: "/notes?tag=home", method: .get)
            #expect(try home.json([Note].self).map(\.id) == [1, 3])
            let one = try await client.execute(uri: "/notes?limit=1", method: .get)
            #expect(try one.json([Note].self).map(\.id) == [1])
        }
    }

    @Test(arguments: [("/notes/99", 404), ("/notes/seven", 400), ("/notes?limit=0", 400), ("/nowhere", 404)])
    func whatCannotBeAnsweredHasTheRightStatus(path: String, status: Int) async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.status.code == status)
        }
    }

    @Test func aNoteIsDeletedOnce() async throws {
        try await inMemory { client in
            try await client.execute(uri: "/notes", method: .post, body: .json(#"{"text":"milk"}"#))
            #expect(try await client.execute(uri: "/notes/1", method: .delete).status == .noContent)
            #expect(try await client.execute(uri: "/notes/1", method: .delete).status == .notFound)
        }
    }

    @Test func aWildcardTakesTheRestOfThePath() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/notes/by-path/2026/11/23", method: .get)
            #expect(response.text == "2026 > 11 > 23")
        }
    }
}

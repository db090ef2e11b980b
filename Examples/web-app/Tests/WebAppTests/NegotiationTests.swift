import HTTPTypes
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct NegotiationTests {
    static let forms = ["application/json", "text/html", "text/csv"]

    @Test(
        arguments: [
            ([], "application/json"),  // no header: anything is welcome, so our first
            (["*/*"], "application/json"),
            (["text/html"], "text/html"),
            (["TEXT/HTML"], "text/html"),
            (["text/*"], "text/html"),
            (["text/csv, text/html;q=0.9"], "text/csv"),
            (["text/html ; q=0.2", "text/csv;q=0.3"], "text/csv"),  // two header lines are one list
            (["*/*;q=0.1, text/csv"], "text/csv"),
            (["text/*, text/html;q=0"], "text/csv"),  // the more precise range counts, not the larger weight
            (["application/json;q=0.5, text/*;q=0.5"], "application/json"),  // a tie: our order
            (["application/xml, */*;q=0.5"], "application/json"),
            (["nonsense, text/csv"], "text/csv"),
            (["text/csv;q=2, text/html;q=0.1"], "text/html"),  // a weight out of range is malformed
        ] as [([String], String)])
    func theBestFormIsChosen(header: [String], form: String) {
        #expect(Accept(header).best(of: Self.forms) == form)
    }

    @Test(arguments: ["image/png", "*/*;q=0", "text/html;level=1", "application/*;q=0"])
    func nothingThatWeHaveIsWanted(header: String) {
        #expect(Accept([header]).best(of: Self.forms) == nil)
    }

    @Test(arguments: zip(forms, ["{", "<h1>Monday</h1>", "title,visits"]))
    func aRouteAnswersInTheForm(form: String, start: String) async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/reports", method: .get, headers: [.accept: form])
            #expect(response.headers[.contentType]?.hasPrefix(form) == true)
            #expect(response.headers[.vary] == "Accept")
            #expect(response.text.hasPrefix(start))
        }
    }

    @Test func whatCannotBeMetIs406WithTheList() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/reports", method: .get, headers: [.accept: "image/png"])
            #expect(response.status == .notAcceptable)
            #expect(response.text == "we have: application/json, text/html, text/csv\n")
        }
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import HeliographServer

@Suite("The pages", .timeLimit(.minutes(1)))
struct PageTests {
    static let pages = ["/", "/chat", "/chat/tea", "/market", "/dashboard", "/game", "/echo-demo"]
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    static let files = [Page.start, .chat, .market, .dashboard, .game, .echo] + Page.assets

    @Test("are served with the headers that keep foreign code out", arguments: pages)
    func headers(path: String) async throws {
        try await TestServer.run { server in
            let response = try await server.http.execute(uri: path, method: .get)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "text/html; charset=utf-8")
            #expect(response.headers[.contentSecurityPolicy] == Self.policy)
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect(response.headers[.cacheControl] == "no-cache")
            #expect(String(buffer: response.body).hasPrefix("<!doctype html>"))
        }
    }

    @Test("are not sent again to a browser that has them", arguments: pages + ["/assets/chat.js", "/assets/icon.svg"])
    func caching(path: String) async throws {
        try await TestServer.run { server in
            let first = try await server.http.execute(uri: path, method: .get)
            let tag = try #require(first.headers[.eTag])
            let again = try await server.http.execute(uri: path, method: .get, headers: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            #expect(again.body.readableBytes == 0)
            #expect(again.headers[.eTag] == tag)
            let other = try await server.http.execute(uri: path, method: .get, headers: [.ifNoneMatch: "\"other\""])
            #expect(other.body == first.body)
            let head = try await server.http.execute(uri: path, method: .head)
            #expect(head.status == .ok)
            #expect(head.headers[.contentLength] == "\(first.body.readableBytes)")
            #expect(head.body.readableBytes == 0)
        }
    }

    @Test("have their assets, each of its type", arguments: Page.assets.map(\.name))
    func assets(name: String) async throws {
        let types = ["svg": "image/svg+xml", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"]
        try await TestServer.run { server in
            let response = try await server.http.execute(uri: "/assets/\(name)", method: .get)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == types[String(name.split(separator: ".").last ?? "")])
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect(response.body.readableBytes > 100)
        }
    }

    @Test(
        "and nothing else", arguments: ["/assets", "/assets/", "/assets/none.js", "/assets/../Package.swift", "/chat/a/b", "/index.html"])
    func notFound(path: String) async throws {
        try await TestServer.run { server in
            let response = try await server.http.execute(uri: path, method: .get)
            #expect(response.status == .notFound)
        }
    }

    @Test("have nothing inline and nothing from elsewhere", arguments: files.map(\.name))
    func selfContained(name: String) throws {
        let text = try Self.text(name)
        for inline in [#"<script(?![^>]*\ssrc=)"#, #"<style"#, #"\sstyle\s*="#, #"<[^>]+\son[a-z]+\s*="#, #"javascript:"#] {
            #expect(!text.matches(inline), "\(inline)")
        }
        let addresses = text.ranges(of: /(https?|wss?):\/\/[a-z0-9.]+/).map { String(text[$0]) }
        #expect(addresses.allSatisfy { $0 == "http://www.w3.org" || $0 == "ws://localhost" }, "\(addresses)")
        #expect(!text.matches(#"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"#))
    }

    @Test("refer to what exists", arguments: files.map(\.name))
    func references(name: String) throws {
        let text = try Self.text(name)
        let names = Set(Page.assets.map(\.name))
        for range in text.ranges(of: /\/assets\/[a-z.-]+/) { #expect(names.contains(String(text[range].dropFirst(8)))) }
    }

    @Test("can be used with a keyboard and a screen reader", arguments: [Page.start, .chat, .market, .dashboard, .game, .echo].map(\.name))
    func accessibility(name: String) throws {
        let text = try Self.text(name)
        #expect(text.contains(#"<html lang="en">"#))
        #expect(text.contains("<title>"))
        #expect(text.contains(#"name="viewport""#))
        #expect(!text.matches("user-scalable|maximum-scale"), "people may zoom")
        #expect(text.contains(##"<a class="skip" href="#main">"##))
        #expect(text.contains(#"<main id="main""#))
        #expect(text.ranges(of: "<h1").count == 1)
        for range in text.ranges(of: /<(input type="text"|textarea)[^>]*>/) {
            let id = try #require(text[range].firstMatch(of: /\sid="([^"]+)"/)?.output.1)
            #expect(text.contains(#"<label for="\#(id)""#) || text.matches(#"<label [^>]*for="\#(id)""#), "a label for \(id)")
        }
        for range in text.ranges(of: /<img[^>]*>/) { #expect(text[range].contains(" alt=")) }
    }

    @Test(
        "name elements that exist: scripts look for no id that the page has not",
        arguments: [
            ("chat", "chat"), ("dashboard", "dashboard"), ("echo", "echo"), ("index", "index"), ("market", "market"),
            ("market", "market-table"), ("market", "market-book"), ("market", "market-meter"), ("game", "game"),
        ])
    func ids(page: String, script: String) throws {
        let html = try Self.text("\(page).html")
        let code = try Self.text("\(script).js")
        for match in code.matches(of: /byID\("([a-z-]+)"\)/) { #expect(html.contains(#"id="\#(match.output.1)""#)) }
    }

    private static func text(_ name: String) throws -> String {
        let page = try #require(files.first { $0.name == name })
        return String(decoding: page.content, as: UTF8.self)
    }
}

extension String {
    fileprivate func matches(_ pattern: String) -> Bool {
        range(of: pattern, options: [.regularExpression, .caseInsensitive]) != nil
    }
}

@Suite("The health route", .timeLimit(.minutes(1)))
struct HealthTests {
    @Test("says 200 while serving and 503 while shutting down")
    func health() async throws {
        try await TestServer.run { server in
            let healthy = try await server.http.execute(uri: "/health", method: .get)
            #expect(healthy.status == .ok)
            #expect(healthy.headers[.cacheControl] == "no-store")
            #expect(String(buffer: healthy.body).contains(#""status":"ok""#))
            server.application.board.startDraining()
            let draining = try await server.http.execute(uri: "/health", method: .get)
            #expect(draining.status == .serviceUnavailable)
            #expect(String(buffer: draining.body).contains(#""status":"draining""#))
        }
    }

    @Test("is all that is left without the demo")
    func noDemo() async throws {
        var configuration = ServeConfiguration()
        configuration.hasDemo = false
        try await TestServer.run(configuration) { server in
            let health = try await server.http.execute(uri: "/health", method: .get)
            #expect(health.status == .ok)
            for path in ["/", "/chat", "/echo", "/broadcast", "/dashboard", "/demo/echo", "/demo/connection/websocket", "/assets/site.css"]
            {
                let response = try await server.http.execute(uri: path, method: .get)
                #expect(response.status == .notFound)
            }
        }
    }
}

import Testing

@testable import HeliographServer

@Suite("Figures on the admin pages")
struct FiguresTests {
    @Test(
        "Rates",
        arguments: [
            (0, "0"), (0.04, "0"), (0.4, "0.4"), (7, "7"), (9.96, "10"), (12.4, "12"), (999, "999"), (1_234, "1.2 k"), (123_456, "123 k"),
            (999_999, "1 M"), (4_500_000, "4.5 M"), (2e12, "2000 G"),
        ])
    func rates(_ value: Double, _ text: String) {
        #expect(Figures.rate(value) == text)
    }

    @Test("Bytes", arguments: [(0, "0 B"), (999, "999 B"), (1_000, "1 KB"), (1_536, "1.5 KB"), (20_000_000, "20 MB"), (-5, "0 B")])
    func bytes(_ value: Int, _ text: String) {
        #expect(Figures.bytes(value) == text)
    }

    @Test(
        "Counts",
        arguments: [
            (0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-1_000, "-1,000"), (.min, "-9,223,372,036,854,775,808"),
        ])
    func counts(_ value: Int, _ text: String) {
        #expect(Figures.count(value) == text)
    }

    @Test(
        "Ages",
        arguments: [
            (-1, "0 s"), (59, "59 s"), (60, "1 min"), (250, "4 min 10 s"), (7_200, "2 h"), (7_500, "2 h 5 min"), (86_400, "1 d"),
            (273_600, "3 d 4 h"),
        ])
    func ages(_ seconds: Int64, _ text: String) {
        #expect(Figures.age(seconds: seconds) == text)
    }

    @Test(
        "Times of day", arguments: [(0, "00:00:00.000"), (34_207_123, "09:30:07.123"), (86_400_000, "00:00:00.000"), (-1, "23:59:59.999")])
    func times(_ milliseconds: Int64, _ text: String) {
        #expect(Figures.time(milliseconds) == text)
    }

    @Test("Shares and delays")
    func others() {
        #expect([-1, 0, 0.345, 1, 7].map { Figures.percent($0) } == ["0 %", "0 %", "35 %", "100 %", "100 %"])
        #expect(
            [Duration.zero, .microseconds(240), .milliseconds(34), .seconds(2)].map { Figures.milliseconds($0) } == [
                "0 ms", "0.2 ms", "34 ms", "2000 ms",
            ])
    }

    @Test("A sparkline has the last sixty values, the newest at the right, and none that is no number")
    func sparkline() {
        var line = Sparkline()
        #expect(line.path == "")
        line.add(0)
        #expect(line.path == "")
        line.add(10)
        #expect(line.path == "M116 36L118 30L120 3L124 36Z")
        for value in [Double.nan, .infinity, -5] { line.add(value) }
        #expect(line.values == [0, 10, 0, 0, 0])
        for _ in 0..<100 { line.add(1) }
        #expect(line.values.count == 60)
        #expect(line.path.hasPrefix("M0 36L2 3L"))
    }

    @Test("A payload that is long is cut, one that is no text is counted; what is no JSON can't be published")
    func payloads() {
        #expect(Payload.text(Array("Grüße".utf8)) == "Grüße")
        #expect(Payload.text([0xff, 0xfe]) == "2 B, binary")
        #expect(Payload.text(Array(repeating: UInt8(ascii: "a"), count: 5_000)).utf8.count < 2_100)
        #expect(Payload.problem(of: #"{"a":[1,2]}"#) == nil)
        for text in ["", "{", "{} {}", "no", String(repeating: "[", count: 1_000)] {
            #expect(Payload.problem(of: text)?.contains("no JSON") == true)
        }
        #expect(Payload.problem(of: "\"" + String(repeating: "a", count: 40_000) + "\"")?.contains("longer") == true)
    }

    @Test(
        "Places of ours, and those that only look like them",
        arguments: [
            ("/admin", true), ("/admin/connections?q=a%20b", true), ("/admin?x", true), ("/administrator", false),
            ("//evil.example/admin", false),
            ("/admin\\evil", false), ("https://evil.example/admin", false), ("/admin/\r\nSet-Cookie: a=b", false), ("/admin/ä", false),
            ("", false),
        ])
    func places(_ path: String, _ isOurs: Bool) {
        #expect(AdminPlaces.isOurs(path) == isOurs)
    }

    @Test("Names of channels and connections are values in addresses")
    func addresses() {
        #expect(AdminPlaces.channel("chat:a b&c#d/ü") == "/admin/channel?name=chat%3Aa%20b%26c%23d%2F%C3%BC")
        #expect(AdminPlaces.channel("a", before: 7) == "/admin/channel?name=a&before=7")
        #expect(AdminPlaces.connections() == "/admin/connections")
        #expect(AdminPlaces.login(for: "/admin") == "/admin/login")
        #expect(AdminPlaces.login(for: "/admin/top") == "/admin/login?next=%2Fadmin%2Ftop")
    }
}

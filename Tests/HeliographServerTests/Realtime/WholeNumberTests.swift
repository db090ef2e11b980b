import Testing

@testable import HeliographServer

@Suite("Whole numbers (JSON Schema 2020-12 validation §6.1.1)")
struct WholeNumberTests {
    @Test(
        "may have a fraction of zeros, or an exponent",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e999999999999", 0), ("209.0", 209), ("-3.000", -3), ("2e3", 2_000), ("2E+3", 2_000),
            ("1.5e1", 15), ("1200e-2", 12), ("9223372036854775807", .max), ("9223372036854775807.0", .max),
            ("-9223372036854775808.0", .min),
        ] as [(String, Int64)])
    func whole(text: String, number: Int64) {
        #expect(WholeNumber.value(text.utf8) == number)
    }

    @Test(
        "have no other fraction, are of the type's size, and are numbers",
        arguments: [
            "1.5", "15e-1", "1e-1", "0.1", "9223372036854775808", "1e19", "1e400", "1e-400", "1e99999999999999999999",
            "1e-99999999999999999999",
            "\"1\"", "true", "null", "[]", "{}",
        ])
    func others(text: String) {
        #expect(WholeNumber.value(text.utf8, Int64.self) == nil)
    }

    @Test("without a sign are not negative")
    func unsigned() {
        #expect(WholeNumber.value("18446744073709551615.0".utf8) == UInt64.max)
        #expect(WholeNumber.value("-1.0".utf8, UInt64.self) == nil)
        #expect(WholeNumber.value("-0.0".utf8) == UInt64(0))
    }
}

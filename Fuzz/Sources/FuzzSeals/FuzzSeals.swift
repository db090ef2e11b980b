// A byte, and a seal as a browser sends it; or, if the byte is even, what is to be sealed and where the seal is to be changed. No seal opens but those that we have made, and they to what
// was sealed.

import FuzzSupport
import LiveViews

/// What the seals in the corpus were made of.
private let known = StateSeals.Content(view: "Fuzz#0", session: "s", user: "u", url: "/", issued: 1_000_000, state: [1, 2, 3])
private let seals = StateSeals(secret: StateSeals.Secret("the secret of the fuzzer") ?? .random())

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    if input.flag() {
        let text = String(decoding: input.remainder(), as: UTF8.self)
        guard let content = try? seals.open(text, now: known.issued) else { return 0 }
        require(content == known, "what opens is what was sealed")
        return 0
    }
    func text() -> String { String(decoding: input.bytes(upTo: input.number(in: 0...255)), as: UTF8.self) }
    let place = input.number(in: 0...255) << 8 | input.number(in: 0...255), change = input.byte()
    let content = StateSeals.Content(
        view: text(), session: text(), user: text(), url: text(), issued: Int64(input.byte()), state: input.flag() ? input.remainder() : nil
    )
    guard let seal = try? seals.seal(content) else { return 1 }
    require(try seals.open(seal, now: content.issued) == content, "a seal opens to what was sealed")
    var bytes = Array(seal.utf8)
    bytes[place % bytes.count] ^= change | 1
    // The last character has bits that say nothing.
    if let other = try? seals.open(String(decoding: bytes, as: UTF8.self), now: content.issued) {
        require(place % bytes.count == bytes.count - 1 && other == content, "a seal that was changed opens")
    }
    return 0
}

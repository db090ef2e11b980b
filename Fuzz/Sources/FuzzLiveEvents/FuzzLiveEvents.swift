// A byte, and a message of a browser; or, if the byte is even, the text of an event, a newline, and the value that comes with it. It is refused, or the event can be written and is
// the same when it is read again.

import FuzzSupport
import LiveViews
import NIOCore
import RealtimeProtocol

struct Form: LiveInput, Hashable {
    var name = ""
    var age: Int?
    var weight: Double?
    var isMember = false
    var tags: [String] = []
    var nested: [String: [Int8]]?
}

enum Plain: LiveEvent, Hashable {
    case none
    case text(String), flag(Bool), integer(Int), small(UInt8), large(UInt64), real(Double), single(Float), optional(Int?), texts([String])
    case labelled(id: Int?, to: String)
    case pair(Int, String)
    case form(Form), keyed(id: Int, Form), fields(FormFields), key(KeyPress)
    case raw(Raw)
    indirect case nested(Plain)
    indirect case several([Plain], by: [String: Plain])
}

enum Raw: String, LiveEvent { case a, b = "b-c" }

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    if input.flag() {
        guard let message = try? ClientMessage(ByteBuffer(bytes: input.remainder())) else { return 0 }
        switch message {
        case .event(let ref, let view, let text, let value):
            require(ref > 0 && view >= 0, "numbers are none below what they can be")
            check(text, value)
        case .join(_, _, let fingerprints): require(fingerprints.count <= 4_096, "templates are no more than a page can have")
        case .full(let view): require(view >= 0, "a view's number is none below 0")
        case .navigated: break
        }
    } else {
        let parts = input.remainder().split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? try? JSONValue(ByteBuffer(bytes: parts[1])) : nil
        check(String(decoding: parts[0], as: UTF8.self), value)
    }
    return 0
}

private func check(_ text: String, _ value: JSONValue?) {
    check(text, value, as: Plain.self)
    check(text, value, as: Raw.self)
    require((try? EventText.event(text, input: value, as: Never.self)) == nil, "to some views nothing happens")
}

private func check<Event: LiveEvent & Hashable>(_ text: String, _ value: JSONValue?, as type: Event.Type) {
    guard let event = try? EventText.event(text, input: value, as: type) else { return }
    guard let written = try? EventText.of(event) else { return require(false, "an event can be written: \(event)") }
    // With its escapes, and the browser's value in it, it can be too long.
    guard written.utf8.count <= 8 << 10 else { return }
    require(try EventText.event(written, input: nil, as: type) == event, "an event is the same again: \(written)")
}

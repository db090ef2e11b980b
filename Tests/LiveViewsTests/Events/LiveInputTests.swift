import LiveViews
import Testing

@Suite("What a browser has")
struct LiveInputTests {
    enum Event: LiveEvent, Hashable { case fields(FormFields), key(KeyPress) }

    private func fields(_ text: String) throws -> FormFields {
        guard case .fields(let fields) = try EventText.event("fields:$", input: json(text), as: Event.self) else { return FormFields() }
        return fields
    }

    @Test("the fields of a form")
    func form() throws {
        let fields = try fields(#"{"b":"1","a":["x","y"],"_target":"b","_unused":["a","c"]}"#)
        #expect(fields["b"] == "1")
        #expect(fields["a"] == "x")
        #expect(fields.all("a") == ["x", "y"])
        #expect(fields["c"] == nil)
        #expect(fields.all("c") == [])
        #expect(fields.names == ["a", "b"])
        #expect(fields.changed == "b")
        #expect(fields.isUntouched("a"))
        #expect(!fields.isUntouched("b"))
    }

    @Test("the fields of a form in which nothing is said of changes")
    func plain() throws {
        let fields = try fields(#"{"a":"","b":[]}"#)
        #expect(fields == FormFields(["a": [""], "b": []]))
        #expect(fields.changed == nil)
        #expect(!fields.isUntouched("a"))
        #expect(fields["b"] == nil)
        #expect(try self.fields(#"{"_unused":"a"}"#).isUntouched("a"))
        #expect(try self.fields("{}") == FormFields())
    }

    @Test("fields as a value of an event lead back to themselves")
    func fieldsInEvents() throws {
        let event = Event.fields(FormFields(["a": ["1", "2"], "b": []]))
        #expect(try EventText.event(EventText.of(event), input: nil) == event)
    }

    @Test("a key, with what is held down")
    func key() throws {
        func key(_ text: String) throws -> Event { try EventText.event("key:$", input: json(text)) }
        #expect(try key(#"{"key":"a","code":"KeyA"}"#) == .key(KeyPress(key: "a", code: "KeyA")))
        #expect(
            try key(#"{"key":"A","code":"KeyA","alt":true,"ctrl":true,"meta":true,"shift":true,"repeat":true}"#)
                == .key(KeyPress(key: "A", code: "KeyA", alt: true, ctrl: true, meta: true, shift: true, isRepeated: true)))
        #expect(try key(#"{"key":"Enter"}"#) == .key(KeyPress(key: "Enter")))
        #expect(throws: (any Error).self) { try key(#"{"code":"KeyA"}"#) }
        #expect(throws: (any Error).self) { try key(#"{"key":"a","shift":"maybe"}"#) }
    }

    @Test("a key as a value of an event leads back to itself")
    func keyInEvents() throws {
        let event = Event.key(KeyPress(key: "\"", code: "Quote", shift: true, isRepeated: true))
        #expect(try EventText.event(EventText.of(event), input: nil) == event)
    }
}

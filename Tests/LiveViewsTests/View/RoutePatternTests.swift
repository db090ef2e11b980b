import LiveViews
import Testing

@Suite("A route's path")
struct RoutePatternTests {
    @Test("without parameters is the path alone")
    func plain() {
        let pattern = RoutePattern("/items/all")
        #expect(pattern.parameters(of: "/items/all") == [:])
        #expect(pattern.parameters(of: "/items/all/") == [:])
        #expect(pattern.parameters(of: "/items") == nil)
        #expect(pattern.parameters(of: "/items/all/1") == nil)
        #expect(pattern.parameters(of: "/Items/all") == nil)
        #expect(RoutePattern("/").parameters(of: "/") == [:])
        #expect(RoutePattern("/").parameters(of: "/a") == nil)
    }

    @Test("has its parameters in braces or behind a colon, without their escapes")
    func parameters() {
        #expect(RoutePattern("/items/{id}/edit").parameters(of: "/items/4/edit") == ["id": "4"])
        #expect(RoutePattern("/items/:id/:what").parameters(of: "/items/4/edit") == ["id": "4", "what": "edit"])
        #expect(RoutePattern("/{name}").parameters(of: "/a%20b%2Fc+d%C3%A9") == ["name": "a b/c+dé"])
        #expect(RoutePattern("/{name}").parameters(of: "/%zz%4") == ["name": "%zz%4"])
        #expect(RoutePattern("/{name}").parameters(of: "/") == nil)
    }

    @Test("has any part, or all that follows")
    func wildcards() {
        #expect(RoutePattern("/*/x").parameters(of: "/anything/x") == [:])
        #expect(RoutePattern("/*/x").parameters(of: "/x") == nil)
        #expect(RoutePattern("/{a}/**").parameters(of: "/1/2/3/4") == ["a": "1"])
    }
}

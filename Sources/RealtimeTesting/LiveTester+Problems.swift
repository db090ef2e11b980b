public import LiveHTML
import LiveViews

extension LiveTester {
    /// What is wrong with the markup of a view in some of its states: values where none can be, elements that a browser would move, ids that are there twice, forms without id, scripts in attributes.
    ///
    /// ```swift
    /// #expect(LiveTester.problems(of: Todo(), Todo(items: [.milk, .bread])) == [])
    /// ```
    ///
    /// Each is there once, in the order in which they were found.
    public static func problems(of views: View...) -> [HTMLProblem] { problems(of: views) }

    /// What is wrong with the markup of a view in some of its states.
    public static func problems(of views: some Sequence<View>) -> [HTMLProblem] {
        var found: [HTMLProblem] = []
        for problem in views.flatMap({ $0.body.problems() }) where !found.contains(problem) { found.append(problem) }
        return found
    }

    /// - Throws: ``LiveTesterError`` with everything that is wrong with the markup of a view in these states.
    public static func assertNoProblems(of views: View...) throws(LiveTesterError) {
        let problems = problems(of: views)
        guard problems.isEmpty else { throw LiveTesterError(.problems, problems.map(\.description).joined(separator: "; ")) }
    }
}

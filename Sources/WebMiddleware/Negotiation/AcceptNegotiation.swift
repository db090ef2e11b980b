import HTTPTypes
public import Hummingbird

/// Refuses with 406 whoever takes none of the media types that there are, and says which those are.
///
/// ```swift
/// router.group("reports").add(middleware: AcceptNegotiation([.applicationJson, .textCsv]) { type, context in context.mediaType = type })
/// ```
///
/// Answers are marked with `Vary: Accept`, so that caches keep one for each wish. A handler that does not have the type from its context can ask
/// `request.preferredMediaType(among:)`.
public struct AcceptNegotiation<Context: RequestContext>: RouterMiddleware {
    private let offers: [MediaType]
    private let chosen: @Sendable (MediaType, inout Context) -> Void

    /// - Parameters:
    ///   - offers: what there is, the most preferred first.
    ///   - chosen: told which one it is to be, to put it into the context.
    public init(_ offers: [MediaType], chosen: @escaping @Sendable (MediaType, inout Context) -> Void = { _, _ in }) {
        self.offers = offers
        self.chosen = chosen
    }

    /// Handles the request, or refuses it.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let type = request.preferredMediaType(among: offers) else {
            let names = offers.map { "\($0)" }.joined(separator: ", ")
            throw Problem(.notAcceptable, detail: "There is \(names).", headers: [.vary: "Accept"])
        }
        var context = context
        chosen(type, &context)
        var response = try await answer(to: request, context, next)
        response.headers.vary(on: .accept)
        return response
    }
}

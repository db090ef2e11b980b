/// Who gets what is said in a channel: an event loop with its subscribers, or a part of the application.
protocol DeliverySink: AnyObject, Sendable {
    /// From any thread, in the channel's order.
    func post(_ delivery: Delivery)
}

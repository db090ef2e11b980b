/// Tells a completion that comes before its call has returned from one that comes later. On the session's loop only, on both sides.
final class PendingCall: @unchecked Sendable {
    var hasReturned = false
    var isDone = false
}

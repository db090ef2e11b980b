import NIOCore
import Synchronization

/// Where the server listens, as soon as it does.
final class Listening: Sendable {
    private struct State {
        var missing: Int
        var publicAddress: SocketAddress?
        var internalAddress: SocketAddress?
    }

    private let state: Mutex<State>
    private let onServing: @Sendable (SocketAddress) async -> Void

    /// - Parameters:
    ///   - listeners: how many there are to be.
    ///   - onServing: called once, with the public one's address, when all of them listen.
    init(listeners: Int, then onServing: @escaping @Sendable (SocketAddress) async -> Void) {
        state = Mutex(State(missing: listeners))
        self.onServing = onServing
    }

    var internalAddress: SocketAddress? { state.withLock { $0.internalAddress } }

    func began(_ channel: any Channel, _ name: HeliographApplication.ListenerName) async {
        let address = state.withLock { state in
            switch name {
            case .public: state.publicAddress = channel.localAddress
            case .internal: state.internalAddress = channel.localAddress
            }
            state.missing -= 1
            return state.missing == 0 ? state.publicAddress : nil
        }
        if let address { await onServing(address) }
    }
}

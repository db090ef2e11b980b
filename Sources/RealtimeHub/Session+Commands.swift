import NIOCore
import RealtimeProtocol

extension Session {
    func handle(_ command: Wire.Command) {
        loop.statistics.commands &+= 1
        commandsReceived &+= 1
        loop.talkers?.received(client)
        trace?.record(.command, TraceText.of(command))
        commandAllowance -= 1
        if commandAllowance < 0, configuration.maxCommandsPerSecond > 0 { return disconnect(.tooManyRequests) }
        if let limits, state != .refused, !permits(command, limits) { return }
        switch state {
        case .new: handleFirst(command)
        case .connected: handleNext(command)
        // After a refused connect, and nothing of the same batch is looked at.
        case .refused: disconnect(.badRequest)
        case .closed: break
        }
    }

    private func handleFirst(_ command: Wire.Command) {
        guard case .connect(let request) = command.body, command.id != 0 else { return disconnect(.badRequest) }
        connect(request, id: command.id)
    }

    private func handleNext(_ command: Wire.Command) {
        let id = command.id
        guard let body = command.body else { return id == 0 ? pongArrived() : disconnect(.badRequest) }
        if case .send(let request) = body { return send(request) }
        guard id != 0 else { return disconnect(.badRequest) }
        switch body {
        case .connect: disconnect(.badRequest)
        case .subscribe(let request): subscribe(request, id: id)
        case .unsubscribe(let request): unsubscribe(request, id: id)
        case .publish(let request): publish(request, id: id)
        case .presence(let request): presence(request, id: id)
        case .presenceStats(let request): presenceStats(request, id: id)
        case .history(let request): history(request, id: id)
        case .rpc(let request): call(request, id: id)
        case .refresh(let request): refresh(request, id: id)
        case .subRefresh(let request): refreshSubscription(request, id: id)
        case .ping: reply(id, error: .notAvailable)
        case .send: break
        }
    }

    /// The answer to what was decided with an error or the end.
    func refuse(_ refusal: HubRefusal, id: UInt32) {
        switch refusal {
        case .error(let error): reply(id, error: error)
        case .disconnect(let code): disconnect(code)
        }
    }

    /// The settings of a channel, and whether there is one; else the command is answered.
    func settings(of channel: String, id: UInt32) -> ChannelSettings? {
        guard !channel.isEmpty else {
            disconnect(.badRequest)
            return nil
        }
        do throws(Namespaces.NameError) {
            return try loop.namespaces.resolve(channel).options
        } catch {
            reply(id, error: error == .badName ? .badRequest : .unknownChannel)
            return nil
        }
    }
}

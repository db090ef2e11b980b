import FoundationEssentials
public import Logging

/// Writes what is logged as lines to read, or as an object of JSON a line; without secrets, and without ends of lines or control characters that came from a peer.
///
/// Values are at most 2 KiB long, messages 8 KiB; of metadata there are at most 64 values.
public struct ServerLogHandler: LogHandler {
    static let maxPairs = 64
    private static let maxDepth = 4

    public var logLevel = Logger.Level.info
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: ServeConfiguration.LogOutput.Format
    private let sink: LogSink

    /// - Parameters:
    ///   - label: the logger's.
    ///   - format: how a line looks.
    ///   - sink: where lines go.
    public init(label: String, format: ServeConfiguration.LogOutput.Format, sink: LogSink) {
        self.label = label
        self.format = format
        self.sink = sink
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        sink.write(Self.line(event, label, all, format, at: Date()))
    }

    static func line(
        _ event: LogEvent, _ label: String, _ metadata: Logger.Metadata, _ format: ServeConfiguration.LogOutput.Format, at time: Date
    ) -> String {
        let stamp = time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let pairs = metadata.sorted { $0.key < $1.key }.prefix(maxPairs)
        switch format {
        case .text:
            let text = pairs.map { " \(LogText.plain($0.key, most: 100))=\(plain($0.value, of: $0.key, 0))" }.joined()
            let message = LogText.plain(event.message.description, most: LogText.maxMessageBytes)
            return "\(stamp) \(event.level) \(label):\(text) [\(event.source)] \(message)\n"
        case .json:
            var fields = [
                "\"time\":\"\(stamp)\"", "\"level\":\"\(event.level)\"", "\"logger\":\(LogText.json(label))",
                "\"message\":\(LogText.json(event.message.description, most: LogText.maxMessageBytes))",
                "\"source\":\(LogText.json(event.source))",
            ]
            // In an object of their own: no key of theirs can be taken for one of ours.
            if !pairs.isEmpty {
                fields.append(
                    "\"metadata\":{\(pairs.map { "\(LogText.json($0.key, most: 100)):\(json($0.value, of: $0.key, 0))" }.joined(separator: ","))}"
                )
            }
            return "{\(fields.joined(separator: ","))}\n"
        }
    }

    private static func plain(_ value: Logger.Metadata.Value, of key: String, _ depth: Int) -> String {
        if LogRedaction.isSecret(name: key) { return LogRedaction.mark }
        guard depth < maxDepth else { return "…" }
        switch value {
        case .string(let text): return LogText.plain(text)
        case .stringConvertible(let value): return LogText.plain(value.description)
        case .array(let values): return "[\(values.prefix(maxPairs).map { plain($0, of: "", depth + 1) }.joined(separator: ", "))]"
        case .dictionary(let values):
            let pairs = values.sorted { $0.key < $1.key }.prefix(maxPairs)
            return
                "{\(pairs.map { "\(LogText.plain($0.key, most: 100)): \(plain($0.value, of: $0.key, depth + 1))" }.joined(separator: ", "))}"
        }
    }

    private static func json(_ value: Logger.Metadata.Value, of key: String, _ depth: Int) -> String {
        if LogRedaction.isSecret(name: key) { return "\"\(LogRedaction.mark)\"" }
        guard depth < maxDepth else { return "\"…\"" }
        switch value {
        case .string(let text): return LogText.json(text)
        case .stringConvertible(let value): return LogText.json(value.description)
        case .array(let values): return "[\(values.prefix(maxPairs).map { json($0, of: "", depth + 1) }.joined(separator: ","))]"
        case .dictionary(let values):
            let pairs = values.sorted { $0.key < $1.key }.prefix(maxPairs)
            return "{\(pairs.map { "\(LogText.json($0.key, most: 100)):\(json($0.value, of: $0.key, depth + 1))" }.joined(separator: ","))}"
        }
    }
}

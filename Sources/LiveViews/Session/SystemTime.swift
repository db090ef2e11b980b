import FoundationEssentials

/// Milliseconds since 1970.
@Sendable
func systemMilliseconds() -> Int64 {
    Int64(exactly: (Date().timeIntervalSince1970 * 1_000).rounded()) ?? 0
}

/// Which Heliograph this is.
public enum HeliographVersion {
    /// As semantic versioning has it.
    public static let current = "0.1.0"
}

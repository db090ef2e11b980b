import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal that standard input and output are, in raw mode: keys arrive as they are typed, and nothing is echoed.
///
/// Whatever ends the program in an orderly way (``restore()``, SIGTERM, SIGHUP, suspension) puts the terminal back as it was.
final class Terminal: Sendable {
    /// Bracketed paste on and off: pasted line breaks are told from Enter.
    private static let pasteOn = "\u{1B}[?2004h"
    private static let pasteOff = "\u{1B}[?2004l"

    private let original: Mutex<termios?>

    /// The terminal, if both ends are one.
    static func ifInteractive() -> Terminal? {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return nil }
        return Terminal()
    }

    private init() {
        self.original = Mutex(nil)
    }

    func makeRaw() {
        self.original.withLock { original in
            var settings = termios()
            guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
            // After a stop the shell may have set the terminal as it likes; what to restore stays what was found first.
            if original == nil { original = settings }
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
            settings.c_iflag &= ~tcflag_t(ICRNL | IXON)
            _ = tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
            StandardOutput.write(Self.pasteOn)
        }
    }

    func restore() {
        self.original.withLock { original in
            guard var settings = original else { return }
            original = nil
            StandardOutput.write(Self.pasteOff)
            _ = tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        }
    }

    /// Control-Z: gives the terminal back and stops, as any program does. When it goes on, by SIGCONT, it must be made raw again.
    func suspend() {
        self.restore()
        // To the process: the threads of Swift's pool block signals, so `raise` would do nothing.
        kill(getpid(), SIGTSTP)
    }

    /// The width in columns; 80 when it is not known.
    var columns: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// Standard output without a buffer: what is written is there.
enum StandardOutput {
    static func write(_ text: String) { Self.write(Array(text.utf8), to: STDOUT_FILENO) }

    static func writeError(_ text: String) { Self.write(Array(text.utf8), to: STDERR_FILENO) }

    static func write(_ bytes: some Collection<UInt8>) { Self.write(Array(bytes), to: STDOUT_FILENO) }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR, errno != EAGAIN { return }
        }
    }
}

/// `write(2)`; by this name because the type above has a `write` of its own.
private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// Standard input, read by a thread of its own: a blocking read of a terminal can be neither awaited nor cancelled, and making the descriptor
/// non-blocking would make it so for the shell too.
enum StandardInput {
    /// What is read, piece by piece; the next piece is read when the one before has been handled.
    static func read(_ handle: @escaping @Sendable ([UInt8]) async -> Void) async {
        await withCheckedContinuation { (ended: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                let handled = DispatchSemaphore(value: 0)
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = buffer.withUnsafeMutableBytes { systemRead(STDIN_FILENO, $0.baseAddress, $0.count) }
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    let piece = Array(buffer[..<count])
                    Task {
                        await handle(piece)
                        handled.signal()
                    }
                    handled.wait()
                }
                ended.resume()
            }
        }
    }
}

private func systemRead(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}

import ArgumentParser
import Foundation

/// A file with secrets.
enum PrivateFile {
    /// Writes a file that nobody else may read, and never over another one.
    static func write(_ text: String, to path: String) throws {
        // O_EXCL: between a look and the writing there is no time for another file to appear.
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            guard errno != EEXIST else { throw ValidationError("\(path) is there already, and is not overwritten. Give another name.") }
            throw ValidationError("\(path) can't be written: \(String(cString: strerror(errno)))")
        }
        try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: Data(text.utf8))
    }
}

// A byte that says what follows: a configuration in YAML or in TOML, or one of Centrifugo in either. What is refused is refused with its place; what was carried over can be read, or it is said
// what is wrong with it.

import Dispatch
import FuzzSupport
import HeliographServer

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let kind = input.number(in: 0...3)
    let file = kind % 2 == 0 ? "fuzz.yaml" : "fuzz.toml"
    guard let text = String(validating: input.remainder(), as: UTF8.self) else { return 0 }
    // Keys of tokens are read asynchronously.
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        if kind < 2 { await read(text, file) } else { await carry(text, file) }
        done.signal()
    }
    done.wait()
    return 0
}

private func read(_ text: String, _ file: String) async {
    do throws(ServeError) {
        _ = try await ServeConfiguration(text: text, file: file)
    } catch {
        let lines = error.description.split(separator: "\n", omittingEmptySubsequences: true)
        require(!lines.isEmpty, "a refusal says why")
        require(lines.contains { $0.contains(file) || $0.contains("insecure") }, "and where: \(error)")
    }
}

private func carry(_ text: String, _ file: String) async {
    guard let result = try? await CentrifugoImport(text, file: file) else { return }
    do throws(ServeError) {
        _ = try await ServeConfiguration(text: result.text, file: "heliograph.yaml")
        require(result.problems.isEmpty, "there are no problems")
    } catch {
        require(!result.problems.isEmpty, "what is wrong with it is said")
    }
}

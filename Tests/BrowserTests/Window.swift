import Foundation
import ServerTestSupport

/// A page in a browser: what a person could do to it, and what a person could see.
struct Window {
    let devTools: DevTools
    let session: String

    func call<Result: Decodable>(
        _ method: String, _ parameters: some Encodable & Sendable = [String: String](), as type: Result.Type = DevTools.Nothing.self
    ) async throws -> Result {
        try await devTools.call(method, parameters, session: session, as: type)
    }

    func prepare(_ size: Browser.Size, isDark: Bool, script: String?) async throws {
        struct Metrics: Encodable {
            let width: Int
            let height: Int
            var deviceScaleFactor = 1
            let mobile: Bool
        }
        struct Media: Encodable {
            struct Feature: Encodable {
                var name = "prefers-color-scheme"
                let value: String
            }
            let features: [Feature]
        }
        for domain in ["Page", "Runtime", "Log"] { _ = try await call("\(domain).enable") }
        let metrics =
            size == .phone ? Metrics(width: 390, height: 844, mobile: true) : Metrics(width: 1_280, height: 800, mobile: false)
        _ = try await call("Emulation.setDeviceMetricsOverride", metrics)
        _ = try await call("Emulation.setEmulatedMedia", Media(features: [.init(value: isDark ? "dark" : "light")]))
        if let script { _ = try await call("Page.addScriptToEvaluateOnNewDocument", ["source": script]) }
    }

    func open(_ url: String) async throws {
        _ = try await call("Page.navigate", ["url": url])
        try await wait("document.readyState === 'complete' && location.href.startsWith(\(quoted(url)))")
    }

    // MARK: Looking

    /// The value of an expression.
    func value<Value: Decodable>(_ expression: String, as type: Value.Type = Value.self) async throws -> Value {
        let evaluation = try await call("Runtime.evaluate", Evaluate(expression: expression), as: Evaluation<Value>.self)
        if let exception = evaluation.exceptionDetails {
            throw Unexpected("\(exception.text) \(exception.exception?.description ?? "") in \(expression)")
        }
        guard let value = evaluation.result?.value else { throw Unexpected("no value of \(expression)") }
        return value
    }

    /// Waits until an expression is true, for a minute at most. A page that is being left takes its waiting with it, so that is begun again.
    func wait(_ condition: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        let waiting = """
            new Promise((resolve) => {
              const start = performance.now();
              const look = () => {
                let is = false;
                try { is = Boolean(\(condition)); } catch {}
                if (is || performance.now() - start > 60000) resolve(is); else setTimeout(look, 25);
              };
              look();
            })
            """
        while true {
            if let isTrue = try? await value(waiting, as: Bool.self) {
                if isTrue { return }
                throw Unexpected("never true: \(condition)\nThe page says: \(try await value("document.body.innerText", as: String.self))")
            }
            guard ContinuousClock.now < deadline else { throw Unexpected("the page cannot be asked: \(condition)") }
        }
    }

    /// Waits until an element shows a text.
    func waitForText(_ text: String, in selector: String = "body") async throws {
        try await wait("document.querySelector(\(quoted(selector))).innerText.includes(\(quoted(text)))")
    }

    /// The texts of all elements of a kind that are shown.
    func texts(_ selector: String) async throws -> [String] {
        try await value("[...document.querySelectorAll(\(quoted(selector)))].filter((e) => e.checkVisibility()).map((e) => e.innerText)")
    }

    /// What the page complained about: exceptions, and what its content security policy stopped.
    func takeComplaints() -> [String] {
        devTools.takeComplaints(session: session)
    }

    /// Saves a picture, if HELIOGRAPH_SCREENSHOTS names a folder.
    func picture(_ name: String) async throws {
        guard let folder = ProcessInfo.processInfo.environment["HELIOGRAPH_SCREENSHOTS"] else { return }
        struct Picture: Decodable { let data: Data }
        let picture = try await call("Page.captureScreenshot", ["format": "png"], as: Picture.self)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try picture.data.write(to: URL(filePath: folder).appending(path: "\(name).png"))
    }

    // MARK: Doing

    func focus(_ selector: String) async throws {
        _ = try await value("document.querySelector(\(quoted(selector))).focus() ?? true", as: Bool.self)
    }

    /// Writes where the focus is, as a keyboard would.
    func type(_ text: String) async throws {
        _ = try await call("Input.insertText", ["text": text])
    }

    /// Chooses files in a control, as its dialog would.
    func choose(_ paths: [String], in selector: String) async throws {
        struct Document: Decodable {
            struct Node: Decodable { let nodeId: Int }
            let root: Node
        }
        struct Query: Encodable {
            let nodeId: Int
            let selector: String
        }
        struct Files: Encodable {
            let nodeId: Int
            let files: [String]
        }
        let document = try await call("DOM.getDocument", as: Document.self)
        let control = try await call(
            "DOM.querySelector", Query(nodeId: document.root.nodeId, selector: selector), as: Document.Node.self)
        _ = try await call("DOM.setFileInputFiles", Files(nodeId: control.nodeId, files: paths))
    }

    func press(_ key: String) async throws {
        struct Key: Encodable {
            let type: String
            let key: String
            let code: String
            let windowsVirtualKeyCode: Int
            let text: String?
        }
        let codes = ["Enter": 13, "Tab": 9, "Escape": 27, "ArrowLeft": 37, " ": 32]
        for type in ["keyDown", "keyUp"] {
            let text: String? = type == "keyUp" ? nil : key == "Enter" ? "\r" : key == " " ? " " : nil
            _ = try await call(
                "Input.dispatchKeyEvent", Key(type: type, key: key, code: key, windowsVirtualKeyCode: codes[key] ?? 0, text: text))
        }
    }

    /// Moves the mouse to a place in the window.
    func moveMouse(toX x: Double, y: Double) async throws {
        _ = try await call("Input.dispatchMouseEvent", Mouse(type: "mouseMoved", x: x, y: y, button: "none", clickCount: 0))
    }

    /// Puts a finger on a place in the window; it stays there until it is lifted.
    func touch(x: Double, y: Double) async throws {
        _ = try await call("Input.dispatchTouchEvent", Touch(type: "touchStart", touchPoints: [Place(x: x, y: y)]))
    }

    func liftFinger() async throws {
        _ = try await call("Input.dispatchTouchEvent", Touch(type: "touchEnd", touchPoints: []))
    }

    /// Holds a key down, or lets go of it.
    func hold(_ key: String, code: String, isDown: Bool) async throws {
        _ = try await call("Input.dispatchKeyEvent", ["type": isDown ? "keyDown" : "keyUp", "key": key, "code": code])
    }

    /// Clicks in the middle of an element, once it lies still there. A page that moved it away under the pointer after all is clicked again.
    func click(_ selector: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            guard let place = try await settledPlace(of: selector) else { continue }
            for type in ["mousePressed", "mouseReleased"] {
                _ = try await call("Input.dispatchMouseEvent", Mouse(type: type, x: place.x, y: place.y))
            }
            // A page that was left by the click has forgotten the question.
            if try await value("window.testClicked ?? true", as: Bool.self) { return }
        }
        throw Unexpected("cannot be clicked: \(selector)\nThe page says: \(try await value("document.body.innerText", as: String.self))")
    }

    /// The middle of an element that did not move for a few frames and that nothing covers; the next click on it is recorded.
    private func settledPlace(of selector: String) async throws -> Place? {
        try await value(
            """
            (async () => {
              const element = document.querySelector(\(quoted(selector)));
              const middle = () => {
                const box = element.getBoundingClientRect();
                return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
              };
              if (!element) return { place: null };
              const place = middle();
              await new Promise((resolve) => setTimeout(resolve, 60));
              const now = middle();
              const hit = document.elementFromPoint(now.x, now.y);
              const isStill = now.x === place.x && now.y === place.y && (element.contains(hit) || hit?.contains(element));
              if (!isStill) return { place: null };
              window.testClicked = false;
              element.addEventListener("click", () => (window.testClicked = true), { once: true, capture: true });
              return { place: now };
            })()
            """, as: Settled.self
        ).place
    }
}

private struct Touch: Encodable {
    let type: String
    let touchPoints: [Place]
}

private struct Place: Codable {
    let x: Double
    let y: Double
}

private struct Settled: Decodable {
    let place: Place?
}

private struct Mouse: Encodable {
    let type: String
    let x: Double
    let y: Double
    var button = "left"
    var clickCount = 1
}

private struct Evaluate: Encodable {
    let expression: String
    var awaitPromise = true
    var returnByValue = true
}

private struct Evaluation<Value: Decodable>: Decodable {
    struct Object: Decodable {
        let value: Value?
    }

    struct Exception: Decodable {
        struct Object: Decodable {
            let description: String?
        }

        let text: String
        let exception: Object?
    }

    let result: Object?
    let exceptionDetails: Exception?
}

/// A text as a JavaScript literal.
func quoted(_ text: String) -> String {
    String(decoding: (try? JSONEncoder().encode(text)) ?? Data("null".utf8), as: UTF8.self)
}

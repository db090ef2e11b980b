import Foundation
import ServerTestSupport

/// A Chromium without a screen.
final class Browser {
    private let command: Command
    private let profile: TemporaryFolder
    private let devTools: DevTools

    private init(command: Command, profile: TemporaryFolder, devTools: DevTools) {
        self.command = command
        self.profile = profile
        self.devTools = devTools
    }

    /// Starts a browser, and ends it after the test.
    static func run(_ test: (Browser) async throws -> Void) async throws {
        let browser = try await start()
        do {
            try await test(browser)
        } catch {
            await browser.stop()
            throw error
        }
        await browser.stop()
    }

    private static func start() async throws -> Browser {
        let profile = try TemporaryFolder()
        let command = try Command(
            try executable(),
            [
                // Tests run as any user, in containers too: there is no other sandbox to be had.
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
                // The tests' own certificates.
                "--ignore-certificate-errors",
                "--remote-debugging-port=0", "--user-data-dir=\(profile.path(""))", "about:blank",
            ], mergesErrors: true)
        while let line = await command.line() {
            guard let address = line.firstMatch(of: /DevTools listening on (ws:\/\/\S+)/)?.output.1 else { continue }
            return Browser(command: command, profile: profile, devTools: try await .connect(to: String(address)))
        }
        throw Unexpected("Chromium did not start")
    }

    private static func executable() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["CHROMIUM"] { return chosen }
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/Applications/Chromium.app/Contents/MacOS"]
        for name in ["chromium", "chromium-browser", "google-chrome", "Chromium"] {
            for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") { return "\(folder)/\(name)" }
        }
        throw Unexpected("There is no Chromium: install it (apt-get install chromium), or name it in CHROMIUM.")
    }

    private func stop() async {
        _ = try? await devTools.call("Browser.close")
        _ = await command.outcome()
        withExtendedLifetime(profile) {}
    }

    enum Size {
        case desktop
        case phone
    }

    /// Opens a window with storage and cookies of its own, as if it were another person's.
    func window(_ url: String, _ size: Size = .desktop, isDark: Bool = false, script: String? = nil) async throws -> Window {
        struct Context: Decodable { let browserContextId: String }
        struct Target: Decodable { let targetId: String }
        struct Session: Decodable { let sessionId: String }
        let context = try await devTools.call("Target.createBrowserContext", as: Context.self).browserContextId
        let target = try await devTools.call(
            "Target.createTarget", ["url": "about:blank", "browserContextId": context], as: Target.self
        ).targetId
        struct Attach: Encodable {
            let targetId: String
            var flatten = true
        }
        let session = try await devTools.call("Target.attachToTarget", Attach(targetId: target), as: Session.self).sessionId
        let window = Window(devTools: devTools, session: session)
        try await window.prepare(size, isDark: isDark, script: script)
        try await window.open(url)
        return window
    }
}

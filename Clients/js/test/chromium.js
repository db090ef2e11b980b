// A real browser for the tests of a file: Chromium without a screen, spoken to over its DevTools protocol.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";

export const ws = createRequire(import.meta.url)(process.env.WS_MODULE || "/usr/share/nodejs/ws");
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const patience = 15_000;

/** Fails where it would wait for ever. */
export const bounded = (promise, what, milliseconds = patience) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`did not come: ${what}`)), milliseconds)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (process.env.PATH ?? "").split(":")) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {}
    }
  }
  throw new Error("There is no Chromium: install it (dev/tools.sh), or name it in CHROMIUM.");
}

/** One browser for the tests of a file, started before and ended after them. */
export class Chromium {
  #process;
  #socket;
  #number = 0;
  #calls = new Map();
  #sessions = new Map();

  constructor() {
    before(() => this.start());
    after(() => this.stop());
  }

  async start() {
    const program = executable();
    this.profile = mkdtempSync(join(tmpdir(), "heliograph-js-"));
    this.#process = spawn(program, [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
      "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
      "--remote-debugging-port=0", `--user-data-dir=${this.profile}`, "about:blank",
    ], { stdio: ["ignore", "ignore", "pipe"], detached: true });
    const address = await bounded(new Promise((resolve, reject) => {
      let text = "";
      this.#process.stderr.on("data", (data) => {
        text += data;
        const found = /DevTools listening on (ws:\/\/\S+)/.exec(text);
        if (found) resolve(found[1]);
      });
      this.#process.once("exit", () => reject(new Error(`Chromium did not start: ${text}`)));
    }), "Chromium", 60_000);
    this.#socket = new ws(address, { perMessageDeflate: false, maxPayload: 2 ** 28 });
    await bounded(new Promise((resolve) => this.#socket.once("open", resolve)), "DevTools");
    this.#socket.on("message", (data) => this.#receive(JSON.parse(data)));
  }

  /** With all of its processes: they are a group of their own. */
  async stop() {
    if (!this.#process) return;
    const exited = new Promise((resolve) => this.#process.exitCode !== null ? resolve() : this.#process.once("exit", resolve));
    try {
      await bounded(this.call("Browser.close"), "Browser.close", 5_000);
      await bounded(exited, "the end of Chromium", 5_000);
    } catch {
      try {
        process.kill(-this.#process.pid, "SIGKILL");
      } catch {}
      await exited;
    }
    this.#socket?.terminate();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #receive({ id, result, error, method, params, sessionId }) {
    if (id === undefined) return this.#sessions.get(sessionId)?.(method, params);
    const { resolve, reject, what } = this.#calls.get(id) ?? {};
    this.#calls.delete(id);
    if (error) reject?.(new Error(`${what}: ${error.message}`));
    else resolve?.(result);
  }

  call(method, params = {}, sessionId) {
    const id = ++this.#number;
    const answer = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject, what: method }));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return bounded(answer, method, 60_000);
  }

  /** A page with storage of its own. */
  async open(url) {
    const { browserContextId } = await this.call("Target.createBrowserContext");
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, browserContextId);
    this.#sessions.set(sessionId, (method, params) => page.event(method, params));
    await Promise.all([page.call("Page.enable"), page.call("Runtime.enable"), page.call("Log.enable")]);
    await page.call("Emulation.setFocusEmulationEnabled", { enabled: true });
    await page.go(url);
    return page;
  }
}

const keys = { Enter: 13, Tab: 9, Escape: 27, Backspace: 8, ArrowDown: 40, " ": 32 };

export class Page {
  /** What went wrong in the page and nobody caught, and what was written to its console as an error. */
  complaints = [];

  constructor(browser, session, context) {
    Object.assign(this, { browser, session, context });
  }

  event(method, params) {
    if (method === "Runtime.exceptionThrown") {
      this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    } else if (method === "Runtime.consoleAPICalled" && params.type === "error") {
      this.complaints.push(params.args.map((argument) => argument.description ?? argument.value).join(" "));
    } else if (method === "Page.javascriptDialogOpening") {
      this.dialogs = [...(this.dialogs ?? []), params.message];
      this.call("Page.handleJavaScriptDialog", { accept: this.accepts ?? true }).catch(() => {});
    } else if (method === "Page.loadEventFired") this.loaded?.();
  }

  call(method, params) {
    return this.browser.call(method, params, this.session);
  }

  async go(url) {
    const loaded = new Promise((resolve) => (this.loaded = resolve));
    await this.call("Page.navigate", { url });
    await bounded(loaded, url);
  }

  /** Runs a function of this file in the page, or an expression. */
  async run(work, ...values) {
    const expression = typeof work === "function" ? `(${work})(...${JSON.stringify(values)})` : work;
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(work, ...values) {
    for (const end = Date.now() + patience; ; await pause(10)) {
      const value = await this.run(work, ...values);
      if (value) return value;
      assert.ok(Date.now() < end, `did not come: ${work}`);
    }
  }

  async click(selector) {
    const [x, y] = await this.run((selector) => {
      const element = document.querySelector(selector);
      element.scrollIntoViewIfNeeded?.();
      const { left, top, width, height } = element.getBoundingClientRect();
      return [left + width / 2, top + height / 2];
    }, selector);
    for (const type of ["mousePressed", "mouseReleased"]) await this.call("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  async type(text) {
    for (const character of text) await this.press(character);
  }

  async press(key, modifiers = 0) {
    const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
    const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key;
    const windowsVirtualKeyCode = keys[key] ?? key.toUpperCase().charCodeAt(0);
    await this.call("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", key, code, text, windowsVirtualKeyCode, modifiers });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", key, code, windowsVirtualKeyCode, modifiers });
  }

  async close() {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.browser.call("Target.disposeBrowserContext", { browserContextId: this.context });
  }
}

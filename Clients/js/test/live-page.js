// A server of live views that the test plays itself: it serves pages as text, and says whatever it is told to say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, afterEach, before } from "node:test";
import { bounded, Chromium, pause, ws } from "./chromium.js";

// As they are served; with LIVE_SOURCE as they are written.
const scripts = new Map();
for (const name of ["heliograph-live", "heliograph-live-extras"]) {
  const file = process.env.LIVE_SOURCE ? `../${name}.js` : `../dist/${name}.min.js`;
  scripts.set(`/${name}.js`, readFileSync(new URL(file, import.meta.url)));
}
const wrap = (content, more) =>
  `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${more.title ?? "page"}</title>${more.head ?? ""}` +
  `<script defer src="/heliograph-live.js"></script>${more.scripts ?? ""}</head>` +
  `<body><div id="root" data-live="${more.seal ?? "seal0"}" data-live-hash="${more.hash ?? "hash0"}">${content}</div>${more.behind ?? ""}</body></html>`;

/** A connection of the client. `next()` is the next message that it sent. */
class Peer {
  #messages = [];
  #wake;
  pings = 0;
  binary = [];

  constructor(url, write, close) {
    Object.assign(this, { url, write, closeWith: close, isOpen: true });
  }

  take(text) {
    const message = JSON.parse(text);
    // An empty event asks whether somebody is there.
    if (typeof message[0] === "number" && message[2] === "") {
      this.pings++;
      return this.silent || this.write(JSON.stringify(message[0]));
    }
    this.#messages.push(message);
    this.#wake?.();
  }

  say(...messages) {
    for (const message of messages) this.write(typeof message === "string" ? message : JSON.stringify(message));
    return this;
  }

  async next(what = "a message", milliseconds) {
    if (!this.#messages.length) await bounded(new Promise((resolve) => (this.#wake = resolve)), what, milliseconds);
    return this.#messages.shift();
  }

  /** What is there after a while. */
  async all(milliseconds = 100) {
    await pause(milliseconds);
    return this.#messages.splice(0);
  }

  /** What the page has sent up to now: behind it comes the question whether somebody is there. */
  async answers(page) {
    const { pings } = this;
    await page.run(() => void document.dispatchEvent(new Event("visibilitychange")));
    for (const end = Date.now() + 5_000; this.pings === pings && Date.now() < end; ) await pause(1);
    return this.#messages.splice(0);
  }

  close(code = 1000) {
    this.closeWith(code);
  }
}

/** A server and a browser for the tests of a file, and pages that are closed after each test, when nothing has gone wrong in them. */
export class Stage {
  pages = new Map(); // path → [content, more], or a function of request and response
  requests = [];
  refusesSockets = false;
  refusesStreams = false;
  #peers = [];
  #wake;
  #open = [];
  #streams = new Map();

  constructor() {
    this.browser = new Chromium();
    before(() => this.#start());
    after(() => {
      this.server.close();
      this.server.closeAllConnections();
      for (const client of this.sockets.clients) client.terminate();
    });
    afterEach(() => this.#clear());
  }

  async #start() {
    this.sockets = new ws.Server({ noServer: true, handleProtocols: (protocols) => [...protocols][0] });
    this.server = createServer((request, response) => this.#answer(request, response));
    this.server.on("upgrade", (request, socket, head) => {
      this.requests.push(`UPGRADE ${request.url}`);
      if (this.refusesSockets) return socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      this.sockets.handleUpgrade(request, socket, head, (client) => this.#accept(request, client));
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
  }

  #accept(request, client) {
    const peer = new Peer(request.url, (text) => client.send(text), (code) => (code === 1006 ? client.terminate() : client.close(code)));
    peer.protocol = client.protocol;
    client.on("message", (data, isBinary) => (isBinary ? peer.binary.push(data) : peer.take(String(data))));
    client.on("close", (code) => Object.assign(peer, { isOpen: false, code }));
    this.#arrived(peer);
  }

  #arrived(peer) {
    this.#peers.push(peer);
    this.#wake?.();
  }

  async #answer(request, response) {
    this.requests.push(`${request.method} ${request.url}`);
    const url = new URL(request.url, "http://x");
    const script = scripts.get(url.pathname);
    if (script && !(this.refusesExtras && url.pathname.includes("extras"))) return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    if (url.pathname.endsWith("/_live.sse")) return this.#stream(request, response, url);
    const page = this.pages.get(url.pathname);
    if (typeof page === "function") return page(request, response);
    if (!page) return response.writeHead(404).end();
    const policy = "default-src 'none'; script-src 'self' 'nonce-test'; connect-src 'self'; style-src 'unsafe-inline'; img-src data: 'self'";
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": page[1].policy ?? policy }).end(wrap(...page));
  }

  async #stream(request, response, url) {
    if (this.refusesStreams) return response.writeHead(404).end();
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const key = `key ${this.#streams.size}`;
      const peer = new Peer(request.url, (text) => response.write(`data: ${text}\n\n`), () => response.end());
      this.#streams.set(key, peer);
      response.on("close", () => (peer.isOpen = false));
      response.write(`event: open\ndata: ${key}\n\n`);
      return this.#arrived(peer);
    }
    let body = "";
    for await (const each of request) body += each;
    const peer = !this.refusesPosts && this.#streams.get(url.searchParams.get("key"));
    response.writeHead(peer ? 204 : 404).end();
    for (const message of peer ? JSON.parse(body) : []) peer.take(JSON.stringify(message));
  }

  /** The next connection that the client makes. */
  async peer(milliseconds) {
    if (!this.#peers.length) await bounded(new Promise((resolve) => (this.#wake = resolve)), "a connection", milliseconds);
    return this.#peers.shift();
  }

  get hasPeer() {
    return this.#peers.length > 0;
  }

  /** A page, with its first connection when that has sent its join. */
  async open(content, more = {}, path = "/") {
    this.pages.set(path.split("?")[0], [content, more]);
    const page = await this.browser.open(this.origin + path);
    this.#open.push(page);
    const peer = await this.peer();
    const join = await peer.next("join");
    assert.equal(join[0], "join");
    return { page, peer, join };
  }

  /** And when the page is bound. */
  async live(content, templates, shape, more, path) {
    const { page, peer, join } = await this.open(content, more, path);
    peer.say(["t", 0, ...templates], ["b", 0, 0, shape]);
    await page.until(() => !document.querySelector("[data-live]").classList.contains("live-offline"));
    return { page, peer, join };
  }

  async #clear() {
    for (const page of this.#open.splice(0)) {
      const { complaints } = page;
      await page.close();
      assert.deepEqual(complaints, page.expected ?? [], "nothing goes wrong in the page");
    }
    await pause(20);
    this.#peers = [];
    this.requests = [];
    this.refusesSockets = this.refusesStreams = this.refusesExtras = false;
    this.pages.clear();
  }
}

let made = 0;
/** A template as it is sent; the fingerprint is its own. */
export const template = (number, html, cells) => [number, `f${String(++made).padStart(10, "0")}`, html, cells];

/** What the root of the page contains. */
export const html = (page) => page.run(() => document.querySelector("[data-live]").innerHTML);

/** Nothing was found wrong: the client has not asked for anything. */
export async function quiet(peer) {
  assert.deepEqual(await peer.all(60), []);
}

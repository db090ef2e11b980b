// A WebSocket that comes back. It says what it is doing (`onstate`), how long it will wait, and when it gives up.
//
// States: connecting, open, waiting (a retry is due at `retryAt`), offline (the browser has no network), stopped (only `retryNow` goes on).

const firstDelay = 1_500; // ms: the longest first wait
const longestDelay = 30_000; // ms: the longest wait ever
const stableAfter = 10_000; // ms: a connection that lived so long starts the next back-off afresh
const connectTimeout = 10_000; // ms
const idleProbe = 25_000; // ms of silence before we ask whether the server is still there
const probeTimeout = 8_000; // ms for its answer
const offlineRetry = 30_000; // ms: browsers are sometimes wrong about having no network, so look now and then

// This machine is reachable without any network.
const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
const seemsOffline = () => !navigator.onLine && !isLocal;

export class Connection {
  #url;
  #protocols;
  #socket = null;
  #attempt = 0;
  #timer = null;
  #stable = null;
  #idle = null;
  #probe = null;
  #wanted = false;

  state = "stopped";
  retryAt = 0;
  lastClose = null;

  onstate = () => {};
  onopen = () => {};
  onmessage = () => {};

  /** Decides whether to come back after a close. App codes (4000 and up) and policy (1008) are final unless it says otherwise. */
  shouldRetry = (code) => code !== 1008 && !(code >= 4000 && code <= 4999);

  /** What to send to learn whether the server still answers; null: this endpoint has no such message. */
  probeMessage = null;

  constructor(path, protocols = []) {
    const url = new URL(path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#url = url.href;
    this.#protocols = protocols;
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#goOffline());
    addEventListener("pageshow", (event) => event.persisted && this.#wake());
    addEventListener("pagehide", () => this.#suspend());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#wake());
  }

  get url() {
    return this.#url;
  }

  get extensions() {
    return this.#socket?.extensions ?? "";
  }

  get isOpen() {
    return this.state === "open";
  }

  start() {
    this.#wanted = true;
    this.#connect();
  }

  stop(code = 1000, reason = "") {
    this.#wanted = false;
    this.#drop(code, reason);
    this.#enter("stopped");
  }

  retryNow() {
    this.#wanted = true;
    if (this.state === "waiting" || this.state === "offline" || this.state === "stopped") this.#connect();
  }

  /** Asks whether the server is still there; without an answer within 4 s the connection counts as lost. */
  check() {
    this.#ask(4_000);
  }

  /** Bytes or text; false when there is no open connection to take it. */
  send(data) {
    if (!this.isOpen) return false;
    this.#socket.send(data);
    return true;
  }

  #connect() {
    this.#clearTimers();
    this.#forget();
    this.#enter("connecting");
    let socket;
    try {
      socket = new WebSocket(this.#url, this.#protocols);
    } catch {
      return this.#lost({ code: 1006, reason: "", wasClean: false });
    }
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#abandon(), connectTimeout);
    socket.onopen = () => {
      this.#clearTimers();
      this.#stable = setTimeout(() => (this.#attempt = 0), stableAfter);
      this.#heard();
      this.#enter("open");
      this.onopen();
    };
    socket.onmessage = (event) => {
      this.#heard();
      this.onmessage(event.data);
    };
    socket.onclose = (event) => {
      this.#forget();
      this.#lost(event);
    };
  }

  #lost(event) {
    this.#clearTimers();
    this.lastClose = { code: event.code, reason: event.reason, wasClean: event.wasClean };
    if (!this.#wanted) return this.#enter("stopped");
    if (!this.shouldRetry(event.code)) {
      this.#wanted = false;
      return this.#enter("stopped");
    }
    if (seemsOffline()) return this.#waitForNetwork();
    // Full jitter: anywhere between now and a bound that doubles, so that a thousand pages do not come back in one instant.
    const bound = Math.min(longestDelay, firstDelay * 2 ** this.#attempt);
    const delay = Math.random() * bound;
    this.#attempt = Math.min(this.#attempt + 1, 16);
    this.retryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#enter("waiting");
  }

  // A sleeping laptop or a lost route tells the page nothing: the socket still looks open. So ask, and believe silence.
  #heard() {
    clearTimeout(this.#probe);
    clearTimeout(this.#idle);
    this.#probe = null;
    if (this.probeMessage !== null) this.#idle = setTimeout(() => this.#ask(probeTimeout), idleProbe);
  }

  #ask(timeout) {
    if (this.probeMessage === null || !this.isOpen || this.#probe !== null) return;
    this.#socket.send(this.probeMessage);
    this.#probe = setTimeout(() => this.#abandon(), timeout);
  }

  // The close handshake could take as long as the answer that never came: do not wait for it.
  #abandon() {
    const socket = this.#socket;
    this.#forget();
    socket?.close();
    this.#lost({ code: 1006, reason: "no answer", wasClean: false });
  }

  #wake() {
    if (!this.#wanted) return;
    if (this.state === "open") return this.check();
    if (this.state === "waiting" || this.state === "offline") this.#connect();
  }

  #goOffline() {
    // An open socket may well survive a short outage; the probe finds out.
    if (!this.#wanted || this.state === "open" || !seemsOffline()) return;
    this.#drop(1000, "");
    this.#waitForNetwork();
  }

  #waitForNetwork() {
    this.#timer = setTimeout(() => this.#connect(), offlineRetry);
    this.#enter("offline");
  }

  // A page with an open socket cannot be kept for the back button; leave cleanly and come back on pageshow.
  #suspend() {
    if (!this.#wanted) return;
    this.#drop(1001, "");
    this.#enter("offline");
  }

  #drop(code, reason) {
    this.#clearTimers();
    const socket = this.#socket;
    this.#forget();
    // Scripts may only send 1000 and 3000 to 4999; "going away" is the browser's own to say.
    if (code === 1000 || code >= 3000) socket?.close(code, reason);
    else socket?.close();
  }

  #forget() {
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = this.#socket.onerror = null;
    this.#socket = null;
  }

  #clearTimers() {
    for (const timer of [this.#timer, this.#stable, this.#idle, this.#probe]) clearTimeout(timer);
    this.#timer = this.#stable = this.#idle = this.#probe = null;
  }

  #enter(state) {
    this.state = state;
    this.onstate(state);
  }
}

/** Puts a connection's state into words, counting down while it waits. Screen readers hear each change once, not every second. */
export function showState(connection, element, words = {}) {
  const visible = document.createElement("span");
  visible.setAttribute("aria-hidden", "true");
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  element.replaceChildren(visible, spoken);
  let ticking = null;

  const seconds = () => Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  const text = () => {
    switch (connection.state) {
      case "open":
        return words.open ?? "Connected";
      case "connecting":
        return "Connecting…";
      case "waiting":
        return words.waiting ?? `Trying again in ${seconds()} s`;
      case "offline":
        return "No network";
      default:
        return words.stopped ?? "Disconnected";
    }
  };
  return () => {
    clearInterval(ticking);
    element.dataset.state = connection.state;
    visible.textContent = text();
    const announced = connection.state === "waiting" ? "Connection lost, trying again" : text();
    if (spoken.textContent !== announced) spoken.textContent = announced;
    if (connection.state === "waiting") ticking = setInterval(() => (visible.textContent = text()), 250);
  };
}

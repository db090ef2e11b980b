// Messages on their way out: one at a time and in order, kept until the server says it has them.
// A message that was sent when the connection broke is sent again under the same ref; the server knows it by that and keeps one.

const tooOld = 2 * 60_000; // ms: after so long without a connection, ask before saying it

export class Outbox {
  #queue = []; // { ref, text, time, held }
  #inFlight = null;
  #ready = false;
  #timer = null;

  /** Hands a message to the connection; false when there is none. What comes of it is told by acknowledge, postpone or refuse. */
  transmit = () => false;
  /** A message's state changed: "sending", "queued", "held", or { failed: reason }. */
  onchange = () => {};

  get size() {
    return this.#queue.length;
  }

  add(ref, text) {
    this.#queue.push({ ref, text, time: Date.now(), held: false });
    this.onchange(ref, this.#ready ? "sending" : "queued");
    this.#next();
  }

  /** The server has welcomed us: what waited may go. */
  connected() {
    this.#ready = true;
    this.#inFlight = null;
    for (const item of this.#queue) {
      if (!item.failed && Date.now() - item.time > tooOld) item.held = true;
      if (!item.failed) this.onchange(item.ref, item.held ? "held" : "sending");
    }
    this.#next();
  }

  disconnected() {
    this.#ready = false;
    this.#inFlight = null;
    clearTimeout(this.#timer);
    for (const item of this.#queue) if (!item.failed && !item.held) this.onchange(item.ref, "queued");
  }

  /** The server has this message. */
  acknowledge(ref) {
    this.#remove(ref);
    this.#next();
  }

  /** The server does not want it, for a reason that trying again will not change. */
  refuse(ref, reason) {
    const item = this.#queue.find((item) => item.ref === ref);
    if (!item) return;
    item.failed = true;
    this.#settle(ref);
    this.onchange(ref, { failed: reason });
    this.#next();
  }

  /** The server wants it later. */
  postpone(ref, delay) {
    if (this.#inFlight !== ref) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#inFlight = null;
      this.#next();
    }, delay);
  }

  retry(ref) {
    const item = this.#queue.find((item) => item.ref === ref);
    if (!item) return;
    item.failed = item.held = false;
    item.time = Date.now();
    this.onchange(ref, this.#ready ? "sending" : "queued");
    this.#next();
  }

  clear() {
    this.#queue = [];
    this.disconnected();
  }

  discard(ref) {
    this.#remove(ref);
    this.#next();
  }

  #next() {
    if (!this.#ready || this.#inFlight !== null) return;
    const item = this.#queue.find((item) => !item.failed && !item.held);
    if (!item || !this.transmit(item.ref, item.text)) return;
    this.#inFlight = item.ref;
  }

  #remove(ref) {
    this.#queue = this.#queue.filter((item) => item.ref !== ref);
    this.#settle(ref);
  }

  #settle(ref) {
    if (this.#inFlight !== ref) return;
    this.#inFlight = null;
    clearTimeout(this.#timer);
  }
}

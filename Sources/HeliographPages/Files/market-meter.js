// What the page costs and how fresh it is: publications, bytes on the wire and without deltas, and the time from publishing to painting.

const byID = (id) => document.getElementById(id);
const warmUp = 2_000; // ms in which the page is still being made: its delays say nothing
const envelope = 40; // bytes around the data of a publication, about
const kilobytes = (bytes) => `${(bytes / 1_000).toFixed(1)} kB/s`;

export class Meter {
  #wire = 0;
  #whole = 0;
  #count = 0;
  #since = performance.now();
  #clock = null; // the server's clock less ours, ms, and how sure we are
  #delays = [];
  #begun = 0;
  #unpainted = 0; // when the publications were made that are not painted yet
  #timer = null;
  #asking = null;

  constructor() {
    const count = (bytes) => (this.#wire += bytes);
    this.WebSocket = class extends WebSocket {
      constructor(url) {
        super(url);
        // Answers are no publications.
        this.addEventListener("message", ({ data }) => data.includes('"pub"') && count(data.length));
      }
    };
  }

  start(client) {
    this.pause();
    this.#clock = null;
    this.#begun = performance.now();
    const ask = () => this.#askTime(client);
    for (const wait of [0, 300, 600]) setTimeout(ask, wait);
    this.#asking = setInterval(ask, 15_000);
    this.#timer = setInterval(() => this.#show(), 1_000);
    this.#reset();
  }

  pause() {
    clearInterval(this.#asking);
    clearInterval(this.#timer);
    this.#delays = [];
    for (const id of ["rate", "wire", "saved", "latency"]) byID(id).textContent = "–";
  }

  /** The quickest answer says best what the server's clock is. */
  async #askTime(client) {
    const start = performance.now();
    try {
      const { data } = await client.rpc("market:time");
      const trip = performance.now() - start;
      if (!this.#clock || trip <= this.#clock.trip) this.#clock = { trip, ahead: data.now + trip / 2 - Date.now() };
    } catch {
      // Later.
    }
  }

  note({ data }) {
    this.#count += 1;
    this.#whole += JSON.stringify(data).length + envelope;
    if (this.#unpainted) return;
    this.#unpainted = data.t;
    // A task after the frame: by then it is painted.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => this.#painted();
      port2.postMessage(null);
    });
  }

  #painted() {
    if (this.#clock && performance.now() - this.#begun > warmUp) this.#delays.push(Math.max(0, Date.now() + this.#clock.ahead - this.#unpainted));
    if (this.#delays.length > 60) this.#delays.shift();
    this.#unpainted = 0;
  }

  #reset() {
    this.#wire = this.#whole = this.#count = 0;
    this.#since = performance.now();
  }

  #show() {
    const seconds = (performance.now() - this.#since) / 1_000;
    byID("rate").textContent = `${(this.#count / seconds).toFixed(0)} /s`;
    // Without a WebSocket (a proxy lets none through) nobody counts the bytes.
    byID("wire").textContent = this.#wire ? kilobytes(this.#wire / seconds) : "–";
    byID("saved").textContent = this.#wire && this.#whole ? `${Math.max(0, 100 - (this.#wire / this.#whole) * 100).toFixed(0)} %` : "–";
    const delays = [...this.#delays].sort((a, b) => a - b);
    byID("latency").textContent = delays.length ? `${delays[delays.length >> 1].toFixed(0)} ms` : "–";
    if (seconds > 4) this.#reset();
  }
}

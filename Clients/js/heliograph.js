// Heliograph's client for browsers and node: channels over the Centrifuge protocol, in JSON. Types and words on each call: heliograph.d.ts.

const largest = 2 ** 24; // UTF-16 units of one line from the server, and bytes that a delta may become
const frameSize = 16_000; // UTF-16 units of commands in one frame: servers refuse more than 64 KiB
const stableAfter = 5_000; // ms: what lived that long starts the next back-off afresh
const compaction = 1; // subscribe's flag: pushes may name the channel by a number

const defaults = {
  name: "js",
  timeout: 5_000,
  minReconnectDelay: 500,
  maxReconnectDelay: 20_000,
  maxServerPingDelay: 10_000,
  transports: ["websocket", "http_stream", "sse"],
};

// What the server says may be of any type.
const object = (value) => (value && typeof value === "object" ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (typeof value === "string" ? value : "");
const count = (value) => (Number.isSafeInteger(value) && value > 0 ? value : 0);

/** Why a request failed: a code of the protocol, or below 100 one of our own (1 timeout, 2 transport closed, 3 not connected, 4 bad data, 5 no token). */
export class RequestError extends Error {
  constructor(code, message, temporary = code < 100) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.temporary = temporary;
  }
}

const bad = (what) => {
  throw new RequestError(4, what);
};

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

/**
 * Applies a fossil delta. Throws RequestError 4 for anything that is not one, is not meant for this base, or would become too long.
 * @param {Uint8Array} base
 * @param {Uint8Array} delta
 * @returns {Uint8Array}
 */
export function applyDelta(base, delta, limit = largest) {
  let at = 0;
  let end = 0;
  const number = () => {
    const start = at;
    let value = 0;
    for (let digit; at < delta.length && (digit = digits.indexOf(String.fromCharCode(delta[at]))) >= 0; at++) value = value * 64 + digit;
    return at > start && value < 2 ** 32 ? value : bad("delta");
  };
  const size = number();
  if (delta[at++] !== 10 || size > limit) bad("delta");
  const target = new Uint8Array(size);
  const append = (source, from, length) => {
    if (from + length > source.length || end + length > size) bad("delta");
    target.set(source.subarray(from, from + length), end);
    end += length;
  };
  for (;;) {
    const value = number();
    const kind = String.fromCharCode(delta[at++]);
    if (kind === "@") {
      append(base, number(), value);
      if (delta[at++] !== 44) bad("delta");
    } else if (kind === ":") {
      append(delta, at, value);
      at += value;
    } else if (kind === ";") {
      let sum = 0;
      for (let i = 0; i < size; i++) sum = (sum + (target[i] << (24 - 8 * (i & 3)))) | 0;
      return end === size && at === delta.length && sum >>> 0 === value ? target : bad("delta");
    } else bad("delta");
  }
}

const clientInfo = (info) => ({
  user: text(object(info).user),
  client: text(object(info).client),
  connInfo: object(info).conn_info,
  chanInfo: object(info).chan_info,
});

const toPublication = (channel, raw, data = raw.data) => ({
  channel: text(raw.channel) || channel,
  data,
  offset: count(raw.offset),
  tags: object(raw.tags),
  time: count(raw.time),
  info: raw.info && clientInfo(raw.info),
});

/** What we hold of a channel's stream: the position in it and the base of the next delta. */
class Stream {
  epoch = "";
  offset = 0;
  recoverable = false;
  positioned = false;
  #delta = false;
  #base = null;

  constructor(channel) {
    this.channel = channel;
  }

  /** What to ask of the server to go on where we are. */
  get recovery() {
    return this.recoverable ? { recover: true, epoch: this.epoch, offset: this.offset } : {};
  }

  get position() {
    return this.positioned ? { epoch: this.epoch, offset: this.offset } : null;
  }

  forget() {
    this.recoverable = this.positioned = false;
    this.#base = null;
  }

  subscribed(result) {
    this.recoverable = result.recoverable === true;
    this.positioned = this.recoverable || result.positioned === true;
    this.#delta = result.delta === true;
    this.epoch = text(result.epoch);
    this.offset = count(result.offset);
    return {
      channel: this.channel,
      recoverable: this.recoverable,
      positioned: this.positioned,
      position: this.position,
      wasRecovering: result.was_recovering === true,
      recovered: result.recovered === true,
      data: result.data,
    };
  }

  publication(raw) {
    let data = raw.data;
    if (this.#delta) {
      if (typeof data !== "string") bad("delta");
      const bytes = new TextEncoder().encode(data);
      const full = raw.delta ? applyDelta(this.#base ?? bad("delta"), bytes) : bytes;
      data = JSON.parse(raw.delta ? new TextDecoder().decode(full) : data);
      this.#base = full;
    }
    this.offset = count(raw.offset) || this.offset;
    this.epoch ||= text(raw.epoch);
    return toPublication(this.channel, raw, data);
  }

  /** A push as an event: its name and what it carries. Throws for a delta that does not fit. */
  event(push) {
    if (push.pub) return ["publication", this.publication(object(push.pub))];
    const name = push.join ? "join" : "leave";
    return [name, { channel: this.channel, info: clientInfo(object(push[name]).info) }];
  }
}

/** What a client and a subscription share: events, three states, a token that is asked for and kept fresh, and a back-off. */
class Machine {
  #handlers = new Map();
  #states;
  #attempt = 0;
  #since = Infinity;
  #expiry;
  _timer = null; // of the next attempt
  _turn = 0; // answers to what was asked in an earlier one are not for us any more

  constructor(states, options) {
    this.#states = states;
    this.state = states[0];
    this.token = options.token ?? "";
    this._options = options;
  }

  /** Calls the handler for each event of this name. */
  on(name, handler) {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
    return this;
  }

  off(name, handler) {
    this.#handlers.set(name, list(this.#handlers.get(name)).filter((each) => each !== handler));
    return this;
  }

  /** Resolves when connected or subscribed; rejects when that is given up or the time is over. */
  ready(timeout = this._options.timeout) {
    const [ended, , reached] = this.#states;
    return new Promise((resolve, reject) => {
      if (this.state === reached) return resolve();
      const settle = () => {
        if (this.state === reached) resolve();
        else reject(this.state === ended ? new RequestError(3, ended) : new RequestError(1, "timeout"));
        clearTimeout(timer);
        this.off(reached, settle).off(ended, settle);
      };
      const timer = setTimeout(settle, timeout);
      this.on(reached, settle).on(ended, settle);
      if (this.state === ended) settle();
    });
  }

  _emit(name, event) {
    for (const handler of list(this.#handlers.get(name))) {
      try {
        handler(event);
      } catch (error) {
        console.error(error);
      }
    }
  }

  _enter(state, event) {
    const previous = this.state;
    this.state = state;
    if (state === this.#states[2]) this.#since = Date.now();
    this._emit("state", { state, previous });
    if (this.state === state) this._emit(state, event);
  }

  /** Forgets what is under way: timers, and answers that are still to come. */
  _cancel() {
    this._turn += 1;
    clearTimeout(this._timer);
    clearTimeout(this.#expiry);
    this._timer = null;
  }

  /** Full jitter: anywhere between now and a bound that doubles, so that a thousand pages do not come back in one instant. */
  _delay() {
    if (Date.now() - this.#since > stableAfter) this.#attempt = 0;
    this.#since = Infinity;
    const { minReconnectDelay, maxReconnectDelay } = this._options;
    return Math.random() * Math.min(maxReconnectDelay, minReconnectDelay * 2 ** this.#attempt++);
  }

  /** Goes on with a token: at once if there is one or none is needed, else when the app has given one. */
  _withToken(proceed, retry) {
    const turn = this._turn;
    const { getToken } = this._options;
    if (this.token || !getToken) return proceed();
    const settle = (next) => (value) => turn === this._turn && next(value);
    new Promise((resolve) => resolve(getToken({ channel: this.channel }))).then(
      settle((token) => {
        this.token = text(token);
        if (this.token) proceed();
        else this._end(1, "unauthorized");
      }),
      settle((error) => {
        this._emit("error", new RequestError(5, String(error)));
        retry();
      }),
    );
  }

  /** Drops the token if the app can give another; false if it can't. */
  _dropToken() {
    if (!this._options.getToken) return false;
    this.token = "";
    return true;
  }

  /** Shows the server a new token when the present one expires. */
  _expires({ expires, ttl }) {
    clearTimeout(this.#expiry);
    if (expires !== true || !this._options.getToken) return;
    this.#expiry = setTimeout(() => {
      const again = () => this._expires({ expires, ttl: 5 + Math.floor(Math.random() * 5) });
      const turn = this._turn;
      this.token = "";
      this._withToken(
        () =>
          this._refresh((error, result) => {
            if (turn !== this._turn) return;
            if (!error) return this._expires(result);
            this._emit("error", error);
            if (error.temporary || error.code === 109) again();
            else this._end(error.code, error.message);
          }),
        again,
      );
    }, Math.min(count(ttl) || 1, 2_000_000) * 1_000);
  }
}

/** A channel that the app follows. Made by `client.subscription(channel, options)`. */
export class Subscription extends Machine {
  #client;
  #stream;
  #delta;
  #asked = false; // the server has our subscribe
  #lostPosition = false;

  constructor(client, channel, options) {
    super(["unsubscribed", "subscribing", "subscribed"], { ...client._options, token: "", getToken: null, ...options });
    this.channel = channel;
    this.data = options.data;
    this.tagsFilter = options.tagsFilter;
    this.#client = client;
    this.#delta = options.delta;
    this.#stream = new Stream(channel);
    if (options.since) Object.assign(this.#stream, options.since, { recoverable: true, positioned: true });
  }

  /** Where we are in the channel's stream, if it has positions. */
  get position() {
    return this.#stream.position;
  }

  subscribe() {
    if (this.state !== "unsubscribed") return this;
    this._enter("subscribing", { channel: this.channel, code: 0, reason: "subscribe called" });
    if (this.state === "subscribing") this._start();
    return this;
  }

  unsubscribe() {
    this._end(0, "unsubscribe called");
    return this;
  }

  /** Unsubscribes, and the client forgets this subscription. */
  remove() {
    this.unsubscribe();
    this.#client._remove(this);
  }

  static {
    for (const name of ["publish", "history", "presence", "presenceStats"]) {
      this.prototype[name] = async function (argument) {
        await this.ready();
        return this.#client[name](this.channel, argument);
      };
    }
  }

  /** `for await (const publication of subscription)`: subscribes, and ends when unsubscribed. */
  async *[Symbol.asyncIterator]() {
    const arrived = [];
    let wake;
    const take = (publication) => arrived.push(publication) && wake?.();
    const look = () => wake?.();
    this.on("publication", take).on("state", look).subscribe();
    try {
      for (;;) {
        while (arrived.length) yield arrived.shift();
        if (this.state === "unsubscribed") return;
        await new Promise((resolve) => (wake = resolve));
      }
    } finally {
      this.off("publication", take).off("state", look);
    }
  }

  /** Asks the server, if it can be asked now; the client calls this again on each new connection. */
  _start() {
    this._cancel();
    if (!this.#client._live) return;
    this._withToken(
      () => {
        const turn = this._turn;
        const { positioned, recoverable, joinLeave } = this._options;
        const body = {
          channel: this.channel,
          token: this.token || undefined,
          data: this.data,
          positioned,
          recoverable,
          join_leave: joinLeave,
          delta: this.#delta,
          tf: this.tagsFilter,
          flag: compaction,
          ...this.#stream.recovery,
        };
        this.#asked = true;
        this.#client._call("subscribe", body, (error, result) => {
          if (turn !== this._turn) return;
          if (error) this.#refused(error);
          else this.#accepted(result);
        });
      },
      () => this.#again(),
    );
  }

  #again() {
    this._cancel();
    this._timer = setTimeout(() => this._start(), this._delay());
  }

  #accepted(result) {
    const event = this.#stream.subscribed(result);
    event.wasRecovering ||= this.#lostPosition;
    this.#lostPosition = false;
    this.#client._number(result.id, this.channel);
    this._expires(result);
    const turn = this._turn;
    this._enter("subscribed", event);
    for (const pub of list(result.publications)) if (turn === this._turn) this._push({ pub: object(pub) });
  }

  #refused(error) {
    if (error.code === 1) return this.#client._drop(3, "subscribe timeout");
    this.#asked = false;
    this._emit("error", error);
    if (this.state !== "subscribing") return;
    if (error.code === 109) return this._dropToken() ? this.#again() : this._end(1, "unauthorized");
    if (error.code === 112) {
      this.#lostPosition = true;
      this.#stream.forget();
    } else if (!error.temporary) return this._end(error.code, error.message);
    this.#again();
  }

  /** A push of this channel, while subscribed. */
  _push(push) {
    if (push.unsubscribe) {
      const { code, reason } = object(push.unsubscribe);
      this.#asked = false;
      if (!(code >= 2500)) return this._end(count(code), text(reason));
      if (code > 2500) this._dropToken();
      if (code === 2502) this._invalidate();
      return this.#resubscribe(code, text(reason));
    }
    let event;
    try {
      event = this.#stream.event(push);
    } catch (error) {
      // What a patch was made for is not what we hold. Go on without patches, from where we are.
      this.#delta = undefined;
      this.#leave();
      this._emit("error", error);
      return this.#resubscribe(2500, "insufficient state");
    }
    this._emit(...event);
  }

  #resubscribe(code, reason) {
    if (this.state !== "subscribed") return;
    this.#again();
    this._enter("subscribing", { channel: this.channel, code, reason });
  }

  _invalidate() {
    this._dropToken();
    this.#stream.forget();
  }

  /** The connection is gone. */
  _lost(code, reason) {
    this._cancel();
    this.#asked = false;
    if (this.state === "subscribed") this._enter("subscribing", { channel: this.channel, code, reason });
  }

  _refresh(done) {
    this.#client._call("sub_refresh", { channel: this.channel, token: this.token }, done);
  }

  #leave() {
    if (this.#asked) {
      this.#client._call("unsubscribe", { channel: this.channel }, (error) => {
        if (error && error.code !== 2) this.#client._drop(4, "unsubscribe error");
      });
    }
    this.#asked = false;
  }

  _end(code, reason) {
    if (this.state === "unsubscribed") return;
    this.#leave();
    this._cancel();
    this._enter("unsubscribed", { channel: this.channel, code, reason });
  }
}

/** Takes the commands of one frame off the front. */
function frame(commands) {
  let size = 0;
  let number = 0;
  do size += commands[number++].length;
  while (number < commands.length && size + commands[number].length < frameSize);
  return commands.splice(0, number).join("\n");
}

// A transport takes handlers { open, message(text), close(code, reason) } and has send(commands) and close(), after which it is silent.

function webSocket(url, { WebSocket = globalThis.WebSocket }, handlers) {
  const socket = new WebSocket(url.href);
  let closed = false;
  socket.onopen = () => closed || handlers.open();
  socket.onmessage = ({ data }) => closed || handlers.message(data);
  socket.onclose = ({ code, reason }) => closed || handlers.close(code, reason);
  socket.onerror = () => {};
  return {
    send(commands) {
      while (commands.length) socket.send(frame(commands));
    },
    close() {
      closed = true;
      socket.close();
    },
  };
}

/** An unending answer to a POST, as lines or as events, and a POST to /emulation for each frame of ours, one after the other. */
function httpStream(url, { fetch = globalThis.fetch, emulation = new URL("../emulation", url).href }, handlers) {
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [];
  let session;
  let began = false;
  let busy = false;

  const post = async (to, body) => {
    const response = await fetch(to, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
    return response.ok ? response : bad(`status ${response.status}`);
  };
  const close = () => signal.aborted || handlers.close(1006, "");

  async function read(body) {
    const decoder = new TextDecoder();
    let rest = "";
    const reader = (await post(url.href, body)).body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      const lines = decoder.decode(value, { stream: true }).split("\n");
      lines[0] = rest + lines[0];
      rest = lines.pop();
      if (rest.length > largest) return;
      for (const line of lines) {
        const message = line.replace(/^data: ?/, "").trim();
        if (message && !/^(:|id|event|retry)/.test(message) && !signal.aborted) handlers.message(message);
      }
    }
  }

  async function write() {
    if (busy || !session) return;
    busy = true;
    while (waiting.length && !signal.aborted) await post(emulation, JSON.stringify({ ...session, data: frame(waiting) }));
    busy = false;
  }

  queueMicrotask(() => signal.aborted || handlers.open());
  return {
    send(commands) {
      waiting.push(...commands.splice(0));
      if (!began) read(frame(waiting)).then(close, close);
      else write().catch(close);
      began = true;
    },
    connected({ session: id, node }) {
      session = { session: id, node };
      write().catch(close);
    },
    close: () => controller.abort(),
  };
}

/** A connection that comes back, with its subscriptions. */
export class Client extends Machine {
  #urls;
  #index = 0; // of the transport in use
  #proven = false; // a WebSocket has carried an answer, so the network lets them through
  #heardAny = false; // this connection has
  #transport = null;
  #nextID = 1;
  #calls = new Map();
  #commands = [];
  #subscriptions = new Map();
  #serverSide = new Map();
  #numbers = new Map(); // push.id → channel
  #pong = false;
  #patience = 0; // ms of silence that a connection may have
  #silence;
  #opening;
  #page = null;
  _live = false; // commands may be sent: connect precedes them

  /**
   * @param {string} endpoint of the WebSocket; the fallbacks are beside it
   * @param {import("./heliograph.js").ClientOptions} options
   */
  constructor(endpoint = "/connection/websocket", options = {}) {
    super(["disconnected", "connecting", "connected"], { ...defaults, ...options });
    this.id = "";
    this.data = options.data;
    const base = new URL(endpoint, globalThis.location?.href);
    this.#urls = this._options.transports.map((name) => {
      const isSocket = name === "websocket";
      const url = new URL(isSocket ? base : name, base);
      url.search = base.search;
      url.protocol = base.protocol.replace(/^(ws|http)/, isSocket ? "ws" : "http");
      return { name, url, dial: isSocket ? webSocket : httpStream };
    });
  }

  connect() {
    if (this.state !== "disconnected") return this;
    this.#watchPage();
    this._timer = setTimeout(() => this.#open(), 0);
    this._enter("connecting", { code: 0, reason: "connect called" });
    return this;
  }

  disconnect() {
    this._end(0, "disconnect called");
    return this;
  }

  /** The subscription to this channel; makes it if there is none. It starts with `subscribe()`. */
  subscription(channel, options = {}) {
    let subscription = this.#subscriptions.get(channel);
    if (!subscription) this.#subscriptions.set(channel, (subscription = new Subscription(this, channel, options)));
    return subscription;
  }

  async publish(channel, data) {
    await this.#request("publish", { channel, data });
  }

  async history(channel, { limit, since, reverse } = {}) {
    const result = await this.#request("history", { channel, limit, since, reverse });
    const publications = list(result.publications).map((raw) => toPublication(channel, object(raw)));
    return { publications, epoch: text(result.epoch), offset: count(result.offset) };
  }

  async presence(channel) {
    const { presence } = await this.#request("presence", { channel });
    return { clients: Object.fromEntries(Object.entries(object(presence)).map(([id, info]) => [id, clientInfo(info)])) };
  }

  async presenceStats(channel) {
    const result = await this.#request("presence_stats", { channel });
    return { numClients: count(result.num_clients), numUsers: count(result.num_users) };
  }

  async rpc(method, data) {
    const result = await this.#request("rpc", { method, data });
    return { data: result.data };
  }

  /** An asynchronous message to the server: no answer. */
  async send(data) {
    await this.ready();
    this.#write({ send: { data } });
  }

  // Requests

  async #request(name, body) {
    await this.ready();
    return new Promise((resolve, reject) => this._call(name, body, (error, result) => (error ? reject(error) : resolve(result))));
  }

  /** Sends a command; `done(error, result)` is called in the order of the server's replies. */
  _call(name, body, done) {
    if (!this._live) return done(new RequestError(2, "transport closed"));
    const id = this.#nextID++;
    const timer = setTimeout(() => {
      this.#calls.delete(id);
      done(new RequestError(1, "timeout"));
    }, this._options.timeout);
    this.#calls.set(id, { name, done, timer });
    this.#write({ id, [name]: body });
  }

  /** What is written in one turn goes in one frame. */
  #write(command) {
    if (!this._live) return;
    this.#commands.push(JSON.stringify(command));
    if (this.#commands.length === 1) queueMicrotask(() => this.#commands.length && this.#transport?.send(this.#commands));
  }

  // The connection

  #open() {
    this._cancel();
    this._withToken(
      () => this.#dial(),
      () => this.#retry(),
    );
  }

  #dial() {
    const { dial, url } = this.#urls[this.#index];
    this.#heardAny = false;
    this.#opening = setTimeout(() => this.#closed(), this._options.timeout * 2);
    try {
      this.#transport = dial(url, this._options, {
        open: () => this.#opened(),
        message: (data) => this.#receive(data),
        close: (code, reason) => this.#closed(code, reason),
      });
    } catch {
      this.#closed();
    }
  }

  #opened() {
    clearTimeout(this.#opening);
    this._live = true;
    const { name, version, headers } = this._options;
    const subs = {};
    for (const [channel, stream] of this.#serverSide) if (stream.recoverable) subs[channel] = stream.recovery;
    const body = { token: this.token || undefined, data: this.data, name, version, headers, subs };
    const turn = this._turn;
    this._call("connect", body, (error, result) => {
      if (turn !== this._turn) return;
      if (error) this.#refused(error);
      else this.#connected(result);
    });
    // Optimistic: what the app wants travels with the connect.
    for (const subscription of this.#subscriptions.values()) if (subscription.state === "subscribing") subscription._start();
  }

  #connected(result) {
    const turn = this._turn;
    this.id = text(result.client);
    this.#pong = result.pong === true;
    this.#patience = count(result.ping) && Math.min(result.ping, 1_000_000) * 1_000 + this._options.maxServerPingDelay;
    this.#heard();
    this.#transport.connected?.(result);
    this._expires(result);
    this._enter("connected", { client: this.id, transport: this.#urls[this.#index].name, version: text(result.version), data: result.data });
    const subs = object(result.subs);
    for (const channel of [...this.#serverSide.keys()]) {
      if (turn === this._turn && !Object.hasOwn(subs, channel)) this.#serverUnsubscribed(channel, {});
    }
    for (const [channel, sub] of Object.entries(subs)) if (turn === this._turn) this.#serverSubscribed(channel, object(sub));
  }

  #refused(error) {
    if (error.code === 109 && !this._dropToken()) return this._end(1, "unauthorized");
    if (error.code === 112) for (const stream of this.#serverSide.values()) stream.forget();
    if (error.temporary || error.code === 109 || error.code === 112) this._drop(1, error.message, undefined, error);
    else this._end(error.code, error.message);
  }

  /** The transport, or the server by a push, says that it is over. */
  #closed(code = 1006, reason = "") {
    if (code === 1009) return this._end(3, "message size limit");
    if ((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000)) return this._end(code, text(reason));
    if (code === 3014) {
      this._dropToken();
      for (const each of this.#subscriptions.values()) each._invalidate();
      for (const stream of this.#serverSide.values()) stream.forget();
    }
    if (code >= 3000) this._drop(code, text(reason));
    else this._drop(1, "transport closed");
  }

  /** Lets go of the connection, if any, and comes back: after a back-off, or the given time. */
  _drop(code, reason, delay, error = new RequestError(2, reason)) {
    if (this.state === "disconnected") return;
    const wasConnected = this.state === "connected";
    const spoke = this.#heardAny || code >= 3000;
    if (spoke && !this.#index) this.#proven = true;
    // A transport that could not be opened gives way to the next; after the last one we wait.
    if (!spoke && !(this.#proven && !this.#index)) {
      this.#index = (this.#index + 1) % this.#urls.length;
      if (this.#index) delay ??= 0;
    }
    const calls = this.#hangUp();
    this.#retry(delay);
    if (wasConnected) this.#leaveConnected("connecting", code, reason);
    else this._emit("error", error);
    this.#fail(calls, code, reason);
  }

  #retry(delay = this._delay()) {
    this._timer = setTimeout(() => this.#open(), delay);
  }

  _end(code, reason) {
    if (this.state === "disconnected") return;
    const calls = this.#hangUp();
    this.#page?.abort();
    this.#leaveConnected("disconnected", code, reason);
    this.#fail(calls, code, reason);
  }

  #hangUp() {
    this._cancel();
    clearTimeout(this.#silence);
    clearTimeout(this.#opening);
    this.#transport?.close();
    this.#transport = null;
    this._live = false;
    this.#commands = [];
    this.#numbers.clear();
    const calls = this.#calls;
    this.#calls = new Map();
    for (const { timer } of calls.values()) clearTimeout(timer);
    return calls;
  }

  #leaveConnected(state, code, reason) {
    const channels = this.state === "connected" ? [...this.#serverSide.keys()] : [];
    this._enter(state, { code, reason });
    for (const channel of channels) this._emit("subscribing", { channel, code, reason });
  }

  #fail(calls, code, reason) {
    for (const subscription of this.#subscriptions.values()) subscription._lost(code, reason);
    for (const { done } of calls.values()) done(new RequestError(2, "transport closed"));
  }

  // What arrives

  #heard() {
    clearTimeout(this.#silence);
    if (this.#patience && this.state !== "disconnected") this.#silence = setTimeout(() => this._drop(2, "no ping"), this.#patience);
  }

  #receive(data) {
    const turn = this._turn;
    let replies;
    try {
      replies = data.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    } catch {
      return this.state === "connected" ? this._end(2, "bad protocol") : this.#closed();
    }
    this.#heardAny = true;
    this.#heard();
    for (const reply of replies) if (turn === this._turn) this.#handle(object(reply));
  }

  #handle(reply) {
    const call = this.#calls.get(reply.id);
    if (call) {
      this.#calls.delete(reply.id);
      clearTimeout(call.timer);
      const { code, message, temporary } = object(reply.error);
      if (reply.error) call.done(new RequestError(count(code), text(message), temporary === true || !(code >= 100)));
      else call.done(null, object(reply[call.name]));
    } else if (reply.push) this.#push(object(reply.push));
    else if (this.#pong && !Object.keys(reply).length) this.#write({});
  }

  #push(push) {
    const channel = text(push.channel) || this.#numbers.get(push.id);
    if (push.disconnect) return this.#closed(count(push.disconnect.code), push.disconnect.reason);
    if (push.message) return this._emit("message", { data: push.message.data });
    if (push.refresh) return this._expires(object(push.refresh));
    if (channel && push.subscribe) return this.#serverSubscribed(channel, object(push.subscribe));
    if (!(push.pub || push.join || push.leave || push.unsubscribe)) return;
    const subscription = this.#subscriptions.get(channel);
    if (subscription?.state === "subscribed") return subscription._push(push);
    if (!this.#serverSide.has(channel)) return;
    if (push.unsubscribe) this.#serverUnsubscribed(channel, object(push.unsubscribe));
    else this.#serverEvent(channel, push);
  }

  #serverEvent(channel, push) {
    const stream = this.#serverSide.get(channel);
    let event;
    try {
      event = stream.event(push);
    } catch (error) {
      stream.forget();
      return this._drop(2, error.message);
    }
    this._emit(...event);
  }

  #serverSubscribed(channel, result) {
    const turn = this._turn;
    if (!this.#serverSide.has(channel)) this.#serverSide.set(channel, new Stream(channel));
    this._number(result.id, channel);
    this._emit("subscribed", this.#serverSide.get(channel).subscribed(result));
    for (const pub of list(result.publications)) if (turn === this._turn) this.#serverEvent(channel, { pub: object(pub) });
  }

  #serverUnsubscribed(channel, { code, reason }) {
    this.#serverSide.delete(channel);
    this._emit("unsubscribed", { channel, code: count(code), reason: text(reason) });
  }

  _number(id, channel) {
    if (count(id)) this.#numbers.set(id, channel);
  }

  _remove(subscription) {
    if (this.#subscriptions.get(subscription.channel) === subscription) this.#subscriptions.delete(subscription.channel);
  }

  _refresh(done) {
    this._call("refresh", { token: this.token }, done);
  }

  // The page

  #watchPage() {
    this.#page = new AbortController();
    const watch = (target, name, handler) => target?.addEventListener?.(name, handler, { signal: this.#page.signal });
    watch(globalThis, "online", () => this.#check((this.#proven = false)));
    watch(globalThis, "offline", () => this.#check(true));
    watch(globalThis, "pageshow", () => this.#check());
    // A page with an open socket cannot be kept for the back button.
    watch(globalThis, "pagehide", () => this.state === "connected" && this._drop(1, "page hidden"));
    watch(globalThis.document, "visibilitychange", () => document.visibilityState === "visible" && this.#check());
  }

  /** A sleeping laptop or a lost route tells us nothing: the socket still looks open. So ask (any answer will do), and believe silence. */
  #check(offline = false) {
    if (this.state === "connected") this._call("ping", {}, (error) => error?.code === 1 && this._drop(2, "no ping", 0));
    else if (this._timer && !offline) this.#open();
  }
}

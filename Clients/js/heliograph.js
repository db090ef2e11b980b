// Heliograph's client. What the app calls is described in heliograph.d.ts.

const largest = 2 ** 24; // line, and target of a delta
const frameSize = 16_000; // UTF-16 units; servers refuse more than 64 KiB
const stableAfter = 5_000; // ms until the back-off starts afresh

const defaults = {
  name: "js",
  timeout: 5_000,
  minReconnectDelay: 500,
  maxReconnectDelay: 20_000,
  maxServerPingDelay: 10_000,
  transports: ["websocket", "http_stream", "sse"],
};

// The server's values may be of any type.
const object = (value) => (value && typeof value === "object" ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (typeof value === "string" ? value : "");
const count = (value) => (Number.isSafeInteger(value) && value > 0 ? value : 0);

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

/** Applies a fossil delta, or throws. @type {typeof import("./heliograph.js").applyDelta} */
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

const clientInfo = (info) => {
  const { user, client, conn_info, chan_info } = object(info);
  return { user: text(user), client: text(client), connInfo: conn_info, chanInfo: chan_info };
};

const toPublication = (channel, raw, data = raw.data) => ({
  channel: text(raw.channel) || channel,
  data,
  offset: count(raw.offset),
  tags: object(raw.tags),
  time: count(raw.time),
  info: raw.info && clientInfo(raw.info),
});

/** Where we are in a channel's stream, and the base of the next delta. */
class Stream {
  #delta;
  #base;

  constructor(channel, since = null) {
    this.channel = channel;
    this.position = since;
    this.recoverable = !!since;
  }

  get recovery() {
    return this.recoverable ? { recover: true, ...this.position } : {};
  }

  forget() {
    this.recoverable = false;
    this.position = this.#base = null;
  }

  subscribed(result) {
    this.recoverable = result.recoverable === true;
    const positioned = this.recoverable || result.positioned === true;
    this.position = positioned ? { epoch: text(result.epoch), offset: count(result.offset) } : null;
    this.#delta = result.delta === true;
    return {
      channel: this.channel,
      recoverable: this.recoverable,
      positioned,
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
    const { position } = this;
    if (position) this.position = { epoch: position.epoch || text(raw.epoch), offset: count(raw.offset) || position.offset };
    return toPublication(this.channel, raw, data);
  }

  /** Name and content of an event; throws where a delta does not fit. */
  event(push) {
    if (push.pub) return ["publication", this.publication(object(push.pub))];
    const name = push.join ? "join" : "leave";
    return [name, { channel: this.channel, info: clientInfo(object(push[name]).info) }];
  }
}

/** What clients and subscriptions share: events, states, a fresh token, a back-off. */
class Machine {
  #handlers = new Map();
  #states;
  #attempt = 0;
  #since = Infinity;
  #expiry;
  _timer = null; // of the next attempt
  _turn = 0; // answers to an earlier one are late

  constructor(states, options) {
    this.#states = states;
    this.state = states[0];
    this.token = options.token ?? "";
    this._options = options;
  }

  on(name, handler) {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
    return this;
  }

  off(name, handler) {
    this.#handlers.set(name, list(this.#handlers.get(name)).filter((each) => each !== handler));
    return this;
  }

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

  _cancel() {
    this._turn += 1;
    clearTimeout(this._timer);
    clearTimeout(this.#expiry);
    this._timer = null;
  }

  _unlessLate(handler) {
    const turn = this._turn;
    return (...values) => turn === this._turn && handler(...values);
  }

  /** Full jitter: anywhere between now and a bound that doubles. */
  _delay() {
    if (Date.now() - this.#since > stableAfter) this.#attempt = 0;
    this.#since = Infinity;
    const { minReconnectDelay, maxReconnectDelay } = this._options;
    return Math.random() * Math.min(maxReconnectDelay, minReconnectDelay * 2 ** this.#attempt++);
  }

  /** Goes on once there is a token, if one is needed. */
  _withToken(proceed, retry) {
    const { getToken } = this._options;
    if (this.token || !getToken) return proceed();
    new Promise((resolve) => resolve(getToken({ channel: this.channel }))).then(
      this._unlessLate((token) => {
        this.token = text(token);
        if (this.token) proceed();
        else this._end(1, "unauthorized");
      }),
      this._unlessLate((error) => {
        this._emit("error", new RequestError(5, String(error)));
        retry();
      }),
    );
  }

  _dropToken() {
    if (!this._options.getToken) return false;
    this.token = "";
    return true;
  }

  /** Brings a new token in time. */
  _expires({ expires, ttl }) {
    clearTimeout(this.#expiry);
    if (expires !== true || !this._options.getToken) return;
    this.#expiry = setTimeout(() => {
      const again = () => this._expires({ expires, ttl: 5 + Math.ceil(Math.random() * 5) });
      const refreshed = this._unlessLate((error, result) => {
        if (!error) return this._expires(result);
        this._emit("error", error);
        if (error.temporary || error.code === 109) again();
        else this._end(error.code, error.message);
      });
      this.token = "";
      this._withToken(() => this._refresh(refreshed), again);
    }, Math.min(count(ttl) || 1, 2_000_000) * 1_000);
  }
}

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
    this.#stream = new Stream(channel, options.since);
  }

  get position() {
    return this.#stream.position;
  }

  subscribe() {
    if (this.state !== "unsubscribed") return this;
    this._enter("subscribing", { code: 0, reason: "subscribe called" });
    if (this.state === "subscribing") this._start();
    return this;
  }

  unsubscribe() {
    this._end(0, "unsubscribe called");
    return this;
  }

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

  /** Each new connection calls this. */
  _start() {
    this._cancel();
    if (!this.#client._live) return;
    this._withToken(
      () => {
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
          flag: 1, // pushes may name the channel by a number
          ...this.#stream.recovery,
        };
        this.#asked = true;
        this.#client._call("subscribe", body, this._unlessLate((error, result) => (error ? this.#refused(error) : this.#accepted(result))));
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
      // The base is another: go on without deltas from where we are.
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
    this._enter("subscribing", { code, reason });
  }

  _invalidate() {
    this._dropToken();
    this.#stream.forget();
  }

  _lost(code, reason) {
    this._cancel();
    this.#asked = false;
    if (this.state === "subscribed") this._enter("subscribing", { code, reason });
  }

  _refresh(done) {
    this.#client._call("sub_refresh", { channel: this.channel, token: this.token }, done);
  }

  _enter(state, event) {
    super._enter(state, { channel: this.channel, ...event });
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
    this._enter("unsubscribed", { code, reason });
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

// Transports: silent after close().

function webSocket(url, { WebSocket = globalThis.WebSocket }, handlers) {
  const socket = new WebSocket(url.href);
  socket.onopen = handlers.open;
  socket.onmessage = ({ data }) => handlers.message(data);
  socket.onclose = ({ code, reason }) => handlers.close(code, reason);
  socket.onerror = () => {};
  return {
    send(commands) {
      while (commands.length) socket.send(frame(commands));
    },
    close() {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
}

/** An unending answer to the first POST; further frames go to /emulation, one after the other. */
function httpStream(url, { fetch = globalThis.fetch, emulation = new URL("../emulation", url).href }, handlers) {
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [];
  let session;
  let began = false;
  let busy = false;

  const post = async (to, body) => {
    const response = await fetch(to, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
    return response.ok ? response : bad("status");
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
        const message = line.replace(/^data: ?/, "");
        if (message[0] === "{" && !signal.aborted) handlers.message(message);
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

export class Client extends Machine {
  #urls;
  #index = 0; // of the transport in use
  #proven = false; // WebSockets get through
  #spoke = false; // the server, on this connection
  #transport = null;
  #nextID = 1;
  #calls = new Map();
  #commands = [];
  #subscriptions = new Map();
  #serverSide = new Map();
  #numbers = new Map(); // push.id → channel
  #pong = false;
  #patience; // ms of silence
  #silence;
  #page;
  _live = false; // may take commands

  /** @param {import("./heliograph.js").ClientOptions} options */
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

  subscription(channel, options = {}) {
    let subscription = this.#subscriptions.get(channel);
    if (!subscription) this.#subscriptions.set(channel, (subscription = new Subscription(this, channel, options)));
    return subscription;
  }

  async publish(channel, data) {
    await this.#request("publish", { channel, data });
  }

  async history(channel, options) {
    const result = await this.#request("history", { ...options, channel });
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

  async send(data) {
    await this.ready();
    this.#write({ send: { data } });
  }

  // Requests

  async #request(name, body) {
    await this.ready();
    return new Promise((resolve, reject) => this._call(name, body, (error, result) => (error ? reject(error) : resolve(result))));
  }

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

  /** One turn's commands go in one frame. */
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
    this.#spoke = false;
    this.#patience = 0;
    this.#silence = setTimeout(() => this.#closed(), this._options.timeout * 2);
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
    clearTimeout(this.#silence);
    this._live = true;
    const { name, version, headers } = this._options;
    const subs = {};
    for (const [channel, stream] of this.#serverSide) if (stream.recoverable) subs[channel] = stream.recovery;
    const body = { token: this.token || undefined, data: this.data, name, version, headers, subs };
    this._call("connect", body, this._unlessLate((error, result) => (error ? this.#refused(error) : this.#connected(result))));
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

  _drop(code, reason, delay, error = new RequestError(2, reason)) {
    if (this.state === "disconnected") return;
    const spoke = this.#spoke || code >= 3000;
    if (spoke && !this.#index) this.#proven = true;
    // What did not open gives way to the next; after the last we wait.
    if (!spoke && !(this.#proven && !this.#index)) {
      this.#index = (this.#index + 1) % this.#urls.length;
      if (this.#index) delay ??= 0;
    }
    this.#over("connecting", code, reason, error, delay);
  }

  _end(code, reason) {
    if (this.state !== "disconnected") this.#over("disconnected", code, reason);
  }

  /** Lets go of the connection, if any; only then tells the app, which may do anything. */
  #over(state, code, reason, error, delay) {
    const serverSide = this.state === "connected" ? [...this.#serverSide.keys()] : [];
    const calls = this.#calls;
    this._cancel();
    clearTimeout(this.#silence);
    this.#transport?.close();
    this.#transport = null;
    this._live = false;
    this.#commands = [];
    this.#calls = new Map();
    this.#numbers.clear();
    if (error) this.#retry(delay);
    else this.#page.abort();
    if (this.state === state) this._emit("error", error);
    else this._enter(state, { code, reason });
    for (const channel of serverSide) this._emit("subscribing", { channel, code, reason });
    for (const subscription of this.#subscriptions.values()) subscription._lost(code, reason);
    for (const { timer, done } of calls.values()) {
      clearTimeout(timer);
      done(new RequestError(2, "transport closed"));
    }
  }

  #retry(delay = this._delay()) {
    this._timer = setTimeout(() => this.#open(), delay);
  }

  // What arrives

  #heard() {
    clearTimeout(this.#silence);
    if (this.#patience) this.#silence = setTimeout(() => this._drop(2, "no ping"), this.#patience);
  }

  #receive(data) {
    const turn = this._turn;
    let replies;
    try {
      replies = data.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    } catch {
      return this.state === "connected" ? this._end(2, "bad protocol") : this.#closed();
    }
    this.#spoke = true;
    this.#heard();
    for (const reply of replies) if (turn === this._turn) this.#handle(object(reply));
  }

  #handle(reply) {
    const call = this.#calls.get(reply.id);
    if (call) {
      this.#calls.delete(reply.id);
      clearTimeout(call.timer);
      const { code, message, temporary } = object(reply.error);
      const error = reply.error && new RequestError(count(code), text(message), temporary === true || !(code >= 100));
      call.done(error, object(reply[call.name]));
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
    let event;
    try {
      event = this.#serverSide.get(channel).event(push);
    } catch (error) {
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
    watch(globalThis, "online", () => {
      this.#proven = false; // it may be another network
      this.#check();
    });
    watch(globalThis, "offline", () => this.#check(true));
    watch(globalThis, "pageshow", ({ persisted }) => persisted && this.#check());
    // An open socket would keep the page from the back button's cache.
    watch(globalThis, "pagehide", () => this.state === "connected" && this._drop(1, "page hidden"));
    watch(globalThis.document, "visibilitychange", () => document.visibilityState === "visible" && this.#check());
  }

  /** A lost socket may look open. So ask (any answer will do), and believe silence. */
  #check(offline = false) {
    if (this.state === "connected") this._call("ping", {}, (error) => error?.code === 1 && this._drop(2, "no ping", 0));
    else if (this._timer && !offline) this.#open();
  }
}

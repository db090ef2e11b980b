// A server that the test plays itself, and time that stands still until the test moves it.
import assert from "node:assert/strict";
import { mock } from "node:test";
import { Client } from "../heliograph.js";

/** Lets everything that is due without time passing happen. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

export function stopTime() {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  mock.method(Math, "random", () => 0.5);
}

export function resumeTime() {
  mock.timers.reset();
  mock.restoreAll();
}

export async function pass(milliseconds) {
  await settle();
  mock.timers.tick(milliseconds);
  await settle();
}

/** The sockets that a client under test opened, and what it wrote to them. */
export class FakeServer {
  sockets = [];

  constructor() {
    const server = this;
    this.WebSocket = class {
      frames = [];
      isClosed = false;
      constructor(url) {
        this.url = url;
        server.sockets.push(this);
      }
      send(frame) {
        assert.equal(this.isClosed, false, "sent after close");
        this.frames.push(frame);
      }
      close() {
        this.isClosed = true;
      }
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  async open() {
    this.socket.onopen({});
    await settle();
  }

  /** What the client wrote since the last call. */
  async commands() {
    await settle();
    return this.socket.frames.splice(0).flatMap((frame) => frame.split("\n").map((line) => JSON.parse(line)));
  }

  async say(...replies) {
    await this.sayText(replies.map((reply) => JSON.stringify(reply)).join("\n"));
  }

  async sayText(data) {
    this.socket.onmessage({ data });
    await settle();
  }

  /** Answers the last command of this name. */
  async answer(name, result) {
    const command = (await this.commands()).findLast((each) => each[name]);
    assert.ok(command, `no ${name}`);
    await this.say({ id: command.id, ...(result?.code ? { error: result } : { [name]: result ?? {} }) });
    return command[name];
  }

  async close(code = 1006, reason = "") {
    this.socket.onclose({ code, reason });
    await settle();
  }
}

/** Writes down the events of these names, as [name, event]. */
export function record(target, ...names) {
  const events = [];
  for (const name of names) target.on(name, (event) => events.push([name, event]));
  return events;
}

export function makeClient(options = {}) {
  const server = new FakeServer();
  const client = new Client("ws://test/connection/websocket", { WebSocket: server.WebSocket, transports: ["websocket"], ...options });
  return { server, client };
}

/** A client that is connected. */
export async function connected(options = {}, result = {}) {
  const { server, client } = makeClient(options);
  client.connect();
  await pass(0);
  await server.open();
  await server.answer("connect", { client: "c1", version: "1", ...result });
  assert.equal(client.state, "connected");
  return { server, client };
}

/** And a subscription that is subscribed. */
export async function subscribed(options = {}, result = {}, clientOptions = {}) {
  const { server, client } = await connected(clientOptions);
  const subscription = client.subscription("news", options).subscribe();
  const request = await server.answer("subscribe", result);
  assert.equal(subscription.state, "subscribed");
  return { server, client, subscription, request };
}

// The real server: the program that HELIOGRAPH names.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";
import { Client } from "../heliograph.js";

const program = process.env.HELIOGRAPH || fileURLToPath(new URL("../../../.build/debug/heliograph", import.meta.url));

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const next = (target, name) => new Promise((resolve) => {
  const handler = (event) => resolve(target.off(name, handler) && event);
  target.on(name, handler);
});

export async function until(condition) {
  for (const end = Date.now() + 15_000; !condition(); await pause(5)) assert.ok(Date.now() < end, `did not come: ${condition}`);
}

let names = 0;
export const channel = (namespace) => `${namespace}:js-${process.pid}-${names++}`;

/** A server for the tests of a file. */
export class LiveServer {
  #process;
  #clients = [];

  constructor() {
    before(() => this.start());
    after(() => this.stop());
    afterEach(() => this.#clients.splice(0).forEach((client) => client.disconnect()));
  }

  /** A client that is gone after the test. */
  client(options) {
    const client = new Client(`ws://127.0.0.1:${this.port}/connection/websocket`, { minReconnectDelay: 50, maxReconnectDelay: 200, ...options });
    this.#clients.push(client);
    return client;
  }

  /** On a port that stays the same when it is started again. */
  async start() {
    this.port ??= await freePort();
    this.#process = spawn(program, ["serve", "--host", "127.0.0.1", "--port", String(this.port), "--threads", "1"], { stdio: "ignore" });
    for (const end = Date.now() + 15_000; ; await pause(20)) {
      assert.ok(Date.now() < end && this.#process.exitCode === null, `${program} does not answer`);
      const open = await new Promise((resolve) => {
        const socket = connect(this.port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
        socket.on("connect", () => socket.destroy());
      });
      if (open) return;
    }
  }

  async stop(signal = "SIGKILL") {
    const exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill(signal);
    await exited;
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

// Random schedules: a server that fails in every way it can, an app that changes its mind, and time. What must hold: one connection at most, every
// publication once and in order, and peace once the server behaves.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { makeClient, pass, resumeTime, settle, stopTime } from "./fakes.js";

beforeEach(stopTime);
afterEach(resumeTime);

class Model {
  top = 0;
  faults = true;
  constructor(server, random) {
    this.server = server;
    this.random = random;
  }

  chance(percent) {
    return this.faults && this.random(100) < percent;
  }

  get alive() {
    const open = this.server.sockets.filter((socket) => !socket.isClosed && !socket.isDead);
    assert.ok(open.length <= 1, "two connections");
    return open[0];
  }

  say(socket, ...replies) {
    if (!socket.isClosed && !socket.isDead) socket.onmessage({ data: replies.map((reply) => JSON.stringify(reply)).join("\n") });
  }

  close(socket, code) {
    if (socket.isClosed || socket.isDead) return;
    socket.isDead = true;
    socket.onclose({ code, reason: "" });
  }

  /** Opens what wants to be opened, and answers what was asked. */
  work() {
    const socket = this.alive;
    if (!socket) return;
    if (!socket.isOpen) {
      if (this.chance(20)) return this.close(socket, 1006);
      if (this.chance(5)) return;
      socket.isOpen = true;
      socket.onopen({});
      return;
    }
    for (const command of socket.frames.splice(0).flatMap((frame) => frame.split("\n").map((line) => JSON.parse(line)))) this.answer(socket, command);
  }

  answer(socket, { id, connect, subscribe, unsubscribe, ping }) {
    if (unsubscribe) socket.subscribed = false;
    if (this.chance(3)) return; // no answer at all
    if (this.chance(3)) return this.close(socket, [1006, 3000, 3001, 3012, 4000][this.random(5)]);
    if ((connect || subscribe) && this.chance(5)) return this.say(socket, { id, error: { code: 100, message: "internal", temporary: true } });
    if (connect) this.say(socket, { id, connect: { client: "c", ping: 25, pong: true } });
    else if (ping) this.say(socket, { id, error: { code: 108, message: "not available" } });
    else if (unsubscribe) this.say(socket, { id, unsubscribe: {} });
    else if (subscribe) {
      assert.ok(!socket.subscribed, "subscribed twice");
      socket.subscribed = true;
      const from = subscribe.recover ? subscribe.offset : this.top;
      const publications = Array.from({ length: this.top - from }, (_, i) => ({ data: from + i + 1, offset: from + i + 1 }));
      const result = { recoverable: true, positioned: true, epoch: "e", offset: from, recovered: !!subscribe.recover, was_recovering: !!subscribe.recover, publications };
      this.say(socket, { id, subscribe: result });
    }
  }

  publish() {
    this.top += 1;
    const socket = this.alive;
    if (socket?.subscribed) this.say(socket, { push: { channel: "news", pub: { data: this.top, offset: this.top } } });
  }

  /** Something that servers do by themselves. */
  act() {
    const socket = this.alive;
    if (!socket?.isOpen) return;
    const what = this.random(5);
    if (what === 0) this.close(socket, 1006);
    else if (what === 1) this.say(socket, {});
    else if (what === 2 && socket.subscribed) {
      socket.subscribed = false;
      this.say(socket, { push: { channel: "news", unsubscribe: { code: 2500, reason: "insufficient state" } } });
    } else if (what === 3) this.say(socket, { push: { disconnect: { code: 3011, reason: "force reconnect" } } });
  }
}

for (let seed = 1; seed <= 40; seed++) {
  test(`schedule ${seed}`, { timeout: 60_000 }, async () => {
    let state = seed * 7919;
    const random = (below) => (state = (state * 48271) % 2147483647) % below;
    mock.method(Math, "random", () => random(1_000) / 1_000);
    const thrown = [];
    mock.method(console, "error", (error) => error instanceof Error && thrown.push(error));
    const { server, client } = makeClient();
    const model = new Model(server, random);
    const subscription = client.subscription("news", { since: { epoch: "e", offset: 0 } }).subscribe();
    const seen = [];
    subscription.on("publication", ({ data }) => {
      seen.push(data);
      if (model.chance(1)) subscription.unsubscribe();
    });
    client.connect();
    for (let step = 0; step < 600; step++) {
      const what = random(100);
      if (what < 40) model.publish();
      else if (what < 46) model.act();
      else if (what < 48) subscription.unsubscribe();
      else if (what < 52) subscription.subscribe();
      else if (what < 53) client.disconnect();
      else if (what < 56) client.connect();
      else if (what < 80) await pass(random(2_000));
      model.work();
      await settle();
    }
    model.faults = false;
    client.connect();
    subscription.subscribe();
    for (let second = 0; second < 90; second++) {
      model.work();
      if (second % 20 === 0 && client.state === "connected") model.say(model.alive, {});
      await pass(1_000);
      model.work();
      await settle();
    }
    model.publish();
    assert.deepEqual(thrown, []);
    assert.equal(client.state, "connected");
    assert.equal(subscription.state, "subscribed");
    assert.deepEqual(seen, Array.from({ length: model.top }, (_, i) => i + 1));
    client.disconnect();
  });
}

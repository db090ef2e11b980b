// The fallback transports against the real server.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Client } from "../heliograph.js";
import { record } from "./fakes.js";
import { LiveServer, channel, next, pause, until } from "./live-server.js";

const options = { timeout: 90_000 };
const server = new LiveServer();
before(() => server.start());
after(() => server.stop());

let clients = [];
/** A client whose stream can be cut, and which counts its requests. */
function make(transport, more = {}) {
  const streams = [];
  const posts = [];
  const client = new Client(`ws://127.0.0.1:${server.port}/connection/websocket`, {
    transports: [transport], minReconnectDelay: 50, maxReconnectDelay: 200, ...more,
    async fetch(url, init) {
      const cut = new AbortController();
      if (String(url).endsWith("/emulation")) posts.push(init.body);
      else streams.push(cut);
      return fetch(url, { ...init, signal: AbortSignal.any([init.signal, cut.signal]) });
    },
  });
  client.cut = () => streams.at(-1).abort();
  client.posts = posts;
  clients.push(client);
  return client;
}
afterEach(() => {
  for (const client of clients) client.disconnect();
  clients = [];
});

test("where no WebSocket can be opened", options, async () => {
  class Blocked {
    constructor() {
      setTimeout(() => this.onclose({ code: 1006, reason: "" }));
    }
    close() {}
  }
  const client = make("websocket", { WebSocket: Blocked, transports: ["websocket", "http_stream", "sse"] });
  const connected = await next(client.connect(), "connected");
  assert.equal(connected.transport, "http_stream");
});

for (const transport of ["http_stream", "sse"]) {
  test(`${transport}: connect, subscribe, publish, unsubscribe`, options, async () => {
    const client = make(transport);
    const subscription = client.subscription(channel("bench")).subscribe();
    const publications = record(subscription, "publication");
    const connected = await next(client.connect(), "connected");
    assert.equal(connected.transport, transport);
    await subscription.publish({ text: "κόσμε 🌍\n", list: [1, null] });
    await until(() => publications.length === 1);
    assert.deepEqual(publications[0][1].data, { text: "κόσμε 🌍\n", list: [1, null] });
    assert.equal(publications[0][1].info.client, client.id);
    subscription.unsubscribe();
    await client.publish(subscription.channel, 2);
    subscription.subscribe();
    await subscription.publish(3);
    await until(() => publications.length === 2);
    assert.equal(publications[1][1].data, 3);
  });

  test(`${transport}: many publications in order, in few requests`, options, async () => {
    const [reader, writer] = [make(transport).connect(), make(transport).connect()];
    const subscription = reader.subscription(channel("bench")).subscribe();
    const publications = record(subscription, "publication");
    await Promise.all([subscription.ready(), writer.ready()]);
    writer.posts.length = 0;
    await Promise.all(Array.from({ length: 500 }, (_, i) => writer.publish(subscription.channel, i)));
    await until(() => publications.length === 500);
    assert.deepEqual(publications.map(([, { data }]) => data), Array.from({ length: 500 }, (_, i) => i));
    assert.ok(writer.posts.length < 50, String(writer.posts.length));
  });

  test(`${transport}: more in one go than a request may have`, options, async () => {
    const client = make(transport);
    const subscriptions = Array.from({ length: 120 }, () => client.subscription(channel("bench"), { data: "x".repeat(1_000) }).subscribe());
    client.connect();
    await Promise.all(subscriptions.map((subscription) => subscription.ready()));
  });

  test(`${transport}: history, presence, joins and leaves`, options, async () => {
    const name = channel("recover");
    const [one, two] = [make(transport).connect(), make(transport).connect()];
    const subscription = one.subscription(name, { joinLeave: true }).subscribe();
    const events = record(subscription, "join", "leave");
    await subscription.ready();
    for (const data of [1, 2, 3]) await subscription.publish(data);
    const { publications } = await subscription.history({ limit: 2, reverse: true });
    assert.deepEqual(publications.map(({ data, offset }) => [data, offset]), [[3, 3], [2, 2]]);
    await two.subscription(name).subscribe().ready();
    assert.deepEqual(Object.keys((await subscription.presence()).clients).sort(), [one.id, two.id].sort());
    const { id } = two;
    two.disconnect();
    await until(() => events.some(([event, { info }]) => event === "leave" && info.client === id));
  });

  test(`${transport}: errors, and an end that the server says`, options, async () => {
    const client = make(transport).connect();
    await assert.rejects(client.publish("nowhere:x", 1), { name: "RequestError", code: 102 });
    await assert.rejects(client.history(channel("bench"), { limit: 1 }), { code: 108 });
    const disconnected = next(client, "disconnected");
    await client.send({ to: "nobody" });
    assert.deepEqual(await disconnected, { code: 3508, reason: "not available" });
  });

  for (const delta of [undefined, "fossil"]) {
    test(`${transport}: cut again and again${delta ? ", with deltas" : ""}: everything once and in order`, options, async () => {
      const [reader, writer] = [make(transport).connect(), make(transport).connect()];
      const subscription = reader.subscription(channel("recover"), { delta }).subscribe();
      const seen = [];
      const recoveries = [];
      subscription.on("publication", ({ data }) => seen.push(data.number)).on("subscribed", (event) => event.wasRecovering && recoveries.push(event.recovered));
      await subscription.ready();
      const text = "what does not change ".repeat(10);
      for (let number = 0; number < 200; number++) {
        await writer.publish(subscription.channel, { text, number });
        if (number % 20 === 0) await pause(20);
        if (number % 50 !== 25) continue;
        await until(() => subscription.state === "subscribed");
        reader.cut();
      }
      await until(() => seen.length >= 200 && recoveries.length >= 4);
      assert.deepEqual(seen, Array.from({ length: 200 }, (_, i) => i));
      assert.ok(recoveries.every(Boolean), String(recoveries));
    });
  }

  test(`${transport}: a server that goes down says so, and another comes up`, options, async () => {
    const client = make(transport).connect();
    const subscription = client.subscription(channel("recover")).subscribe();
    await subscription.publish(1);
    const connecting = next(client, "connecting");
    const began = Date.now();
    await server.stop("SIGTERM");
    assert.ok(Date.now() - began < 10_000, "it waits for nobody");
    assert.equal((await connecting).code, 3001);
    const event = next(subscription, "subscribed");
    await server.start();
    const { wasRecovering, recovered } = await event;
    assert.deepEqual([wasRecovering, recovered], [true, false]);
  });
}

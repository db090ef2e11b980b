// Against the real server: the program that HELIOGRAPH names.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";
import { Client } from "../heliograph.js";
import { record } from "./fakes.js";
import { LiveServer, channel, next, pause, until } from "./live-server.js";

const WebSocket = createRequire(import.meta.url)(process.env.WS_MODULE || "/usr/share/nodejs/ws");
const options = { timeout: 60_000 };

const server = new LiveServer();
before(() => server.start());
after(() => server.stop());

let clients = [];
/** A client whose connection can be cut, and which writes down what it sends and gets. */
function make(more = {}) {
  const sockets = [];
  const got = [];
  class Cuttable extends WebSocket {
    constructor(url) {
      super(url);
      sockets.push(this);
      this.on("message", (data) => got.push(String(data)));
    }
  }
  const client = new Client(`ws://127.0.0.1:${server.port}/connection/websocket`, {
    WebSocket: Cuttable, transports: ["websocket"], minReconnectDelay: 50, maxReconnectDelay: 200, ...more,
  });
  client.cut = () => sockets.at(-1).terminate();
  client.got = got;
  clients.push(client);
  return client;
}
afterEach(() => {
  for (const client of clients) client.disconnect();
  clients = [];
});

test("connect, subscribe, publish, unsubscribe", options, async () => {
  const client = make().connect();
  const subscription = client.subscription(channel("bench")).subscribe();
  const publications = record(subscription, "publication");
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

test("many channels and publications, each channel in order", options, async () => {
  const [reader, writer] = [make().connect(), make().connect()];
  const subscriptions = Array.from({ length: 100 }, () => reader.subscription(channel("bench")).subscribe());
  const seen = subscriptions.map((subscription) => record(subscription, "publication"));
  await Promise.all(subscriptions.map((subscription) => subscription.ready()));
  await Promise.all(subscriptions.flatMap(({ channel: name }) => Array.from({ length: 20 }, (_, i) => writer.publish(name, i))));
  await until(() => seen.every((each) => each.length === 20));
  for (const each of seen) assert.deepEqual(each.map(([, { data }]) => data), Array.from({ length: 20 }, (_, i) => i));
});

test("a frame of connect and subscribes that would be above the server's limit", options, async () => {
  const client = make();
  const subscriptions = Array.from({ length: 120 }, () => client.subscription(channel("bench"), { data: "x".repeat(1_000) }).subscribe());
  client.connect();
  await Promise.all(subscriptions.map((subscription) => subscription.ready()));
});

test("history, presence, joins and leaves", options, async () => {
  const name = channel("recover");
  const [one, two] = [make().connect(), make().connect()];
  const subscription = one.subscription(name, { joinLeave: true }).subscribe();
  const events = record(subscription, "join", "leave");
  await subscription.ready();
  for (const data of [1, 2, 3]) await subscription.publish(data);
  const { publications, epoch, offset } = await subscription.history({ limit: 2, reverse: true });
  assert.deepEqual(publications.map(({ data, offset: at }) => [data, at]), [[3, 3], [2, 2]]);
  assert.equal(offset, 3);
  assert.deepEqual(await subscription.history(), { publications: [], epoch, offset });
  assert.deepEqual((await subscription.history({ limit: -1, since: { epoch, offset: 1 } })).publications.map(({ data }) => data), [2, 3]);
  await assert.rejects(subscription.history({ limit: -1, since: { epoch: "another", offset: 1 } }), { code: 112 });
  const other = two.subscription(name).subscribe();
  await other.ready();
  assert.deepEqual(Object.keys((await subscription.presence()).clients).sort(), [one.id, two.id].sort());
  assert.deepEqual(await subscription.presenceStats(), { numClients: 2, numUsers: 1 });
  const { id } = two;
  two.disconnect();
  await until(() => events.some(([event, { info }]) => event === "leave" && info.client === id));
  assert.deepEqual(events.filter(([, { info }]) => info.client === id).map(([event]) => event), ["join", "leave"]);
});

test("errors: what is not there, and what is not allowed", options, async () => {
  const client = make().connect();
  await assert.rejects(client.publish("nowhere:x", 1), { name: "RequestError", code: 102 });
  await assert.rejects(client.rpc("nothing", {}), { code: 104 });
  await assert.rejects(client.history(channel("bench"), { limit: 1 }), { code: 108 });
  const subscription = client.subscription("nowhere:x");
  const ended = next(subscription, "unsubscribed");
  subscription.subscribe();
  assert.equal((await ended).code, 102);
  const disconnected = next(client, "disconnected");
  await client.send({ to: "nobody" });
  assert.equal((await disconnected).code, 3508);
});

for (const delta of [undefined, "fossil"]) {
  test(`cut again and again${delta ? ", with deltas" : ""}: everything once and in order`, options, async () => {
    const [reader, writer] = [make().connect(), make().connect()];
    const subscription = reader.subscription(channel("recover"), { delta }).subscribe();
    const seen = [];
    const recoveries = [];
    subscription.on("publication", ({ data }) => seen.push(data.number)).on("subscribed", (event) => event.wasRecovering && recoveries.push(event.recovered));
    await subscription.ready();
    const text = "what does not change ".repeat(10);
    for (let number = 0; number < 300; number++) {
      await writer.publish(subscription.channel, { text, number });
      if (number % 20 === 0) await pause(20);
      if (number % 50 !== 25) continue;
      await until(() => subscription.state === "subscribed");
      reader.cut();
    }
    await until(() => seen.length >= 300 && recoveries.length >= 6);
    assert.deepEqual(seen, Array.from({ length: 300 }, (_, i) => i));
    assert.ok(recoveries.every(Boolean), String(recoveries));
    assert.equal(subscription.position.offset, 300);
    if (delta) assert.ok(reader.got.some((frame) => frame.includes('"delta":true')), "the server sent no patch");
  });
}

test("a server that starts anew: connected again, and told what is not recovered", options, async () => {
  const client = make().connect();
  const subscription = client.subscription(channel("recover")).subscribe();
  await subscription.publish(1);
  await server.stop();
  await until(() => client.state === "connecting" && subscription.state === "subscribing");
  await pause(300);
  const event = next(subscription, "subscribed");
  await server.start();
  const { wasRecovering, recovered } = await event;
  assert.deepEqual([wasRecovering, recovered], [true, false]);
  const publication = next(subscription, "publication");
  await subscription.publish(2);
  assert.equal((await publication).data, 2);
});

test("since: a second page goes on where the first was", options, async () => {
  const name = channel("recover");
  const first = make().connect().subscription(name).subscribe();
  await first.publish(1);
  await until(() => first.position.offset === 1);
  const since = first.position;
  await first.publish(2);
  const second = make().subscription(name, { since });
  const publication = next(second, "publication");
  clients.at(-1).connect();
  second.subscribe();
  assert.equal((await publication).data, 2);
});

test("a page that wakes up: the server answers the question", options, async () => {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  try {
    const client = make({ timeout: 500 }).connect();
    const lost = record(client, "connecting", "disconnected");
    await client.ready();
    const before = client.got.length;
    page.dispatchEvent(new Event("online"));
    await until(() => client.got.length > before);
    await pause(700);
    assert.equal(client.state, "connected");
    assert.deepEqual(lost, []);
  } finally {
    delete globalThis.addEventListener;
  }
});

test("for await", options, async () => {
  const client = make().connect();
  const subscription = client.subscription(channel("bench"));
  setTimeout(async () => {
    for (const data of [1, 2, 3]) await subscription.publish(data);
  });
  const seen = [];
  for await (const { data } of subscription) {
    seen.push(data);
    if (data === 3) subscription.unsubscribe();
  }
  assert.deepEqual(seen, [1, 2, 3]);
});

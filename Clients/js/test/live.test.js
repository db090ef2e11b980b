// Against the real server: the program that HELIOGRAPH names.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { record } from "./fakes.js";
import * as cases from "./live-cases.js";
import { LiveServer, channel, next, pause, until } from "./live-server.js";

const WebSocket = createRequire(import.meta.url)(process.env.WS_MODULE || "/usr/share/nodejs/ws");
const options = { timeout: 60_000 };
const server = new LiveServer();

/** A client whose connection can be cut, and which writes down what it gets. */
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
  const client = server.client({ WebSocket: Cuttable, transports: ["websocket"], ...more });
  client.cut = () => sockets.at(-1).terminate();
  client.got = got;
  return client;
}

test("connect, subscribe, publish, unsubscribe", options, () => cases.conversation(make, "websocket"));

test("many channels and publications, each channel in order", options, async () => {
  const [reader, writer] = [make().connect(), make().connect()];
  const subscriptions = Array.from({ length: 100 }, () => reader.subscription(channel("bench")).subscribe());
  const seen = subscriptions.map((subscription) => record(subscription, "publication"));
  await Promise.all(subscriptions.map((subscription) => subscription.ready()));
  await Promise.all(subscriptions.flatMap(({ channel: name }) => Array.from({ length: 20 }, (_, i) => writer.publish(name, i))));
  await until(() => seen.every((each) => each.length === 20));
  for (const each of seen) assert.deepEqual(each.map(([, { data }]) => data), Array.from({ length: 20 }, (_, i) => i));
});

test("a frame of connect and subscribes that would be above the server's limit", options, () => cases.moreThanTheLimitAtOnce(make));

test("history, presence, joins and leaves", options, () => cases.historyAndPresence(make));

test("errors: what is not there, and what is not allowed", options, () => cases.errors(make));

for (const delta of [undefined, "fossil"]) {
  test(`cut again and again${delta ? ", with deltas" : ""}: everything once and in order`, options, async () => {
    const reader = await cases.cutAgainAndAgain(make, { count: 300, delta });
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
  const client = make();
  const second = client.subscription(name, { since });
  const publication = next(second, "publication");
  client.connect();
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

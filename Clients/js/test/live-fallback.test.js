// The fallback transports against the real server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { record } from "./fakes.js";
import * as cases from "./live-cases.js";
import { LiveServer, channel, next, until } from "./live-server.js";

const options = { timeout: 90_000 };
const server = new LiveServer();

/** A client whose stream can be cut, and which writes down its requests. */
function makeClient(transport, more = {}) {
  const streams = [];
  const posts = [];
  const client = server.client({
    transports: [transport], ...more,
    async fetch(url, init) {
      const cut = new AbortController();
      if (String(url).endsWith("/emulation")) posts.push(init.body);
      else streams.push(cut);
      return fetch(url, { ...init, signal: AbortSignal.any([init.signal, cut.signal]) });
    },
  });
  client.cut = () => streams.at(-1).abort();
  client.posts = posts;
  return client;
}

test("where no WebSocket can be opened", options, async () => {
  class Blocked {
    constructor() {
      setTimeout(() => this.onclose({ code: 1006, reason: "" }));
    }
    close() {}
  }
  const client = makeClient("websocket", { WebSocket: Blocked, transports: ["websocket", "http_stream", "sse"] });
  const connected = await next(client.connect(), "connected");
  assert.equal(connected.transport, "http_stream");
});

for (const transport of ["http_stream", "sse"]) {
  const make = () => makeClient(transport);

  test(`${transport}: connect, subscribe, publish, unsubscribe`, options, () => cases.conversation(make, transport));

  test(`${transport}: many publications in order, in few requests`, options, async () => {
    const [reader, writer] = [make().connect(), make().connect()];
    const subscription = reader.subscription(channel("bench")).subscribe();
    const publications = record(subscription, "publication");
    await Promise.all([subscription.ready(), writer.ready()]);
    writer.posts.length = 0;
    await Promise.all(Array.from({ length: 500 }, (_, i) => writer.publish(subscription.channel, i)));
    await until(() => publications.length === 500);
    assert.deepEqual(publications.map(([, { data }]) => data), Array.from({ length: 500 }, (_, i) => i));
    assert.ok(writer.posts.length < 50, String(writer.posts.length));
  });

  test(`${transport}: more in one go than a request may have`, options, () => cases.moreThanTheLimitAtOnce(make));

  test(`${transport}: history, presence, joins and leaves`, options, () => cases.historyAndPresence(make));

  test(`${transport}: errors, and an end that the server says`, options, () => cases.errors(make));

  for (const delta of [undefined, "fossil"]) {
    test(`${transport}: cut again and again${delta ? ", with deltas" : ""}: everything once and in order`, options, () =>
      cases.cutAgainAndAgain(make, { count: 200, delta }));
  }

  test(`${transport}: a server that goes down says so, and another comes up`, options, async () => {
    const client = make().connect();
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

// What holds over every transport, against the real server. `make` makes a client whose connection can be cut.
import assert from "node:assert/strict";
import { record } from "./fakes.js";
import { channel, next, pause, until } from "./live-server.js";

export async function conversation(make, transport) {
  const client = make();
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
}

export async function moreThanTheLimitAtOnce(make) {
  const client = make();
  const subscriptions = Array.from({ length: 120 }, () => client.subscription(channel("bench"), { data: "x".repeat(1_000) }).subscribe());
  client.connect();
  await Promise.all(subscriptions.map((subscription) => subscription.ready()));
}

export async function historyAndPresence(make) {
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
  await two.subscription(name).subscribe().ready();
  assert.deepEqual(Object.keys((await subscription.presence()).clients).sort(), [one.id, two.id].sort());
  assert.deepEqual(await subscription.presenceStats(), { numClients: 2, numUsers: 1 });
  const { id } = two;
  two.disconnect();
  await until(() => events.some(([event, { info }]) => event === "leave" && info.client === id));
  assert.deepEqual(events.filter(([, { info }]) => info.client === id).map(([event]) => event), ["join", "leave"]);
}

export async function errors(make) {
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
  assert.deepEqual(await disconnected, { code: 3508, reason: "not available" });
}

/** Returns the client that was cut. */
export async function cutAgainAndAgain(make, { count, delta }) {
  const [reader, writer] = [make().connect(), make().connect()];
  const subscription = reader.subscription(channel("recover"), { delta }).subscribe();
  const seen = [];
  const recoveries = [];
  subscription.on("publication", ({ data }) => seen.push(data.number)).on("subscribed", (event) => event.wasRecovering && recoveries.push(event.recovered));
  await subscription.ready();
  const text = "what does not change ".repeat(10);
  for (let number = 0; number < count; number++) {
    await writer.publish(subscription.channel, { text, number });
    if (number % 20 === 0) await pause(20);
    if (number % 50 !== 25) continue;
    await until(() => subscription.state === "subscribed");
    reader.cut();
  }
  await until(() => seen.length >= count && recoveries.length >= count / 50);
  assert.deepEqual(seen, Array.from({ length: count }, (_, i) => i));
  assert.ok(recoveries.every(Boolean), String(recoveries));
  assert.equal(subscription.position.offset, count);
  return reader;
}

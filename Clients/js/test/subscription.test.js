import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { connected, makeClient, pass, record, resumeTime, settle, stopTime, subscribed } from "./fakes.js";

beforeEach(stopTime);
afterEach(resumeTime);

const everything = ["subscribing", "subscribed", "unsubscribed", "publication", "join", "leave", "error"];
const names = (events) => events.splice(0).map(([name, { code, data }]) => [name, code ?? data]);

/** A new connection after the present one was lost; the first frame's commands are still to be read. */
async function again(server, closeCode) {
  if (closeCode) await server.close(closeCode);
  await pass(20_000);
  await server.open();
}

test("subscribes optimistically, in the frame of connect", async () => {
  const { server, client } = makeClient();
  const options = { data: { a: 1 }, positioned: true, recoverable: true, joinLeave: true, delta: "fossil", tagsFilter: { key: "k", cmp: "eq", val: "v" }, token: "T" };
  const subscription = client.subscription("news", options).subscribe();
  client.subscription("other").subscribe();
  client.subscription("never");
  client.connect();
  await pass(0);
  await server.open();
  assert.equal(server.socket.frames.length, 1);
  const [connect, first, second] = await server.commands();
  assert.ok(connect.connect);
  assert.deepEqual(first.subscribe, {
    channel: "news", token: "T", data: { a: 1 }, positioned: true, recoverable: true, join_leave: true, delta: "fossil", tf: { key: "k", cmp: "eq", val: "v" }, flag: 1,
  });
  assert.deepEqual(second.subscribe, { channel: "other", flag: 1 });
  const events = record(subscription, ...everything);
  // All of it in one frame: the publication is not lost.
  await server.say(
    { id: connect.id, connect: { client: "c" } },
    { id: first.id, subscribe: { recoverable: true, positioned: true, epoch: "e", offset: 4, data: "hi" } },
    { push: { channel: "news", pub: { data: 5, offset: 5 } } },
  );
  assert.deepEqual(events, [
    ["subscribed", { channel: "news", recoverable: true, positioned: true, position: { epoch: "e", offset: 4 }, wasRecovering: false, recovered: false, data: "hi" }],
    ["publication", { channel: "news", data: 5, offset: 5, tags: {}, time: 0, info: undefined }],
  ]);
  assert.deepEqual(subscription.position, { epoch: "e", offset: 5 });
  assert.equal(client.subscription("news"), subscription);
});

test("publications, joins and leaves", async () => {
  const { server, subscription } = await subscribed();
  const events = record(subscription, ...everything);
  const info = { user: "u", client: "c" };
  await server.say({ push: { channel: "news", join: { info } } }, { push: { channel: "news", pub: { data: null, info, tags: { k: "v" }, time: 7 } } }, { push: { channel: "news", leave: { info } } });
  const shown = { ...info, connInfo: undefined, chanInfo: undefined };
  assert.deepEqual(events, [
    ["join", { channel: "news", info: shown }],
    ["publication", { channel: "news", data: null, offset: 0, tags: { k: "v" }, time: 7, info: shown }],
    ["leave", { channel: "news", info: shown }],
  ]);
  assert.equal(subscription.position, null);
});

test("recovers after a loss, and tells whether it did", async () => {
  const { server, subscription } = await subscribed({}, { recoverable: true, epoch: "e", offset: 1 });
  const events = record(subscription, ...everything);
  await server.say({ push: { channel: "news", pub: { data: 2, offset: 2 } } });
  await again(server, 3001);
  const recovered = { recoverable: true, recovered: true, was_recovering: true, epoch: "e", offset: 2, publications: [{ data: 3, offset: 3 }, { data: 4, offset: 4 }] };
  const commands = await server.commands();
  assert.deepEqual(commands[1].subscribe, { channel: "news", flag: 1, recover: true, epoch: "e", offset: 2 });
  await server.say({ id: commands[0].id, connect: {} }, { id: commands[1].id, subscribe: recovered });
  assert.deepEqual([events[1][1].code, events[2][1].recovered, events[2][1].wasRecovering], [3001, true, true]);
  assert.deepEqual(names(events), [["publication", 2], ["subscribing", 3001], ["subscribed", undefined], ["publication", 3], ["publication", 4]]);
  assert.deepEqual(subscription.position, { epoch: "e", offset: 4 });
  await again(server, 1006);
  await server.answer("subscribe", { recoverable: true, was_recovering: true, epoch: "f", offset: 9 });
  assert.deepEqual([events[1][1].recovered, events[1][1].wasRecovering, events[1][1].position], [false, true, { epoch: "f", offset: 9 }]);
});

test("since: recovers from a position that the app kept", async () => {
  const { request } = await subscribed({ since: { epoch: "e", offset: 7 } });
  assert.deepEqual(request, { channel: "news", flag: 1, recover: true, epoch: "e", offset: 7 });
});

test("not recoverable: a new subscribe asks for nothing", async () => {
  const { server } = await subscribed({}, { positioned: true, epoch: "e", offset: 7 });
  await again(server, 1006);
  assert.equal((await server.answer("subscribe", {})).recover, undefined);
});

test("112: the position is given up, and the app is told", async () => {
  const { server, subscription } = await subscribed({}, { recoverable: true, epoch: "e", offset: 1 });
  await again(server, 1006);
  await server.answer("subscribe", { code: 112, message: "unrecoverable position" });
  const events = record(subscription, "subscribed");
  await pass(500);
  assert.equal((await server.answer("subscribe", { recoverable: true, epoch: "f", offset: 5 })).recover, undefined);
  assert.deepEqual([events[0][1].wasRecovering, events[0][1].recovered], [true, false]);
});

test("errors of subscribe: temporary ones again with back-off, 109 with a new token, others end it", async () => {
  const tokens = ["a", "b"];
  const { server, client } = await connected();
  const subscription = client.subscription("news", { getToken: ({ channel }) => channel + tokens.shift() }).subscribe();
  const events = record(subscription, ...everything);
  await settle();
  assert.equal((await server.answer("subscribe", { code: 100, message: "internal", temporary: true })).token, "newsa");
  await pass(249);
  assert.deepEqual(await server.commands(), []);
  await pass(1);
  await server.answer("subscribe", { code: 109, message: "token expired" });
  await pass(500);
  assert.equal((await server.answer("subscribe", { code: 103, message: "permission denied" })).token, "newsb");
  assert.deepEqual(names(events), [["error", 100], ["error", 109], ["error", 103], ["unsubscribed", 103]]);
  await pass(100_000);
  assert.deepEqual(await server.commands(), []);
});

test("no token, no subscription", async () => {
  const { client, server } = await connected();
  for (const options of [{ getToken: () => "" }, { getToken: async () => null }]) {
    const subscription = client.subscription("news", options);
    const events = record(subscription, ...everything);
    subscription.subscribe();
    await settle();
    assert.deepEqual(names(events), [["subscribing", 0], ["unsubscribed", 1]]);
    subscription.remove();
  }
  const expired = client.subscription("news", { token: "old" }).subscribe();
  await server.answer("subscribe", { code: 109, message: "token expired" });
  assert.equal(expired.state, "unsubscribed");
});

test("no answer to subscribe or unsubscribe: a new connection", async () => {
  const first = await connected();
  const events = record(first.client, "connecting");
  first.client.subscription("news").subscribe();
  await pass(5_000);
  assert.deepEqual(events, [["connecting", { code: 3, reason: "subscribe timeout" }]]);
  const second = await subscribed();
  const others = record(second.client, "connecting");
  second.subscription.unsubscribe();
  await pass(5_000);
  assert.deepEqual(others, [["connecting", { code: 4, reason: "unsubscribe error" }]]);
});

test("unsubscribes, ignores what comes late, and can subscribe again where it was", async () => {
  const { server, subscription } = await subscribed({}, { recoverable: true, epoch: "e", offset: 1 });
  const events = record(subscription, ...everything);
  subscription.unsubscribe().unsubscribe();
  await server.say({ push: { channel: "news", pub: { data: 1, offset: 2 } } });
  assert.deepEqual(await server.answer("unsubscribe"), { channel: "news" });
  assert.deepEqual(names(events), [["unsubscribed", 0]]);
  await again(server, 1006);
  assert.deepEqual((await server.commands()).map((command) => Object.keys(command)[1]), ["connect"]);
  subscription.subscribe();
  assert.equal((await server.answer("subscribe", {})).offset, 1);
});

test("unsubscribed while subscribing: the answer is not heard", async () => {
  const { server, client } = await connected();
  const subscription = client.subscription("news").subscribe();
  await settle();
  subscription.unsubscribe().subscribe();
  const [first, leave, second] = await server.commands();
  assert.ok(first.subscribe && leave.unsubscribe && second.subscribe);
  await server.say({ id: first.id, subscribe: { data: 1 } });
  assert.equal(subscription.state, "subscribing");
  await server.say({ id: leave.id, unsubscribe: {} }, { id: second.id, subscribe: {} });
  assert.equal(subscription.state, "subscribed");
});

for (const [code, outcome] of [[2000, "ends"], [2499, "ends"], [2500, "again"], [2501, "token"], [2502, "fresh"]]) {
  test(`unsubscribe push ${code}`, async () => {
    let number = 0;
    const { server, subscription, request } = await subscribed({ getToken: () => `t${++number}` }, { recoverable: true, epoch: "e", offset: 1 });
    assert.equal(request.token, "t1");
    const events = record(subscription, ...everything);
    await server.say({ push: { channel: "news", unsubscribe: { code, reason: "why" } } });
    await pass(500);
    assert.deepEqual(names(events), [[outcome === "ends" ? "unsubscribed" : "subscribing", code]]);
    if (outcome === "ends") return assert.deepEqual(await server.commands(), []);
    const asked = await server.answer("subscribe", {});
    assert.deepEqual([asked.token, asked.recover], { again: ["t1", true], token: ["t2", true], fresh: ["t2", undefined] }[outcome]);
  });
}

test("2500 again and again is not a storm", async () => {
  const { server } = await subscribed();
  let asked = 0;
  for (let second = 0; second < 60; second++) {
    for (const { id, subscribe } of await server.commands()) {
      if (!subscribe) continue;
      asked += 1;
      await server.say({ id, subscribe: {} }, { push: { channel: "news", unsubscribe: { code: 2500 } } });
    }
    if (!asked) await server.say({ push: { channel: "news", unsubscribe: { code: 2500 } } });
    await pass(1_000);
  }
  assert.ok(asked > 3 && asked < 15, String(asked));
});

test("refreshes the token of a subscription", async () => {
  let number = 0;
  const { server, subscription } = await subscribed({ getToken: () => `t${++number}` }, { expires: true, ttl: 60 });
  await pass(60_000);
  assert.deepEqual(await server.answer("sub_refresh", { expires: true, ttl: 30 }), { channel: "news", token: "t2" });
  await pass(30_000);
  await server.answer("sub_refresh", { code: 109, message: "token expired" });
  await pass(10_000);
  assert.equal((await server.answer("sub_refresh", { code: 103, message: "permission denied" })).token, "t4");
  assert.equal(subscription.state, "unsubscribed");
  assert.deepEqual(await server.answer("unsubscribe"), { channel: "news" });
});

test("channel compaction: pushes by number, which change with the connection", async () => {
  const { server, subscription } = await subscribed({}, { id: 12 });
  const events = record(subscription, "publication", "join");
  await server.say({ push: { id: 12, pub: { data: 1 } } }, { push: { id: 13, pub: { data: 2 } } }, { push: { id: 12, join: { info: {} } } });
  assert.deepEqual(names(events), [["publication", 1], ["join", undefined]]);
  await again(server, 1006);
  await server.answer("subscribe", { id: 13 });
  await server.say({ push: { id: 12, pub: { data: 3 } } }, { push: { id: 13, pub: { data: 4 } } });
  assert.deepEqual(names(events), [["publication", 4]]);
});

test("a wildcard subscription's publications name their channel", async () => {
  const { server, subscription } = await subscribed();
  const events = record(subscription, "publication");
  await server.say({ push: { channel: "news", pub: { data: 1, channel: "news.sport" } } });
  assert.equal(events[0][1].channel, "news.sport");
});

test("delta: full, patched, across a recovery", async () => {
  const { server, subscription } = await subscribed({ delta: "fossil" }, { delta: true, recoverable: true, epoch: "e" });
  const events = record(subscription, "publication");
  const patch = "7\n5@0,2:2}2qLDtY;"; // {"a":1} → {"a":2}
  await server.say({ push: { channel: "news", pub: { data: '{"a":1}', offset: 1 } } }, { push: { channel: "news", pub: { data: patch, delta: true, offset: 2 } } });
  assert.deepEqual(events.splice(0).map(([, { data }]) => data), [{ a: 1 }, { a: 2 }]);
  await again(server, 1006);
  const publications = [{ data: '{"a":1}', offset: 3 }, { data: patch, delta: true, offset: 4 }];
  await server.answer("subscribe", { delta: true, recoverable: true, recovered: true, epoch: "e", offset: 2, publications });
  assert.deepEqual(events.splice(0).map(([, { data }]) => data), [{ a: 1 }, { a: 2 }]);
  assert.deepEqual(subscription.position, { epoch: "e", offset: 4 });
});

test("delta that does not fit: recovers without deltas from the last good position", async () => {
  mock.method(console, "error", () => {});
  for (const wrong of ["0\n1;", "zz~~~~~\n0;", 5, null, "{", "7\n5@0,2:2}0;"]) {
    const { server, client, subscription } = await subscribed({ delta: "fossil" }, { delta: true, recoverable: true, epoch: "e" });
    const events = record(subscription, ...everything);
    await server.say({ push: { channel: "news", pub: { data: '{"a":1}', offset: 1 } } }, { push: { channel: "news", pub: { data: wrong, delta: wrong !== "{", offset: 2 } } });
    assert.deepEqual(names(events).map(([name]) => name), ["publication", "error", "subscribing"]);
    await server.answer("unsubscribe");
    await pass(500);
    const asked = await server.answer("subscribe", { recoverable: true, recovered: true, epoch: "e", offset: 1, publications: [{ data: { a: 2 }, offset: 2 }] });
    assert.deepEqual([asked.delta, asked.recover, asked.offset], [undefined, true, 1]);
    assert.deepEqual(names(events), [["subscribed", undefined], ["publication", { a: 2 }]]);
    client.disconnect();
  }
});

test("a handler that unsubscribes or disconnects in the middle of a recovery gets no more", async () => {
  const { server, client } = await connected();
  const subscription = client.subscription("news");
  const seen = [];
  subscription.on("publication", ({ data }) => {
    seen.push(data);
    if (data === 2) client.disconnect();
  });
  subscription.subscribe();
  await server.answer("subscribe", { publications: [{ data: 1 }, { data: 2 }, { data: 3 }] });
  assert.deepEqual(seen, [1, 2]);
  assert.equal(subscription.state, "subscribing");
});

test("disconnect: subscriptions wait, and go on after connect", async () => {
  const { server, client, subscription } = await subscribed({}, { recoverable: true, epoch: "e", offset: 1 });
  const events = record(subscription, ...everything);
  client.disconnect();
  assert.deepEqual(names(events), [["subscribing", 0]]);
  client.connect();
  await again(server);
  assert.equal((await server.answer("subscribe", {})).recover, true);
});

test("requests of a subscription wait until it is subscribed", async () => {
  const { server, client } = await connected();
  const subscription = client.subscription("news");
  await assert.rejects(subscription.publish(1), { code: 3 });
  subscription.subscribe();
  const asked = Promise.all([subscription.publish(1), subscription.history({ limit: 1 }), subscription.presence(), subscription.presenceStats()]);
  await server.answer("subscribe");
  const commands = await server.commands();
  assert.deepEqual(commands.map(({ id, ...command }) => command), [
    { publish: { channel: "news", data: 1 } }, { history: { channel: "news", limit: 1 } }, { presence: { channel: "news" } }, { presence_stats: { channel: "news" } },
  ]);
  await server.say(...commands.map((command) => ({ id: command.id, [Object.keys(command)[1]]: {} })));
  await asked;
});

test("for await: publications until unsubscribed", async () => {
  const { server, client } = await connected();
  const subscription = client.subscription("news");
  const seen = [];
  const done = (async () => {
    for await (const { data } of subscription) {
      seen.push(data);
      if (data === 2) await settle();
    }
  })();
  await settle();
  await server.answer("subscribe");
  await server.say(...[1, 2, 3, 4].map((data) => ({ push: { channel: "news", pub: { data } } })));
  await settle();
  await server.say({ push: { channel: "news", pub: { data: 5 } } });
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  subscription.unsubscribe();
  await done;
});

test("remove: a new subscription takes its place", async () => {
  const { server, client, subscription } = await subscribed();
  subscription.remove();
  assert.deepEqual(await server.answer("unsubscribe"), { channel: "news" });
  assert.notEqual(client.subscription("news"), subscription);
});

// Docs/live-protocol.md, 5, 10 to 12: connections that break, pages that sleep, the way without a WebSocket, uploads.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bounded, pause } from "./chromium.js";
import { quiet, Stage, template } from "./live-page.js";

const stage = new Stage();
const timeout = 60_000;
const content = '<p>1</p><button data-on-click="x">x</button>';
const text = template(0, '<p><!--0--></p><button data-on-click="x">x</button>', [0]);
const live = (more, path) => stage.live(content, [text], [0], more, path);
const known = text.slice(0, 2);
const isOffline = () => document.querySelector("[data-live]").classList.contains("live-offline");

/** The waits that the client asks for from now on, which then take no time; `random` is what Math.random() says. */
const watchWaits = (page, random) => page.run((random) => {
  window.waits = [];
  Math.random = () => random;
  const original = window.setTimeout;
  window.setTimeout = (work, milliseconds) => {
    if (milliseconds === 15_000 || milliseconds === 10_000 || (milliseconds === 5_000 && !window.lasts)) return original(work, milliseconds);
    window.waits.push(milliseconds);
    return original(work, 0);
  };
}, random);

test("a lost socket is joined anew after a random time whose limit doubles from 1 s to 30 s", { timeout }, async () => {
  const { page, peer } = await live();
  await watchWaits(page, 0.4);
  let last = peer;
  for (let i = 0; i < 8; i++) {
    last.close(1006);
    last = await stage.peer();
    await last.next();
  }
  assert.deepEqual(await page.run("waits"), [400, 800, 1_600, 3_200, 6_400, 12_000, 12_000, 12_000]);
});

test("a connection that lasted makes the waits short again", { timeout }, async () => {
  const { page, peer } = await live();
  await watchWaits(page, 0.5);
  for (let last = peer, i = 0; i < 3; i++) {
    last.close(1006);
    last = await stage.peer();
    await last.next();
    if (i === 1) await page.run("window.lasts = true");
    last.say(["t", 0, known], ["b", 0, 0, [0]]);
    await page.until(() => !document.querySelector("[data-live]").classList.contains("live-offline"));
  }
  assert.deepEqual((await page.run("waits")).filter((each) => each !== 5_000), [500, 1_000, 500]);
});

test("a server that closes says how long to wait at most, and 4429 asks for a while", { timeout }, async () => {
  const { page, peer } = await live();
  await watchWaits(page, 0.5);
  peer.say(["away", 4_000]).close(1001);
  const second = await stage.peer();
  await second.next();
  second.close(4429);
  const third = await stage.peer();
  await third.next();
  const [first, after] = await page.run("waits");
  assert.equal(first, 2_000);
  assert.ok(after >= 5_000);
});

for (const [name, event] of [
  ["the tab becomes visible", () => document.dispatchEvent(new Event("visibilitychange"))],
  ["the network comes back", () => dispatchEvent(new Event("online"))],
  ["the page comes from the back/forward cache", () => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))],
]) {
  test(`at once when ${name}`, { timeout }, async () => {
    const { page, peer } = await live();
    await page.run(() => (Math.random = () => 1));
    stage.refusesSockets = stage.refusesStreams = true;
    peer.close(1006);
    for (let i = 0; i < 2; i++) {
      await page.until(() => document.querySelector(".live-offline"));
      await page.run(event);
      await pause(100);
    }
    stage.refusesSockets = stage.refusesStreams = false;
    await pause(50);
    assert.equal(stage.hasPeer, false);
    await page.run(event);
    const again = await stage.peer(1_000);
    assert.equal((await again.next())[0], "join");
  });
}

test("a socket that looks open and is dead is found out when the tab becomes visible", { timeout }, async () => {
  const { page, peer } = await live();
  await page.run(() => document.dispatchEvent(new Event("visibilitychange")));
  await pause(100);
  assert.equal(peer.pings, 1);
  assert.equal(stage.hasPeer, false);
  await page.run(() => {
    const original = window.setTimeout;
    window.setTimeout = (work, milliseconds) => original(work, milliseconds / 100);
  });
  await page.run(() => document.dispatchEvent(new Event("visibilitychange")));
  await pause(300);
  assert.equal(stage.hasPeer, false);
  peer.silent = true;
  await page.run(() => document.dispatchEvent(new Event("visibilitychange")));
  await stage.peer(3_000);
});

test("the socket is closed when the page is hidden for good, and no other is opened until it is shown again", { timeout }, async () => {
  const { page, peer } = await live();
  await page.run(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await pause(200);
  assert.equal(peer.isOpen, false);
  await pause(1_200);
  assert.equal(stage.hasPeer, false);
  await page.run(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  const again = await stage.peer(1_000);
  await again.next();
  again.say(["t", 0, known], ["b", 0, 0, [0]], [1, 0, "back"]);
  await page.until(() => document.querySelector("p").textContent === "back");
});

test("a page really left and come back to by the back button goes on", { timeout }, async () => {
  const { page, peer } = await live();
  peer.say([1, 0, "before"]);
  await page.until(() => document.querySelector("p").textContent === "before");
  stage.pages.set("/other", [(_, response) => response, {}]);
  stage.pages.set("/other", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>other</p>"));
  await page.go(`${stage.origin}/other`);
  await page.run("history.back()").catch(() => {});
  const again = await stage.peer();
  const [, seal, hash] = await again.next();
  assert.equal(seal, "seal0");
  again.say(["t", 0, text], hash ? ["b", 0, 0, [0]] : ["j", 0, 0, { 0: ["after"] }], [1, 0, "after"]);
  await page.until(() => document.querySelector("p")?.textContent === "after");
});

for (const [what, end] of [["4401", (peer) => peer.close(4401)], ["4404", (peer) => peer.close(4404)], ["[\"reload\"]", (peer) => peer.say(["reload"])]]) {
  test(`${what}: the page is loaded, at most once in 10 s`, { timeout }, async () => {
    const { page, peer } = await live();
    stage.requests.length = 0;
    end(peer);
    const again = await stage.peer();
    await again.next();
    assert.deepEqual(stage.requests.filter((each) => each === "GET /"), ["GET /"]);
    end(again);
    await pause(700);
    assert.deepEqual(stage.requests.filter((each) => each === "GET /"), ["GET /"]);
    await page.run(() => sessionStorage.setItem("live-reload", Date.now() - 20_000));
    await page.run("live.disconnect() ?? live.connect()");
    end(await stage.peer());
    await stage.peer();
    assert.deepEqual(stage.requests.filter((each) => each === "GET /"), ["GET /", "GET /"]);
  });
}

test("a join that nobody answers is given up after 15 s, however often the page wakes up meanwhile", { timeout }, async () => {
  const { page, peer } = await live();
  await page.run(() => {
    const original = window.setTimeout;
    window.setTimeout = (work, milliseconds) => original(work, milliseconds === 15_000 ? 300 : milliseconds);
  });
  peer.close(1006);
  await page.until(isOffline);
  await page.run(() => {
    document.dispatchEvent(new Event("visibilitychange"));
    dispatchEvent(new Event("online"));
  });
  const silent = await stage.peer();
  await silent.next("join");
  for (const end = Date.now() + 5_000; silent.isOpen && Date.now() < end; ) await pause(10);
  assert.equal(silent.isOpen, false);
});

test("other close codes are a lost connection", { timeout }, async () => {
  let { page, peer } = await live();
  await page.run(() => (Math.random = () => 0));
  for (const code of [1000, 1001, 1006, 4400, 4408]) {
    peer.close(code);
    peer = await stage.peer();
    assert.equal((await peer.next())[0], "join");
  }
  assert.deepEqual(stage.requests.filter((each) => each === "GET /"), ["GET /"]);
});

test("what is too long for the server stays in its field, and is not sent for ever", { timeout }, async () => {
  const area = '<textarea data-on-input="t"></textarea>';
  const form = template(0, area, []);
  const bind = async (peer) => {
    assert.equal((await peer.next("join"))[0], "join");
    peer.say(["t", 0, form], ["b", 0, 0, [0]]);
  };
  const { page, peer } = await stage.live(area, [form], [0]);
  const write = (length) => page.run((length) => {
    const area = document.querySelector("textarea");
    area.value = "x".repeat(length);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }, length);
  await page.run(() => {
    Math.random = () => 0;
    window.refused = [];
    addEventListener("live:error", ({ detail }) => refused.push(detail));
  });
  await write(100_000);
  assert.equal((await peer.next())[3].length, 100_000);
  peer.close(1009);
  // What comes with the first edit was perhaps not there yet, and does not know how long it was.
  let last = await stage.peer();
  await bind(last);
  if ((await last.all(300)).length) {
    last.close(1009);
    last = await stage.peer();
    await bind(last);
  }
  assert.deepEqual(await last.all(300), []);
  await write(90_000);
  assert.deepEqual(await last.answers(page), []);
  assert.deepEqual(await page.run(() => [document.querySelector("textarea").value.length, new Set(refused).size, refused.length > 1]), [90_000, 1, true]);
  await write(5);
  assert.deepEqual((await last.next()).slice(1), [0, "t", "xxxxx"]);
});

test("while there is no connection the root says so", { timeout }, async () => {
  const { page, peer } = await stage.open(content);
  assert.equal(await page.run(isOffline), true);
  peer.say(["t", 0, text], ["b", 0, 0, [0]]);
  await page.until(() => !document.querySelector("[data-live]").classList.contains("live-offline"));
  peer.close();
  await page.until(isOffline);
});

test("a page without a live view is left alone", { timeout }, async () => {
  stage.pages.set("/", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end('<script defer src="/heliograph-live.js"></script><p>x</p>'));
  const page = await stage.browser.open(stage.origin);
  assert.equal(await page.run("typeof live.connect"), "function");
  await page.run("live.connect(), live.disconnect(), document.body.click()");
  await page.close();
  assert.deepEqual(page.complaints, []);
});

test("§12 without a WebSocket twice in a row it is server-sent events, and posts", { timeout }, async () => {
  stage.refusesSockets = true;
  stage.pages.set("/x", [content, {}]);
  const page = await stage.browser.open(`${stage.origin}/x?q=1`);
  const peer = await stage.peer();
  assert.deepEqual(stage.requests.filter((each) => each.startsWith("UPGRADE")), ["UPGRADE /x/_live?q=1", "UPGRADE /x/_live?q=1"]);
  assert.equal(peer.url, "/x/_live.sse?q=1");
  assert.deepEqual(await peer.next(), ["join", "seal0", "hash0", []]);
  peer.say(["t", 0, text], ["b", 0, 0, [0]], [1, 0, "streamed"]);
  await page.until(() => document.querySelector("p").textContent === "streamed");
  await page.run(() => {
    for (let i = 0; i < 50; i++) document.querySelector("button").click();
  });
  for (let ref = 1; ref <= 50; ref++) assert.deepEqual(await peer.next(), [ref, 0, "x"]);
  assert.ok(stage.requests.filter((each) => each.startsWith("POST /x/_live.sse?q=1&key=key")).length < 10);
  // A post that fails is a lost connection, and it stays with what works.
  peer.say(50);
  await page.run(() => (Math.random = () => 0));
  stage.refusesPosts = true;
  await page.click("button");
  await page.until(isOffline);
  stage.refusesPosts = false;
  let again = await stage.peer();
  assert.equal(again.url, "/x/_live.sse?q=1");
  assert.equal(peer.isOpen, false);
  if ((await again.next("join", 500).catch(() => ["refused"]))[0] === "refused") await (again = await stage.peer()).next();
  again.close();
  const third = await stage.peer();
  assert.equal(third.url, "/x/_live.sse?q=1");
  assert.equal((await third.next())[0], "join");
  await page.close();
  assert.deepEqual(page.complaints, []);
});

// Uploads (§11)

const varint = (bytes) => {
  let id = 0;
  for (let i = 0, scale = 1; ; i++, scale *= 128) {
    id += (bytes[i] & 127) * scale;
    if (bytes[i] < 128) return [id, bytes.subarray(i + 1)];
  }
};
const uploadContent = '<input type="file" id="files" data-upload="photo" multiple><div data-progress-for="files"></div><p data-drop="files">drop</p>';
const uploadPage = () => stage.live(uploadContent, [template(0, uploadContent, [])], [0]);
const choose = (page, ...names) => page.call("DOM.getDocument").then(async ({ root }) => {
  const { nodeId } = await page.call("DOM.querySelector", { nodeId: root.nodeId, selector: "#files" });
  await page.call("DOM.setFileInputFiles", { nodeId, files: names });
});
const folder = mkdtempSync(join(tmpdir(), "heliograph-upload-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const file = (name, size) => {
  const path = join(folder, name);
  writeFileSync(path, Buffer.alloc(size, name));
  return path;
};
/** What has been sent of a file after a while in which nothing more comes. */
const settled = async (peer) => {
  for (let last = -1; last !== peer.binary.length; await pause(150)) last = peer.binary.length;
  return peer.binary;
};

test("§11 a file goes in pieces of 32 KiB, no more than 128 KiB ahead, with its progress", { timeout }, async () => {
  const { page, peer } = await uploadPage();
  await choose(page, file("big.bin", 300_000), file("wrong.txt", 5), file("empty.png", 0));
  assert.deepEqual(await peer.next(), ["up", 1, 0, "photo", [["big.bin", "application/octet-stream", 300_000], ["wrong.txt", "text/plain", 5], ["empty.png", "image/png", 0]]]);
  await page.run(() => addEventListener("live:refused", ({ detail }) => (window.refused = [detail.file.name, detail.reason])));
  peer.say(["up", 1, [300, "too small", 5]], 1);
  let pieces = await settled(peer);
  const sizes = (id) => pieces.map(varint).filter(([each]) => each === id).map(([, bytes]) => bytes.length);
  assert.deepEqual(sizes(5), [0]);
  assert.deepEqual(sizes(300), [32_768, 32_768, 32_768, 32_768]);
  assert.deepEqual(await page.run("window.refused"), ["wrong.txt", "too small"]);
  peer.say(["ua", 300, 131_072]);
  pieces = await settled(peer);
  assert.deepEqual(sizes(300).length, 8);
  const progress = () => [document.querySelector("[data-progress-for]").dataset.progress, document.querySelector("[data-progress-for]").style.getPropertyValue("--progress")];
  assert.deepEqual(await page.run(progress), ["43", "43%"]);
  peer.say(["ua", 300, 262_144]);
  pieces = await settled(peer);
  assert.deepEqual(sizes(300).slice(-3), [32_768, 5_088, 0]);
  assert.equal(Buffer.concat(pieces.map(varint).filter(([id]) => id === 300).map(([, bytes]) => bytes)).toString(), Buffer.alloc(300_000, "big.bin").toString());
  peer.say(["ua", 300, 300_000]);
  await page.until(() => document.querySelector("[data-progress-for]").dataset.progress === "100");
  await quiet(peer);
  // The next choice does not cancel what is done.
  await choose(page, file("next.bin", 1));
  assert.equal((await peer.next())[0], "up");
});

test("§11 an upload ends before its end: refused by the server, cancelled by another choice, lost with the connection", { timeout }, async () => {
  const { page, peer } = await uploadPage();
  await choose(page, file("a.bin", 500_000));
  await peer.next();
  peer.say(["up", 1, [1]], 1);
  assert.equal((await settled(peer)).length, 4);
  peer.say(["ux", 1], ["ua", 1, 131_072]);
  assert.equal((await settled(peer)).length, 4);
  await choose(page, file("b.bin", 500_000));
  await peer.next();
  peer.say(["up", 2, [2]], 2);
  assert.equal((await settled(peer)).length, 8);
  await choose(page, file("c.bin", 10));
  assert.deepEqual(await peer.next(), ["ux", 2]);
  assert.equal((await peer.next())[1], 3);
  peer.say(["ua", 2, 131_072], ["up", 3, [3]], 3);
  assert.equal((await settled(peer)).length, 10);
  peer.close(1006);
  await page.until(isOffline);
});

test("§11 after a lost connection, what was under way, whole or only offered is offered anew, once; what is over is not", { timeout }, async () => {
  const { page, peer } = await uploadPage();
  await choose(page, file("whole.bin", 10), file("half.bin", 500_000), file("taken.bin", 20));
  await peer.next();
  peer.say(["up", 1, [1, 2, 3]], 1);
  await settled(peer);
  peer.say(["ua", 1, 10], ["ua", 3, 20], ["ux", 3], ["ua", 2, 32_768]);
  await page.until(() => document.querySelector("[data-progress-for]").dataset.progress === "6");
  peer.close(1006);
  await page.until(isOffline);
  await choose(page, file("offline.bin", 1));
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, template(0, uploadContent, [])], ["j", 0, 0, { 0: [] }]);
  const offered = await again.next();
  assert.deepEqual([offered[0], offered[3]], ["up", "photo"]);
  assert.deepEqual(offered[4].map(([name]) => name), ["whole.bin", "half.bin", "offline.bin"]);
});

test("§11 files are dropped on an element", { timeout }, async () => {
  const { page, peer } = await uploadPage();
  const prevented = await page.run(() => {
    const dataTransfer = new DataTransfer();
    for (const name of ["x.txt", "y.txt"]) dataTransfer.items.add(new File(["12345"], name, { type: "text/plain" }));
    return ["dragover", "drop"].map((type) => !document.querySelector("[data-drop]").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer })));
  });
  assert.deepEqual(prevented, [true, true]);
  assert.deepEqual(await peer.next(), ["up", 1, 0, "photo", [["x.txt", "text/plain", 5], ["y.txt", "text/plain", 5]]]);
  peer.say(["up", 1, [1, 2]], 1);
  assert.equal((await bounded(settled(peer), "pieces")).length, 4);
});

// README.md: what few pages need is a module of its own, which a page gets when it needs it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "./chromium.js";
import { html, quiet, Stage, template } from "./live-page.js";

const stage = new Stage();
const timeout = 60_000;
const extras = () => stage.requests.filter((each) => each.startsWith("GET /heliograph-live-extras.js")).length;

test("a page of buttons and forms does without it, until somebody types", { timeout }, async () => {
  const content = '<button data-on-click="x">x</button><form data-on-input="edit" data-on-submit="save"><input name="a"></form>';
  const { page, peer } = await stage.live(content, [template(0, content, [])], [0]);
  await page.click("button");
  assert.deepEqual(await peer.next(), [1, 0, "x"]);
  peer.say(1);
  await pause(100);
  assert.equal(extras(), 0);
  await page.click("input");
  await page.type("ab");
  assert.deepEqual([(await peer.next())[2], (await peer.next())[2]], ["edit", "edit"]);
  await pause(100);
  assert.equal(extras(), 1);
});

for (const [what, content] of [
  ["a hook", '<p data-hook="A"></p>'], ["a command", '<p data-do-click="[]"></p>'], ["an upload", '<input type="file" data-upload="x">'], ["a pause before events", '<input data-debounce="9">'],
  ["throttled events", '<b data-throttle="9"></b>'], ["keys", '<input data-on-keydown="x">'], ["keys anywhere", '<p data-on-window-keyup="x"></p>'],
  ["clicks elsewhere", '<p data-on-away="x"></p>'], ["coming into view", '<p data-on-appear="x"></p>'], ["a button's other text", '<button data-disable-with="x"></button>'],
  ["a link to an address of its own", '<a data-patch href="/">x</a>'], ["a link to another view", '<a data-navigate href="/">x</a>'],
]) {
  test(`it is there before the page joins, where there is ${what}`, { timeout }, async () => {
    await stage.open(content);
    assert.equal(extras(), 1);
  });
}

test("and where such a link is around the view", { timeout }, async () => {
  await stage.open("<p></p>", { behind: '<nav><a data-navigate href="/">x</a></nav>' });
  assert.equal(extras(), 1);
});

test("it comes when a patch has something that needs it", { timeout }, async () => {
  const { page, peer } = await stage.live("<ul></ul>", [template(0, "<ul><!--0--></ul>", [2])], [0, []]);
  await page.run(() => (live.hooks.Late = { mounted() { this.push("here", this.el.id); } }));
  assert.equal(extras(), 0);
  peer.say(["t", 0, template(1, '<li data-hook="Late" id="a"><input data-on-keydown="key"></li>', [])], [1, 0, ["+", 0, [1, []]]]);
  assert.deepEqual(await peer.next(), [1, 0, "here", "a"]);
  await page.click("input");
  await page.press("x");
  assert.deepEqual(await peer.next(), [2, 0, "key", { key: "x", code: "KeyX" }]);
  assert.equal(extras(), 1);
});

test("messages that it handles wait for it, in their order", { timeout }, async () => {
  const { page, peer } = await stage.live("<p></p>", [template(0, "<p></p>", [])], [0]);
  await page.run(() => {
    window.heard = [];
    addEventListener("live:note", ({ detail }) => window.heard.push(detail + document.title));
  });
  peer.say(["e", "note", 1], ["title", "A"], ["e", "note", 2], ["title", "B"], ["e", "note", 3]);
  await page.until(() => window.heard.length === 3);
  assert.deepEqual(await page.run("heard"), ["1page", "2A", "3B"]);
  peer.say(["unheard"]);
  assert.deepEqual(await peer.next(), ["full", 0]);
});

test("where it can't be had the page works without it, and asks again with the next connection", { timeout }, async () => {
  stage.refusesExtras = true;
  const content = '<p><!--[-->1<!--]--> <button data-on-click="x" data-throttle="60000">x</button></p>';
  const text = template(0, content.replace("[-->1<!--]", "0"), [0]);
  const { page, peer } = await stage.live(content, [text], [0]);
  for (const ref of [1, 2]) {
    await page.click("button");
    assert.deepEqual(await peer.next(), [ref, 0, "x"], "not throttled");
  }
  peer.say(2, [1, 0, "2"]);
  await page.until(() => document.querySelector("p").textContent.startsWith("2"));
  await quiet(peer);
  stage.refusesExtras = false;
  const before = extras();
  await page.run("live.disconnect() ?? live.connect()");
  const again = await stage.peer();
  await again.next();
  assert.equal(extras(), before + 1);
  again.say(["t", 0, text.slice(0, 2)], ["j", 0, 0, { 0: ["3"] }]);
  await page.until(() => document.querySelector("p").textContent.startsWith("3"));
  assert.match(await html(page), /3/);
  await page.click("button");
  await page.click("button");
  assert.deepEqual(await again.next(), [1, 0, "x"]);
  await quiet(again);
});

test("an edit is kept over a new tree though it could not be had until then", { timeout }, async () => {
  stage.refusesExtras = true;
  const content = '<input id="a" data-on-input="a">';
  const text = template(0, content, []);
  const { page, peer } = await stage.live(content, [text], [0]);
  await page.click("#a");
  await page.type("x");
  assert.deepEqual(await peer.next(), [1, 0, "a", "x"]);
  stage.refusesExtras = false;
  peer.close(1006);
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, text.slice(0, 2)], ["j", 0, 0, { 0: [] }]);
  assert.deepEqual(await again.next(), [1, 0, "a", "x"]);
  assert.equal(await page.run(() => document.querySelector("#a").value), "x");
});

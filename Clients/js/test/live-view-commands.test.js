// Docs/live-protocol.md, 8: commands, which an element does without the server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "./chromium.js";
import { quiet, Stage, template } from "./live-page.js";

const stage = new Stage();
const timeout = 60_000;
const commands = (...list) => JSON.stringify(list).replaceAll('"', "&quot;");
const still = (content) => stage.live(content, [template(0, content, [])], [0]);

test("show, hide and toggle, classes and attributes, of others and of the element itself", { timeout }, async () => {
  const { page, peer } = await still(
    `<button id="a" data-do-click="${commands(["toggle", ".menu", "hidden", ""], ["toggle", "", ".open", ""], ["toggle", "", "aria-expanded", "true"])}">a</button>` +
    `<button id="b" data-do-click="${commands(["set", "#one", ".md:big", ""], ["set", "#one", ".old", null], ["set", "#one", "title", "t"], ["set", "#two", "title", null])}">b</button>` +
    '<p id="one" class="menu old" hidden></p><p id="two" class="menu" title="x"></p><p id="three"></p>');
  const state = () => page.run(() => ["#a", "#one", "#two"].map((id) => document.querySelector(id)).map((each) => [each.className, each.hidden, each.title, each.getAttribute("aria-expanded")]));
  await page.click("#a");
  assert.deepEqual(await state(), [["open", false, "", "true"], ["menu old", false, "", null], ["menu", true, "x", null]]);
  await page.click("#a");
  assert.deepEqual(await state(), [["", false, "", null], ["menu old", true, "", null], ["menu", false, "x", null]]);
  await page.click("#b");
  assert.deepEqual((await state()).slice(1), [["menu md:big", true, "t", null], ["menu", false, "", null]]);
  await quiet(peer);
});

test("they go one after the other, and wait where they are told to", { timeout }, async () => {
  const { page } = await still(`<button data-do-click="${commands(["set", "p", ".fade", ""], ["wait", 300], ["set", "p", ".fade", null], ["set", "p", "hidden", ""])}">a</button><p></p>`);
  await page.click("button");
  assert.deepEqual(await page.run(() => [document.querySelector("p").className, document.querySelector("p").hidden]), ["fade", false]);
  await page.until(() => document.querySelector("p").hidden && document.querySelector("p").className === "");
});

test("the focus, and events for JavaScript", { timeout }, async () => {
  const { page } = await still(`<button data-do-click="${commands(["focus", "input"], ["event", "input", "picked", { n: 7 }])}">a</button><input>`);
  await page.run(() => document.addEventListener("picked", ({ target, detail }) => (window.picked = [target.localName, detail])));
  await page.click("button");
  assert.deepEqual(await page.run("[document.activeElement.localName, picked]"), ["input", ["input", { n: 7 }]]);
});

test("for what is typed, chosen and sent in an element, and for a click elsewhere", { timeout }, async () => {
  const said = (name) => commands(["event", "", "said", name]);
  const { page, peer } = await still(
    `<form data-do-input="${said("input")}" data-do-change="${said("change")}" data-do-submit="${said("submit")}" data-on-submit="save" data-do-away="${said("away")}"><input><button>go</button></form><b id="b">elsewhere</b>`);
  await page.run(() => {
    window.said = [];
    document.addEventListener("said", ({ detail }) => window.said.push(detail));
  });
  await page.click("input");
  await page.type("x");
  await page.click("button");
  assert.deepEqual((await peer.next()).slice(1, 3), [0, "save"]);
  await page.click("#b");
  assert.deepEqual(await page.run("said"), ["input", "change", "submit", "away"]);
});

test("with an event of the same element", { timeout }, async () => {
  const { page, peer } = await still(`<button data-on-click="save" data-do-click="${commands(["set", "", ".sent", ""])}">a</button>`);
  await page.click("button");
  assert.deepEqual(await peer.next(), [1, 0, "save"]);
  assert.equal(await page.run(() => document.querySelector("button").className), "live-busy sent");
});

test("what they made stays when the server changes the page, as long as the element is there", { timeout }, async () => {
  const content = (shown) => `<button data-do-click="${commands(["toggle", "p", ".open", ""], ["toggle", "p", "hidden", ""], ["set", "p", "title", "mine"])}">a</button><p ${shown}></p>`;
  const text = template(0, content('data-h="0 1 2"'), [["class", "card ", ""], ["hidden"], ["title"]]);
  const { page, peer } = await stage.live(content('class="card a"'), [text], [0]);
  const state = () => page.run(() => [document.querySelector("p").className, document.querySelector("p").hidden, document.querySelector("p").title]);
  await page.click("button");
  assert.deepEqual(await state(), ["card a open", true, "mine"]);
  peer.say([1, 0, "b", 1, false, 2, "server's"]);
  await page.until(() => document.querySelector("p").className.includes("card b"));
  assert.deepEqual(await state(), ["card b open", true, "mine"]);
  await page.click("button");
  peer.say([2, 0, "c", 1, true]);
  await page.until(() => document.querySelector("p").className.includes("card c"));
  assert.deepEqual(await state(), ["card c", false, "mine"]);
  peer.say(["j", 0, 2, { 0: ["d", true, "t"] }]);
  await page.until(() => document.querySelector("p").className.includes("card d"));
  assert.deepEqual(await state(), ["card d", true, "t"]);
});

test("what is no list of commands does nothing", { timeout }, async () => {
  const { page, peer } = await still('<button data-do-click="{">a</button><b data-on-click="x">b</b>');
  page.expected = page.complaints;
  await page.click("button");
  await page.click("b");
  assert.deepEqual(await peer.next(), [1, 0, "x"]);
  await pause(20);
});

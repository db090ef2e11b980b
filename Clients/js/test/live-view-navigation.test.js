// Docs/live-protocol.md, 9: addresses, other pages without loading, back and forward.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "./chromium.js";
import { html, quiet, Stage, template } from "./live-page.js";

const stage = new Stage();
const timeout = 60_000;
const still = (content, more, path) => stage.live(content, [template(0, content, [])], [0], more, path);
const at = (page) => page.run(() => location.pathname + location.search + location.hash);
/** The next connection, bound. */
async function bound(page, content) {
  const peer = await stage.peer();
  const join = await peer.next();
  peer.say(["t", 0, template(0, content, [])], ["b", 0, 0, [0]]);
  await page.until(() => !document.querySelector("[data-live]").classList.contains("live-offline"));
  return { peer, join };
}

test("data-patch: another address of the same view, and back and forward", { timeout }, async () => {
  const { page, peer } = await still('<a href="/list?page=2" data-patch id="two">2</a><a href="/list?page=3#x" data-patch id="three"><b>3</b></a>', {}, "/list?page=1");
  await page.run("window.stayed = true");
  await page.click("#two");
  assert.deepEqual(await peer.next(), ["nav", 1, "/list?page=2"]);
  await page.click("#three b");
  assert.deepEqual(await peer.next(), ["nav", 2, "/list?page=3"]);
  assert.equal(await at(page), "/list?page=3#x");
  await page.run("history.back()");
  assert.deepEqual(await peer.next(), ["nav", 3, "/list?page=2"]);
  await page.run("history.go(-1)");
  assert.deepEqual(await peer.next(), ["nav", 4, "/list?page=1"]);
  await page.run("history.go(2)");
  assert.deepEqual(await peer.next(), ["nav", 5, "/list?page=3"]);
  assert.equal(await page.run("window.stayed"), true);
  assert.equal(stage.hasPeer, false);
  // A new connection is made at the address at which the browser is.
  await page.run("live.disconnect() ?? live.connect()");
  assert.equal((await stage.peer()).url, "/list/_live?page=3");
});

test("what the browser does with a link otherwise, it still does", { timeout }, async () => {
  const { page, peer } = await still('<a href="/x" data-patch id="a" target="_blank">1</a><a href="https://example.invalid/" data-patch id="b">2</a><a href="/x" data-patch download id="c">3</a><a href="#here" id="d">4</a><p id="here">here</p>', {}, "/list");
  const prevented = await page.run(() => {
    const results = [];
    addEventListener("click", (event) => {
      results.push(event.defaultPrevented);
      event.preventDefault();
    });
    for (const [id, more] of [["a"], ["b"], ["c"], ["a", { ctrlKey: true }]]) document.getElementById(id).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...more }));
    return results;
  });
  assert.deepEqual(prevented, [false, false, false, false]);
  await quiet(peer);
});

test("a place within the page is no other address", { timeout }, async () => {
  const { page, peer } = await still('<a href="#here">4</a><p id="here">here</p>', {}, "/list");
  await page.click("a");
  assert.equal(await at(page), "/list#here");
  await page.run("history.back()");
  await page.until(() => location.hash === "");
  await quiet(peer);
});

test("without a connection a link with data-patch loads the page", { timeout }, async () => {
  const { page } = await still('<a href="/list?page=2" data-patch>2</a>', {}, "/list");
  await page.run("live.disconnect()");
  stage.requests.length = 0;
  await page.click("a");
  await (await stage.peer()).next();
  assert.equal(stage.requests[0], "GET /list?page=2");
});

test("data-navigate: another live page without loading, and back to where the user had scrolled", { timeout }, async () => {
  const first = '<div style="height: 3000px">first</div><a href="/second?x=1" data-navigate>on</a>';
  const second = '<div style="height: 4000px">second</div><a href="/first" data-navigate>back</a>';
  stage.pages.set("/second", [second, { title: "second", seal: "seal2", hash: "hash2" }]);
  const { page, peer } = await still(first, { title: "first" }, "/first");
  await page.run("window.stayed = true");
  await page.run(() => scrollTo(0, 1_234));
  await pause(100);
  await page.run(() => document.querySelector("a").click());
  const { peer: other, join } = await bound(page, second);
  assert.equal(other.url, "/second/_live?x=1");
  assert.deepEqual(join.slice(0, 3), ["join", "seal2", "hash2"]);
  assert.equal(join[3].length, 1, "templates are kept");
  assert.equal(peer.isOpen, false);
  assert.ok(await page.run(() => document.querySelector("[data-live]").textContent.startsWith("second")));
  assert.deepEqual(await page.run("[document.title, scrollY, window.stayed]"), ["second", 0, true]);
  await page.run(() => scrollTo(0, 777));
  await pause(100);
  await page.run("history.back()");
  await bound(page, first);
  assert.equal(await at(page), "/first");
  await page.until("scrollY === 1234");
  assert.deepEqual(await page.run("[document.title, window.stayed]"), ["first", true]);
  await page.run("history.forward()");
  await bound(page, second);
  await page.until("scrollY === 777");
  assert.equal(await at(page), "/second?x=1");
});

test("the focus is in the new page, and its title is said", { timeout }, async () => {
  const pages = {
    "/heading": "<main><p>x</p><h1>Second</h1></main>", "/main": "<main>x</main>", "/field": "<h1>x</h1><input autofocus>", "/nothing": "<p>x</p>",
  };
  const links = Object.keys(pages).map((path) => `<a href="${path}" data-navigate>${path}</a>`).join("");
  for (const path in pages) stage.pages.set(path, [pages[path] + links, { title: `title of ${path}` }]);
  const { page } = await still(links, {}, "/first");
  const said = () => page.run(() => [...document.querySelectorAll("[aria-live=polite]")].map(({ textContent }) => textContent));
  assert.deepEqual(await said(), []);
  for (const [path, focused] of [["/heading", "H1"], ["/main", "MAIN"], ["/field", "INPUT"], ["/nothing", "DIV"]]) {
    await page.click(`a[href="${path}"]`);
    await bound(page, pages[path] + links);
    assert.equal(await page.run(() => document.activeElement.nodeName), focused);
    assert.deepEqual(await said(), [`title of ${path}`]);
  }
});

test("a redirect leads to its own address, a fragment to its element", { timeout }, async () => {
  stage.pages.set("/old", (_, response) => response.writeHead(302, { location: "/new?y" }).end());
  const target = '<div style="height: 3000px">x</div><p id="end">end</p><div style="height: 3000px">x</div>';
  stage.pages.set("/new", [target, {}]);
  const first = '<a href="/old" data-navigate>on</a><a id="two" href="/new#end" data-navigate>on</a>';
  const { page } = await still(first, {}, "/first");
  await page.click("a");
  await bound(page, target);
  assert.equal(await at(page), "/new?y");
  await page.run("history.back()");
  await bound(page, first);
  await page.click("#two");
  await bound(page, target);
  assert.equal(await at(page), "/new#end");
  assert.ok(await page.run("scrollY > 2000"));
});

for (const [what, answer] of [
  ["an error", (response) => response.writeHead(500, { "content-type": "text/html" }).end("<p>broken</p>")],
  ["no live page", (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>plain</p>")],
]) {
  test(`data-navigate to ${what}: it is loaded in the ordinary way`, { timeout }, async () => {
    stage.pages.set("/plain", (_, response) => answer(response));
    const { page } = await still('<a href="/plain" data-navigate>on</a>', {}, "/first");
    await page.click("a");
    await page.until(() => /^(broken|plain)$/.test(document.body?.textContent.trim()));
    assert.equal(await at(page), "/plain");
    page.expected = page.complaints;
  });
}

test("the last of several links is the one that counts", { timeout }, async () => {
  const slow = (text) => (_, response) => setTimeout(() => response.writeHead(200, { "content-type": "text/html" }).end(`<div data-live="s" data-live-hash="h">${text}</div>`), 300);
  stage.pages.set("/slow", slow("slow"));
  stage.pages.set("/quick", ["quick", {}]);
  const { page } = await still('<a href="/slow" data-navigate id="a">1</a><a href="/quick" data-navigate id="b">2</a>', {}, "/first");
  await page.click("#a");
  await page.click("#b");
  await bound(page, "quick");
  await pause(500);
  assert.equal(await html(page), "quick");
  assert.equal(await at(page), "/quick");
});

test("the server changes the address and the title, and sends the user elsewhere", { timeout }, async () => {
  stage.pages.set("/second", ["second", {}]);
  const { page, peer } = await still("first", {}, "/first");
  const length = await page.run("history.length");
  peer.say(["u", "/first?a=1", false], ["u", "/first?a=2", true], ["title", "<b>"]);
  await page.until(() => document.title === "<b>");
  assert.deepEqual([await at(page), await page.run("history.length")], ["/first?a=2", length + 1]);
  await page.run("history.back()");
  assert.deepEqual(await peer.next(), ["nav", 1, "/first"]);
  peer.say(["go", "/second"]);
  await bound(page, "second");
  assert.equal(await at(page), "/second");
});

test("an address of another origin or of a script is refused", { timeout }, async () => {
  const { page, peer } = await still("first", {}, "/first");
  for (const address of ["https://example.invalid/", "//example.invalid/", "/\\example.invalid/", "javascript:window.cracked=1", "", 7]) {
    for (const kind of ["u", "go"]) {
      peer.say([kind, address, true]);
      assert.deepEqual(await peer.next(`${kind} ${address}`), ["full", 0]);
      peer.say(["j", 0, 0, { 0: [] }]);
    }
  }
  assert.equal(await at(page), "/first");
  assert.equal(await page.run("window.cracked"), undefined);
});

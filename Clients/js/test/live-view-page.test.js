// Docs/live-protocol.md, 1 to 4 and 7: how the first paint is bound, what a patch changes, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { html, quiet, Stage, template } from "./live-page.js";

const stage = new Stage();
const timeout = 60_000;

/** The element at which a selector points keeps its identity over `work`. */
async function keeps(page, selector, work) {
  await page.run((selector) => (window.kept = [...document.querySelectorAll(selector)]), selector);
  await work();
  assert.ok(await page.run((selector) => window.kept.every((each) => document.contains(each)), selector), `${selector} is another element`);
}

const shows = (page, text) => page.until((text) => document.querySelector("[data-live]").textContent === text, text);

test("a page is joined with its seal and its hash at its path, and bound as it is", { timeout }, async () => {
  const { page, peer, join } = await stage.live("<h1>12</h1>", [template(0, "<h1><!--0--></h1>", [0])], [0], {}, "/counter/7?a=b");
  assert.deepEqual(join, ["join", "seal0", "hash0", []]);
  assert.equal(peer.url, "/counter/7/_live?a=b");
  assert.equal(peer.protocol, "heliograph-live");
  await keeps(page, "h1", async () => {
    peer.say([1, 0, 13]);
    await shows(page, "13");
  });
  await quiet(peer);
});

test("§2 cells of text beside other nodes stand between markers, and each has a text node for good", { timeout }, async () => {
  const { page, peer } = await stage.live("<!--[--><!--]--><p>a <!--[-->1<!--]--> b <!--[--><!--]--></p>", [template(0, "<!--0--><p>a <!--1--> b <!--2--></p>", [0, 0, 0])], [0]);
  await keeps(page, "p", async () => {
    peer.say([1, 2, "two", 0, "<top>"]);
    await shows(page, "<top>a 1 b two");
    peer.say([2, 0, "", 1, ""], [3, 0, "again"]);
    await shows(page, "againa  b two");
  });
  assert.equal(await html(page), "<!--[-->again<!--]--><p>a <!--[--><!--]--> b <!--[-->two<!--]--></p>");
});

test("§2 a sole cell has no markers, and an empty one gets its text node", { timeout }, async () => {
  const { page, peer } = await stage.live("<ul><li></li></ul>", [template(0, "<ul><!--0--></ul>", [2]), template(1, "<li><!--0--></li>", [0])], [0, [1, [1]]]);
  peer.say([1, 0, [0, [0, "first"]]]);
  await shows(page, "first");
  await quiet(peer);
});

test("§4 rows of a table, some of them with markup inside", { timeout }, async () => {
  const page0 = "<table><thead><tr><th>name</th></tr></thead><tbody><tr class=\"a\"><td>Ann</td></tr><tr><td>Bob</td><td><b>!</b></td></tr><tr class=\"b\"><td>Cid</td></tr></tbody></table>";
  const { page, peer } = await stage.live(page0, [
    template(0, "<table><thead><tr><th>name</th></tr></thead><tbody><!--0--></tbody></table>", [2]),
    template(1, '<tr data-h="0"><td><!--1--></td></tr>', [["class", "", ""], 0]),
    template(2, "<tr><td>Bob</td><td><!--0--></td></tr>", [1]),
    template(3, "<b><!--0--></b>", [0]),
  ], [0, [1, [1], 1, [2, [3]], 1, [1]]]);
  await keeps(page, "tr", async () => {
    peer.say([1, 0, [1, [0, [0, "?"]], 2, [1, "Cyd"], ">", 2, 0, 1]]);
    await shows(page, "nameCydAnnBob?");
    peer.say([2, 0, ["+", 3, [1, ["new", "Dan"], 2, [null]]]]);
    await shows(page, "nameCydAnnBob?DanBob");
  });
  assert.equal(await page.run(() => document.querySelectorAll("tbody > tr > td").length), 7);
  await quiet(peer);
});

test("§2 rows that are not one element stand between markers, and move with them", { timeout }, async () => {
  const row = (name, text) => `<!--[--><dt>${name}</dt><dd>${text}</dd><!--]-->`;
  const { page, peer } = await stage.live(`<dl>${row("a", 1)}${row("b", 2)}${row("c", 3)}</dl>`, [
    template(0, "<dl><!--0--></dl>", [2]), template(1, "<dt><!--0--></dt><dd><!--1--></dd>", [0, 0]),
  ], [0, [3, [1]]]);
  await keeps(page, "dt", async () => {
    peer.say([1, 0, ["=", [[2, -3]], 0, [1, "three"]]]);
    await shows(page, "cthreeb2a1");
  });
  peer.say([2, 0, ["-", 1, 1, "+", 1, [1, ["x", "y"]]]]);
  await shows(page, "cthreexya1");
  assert.equal(await html(page), `<dl>${row("c", "three")}${row("x", "y")}${row("a", 1)}</dl>`);
});

test("§2 markup in markup comes, changes and goes", { timeout }, async () => {
  const { page, peer } = await stage.live("<div><!--[--><!--]--><hr></div>", [
    template(0, "<div><!--0--><hr></div>", [1]), template(1, "<p><!--0--></p>", [1]), template(2, "<i><!--0--></i> and", [0]),
  ], [0, 0]);
  peer.say([1, 0, { 1: [{ 2: ["x"] }] }]);
  await shows(page, "x and");
  await keeps(page, "p, i", async () => {
    peer.say([2, 0, [0, [0, "y"]]]);
    await shows(page, "y and");
  });
  peer.say([3, 0, [0, null]]);
  await shows(page, "");
  assert.equal(await html(page), "<div><!--[--><p></p><!--]--><hr></div>");
  peer.say([4, 0, null]);
  await page.until(() => !document.querySelector("p"));
  await quiet(peer);
});

test("§1 attributes: one value, several, absent ones, namespaces, the text of an element", { timeout }, async () => {
  const { page, peer } = await stage.live('<a class="a x" title="1 of 2" hidden></a><textarea>\n\nold</textarea><svg><use xlink:href="#a"></use></svg>', [
    template(0, '<a data-h="0 1 2"></a><textarea data-h="3"></textarea><svg><use data-h="4"></use></svg>',
      [["class", "a ", ""], ["title", "", " of ", ""], ["hidden"], ["", "", ""], ["xlink:href", "#", ""]]),
  ], [0]);
  assert.equal(await page.run(() => document.querySelector("textarea").value), "\nold");
  peer.say([1, 0, '"><b>', 1, ["<3", 4], 2, false, 3, "</textarea><script>", 4, "b"]);
  await page.until(() => document.querySelector("textarea").value === "</textarea><script>");
  assert.deepEqual(
    await page.run(() => {
      const a = document.querySelector("a");
      return [a.className, a.title, a.hidden, document.querySelector("use").getAttributeNS("http://www.w3.org/1999/xlink", "href"), document.querySelector("use").href.baseVal];
    }),
    ['a "><b>', "<3 of 4", false, "#b", "#b"],
  );
  peer.say([2, 2, "until-found"], [3, 2, true]);
  await page.until(() => document.querySelector("a").getAttribute("hidden") === "");
  assert.equal(await page.run(() => document.querySelector("a").hasAttribute("data-h")), false);
});

test("§1 value, checked, selected and muted are properties too", { timeout }, async () => {
  const { page, peer } = await stage.live('<input value="a"><input type="checkbox" id="box"><select><option value="1">1</option><option value="2" selected>2</option></select><video></video>', [
    template(0, '<input data-h="0"><input type="checkbox" id="box" data-h="1"><select><option value="1" data-h="2">1</option><option value="2" data-h="3">2</option></select><video data-h="4"></video>',
      [["value", "", ""], ["checked"], ["selected"], ["selected"], ["muted"]]),
  ], [0]);
  const state = () => [document.querySelector("input").value, document.querySelector("#box").checked, document.querySelector("select").value, document.querySelector("video").muted];
  // As if somebody had touched them: attributes alone say nothing any more.
  await page.run(() => {
    document.querySelector("input").value = "b";
    document.querySelector("#box").checked = true;
    document.querySelector("#box").checked = false;
    document.querySelector("select").value = "2";
  });
  peer.say([1, 0, "c", 1, true, 2, true, 3, false, 4, true]);
  await page.until(() => document.querySelector("video").muted);
  assert.deepEqual(await page.run(state), ["c", true, "1", true]);
  peer.say([2, 0, "", 1, null, 2, null, 3, true, 4, false]);
  await page.until(() => !document.querySelector("video").muted);
  assert.deepEqual(await page.run(state), ["", false, "2", false]);
});

test("a select keeps what is chosen when its options move, and takes a value before the options that have it", { timeout }, async () => {
  const options = [1, 2, 3].map((n) => `<option value="${n}">n</option>`).join("");
  const { page, peer } = await stage.live(`<select>${options}</select>`, [
    template(0, '<select data-h="0"><!--1--></select>', [["value", "", ""], 2]), template(1, '<option data-h="0">n</option>', [["value", "", ""]]),
  ], [0, [3, [1]]]);
  await page.run(() => (document.querySelector("select").value = "2"));
  peer.say([1, 1, [">", 0, 2, 1]], ["title", "moved"]);
  await page.until(() => document.title === "moved");
  assert.deepEqual(await page.run(() => [document.querySelector("select").value, document.querySelector("select").textContent.length]), ["2", 3]);
  peer.say([2, 1, ["=", [1, 0, 2], "-", 2, 1]], ["title", "gone"]);
  await page.until(() => document.title === "gone");
  assert.equal(await page.run(() => document.querySelector("select").value), "2");
  peer.say([3, 0, "9", 1, ["+", 0, [1, ["8"], ["9"]]]], ["title", "more"]);
  await page.until(() => document.title === "more");
  assert.equal(await page.run(() => document.querySelector("select").value), "9");
});

test("§1 what is built in SVG and MathML is of their namespaces, and in foreignObject of HTML again", { timeout }, async () => {
  const { page, peer } = await stage.live('<svg viewBox="0 0 1 1"></svg><math></math>', [
    template(0, '<svg viewBox="0 0 1 1"><!--0--></svg><math><!--1--></math>', [2, 1]),
    template(1, '<linearGradient data-h="0"></linearGradient>', [["id", "", ""]]),
    template(2, "<foreignObject><!--0--></foreignObject>", [1]),
    template(3, "<mi><!--0--></mi>", [0]),
    template(4, "<div><!--0--></div>", [0]),
  ], [0, [], 0]);
  peer.say([1, 0, ["+", 0, [1, ["a"], 2, [{ 4: ["html"] }]]], 1, { 3: ["x"] }]);
  await shows(page, "htmlx");
  assert.deepEqual(
    await page.run(() => ["linearGradient", "foreignObject", "svg div", "mi"].map((name) => document.querySelector(name).constructor.name)),
    ["SVGLinearGradientElement", "SVGForeignObjectElement", "HTMLDivElement", "MathMLElement"],
  );
});

test("§1 raw markup and rows of text", { timeout }, async () => {
  const { page, peer } = await stage.live("<p><b>raw</b><!--x--></p><div>say <!--[--><!--[--><!--[-->1<!--]-->, <!--]--><!--[--><!--[-->2<!--]-->, <!--]--><!--]-->!</div>", [
    template(0, "<p><!--0--></p><div>say <!--1-->!</div>", [3, 2]), template(1, "<!--0-->, ", [0]),
  ], [0, [2, [1]]]);
  peer.say([1, 1, ["-", 0, 1, "+", 1, [1, ["3"]], 0, [0, "two"]], 0, "<i>other</i>"]);
  await shows(page, "othersay two, 3, !");
  assert.equal(await html(page), "<p><i>other</i></p><div>say <!--[--><!--[--><!--[-->two<!--]-->, <!--]--><!--[--><!--[-->3<!--]-->, <!--]--><!--]-->!</div>");
});

test("§4 the first paint does not pair with its templates: the tree is asked for, and the page built anew", { timeout }, async () => {
  for (const changed of [
    "<p>a</p><p>b</p>", "<div>a</div>", "<p>a<b>x</b></p>", "",
    "<p><!--[-->a<!--]--></p>",
  ]) {
    const text = template(0, "<p><!--0--></p>", [0]);
    const { page, peer } = await stage.open(changed);
    peer.say(["t", 0, text], ["b", 0, 4, [0]]);
    assert.deepEqual(await peer.next(), ["full", 0], changed);
    peer.say([5, 0, "late"], ["j", 0, 5, { 0: ["full"] }], [6, 0, "then"]);
    await shows(page, "then");
    assert.equal(await html(page), "<p>then</p>");
    await quiet(peer);
  }
});

test("§4 more or fewer rows than the shape says, or an element too many among them", { timeout }, async () => {
  for (const rows of ["<li>1</li>", "<li>1</li><li>2</li><li>3</li>", "<li>1</li><font></font>", "<li>1</li> <li>2</li>"]) {
    const { peer } = await stage.open(`<ul>${rows}</ul>`);
    peer.say(["t", 0, template(0, "<ul><!--0--></ul>", [2]), template(1, "<li><!--0--></li>", [0])], ["b", 0, 0, [0, [2, [1]]]]);
    assert.deepEqual(await peer.next(), ["full", 0], rows);
  }
});

test("a script that adds to an element without cells does no harm", { timeout }, async () => {
  const { page, peer } = await stage.open('<div id="map"></div><p>1</p>', { behind: '<script nonce="test">document.querySelector("#map").append(document.createElement("canvas"))</script>' });
  peer.say(["t", 0, template(0, '<div id="map"></div><p><!--0--></p>', [0])], ["b", 0, 0, [0]], [1, 0, 2]);
  await shows(page, "2");
  await quiet(peer);
});

test("where something else has taken nodes out of the page, a patch leads to a new tree", { timeout }, async () => {
  const { page, peer } = await stage.live("<div><!--[--><p>1</p><!--]--><hr></div>", [template(0, "<div><!--0--><hr></div>", [2]), template(1, "<p><!--0--></p>", [0])], [0, [1, [1]]]);
  await page.run(() => [...document.querySelector("#root > div").childNodes].find((node) => node.data === "]").remove());
  peer.say([1, 0, ["+", 1, [1, ["2"]]]]);
  assert.deepEqual(await peer.next(), ["full", 0]);
  peer.say(["j", 0, 1, { 0: [[1, ["1"], ["2"]]] }], [2, 0, [1, [0, "two"]]]);
  await shows(page, "1two");
  await quiet(peer);
});

test("a long text, which a browser cuts in pieces", { timeout }, async () => {
  const long = "0123456789".repeat(20_000);
  const { page, peer } = await stage.live(`<p>${long}</p>`, [template(0, "<p><!--0--></p>", [0])], [0]);
  peer.say([1, 0, "short"]);
  await shows(page, "short");
  await quiet(peer);
});

test("one changed row of 10,000 is one write of a text node: no element is made, none is moved", { timeout }, async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `<li class="x"><b>name ${i}</b> <!--[-->${i}<!--]--></li>`).join("");
  const { page, peer } = await stage.live(`<ul>${rows}</ul>`, [
    template(0, "<ul><!--0--></ul>", [2]), template(1, '<li data-h="0"><b><!--1--></b> <!--2--></li>', [["class", "", ""], 0, 0]),
  ], [0, [10_000, [1]]]);
  await page.run(() => {
    window.seen = [];
    new MutationObserver((records) => window.seen.push(...records.map(({ type, target }) => [type, target.nodeName]))).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    window.created = 0;
    for (const name of ["createElement", "createElementNS", "importNode"]) {
      const original = Document.prototype[name];
      Document.prototype[name] = function (...values) {
        window.created++;
        return original.apply(this, values);
      };
    }
  });
  for (const [row, text] of [[0, "first"], [9_999, "last"], [5_000, "middle"], [5_000, "again"]]) {
    await page.run(() => (window.seen = []));
    peer.say([peer.sequence = (peer.sequence ?? 0) + 1, 0, [row, [2, text]]], ["e", "done", 0]);
    await page.until((row, text) => document.querySelector("ul").children[row].textContent.endsWith(` ${text}`), row, text);
    assert.deepEqual(await page.run(() => window.seen), [["characterData", "#text"]]);
  }
  assert.equal(await page.run(() => window.created), 0);
});

test("moving a row keeps a frame in it, and the focus", { timeout }, async () => {
  const row = (n) => `<li><input id="i${n}"></li>`;
  const { page, peer } = await stage.live(`<ul>${row(1)}${row(2)}${row(3)}</ul>`, [template(0, "<ul><!--0--></ul>", [2]), template(1, '<li><input data-h="0"></li>', [["id", "i", ""]])], [0, [3, [1]]]);
  await page.run(() => document.querySelector("#i1").focus());
  await page.type("ab");
  peer.say([1, 0, [">", 0, 2, 1]], ["title", "moved"]);
  await page.until(() => document.title === "moved");
  assert.deepEqual(await page.run(() => [document.querySelector("ul").lastChild.firstChild.id, document.activeElement.id, document.activeElement.value]), ["i1", "i1", "ab"]);
  await page.type("c");
  assert.equal(await page.run(() => document.activeElement.value), "abc");
});

test("§7 what breaks the rules changes nothing, and the tree is asked for", { timeout: 120_000 }, async () => {
  const rows = [template(0, "<h1><!--0--></h1><ul><!--1--></ul><p><!--2--></p><i data-h=\"3 4\"><!--5--></i>", [0, 2, 1, ["title", "", "/", ""], ["hidden"], 4]), template(1, "<li><!--0--></li>", [0]), template(2, "<b><!--0--></b>", [1])];
  const shape = [0, [3, [1]], [2, 0], 0];
  const content = '<h1>head</h1><ul><li>0</li><li>1</li><li>2</li></ul><p><b></b></p><i title="a/b"></i>';
  const deep = (depth) => (depth ? { 2: [deep(depth - 1)] } : null);
  const patches = [
    [1, 6, "x"], [1, -1, "x"], [1, "0", "x"], [1, 0], [1], [1, 0, null], [1, 0, true], [1, 0, ["x"]], [1, 0, { 1: ["x"] }], [1, 0, 1.5],
    [2, 0, "x"], [0, 0, "x"], [1.5, 0, "x"],
    [1, 0, "changed", 1, [3, [0, "x"]]], [1, 0, "changed", 1, [0, [1, "x"]]], [1, 1, [0, [0, "changed"], "-", 3, 1]], [1, 1, [0, [0, "changed"], "-", 0, 0]], [1, 1, []], [1, 1, {}], [1, 1, null],
    [1, 1, ["-", 0, 4]], [1, 1, ["-", 0]], [1, 1, [">", 0, 3, 1]], [1, 1, [">", 0, 0, -1]], [1, 1, [">", 2, 0, 2]],
    [1, 1, ["=", [0, 1]]], [1, 1, ["=", [0, 1, 1]]], [1, 1, ["=", [[0, 4]]]], [1, 1, ["=", [[0, -2], 2]]], [1, 1, ["=", [[0, 0], 0, 1, 2]]], [1, 1, ["=", [[0, 1e9]]]], [1, 1, ["="]],
    [1, 1, ["+", 4, [1, ["x"]]]], [1, 1, ["+", 0, [["x"]]]], [1, 1, ["+", 0, [9, ["x"]]]], [1, 1, ["+", 0, [1, ["x", "y"]]]], [1, 1, ["+", 0, [1, "x"]]], [1, 1, ["+", 0]], [1, 1, ["*", 0, 1]],
    [1, 1, ["-", 0, 1, "+", 0, [1, ["new"]], 2, [0, "x"], 3, [0, "y"]]], [1, 1, [1, { 9: [] }]], [1, 1, [1, { 1: ["x"], 2: [null] }]], [1, 1, [1, null]],
    [1, 2, [0, { 9: [] }]], [1, 2, {}], [1, 2, "x"], [1, 2, []], [1, 2, [0, [0, null]]],
    [1, 3, "x"], [1, 3, ["x"]], [1, 3, ["x", null]], [1, 3, ["x", "y", "z"]], [1, 4, {}], [1, 4, []], [1, 5, "x"], [1, 5, -1], [1, 5, null],
    [1, 2, deep(300)], [1, 0, "changed", 2, deep(257)],
    ["p", 7, 1, 0, "x"], ["j", 7, 0, { 1: ["x"] }], ["t", 0, [5, "unknown0000"]], ["t", 0, [5, "f", "<p>", [7]]], ["t", 0, [5, "f", "<p>", [["class", "x"]]]],
    ["j", 0, 1, { 1: [] }], ["j", 0, 1, { 9: [] }], ["j", 0, "x", { 1: ["x"] }], ["j", 0, 1, []], ["b", 0, 1, [9]], ["b", 0, 1, 0],
    ["nothing"], [], {}, null, "text", -1, 1.5, true, "not JSON{",
  ];
  const { page, peer } = await stage.live(content, rows, shape);
  let sequence = 0;
  for (const patch of patches) {
    const said = typeof patch?.[0] === "number" ? [patch[0] + sequence, ...patch.slice(1)] : patch;
    const text = patch === "not JSON{" ? patch : JSON.stringify(said);
    peer.write(text);
    assert.deepEqual(await peer.next(text, 3_000).catch(() => "nothing"), ["full", 0], text);
    assert.equal(await html(page), content, text);
    // And it goes on from the tree.
    peer.say(["j", 0, sequence, { 0: ["head", [1, ["0"], ["1"], ["2"]], { 2: [null] }, ["a", "b"], false, 0] }], [sequence + 1, 0, "next"], [sequence + 2, 0, "head"]);
    sequence += 2;
    await page.until(() => document.querySelector("h1").textContent === "head");
  }
  await quiet(peer);
});

test("§7 after three wrong messages in a row the client closes with 4400, and joins again", { timeout }, async () => {
  const { page, peer } = await stage.live("<p>1</p>", [template(0, "<p><!--0--></p>", [0])], [0]);
  peer.say([9, 0, "x"]);
  assert.deepEqual(await peer.next(), ["full", 0]);
  peer.say(["j", 0, 0, {}]);
  assert.deepEqual(await peer.next(), ["full", 0]);
  peer.say(["j", 0, 0, {}]);
  const again = await stage.peer();
  await page.until(() => true);
  assert.equal(peer.code, 4400);
  assert.equal((await again.next())[0], "join");
});

test("§2 views in view cells have messages of their own, and events of theirs say so", { timeout }, async () => {
  const chat = template(0, '<button data-on-click="up"><!--0--></button>', [0]);
  const { page, peer } = await stage.open(
    '<h1>1</h1><div><button data-on-click="up">a</button></div><!--[--><button data-on-click="up">b</button><!--]--><button id="own" data-on-click="own">c</button>');
  peer.say(
    ["t", 0, template(0, '<h1><!--0--></h1><div><!--1--></div><!--2--><button id="own" data-on-click="own">c</button>', [0, 4, 4])], ["b", 0, 0, [0, 1, 2]],
    ["t", 1, chat], ["b", 1, 0, [0]], ["t", 2, chat.slice(0, 2)], ["b", 2, 0, [0]],
    ["p", 1, 1, 0, "A"], ["p", 2, 1, 0, "B"], [1, 0, 2]);
  await shows(page, "2ABc");
  for (const [selector, view, event] of [["div button", 1, "up"], ["div + button", 2, "up"], ["#own", 0, "own"]]) {
    await page.click(selector);
    assert.deepEqual((await peer.next()).slice(1), [view, event]);
  }
  // One goes, the other comes in its place, and a third is new.
  peer.say([2, 1, 0, 2, 3], ["t", 3, chat.slice(0, 2)], ["j", 3, 0, { 0: ["C"] }], ["p", 3, 1, 0, "D"]);
  await shows(page, "2Dc");
  peer.say([3, 1, 3, 2, 0], ["p", 3, 2, 0, "E"]);
  await shows(page, "2Ec");
  assert.equal(await page.run(() => document.querySelector("#root > div").textContent), "E");
  await page.click("div button");
  assert.deepEqual((await peer.next()).slice(1), [3, "up"]);
  await quiet(peer);
  // The parent's tree keeps what its views show.
  peer.say([9, 0, "x"]);
  assert.deepEqual(await peer.next(), ["full", 0]);
  peer.say(["j", 0, 7, { 0: ["7", 3, 0] }], ["p", 3, 3, 0, "F"]);
  await shows(page, "7Fc");
  // A view that is gone is not there.
  peer.say(["p", 1, 2, 0, "x"]);
  assert.deepEqual(await peer.next(), ["full", 0]);
});

test("§2 a view that is bound leaves the empty texts of the view around it alone", { timeout }, async () => {
  const { page, peer } = await stage.open("<p><!--[--><!--]-->|<!--[--><i></i><!--]-->|</p>");
  peer.say(["t", 0, template(0, "<p><!--0-->|<!--1-->|</p>", [0, 4])], ["b", 0, 0, [0, 1]], ["t", 1, template(0, "<i><!--0--></i>", [0])], ["b", 1, 0, [0]], [1, 0, "outer"], ["p", 1, 1, 0, "inner"]);
  await shows(page, "outer|inner|");
  await quiet(peer);
});

test("§5 templates are kept: only those are sent again that the client has not", { timeout }, async () => {
  const text = template(0, "<p><!--0--></p>", [0]);
  const { page, peer } = await stage.live("<p>1</p>", [text], [0]);
  peer.close(1001);
  await page.run("live.connect()");
  const again = await stage.peer();
  assert.deepEqual(await again.next(), ["join", "seal0", "hash0", [text[1]]]);
  again.say(["t", 0, [4, text[1]]], ["b", 0, 0, [4]], [1, 0, "again"]);
  await shows(page, "again");
});

test("§5 the hash is that of the page only as long as no patch has come since", { timeout }, async () => {
  const text = template(0, "<p><!--0--></p>", [0]);
  let { page, peer } = await stage.live("<p>1</p>", [text], [0]);
  const again = async () => {
    await page.run("live.disconnect() ?? live.connect()");
    peer = await stage.peer();
    const join = await peer.next();
    return join.slice(1, 3);
  };
  peer.say([1, 0, 2]);
  await shows(page, "2");
  assert.deepEqual(await again(), ["seal0", ""]);
  peer.say(["t", 0, [0, text[1]]], ["j", 0, 0, { 0: ["3"] }], ["s", "seal1", "hash1"]);
  await shows(page, "3");
  assert.deepEqual(await again(), ["seal1", "hash1"]);
  peer.say(["t", 0, [0, text[1]]], ["b", 0, 0, [0]], [1, 0, 4], ["s", "seal2", "hash2"], [2, 0, 5]);
  await shows(page, "5");
  assert.deepEqual(await again(), ["seal2", ""]);
});

const payloads = [];
for (const script of ["window.cracked=1", "top.cracked=1"]) {
  payloads.push(
    `<script>${script}</script>`, `<img src=x onerror=${script}>`, `<svg onload=${script}>`, `"><img src=x onerror=${script}>`, `' onfocus='${script}' autofocus='`,
    `" onmouseover="${script}" style="position:fixed;inset:0`, `</textarea><script>${script}</script>`, `</title><script>${script}</script>`, `</li></ul><script>${script}</script>`,
    `--><script>${script}</script><!--`, `<!--]--><img src=x onerror=${script}>`, `<!--[--><script>${script}</script>`, `]]><script>${script}</script>`, `<template><script>${script}</script></template>`,
    `<iframe srcdoc="<script>parent.${script}</script>">`, `<iframe src="javascript:parent.${script}">`, `<object data="javascript:${script}">`, `<embed src="javascript:${script}">`, `<a href="javascript:${script}" autofocus>`,
    `<details open ontoggle=${script}>`, `<video><source onerror=${script}></video>`, `<audio src=x onerror=${script}>`, `<body onload=${script}>`, `<input onfocus=${script} autofocus>`, `<select onfocus=${script} autofocus>`,
    `<marquee onstart=${script}>`, `<style onload=${script}></style>`, `<link rel=stylesheet href=data:, onload=${script}>`, `<meta http-equiv=refresh content="0;url=javascript:${script}">`, `<math><mi><script>${script}</script></mi></math>`,
    `<svg><script>${script}</script></svg>`, `<svg><animate onbegin=${script} attributeName=x dur=1s>`, `<svg><foreignObject><img src=x onerror=${script}></foreignObject></svg>`, `<noscript><img src=x onerror=${script}></noscript>`, `<xmp></xmp><img src=x onerror=${script}>`,
    `\u0000<script>${script}</script>`, `<scr\u0000ipt>${script}</script>`, `<IMG """><SCRIPT>${script}</SCRIPT>">`, `<<script>${script}//<</script>`, `&lt;script&gt;${script}&lt;/script&gt;`,
    `&#60;img src=x onerror=${script}&#62;`, `<img src=\`x\` onerror=${script}>`, `<img/src=x/onerror=${script}>`, `javascript:${script}`, `{{constructor.constructor('${script}')()}}`,
    `\${${script}}`, `<form><button formaction=javascript:${script} autofocus>x</form>`, `<base href="javascript:${script}//">`, `<frameset onload=${script}>`, `<keygen autofocus onfocus=${script}>`, `<x onclick=${script} tabindex=1 autofocus>`,
  );
}

test("what somebody writes executes nothing and stays as it is: in text, attributes, titles, text areas and rows", { timeout: 120_000 }, async () => {
  assert.ok(payloads.length >= 100);
  const policy = "default-src * 'unsafe-inline' 'unsafe-eval' data:"; // nothing but the client stands in the way
  const { page, peer } = await stage.live('<p></p><a title="" href="#"></a><textarea></textarea><ul></ul><svg><title></title></svg><div></div><p data-flash></p>', [
    template(0, '<p><!--0--></p><a data-h="1" href="#"></a><textarea data-h="2"></textarea><ul><!--3--></ul><svg><title data-h="4"></title></svg><div><!--5--></div><p data-flash></p>', [0, ["title", "", ""], ["", "", ""], 2, ["", "", ""], 1]),
    template(1, '<li data-h="0"><!--1--></li>', [["class", "x ", " ", " y"], 0]), template(2, '<input data-h="0"><i><!--1--></i>', [["value", "", ""], 0]),
  ], [0, [], 0], { policy });
  const results = await page.run(() => (window.got = []));
  assert.deepEqual(results, []);
  let sequence = 0;
  for (const payload of payloads) {
    peer.say(["title", payload], [++sequence, 0, payload, 1, payload, 2, payload, 3, ["+", 0, [1, [[payload, payload], payload]]], 4, payload, 5, { 2: [payload, payload] }], ["flash", "x", payload]);
    // The title is an extra's: the first time it comes when that script has.
    await page.until((payload) => ["p", "title"].every((name) => document.querySelector(name).textContent === payload), payload);
    const is = await page.run(() => [
      document.querySelector("p").textContent, document.querySelector("a").title, document.querySelector("textarea").value, document.querySelector("li").textContent,
      document.querySelector("title").textContent, document.querySelector("svg title").textContent, document.querySelector("input").getAttribute("value"), document.querySelector("i").textContent,
      document.querySelector("li").className,
    ]);
    assert.deepEqual(is, [payload, payload, payload, payload, payload, payload, payload, payload, `x ${payload} ${payload} y`]);
  }
  assert.equal(await page.run(() => document.querySelectorAll("[data-live] :is(script, img, iframe, object, embed, style, link, meta, base, details)").length), 0);
  assert.equal(await page.run(() => window.cracked), undefined);
  await quiet(peer);
});

test("a view that is hidden is forgotten, and comes whole when it is shown again", { timeout }, async () => {
  const panel = template(1, "<section><!--0--></section>", [4]);
  const inner = template(0, "<b><!--0--></b>", [0]);
  const { page, peer } = await stage.live("<div></div>", [template(0, "<div><!--0--></div>", [1])], [0, 0]);
  peer.say(["t", 0, panel], [1, 0, { 1: [1] }], ["t", 1, inner], ["j", 1, 0, { 0: ["a"] }]);
  await page.until(() => document.querySelector("b")?.textContent === "a");
  peer.say([2, 0, null], [3, 0, { 1: [1] }], ["t", 1, inner.slice(0, 2)], ["j", 1, 0, { 0: ["b"] }], ["p", 1, 1, 0, "c"]);
  await page.until(() => document.querySelector("b")?.textContent === "c");
  assert.equal(await html(page), "<div><section><b>c</b></section></div>");
  await quiet(peer);
  peer.say([4, 0, null], ["p", 1, 2, 0, "d"]);
  assert.deepEqual(await peer.next(), ["full", 0]);
});

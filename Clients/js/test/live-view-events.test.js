// Docs/live-protocol.md, 8 and 10: which events are sent and when, what happens until they are acknowledged, and that what the user types is his.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "./chromium.js";
import { quiet, Stage, template } from "./live-page.js";

const stage = new Stage();
const timeout = 60_000;
/** A page that never changes. */
const still = (content, more) => stage.live(content, [template(0, content, [])], [0], more);
const value = (page, selector) => page.run((selector) => document.querySelector(selector).value, selector);
const title = async (page, peer, text) => {
  peer.say(["title", text]);
  await page.until((text) => document.title === text, text);
};

test("a click is sent with what its element says, from wherever in it", { timeout }, async () => {
  const { page, peer } = await still('<div data-on-click="outer"><button data-on-click="{&quot;save&quot;:1}"><b id="b">save</b></button><i id="i">x</i></div><p id="p">nothing</p>');
  await page.click("#b");
  assert.deepEqual(await peer.next(), [1, 0, '{"save":1}']);
  await page.click("#i");
  assert.deepEqual(await peer.next(), [2, 0, "outer"]);
  await page.click("#p");
  await page.run(() => document.querySelector("button").focus());
  await page.press("Enter");
  assert.deepEqual(await peer.next(), [3, 0, '{"save":1}']);
  await quiet(peer);
});

test("on a link and on a submit button a click has no other effect", { timeout }, async () => {
  const { page, peer } = await still('<a href="/elsewhere" data-on-click="link">a</a><form action="/elsewhere"><button data-on-click="button">b</button></form><input type="checkbox" data-prevent data-on-click="box">');
  for (const selector of ["a", "button", "input"]) await page.click(selector);
  assert.deepEqual([await peer.next(), await peer.next(), await peer.next()], [[1, 0, "link"], [2, 0, "button"], [3, 0, "box"]]);
  assert.deepEqual(await page.run(() => [location.pathname, document.querySelector("input").checked]), ["/", false]);
});

test("controls send their values", { timeout }, async () => {
  const { page, peer } = await still(
    '<input id="t" data-on-input="t"><input id="c" type="checkbox" data-on-change="c"><select id="m" multiple data-on-change="m"><option>1<option>2<option>3</select><textarea id="a" data-on-change="a"></textarea>' +
    '<input type="radio" name="r" value="1" data-on-change="r"><input id="r2" type="radio" name="r" value="2" data-on-change="r">');
  await page.click("#t");
  await page.type("hi");
  assert.deepEqual([await peer.next(), await peer.next()], [[1, 0, "t", "h"], [2, 0, "t", "hi"]]);
  await page.click("#c");
  assert.deepEqual(await peer.next(), [3, 0, "c", true]);
  await page.click("#c");
  assert.deepEqual(await peer.next(), [4, 0, "c", false]);
  await page.run(() => {
    const select = document.querySelector("#m");
    select.options[0].selected = select.options[2].selected = true;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  assert.deepEqual(await peer.next(), [5, 0, "m", ["1", "3"]]);
  await page.click("#r2");
  assert.deepEqual(await peer.next(), [6, 0, "r", "2"]);
  await page.click("#a");
  await page.type("x");
  await quiet(peer);
  await page.click("#t");
  assert.deepEqual(await peer.next(), [7, 0, "a", "x"]);
});

test("a form sends all of its fields, what changed, and what nobody has touched", { timeout }, async () => {
  const { page, peer } = await still(
    '<form data-on-input="edit" data-on-submit="save" method="post"><input type="hidden" name="_event" value="save"><input type="hidden" name="id" value="7"><input name="name" id="n"><input name="mail" id="m">' +
    '<input type="checkbox" name="tag" value="a" checked><input type="checkbox" name="tag" value="b" id="b"><input type="checkbox" name="off"><input type="file" name="file"><input name="away" disabled value="x">' +
    '<button name="how" value="now" id="go">go</button><button name="how" value="later">later</button></form><input form="f" name="none">');
  await page.click("#n");
  await page.type("A");
  assert.deepEqual(await peer.next(), [1, 0, "edit", { id: "7", name: "A", mail: "", tag: "a", _target: "name", _unused: ["mail", "tag", "off"] }]);
  await page.click("#b");
  assert.deepEqual(await peer.next(), [2, 0, "edit", { id: "7", name: "A", mail: "", tag: ["a", "b"], _target: "tag", _unused: ["mail", "off"] }]);
  await page.click("#go");
  assert.deepEqual(await peer.next(), [3, 0, "save", { id: "7", name: "A", mail: "", tag: ["a", "b"], how: "now" }]);
  peer.say(3);
  await page.until(() => !document.querySelector("#go").disabled);
  await page.click("#n");
  await page.type("B");
  assert.deepEqual((await peer.next())[3], { id: "7", name: "AB", mail: "", tag: ["a", "b"], _target: "name" });
});

test("while a form is sent it is busy and locked; the acknowledgement frees it", { timeout }, async () => {
  const content = '<form data-on-submit="save"><input name="a" id="a"><input name="b" readonly><textarea name="c"></textarea><select name="d"><option>1</option></select><button id="go" data-disable-with="Saving…"><b>Save</b></button><button type="button" id="other" disabled>x</button></form>';
  const { page, peer } = await stage.live(content, [template(0, content.replace('<form ', '<form data-h="0" ').replace("<b>Save</b>", "<b><!--1--></b>").replace('id="a"', 'id="a" data-h="2"'), [["class", "", ""], 0, ["readonly"]])], [0]);
  const state = () => {
    const [form, a, b, c, go, other] = ["form", "#a", "[name=b]", "textarea", "#go", "#other"].map((selector) => document.querySelector(selector));
    return [form.className, a.readOnly, b.readOnly, c.readOnly, go.disabled, go.textContent, other.disabled];
  };
  const free = ["", false, true, false, false, "Save", true];
  assert.deepEqual(await page.run(state), free);
  await page.run(() => document.querySelector("#go").focus());
  await page.press("Enter");
  assert.deepEqual(await peer.next(), [1, 0, "save", { a: "", b: "", c: "", d: "1" }]);
  assert.deepEqual(await page.run(state), ["live-busy", true, true, true, true, "Saving…", true]);
  // It cannot be sent twice.
  await page.run(() => document.querySelector("form").requestSubmit());
  await quiet(peer);
  // What the server changes meanwhile is there afterwards, and until then it stays locked.
  peer.say([1, 0, "new", 1, "Done", 2, true]);
  await page.until(() => document.querySelector("form").classList.contains("new"));
  assert.deepEqual(await page.run(state), ["new live-busy", true, true, true, true, "Saving…", true]);
  peer.say([2, 2, false], 1);
  await page.until(() => !document.querySelector("#go").disabled);
  assert.deepEqual(await page.run(state), ["new", false, true, false, false, "Done", true]);
  assert.equal(await page.run(() => document.activeElement.id), "go");
});

test("a lost connection frees what waits for an acknowledgement", { timeout }, async () => {
  const { page, peer } = await still('<form data-on-submit="save"><button id="go">go</button></form>');
  await page.click("#go");
  await peer.next();
  assert.equal(await page.run(() => document.querySelector("#go").disabled), true);
  peer.close(1006);
  await page.until(() => !document.querySelector("#go").disabled && !document.querySelector("form").classList.contains("live-busy"));
});

test("an event is busy until it is acknowledged, each for itself", { timeout }, async () => {
  const { page, peer } = await still('<form><button type="button" data-on-click="a" id="a">a</button><button type="button" data-on-click="b" id="b">b</button></form>');
  await page.click("#a");
  await page.click("#b");
  await page.click("#a");
  await page.run(() => addEventListener("live:error", ({ detail }) => (window.refused = detail)));
  const busy = () => [...document.querySelectorAll(".live-busy")].map((each) => each.id || each.localName);
  assert.deepEqual(await page.run(busy), ["form", "a", "b"]);
  peer.say(1);
  await title(page, peer, "1");
  assert.deepEqual(await page.run(busy), ["form", "a", "b"]);
  peer.say(["err", 2, "you may not"], 2);
  await title(page, peer, "2");
  assert.deepEqual(await page.run(busy), ["form", "a"]);
  assert.equal(await page.run("window.refused"), "you may not");
  peer.say(3);
  await title(page, peer, "3");
  assert.deepEqual(await page.run(busy), []);
});

test("keys, in an element and anywhere, those of the list alone", { timeout }, async () => {
  const { page, peer } = await still('<input id="i" data-on-keydown="down" data-key="Enter KeyB" data-prevent><div data-on-window-keyup="up" data-key="Escape"></div>');
  await page.click("#i");
  await page.type("ab");
  assert.deepEqual(await peer.next(), [1, 0, "down", { key: "b", code: "KeyB" }]);
  assert.equal(await value(page, "#i"), "a");
  await page.press("Enter", 2 | 8);
  assert.deepEqual(await peer.next(), [2, 0, "down", { key: "Enter", code: "Enter", ctrl: true, shift: true }]);
  await page.run(() => document.activeElement.blur());
  await page.press("Escape");
  assert.deepEqual(await peer.next(), [3, 0, "up", { key: "Escape", code: "Escape" }]);
  await page.run(() => document.querySelector("#i").dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, key: "Enter", code: "Enter", repeat: true, altKey: true, metaKey: true })));
  assert.deepEqual(await peer.next(), [4, 0, "down", { key: "Enter", code: "Enter", alt: true, meta: true, repeat: true }]);
  // What has no key at all, as when a browser fills a form in.
  await page.run(() => document.querySelector("#i").dispatchEvent(new Event("keydown", { bubbles: true })));
  await quiet(peer);
});

test("the focus of an element and of the window, a click elsewhere, coming into view", { timeout }, async () => {
  const { page, peer } = await still(
    '<input id="a" value="v" data-on-focus="in" data-on-blur="out"><input id="b"><div id="menu" data-on-away="away">menu <i id="i">x</i></div><p data-on-window-focus="wf" data-on-window-blur="wb"></p>' +
    '<div style="height: 5000px"></div><p id="end" data-on-appear="seen">end</p>');
  await page.click("#a");
  assert.deepEqual([await peer.next(), await peer.next()], [[1, 0, "in", "v"], [2, 0, "away"]]);
  await page.click("#i");
  assert.deepEqual(await peer.next(), [3, 0, "out", "v"]);
  await quiet(peer);
  await page.run(() => {
    dispatchEvent(new Event("blur"));
    dispatchEvent(new Event("focus"));
  });
  assert.deepEqual([await peer.next(), await peer.next()], [[4, 0, "wb"], [5, 0, "wf"]]);
  for (const ref of [6, 7]) {
    await page.run(() => document.querySelector("#end").scrollIntoView());
    assert.deepEqual(await peer.next(), [ref, 0, "seen"]);
    await page.run(() => scrollTo(0, 0));
    await pause(100);
  }
  await quiet(peer);
});

test("what needs an answer first is asked", { timeout }, async () => {
  const { page, peer } = await still('<button data-on-click="drop" data-confirm="Really?">x</button>');
  page.accepts = false;
  await page.click("button");
  await quiet(peer);
  page.accepts = true;
  await page.click("button");
  assert.deepEqual(await peer.next(), [1, 0, "drop"]);
  assert.deepEqual(page.dialogs, ["Really?", "Really?"]);
});

test("data-debounce: one event when nothing has happened for so long, or when the control is left", { timeout }, async () => {
  const { page, peer } = await still('<input id="a" data-on-input="a" data-debounce="600"><input id="b" data-on-input="b" data-debounce="blur"><input id="c" data-on-input="c" data-debounce="60000">');
  await page.click("#a");
  await page.type("abc");
  await quiet(peer);
  assert.deepEqual(await peer.next(), [1, 0, "a", "abc"]);
  await page.click("#b");
  await page.type("de");
  await pause(300);
  await quiet(peer);
  await page.click("#c");
  assert.deepEqual(await peer.next(), [2, 0, "b", "de"]);
  await page.type("f");
  await page.press("Tab");
  assert.deepEqual(await peer.next(), [3, 0, "c", "f"]);
});

test("data-debounce: any other event of the form sends first what waits", { timeout }, async () => {
  const { page, peer } = await still('<form data-on-submit="save"><input id="a" name="a" data-on-input="a" data-debounce="60000" data-on-keydown="key" data-key="Escape"><button type="button" id="b" data-on-click="b">b</button></form>');
  await page.click("#a");
  await page.type("x");
  await page.press("Escape");
  assert.deepEqual([await peer.next(), await peer.next()], [[1, 0, "a", "x"], [2, 0, "key", { key: "Escape", code: "Escape" }]]);
  await page.type("y");
  await page.run(() => document.querySelector("#b").click());
  assert.deepEqual([await peer.next(), await peer.next()], [[3, 0, "a", "xy"], [4, 0, "b"]]);
  await page.type("z");
  await page.press("Enter");
  assert.deepEqual([await peer.next(), await peer.next()], [[5, 0, "a", "xyz"], [6, 0, "save", { a: "xyz" }]]);
  await quiet(peer);
});

test("data-throttle: one, then none for so long, and the last one always", { timeout }, async () => {
  const { page, peer } = await still('<button data-on-click="go" data-throttle="1000">x</button><input data-on-keydown="key" data-throttle="800" data-on-input="in">');
  const clicks = (number) => page.run((number) => {
    for (let i = 0; i < number; i++) document.querySelector("button").click();
  }, number);
  await clicks(5);
  assert.deepEqual(await peer.all(150), [[1, 0, "go"]]);
  assert.deepEqual(await peer.all(1_000), [[2, 0, "go"]]);
  await pause(1_100);
  assert.deepEqual(await peer.all(0), []);
  await clicks(1);
  assert.deepEqual(await peer.all(400), [[3, 0, "go"]]);
  await page.click("input");
  await page.type("abc");
  const sent = await peer.all(1_100);
  assert.deepEqual(sent.filter(([, , event]) => event === "key").map(([, , , { key }]) => key), ["a", "c"]);
  assert.deepEqual(sent.filter(([, , event]) => event === "in").map(([, , , text]) => text), ["a", "abc"]);
});

/** A form of one field whose value the server says. */
const field = (more = "") => stage.live(
  `<form id="f" data-on-input="edit" data-on-submit="save"><input id="a" name="a" value="" class="x"${more}><button>go</button></form>`,
  [template(0, `<form id="f" data-on-input="edit" data-on-submit="save"><input id="a" name="a"${more} data-h="0 1"><button>go</button></form>`, [["value", "", ""], ["class", "", ""]])], [0]);

test("what is typed is not overwritten before the server has heard of it, other attributes change at once", { timeout }, async () => {
  const { page, peer } = await field();
  await page.click("#a");
  await page.type("a");
  await peer.next();
  await page.type("b");
  await peer.next();
  // The answer to the first letter, when the second is on its way.
  peer.say(1, [1, 0, "a", 1, "seen"]);
  await page.until(() => document.querySelector("#a").className.includes("seen"));
  assert.equal(await value(page, "#a"), "ab");
  await page.type("c");
  await peer.next();
  peer.say(2, [2, 0, "AB"]);
  await title(page, peer, "2");
  assert.equal(await value(page, "#a"), "abc");
  // An event that changes nothing: what the server wanted before is what it wants.
  peer.say(3);
  await page.until(() => document.querySelector("#a").value === "AB");
  peer.say([3, 0, "ABC"]);
  await page.until(() => document.querySelector("#a").value === "ABC");
});

test("between an acknowledgement and what the event has changed nothing older shows", { timeout }, async () => {
  const { page, peer } = await field();
  await page.click("#a");
  await page.type("ab");
  await peer.next();
  await peer.next();
  await page.run(() => {
    window.values = [];
    const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    Object.defineProperty(document.querySelector("#a"), "value", { get, set(value) {
      window.values.push(value);
      set.call(this, value);
    } });
  });
  peer.say(1, [1, 0, "a"], 2, [2, 0, "ab"]);
  await title(page, peer, "both");
  await pause(100);
  assert.deepEqual(await page.run("values"), []);
  // And typing on in between keeps what is wanted.
  await page.type("c");
  await peer.next();
  peer.say([3, 0, "server"], 3);
  await title(page, peer, "held");
  await page.type("d");
  await peer.next();
  await pause(100);
  assert.deepEqual(await page.run("values"), []);
  peer.say(4);
  await page.until(() => document.querySelector("#a").value === "server");
});

test("and under any latency", { timeout }, async () => {
  const { page, peer } = await field();
  await page.run("live.latency = 150");
  await page.click("#a");
  const text = "the quick brown fox";
  let typed = 0;
  const server = (async () => {
    for (let sequence = 1; sequence <= text.length; sequence++) {
      const [ref, , , { a }] = await peer.next();
      typed++;
      peer.say(ref, [sequence, 0, a]);
    }
  })();
  for (let i = 0; i < text.length; i++) {
    await page.type(text[i]);
    assert.equal(await value(page, "#a"), text.slice(0, i + 1));
    await pause(10);
  }
  await server;
  await pause(300);
  assert.equal(typed, text.length);
  assert.equal(await value(page, "#a"), text);
});

test("the place of the cursor stays when the server changes what was typed", { timeout }, async () => {
  const { page, peer } = await field();
  await page.click("#a");
  await page.type("abd");
  await page.press("ArrowLeft");
  await page.run(() => document.querySelector("#a").setSelectionRange(2, 2));
  await page.type("c");
  for (let i = 0; i < 4; i++) await peer.next();
  peer.say(4, [1, 0, "ABCD"]);
  await page.until(() => document.querySelector("#a").value === "ABCD");
  assert.equal(await page.run(() => document.querySelector("#a").selectionStart), 3);
});

test("a form that the server empties when it is sent is emptied, unless the user has typed on", { timeout }, async () => {
  for (const typesOn of [false, true]) {
    const { page, peer } = await field(' data-debounce="60000"');
    peer.say([1, 0, "draft"]);
    await page.until(() => document.querySelector("#a").value === "draft");
    await page.click("#a");
    await page.type("!");
    await page.press("Enter");
    assert.deepEqual((await peer.next()).slice(1, 3), [0, "edit"]);
    const [ref] = await peer.next();
    if (typesOn) {
      await page.run(() => {
        const input = document.querySelector("#a");
        input.value += "?";
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
    peer.say(ref, [2, 0, ""]);
    await title(page, peer, "sent");
    assert.equal(await value(page, "#a"), typesOn ? "draft!?" : "");
  }
});

test("text areas, boxes, radios and selects that were changed keep what the user chose until it is acknowledged", { timeout }, async () => {
  const markup = (a, b, c, d, options, x = "") => `<form data-on-submit="s"><textarea id="t"${a}>${x}</textarea><input type="checkbox" id="c"${b}><input type="radio" name="r" id="r1"${c}><input type="radio" name="r" id="r2"${d}><select id="s">${options}</select><button>go</button></form>`;
  const { page, peer } = await stage.live(
    markup("", "", " checked", "", '<option value="1" selected>n</option><option value="2">n</option>', "text"),
    [template(0, markup(' data-h="0"', ' data-h="1"', ' data-h="2"', ' data-h="3"', "<!--4-->"), [["", "", ""], ["checked"], ["checked"], ["checked"], 2]), template(1, '<option data-h="0 1">n</option>', [["value", "", ""], ["selected"]])],
    [0, [2, [1]]]);
  const state = () => [document.querySelector("#t").value, ...["#c", "#r1", "#r2"].map((id) => document.querySelector(id).checked), document.querySelector("#s").value];
  await page.click("#t");
  await page.type("my ");
  await page.click("#c");
  await page.click("#r2");
  await page.run(() => {
    document.querySelector("#s").value = "2";
    document.querySelector("#s").dispatchEvent(new Event("input", { bubbles: true }));
  });
  const mine = await page.run(state);
  assert.equal(mine[0].length, 7);
  assert.deepEqual(mine.slice(1), [true, false, true, "2"]);
  peer.say([1, 0, "server's", 1, false, 2, true, 3, false, 4, [0, [1, true], "-", 1, 1, "+", 0, [1, ["0", false], ["2", false]], 2, [1, true]]]);
  await title(page, peer, "patched");
  assert.deepEqual(await page.run(state), mine);
  await page.run(() => document.querySelector("form").requestSubmit());
  const [ref] = await peer.next();
  peer.say(ref);
  await page.until(() => document.querySelector("#t").value === "server's");
  assert.deepEqual(await page.run(state), ["server's", false, true, false, "1"]);
});

test("after a new join what was typed meanwhile is told: a form's event instead of its controls'", { timeout }, async () => {
  const content = '<form data-on-change="form"><input id="a" name="a" data-on-input="own"><input id="b" name="b"></form><input id="c" data-on-input="c" value="old"><input id="d" data-on-change="d"><input id="e" data-on-input="e">';
  const text = template(0, content, []);
  const { page, peer } = await stage.live(content, [text], [0]);
  peer.close(1006);
  await page.until(() => document.querySelector(".live-offline"));
  for (const [selector, typed] of [["#a", "1"], ["#b", "2"], ["#c", "3"]]) {
    await page.click(selector);
    await page.type(typed);
  }
  await page.run("live.connect()");
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, text.slice(0, 2)], ["b", 0, 0, [0]]);
  assert.deepEqual([await again.next(), await again.next()], [[1, 0, "form", { a: "1", b: "2", _target: "a" }], [2, 0, "c", await value(page, "#c")]]);
  await quiet(again);
  // What was acknowledged is not told again.
  again.say(2);
  await title(page, again, "2");
  again.close(1006);
  await page.run("live.disconnect() ?? live.connect()");
  const third = await stage.peer();
  await third.next();
  third.say(["t", 0, text.slice(0, 2)], ["b", 0, 0, [0]]);
  await quiet(third);
});

test("an event that was under way when the connection broke is told again", { timeout }, async () => {
  const content = '<input id="a" data-on-input="a">';
  const text = template(0, content, []);
  const { page, peer } = await stage.live(content, [text], [0]);
  await page.click("#a");
  await page.type("x");
  assert.deepEqual(await peer.next(), [1, 0, "a", "x"]);
  peer.close(1006);
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, text.slice(0, 2)], ["b", 0, 0, [0]]);
  assert.deepEqual(await again.next(), [1, 0, "a", "x"]);
});

test("a tree that replaces the page keeps typed text, the focus and the selection, by id and by the form's id and the name", { timeout }, async () => {
  const content = '<form id="f" data-on-input="form"><input name="a"><input name="b"><input type="checkbox" name="c" value="1"><input type="checkbox" name="c" value="2"><textarea id="t"></textarea><select name="s"><option>1<option>2</select></form><input class="lost"><p><!--0--></p>';
  const painted = content.replace("<!--0-->", "1");
  const text = template(0, content, [0]);
  const { page, peer } = await stage.live(painted, [text], [0]);
  await page.click("[name=a]");
  await page.type("typed");
  await page.click("[value='2']");
  await page.run(() => {
    document.querySelector("select").value = "2";
    document.querySelector("select").dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.click("#t");
  await page.type("text");
  await page.run(() => document.querySelector("#t").setSelectionRange(1, 3, "backward"));
  await peer.all();
  peer.say(["j", 0, 0, { 0: ["2"] }]);
  await page.until(() => document.querySelector("p").textContent === "2");
  assert.deepEqual(
    await page.run(() => {
      const area = document.querySelector("#t");
      return [...document.querySelectorAll("[name]")].map((each) => (each.type === "checkbox" ? each.checked : each.value)).concat(area.value, document.activeElement === area, area.selectionStart, area.selectionEnd, area.selectionDirection);
    }),
    ["typed", "", false, true, "2", "text", true, 1, 3, "backward"],
  );
  // They are still the user's.
  peer.close(1006);
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, text.slice(0, 2)], ["j", 0, 0, { 0: ["3"] }]);
  assert.deepEqual((await again.next()).slice(2), ["form", { a: "typed", b: "", c: "2", s: "2", _target: "a", _unused: ["b"] }]);
});

test("what was typed before the program was there is told, and what the browser brought back", { timeout }, async () => {
  const content = '<form id="f" data-on-input="form"><input name="a" value="old"><input type="range" name="r"><input type="checkbox" name="c"></form>';
  const { peer } = await still(content, { behind: '<script nonce="test">document.querySelector("[name=a]").value = "typed"</script>' });
  assert.deepEqual((await peer.next()).slice(2), ["form", { a: "typed", r: "50", _target: "a", _unused: ["r", "c"] }]);
});

test("the server resets a form, moves the focus, shows a flash", { timeout }, async () => {
  const { page, peer } = await still('<form id="f" data-on-input="x"><input id="a" name="reset" value="first"><input id="b" name="id"></form><p data-flash hidden></p>');
  await page.click("#a");
  await page.type("more");
  await peer.all();
  peer.say(["reset", "f"], ["focus", "#b"], ["flash", "info", "<b>saved</b>"]);
  await page.until(() => document.activeElement.id === "b");
  assert.deepEqual(await page.run(() => {
    const flash = document.querySelector("[data-flash]");
    return [document.querySelector("#a").value, flash.className, flash.textContent, flash.hidden];
  }), ["first", "flash-info", "<b>saved</b>", false]);
  peer.say(["flash", "error", "no"]);
  await page.until(() => document.querySelector("[data-flash]").className === "flash-error");
  peer.say(["flash", "error", ""]);
  await page.until(() => document.querySelector("[data-flash]").hidden);
  peer.say(["reset", "nowhere"], ["focus", "#nowhere"]);
  await quiet(peer);
});

test("a flash is shown where the page has its place: in the view, else outside of it", { timeout }, async () => {
  const { page, peer } = await still("<p>x</p>", { behind: '<p data-flash id="outer" class="note" hidden></p>' });
  peer.say(["flash", "info", "saved"]);
  await page.until(() => document.querySelector("#outer").textContent === "saved");
  assert.deepEqual(await page.run(() => [document.querySelector("#outer").className, document.querySelector("#outer").hidden]), ["note flash-info", false]);
  const both = await still('<p data-flash id="inner" hidden></p>', { behind: '<p data-flash id="outer" hidden></p>' });
  both.peer.say(["flash", "info", "saved"]);
  await both.page.until(() => document.querySelector("#inner").textContent === "saved");
  assert.equal(await both.page.run(() => document.querySelector("#outer").textContent), "");
});

test("an event that is refused is told of, also by a page that has nothing else for which the extras come", { timeout }, async () => {
  const { page, peer } = await still('<button data-on-click="a">a</button>');
  await page.run(() => addEventListener("live:error", ({ detail }) => (window.refused = detail)));
  await page.click("button");
  await peer.next();
  peer.say(["err", 1, "you may not"], 1);
  await page.until(() => window.refused === "you may not");
});

test("§10 hooks live as long as their elements, hear what is pushed and push", { timeout }, async () => {
  const scripts = `<script nonce="test" defer src="data:text/javascript,0"></script><script nonce="test">
    window.calls = [];
    addEventListener("DOMContentLoaded", () => 0);
    window.define = () => {
      const log = (name) => function () { calls.push(name + " " + this.el.id); };
      live.hooks.Chart = { mounted() { calls.push("mounted " + this.el.id); this.on("data", (value) => calls.push("data " + this.el.id + value)); this.push("hello", { from: this.el.id }); },
        updated: log("updated"), destroyed: log("destroyed"), disconnected: log("disconnected"), reconnected: log("reconnected") };
      live.hooks.Bad = { mounted() { throw new Error("bad hook"); } };
    };
  </script>`;
  const row = template(1, '<li data-hook="Chart" data-h="0"><!--1--></li>', [["id", "", ""], 0]);
  const list = template(0, '<ul><!--0--></ul><p data-hook="Bad"></p><p data-hook="toString"></p>', [2]);
  const { page, peer } = await stage.open('<ul><li data-hook="Chart" id="a">1</li></ul><p data-hook="Bad"></p><p data-hook="toString"></p>', { scripts });
  await page.run("define()");
  page.expected = page.complaints;
  peer.say(["t", 0, list, row], ["b", 0, 0, [0, [1, [1]]]]);
  assert.deepEqual(await peer.next(), [1, 0, "hello", { from: "a" }]);
  peer.say(1, [1, 0, [0, [1, "2"]]], [2, 0, ["+", 1, [1, ["b", "1"]]]], ["e", "data", 5]);
  assert.deepEqual(await peer.next(), [2, 0, "hello", { from: "b" }]);
  peer.say([3, 0, ["-", 0, 1]], [4, 0, ["+", 0, [1, ["c", ""]]]]);
  assert.deepEqual(await peer.next(), [3, 0, "hello", { from: "c" }]);
  peer.close(1006);
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, list.slice(0, 2), row.slice(0, 2)], ["b", 0, 0, [0, [2, [1]]]]);
  await page.until(() => window.calls.includes("reconnected b"));
  assert.deepEqual(await page.run("calls"), [
    "mounted a", "updated a", "mounted b", "data a5", "data b5", "destroyed a", "mounted c",
    "disconnected b", "disconnected c", "reconnected b", "reconnected c",
  ]);
  assert.ok(page.complaints.length === 1 && page.complaints[0].includes("bad hook"));
});

test("§10 an event for the application comes to window", { timeout }, async () => {
  const { page, peer } = await still("<p></p>");
  await page.run(() => addEventListener("live:note", ({ detail }) => (window.note = detail)));
  peer.say(["e", "note", { a: [1, null] }]);
  assert.deepEqual(await page.until("window.note"), { a: [1, null] });
});

test("a click without a connection is dropped, and the page says that there is none", { timeout }, async () => {
  const content = '<button data-on-click="x">x</button>';
  const text = template(0, content, []);
  const { page, peer } = await stage.live(content, [text], [0]);
  peer.close(1006);
  await page.until(() => document.querySelector(".live-offline"));
  await page.click("button");
  const again = await stage.peer();
  await again.next();
  again.say(["t", 0, text.slice(0, 2)], ["b", 0, 0, [0]]);
  await page.until(() => !document.querySelector(".live-offline"));
  await quiet(again);
});

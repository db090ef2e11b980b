// Random trees and random changes: after each, the page is what it would be if the browser had been given the painted page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { canonical, Model } from "./live-model.js";
import { Stage } from "./live-page.js";

const stage = new Stage();
const seeds = +(process.env.LIVE_SEEDS ?? 32);
const first = +(process.env.LIVE_SEED ?? 1);

/** What the page shows once it has taken all that was said, and what it should show. */
const compare = (painted, step) => `(async () => {
  while (!(window.step >= ${step})) await new Promise((resolve) => addEventListener("live:step", resolve, { once: true }));
  const canonical = ${canonical};
  const holder = document.createElement("div");
  holder.innerHTML = ${JSON.stringify(painted)};
  const [is, should] = [canonical(document.querySelector("[data-live]")), canonical(holder)];
  return is === should ? null : [is, should];
})()`;

/** From a little before the first difference. */
const shortened = (texts, which) => {
  let at = 0;
  while (texts[0][at] === texts[1][at]) at++;
  return `${at}: ${texts[which].slice(Math.max(0, at - 60), at + 200)}`;
};

const head = '<script nonce="test">addEventListener("live:step", ({ detail }) => (window.step = detail))</script>';

/** The message with something in it replaced, left out or doubled. */
function damaged(message, random) {
  const places = [];
  const look = (value) => {
    if (!value || typeof value !== "object") return;
    for (const key of Object.keys(value)) {
      places.push([value, key]);
      look(value[key]);
    }
  };
  const copy = structuredClone(message);
  look(copy);
  const [holder, key] = places[random(places.length)];
  const others = [null, true, "", "x", -1, 0, 1, 5, 1.5, 1e99, [], {}, [0], [1, []], { 0: [] }, { 1: ["x"] }, "-", ">", "=", "+", "__proto__", [[0, -1]]];
  if (Array.isArray(holder) && !random(4)) holder.splice(+key, 1);
  else if (Array.isArray(holder) && !random(4)) holder.splice(+key, 0, holder[key]);
  else holder[key] = random(6) ? others[random(others.length)] : structuredClone(places[random(places.length)].reduce((each, at) => each[at]));
  return copy;
}

test("damaged messages are refused without a change to the page, or taken for other ones", { timeout: 200_000 }, async () => {
  let refused = 0;
  for (let seed = first; seed < first + seeds / 4; seed++) {
    const model = new Model(seed + 1_000, { hasViews: false });
    const { page, peer } = await stage.open(model.painted, { head });
    const content = () => page.run(`(${canonical})(document.querySelector("[data-live]"))`);
    let step = 0;
    const say = async (...messages) => {
      peer.say(...messages, ["e", "step", ++step]);
      await page.run(`(async () => { while (window.step !== ${step}) await new Promise((resolve) => addEventListener("live:step", resolve, { once: true })); })()`);
      return peer.answers(page);
    };
    assert.deepEqual(await say(...model.joined(true)), []);
    for (let i = 0; i < 40; i++) {
      const before = await content();
      const patches = model.change();
      const patch = patches.pop();
      const broken = damaged(patch, model.random);
      const asked = await say(...patches, broken);
      assert.ok(!asked.length || JSON.stringify(asked) === '[["full",0]]', `seed ${seed}: ${JSON.stringify(asked)}`);
      if (asked.length) {
        refused++;
        assert.equal(await content(), before, `seed ${seed}: ${JSON.stringify(patch)}`);
      }
      // The tree mends all.
      const tree = model.full(0);
      assert.deepEqual(await say(...tree), [], `seed ${seed}: ${JSON.stringify(broken)} and then ${JSON.stringify(tree)}`);
      const difference = await page.run(compare(model.painted, step));
      if (difference) assert.equal(shortened(difference, 0), shortened(difference, 1), `seed ${seed}`);
    }
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
  assert.ok(refused > seeds, String(refused));
});

for (let group = 0; group < 4; group++) {
  test(`random changes of random pages, ${seeds / 4} of them (${group + 1} of 4)`, { timeout: 200_000 }, async () => {
    for (let seed = first + group; seed < first + seeds; seed += 4) {
      const model = new Model(seed);
      let { page, peer, join } = await stage.open(model.painted, { head });
      let step = 0;
      const said = [];
      const check = async (...messages) => {
        said.push(...messages);
        peer.say(...messages, ["e", "step", ++step]);
        const painted = model.painted;
        const difference = await page.run(compare(painted, step));
        const asked = await peer.all(0);
        assert.deepEqual(asked, [], `seed ${seed}, step ${step}: ${said.slice(-4).map((each) => JSON.stringify(each)).join("\n")}`);
        if (difference) assert.equal(shortened(difference, 0), shortened(difference, 1), `seed ${seed}, step ${step}, page ${painted}: ${said.slice(-4).map((each) => JSON.stringify(each)).join("\n")}`);
      };
      await check(...model.joined(true));
      for (let i = 0; i < 25; i++) {
        await check(...model.change());
        if (model.random(12)) continue;
        // Another socket, by another name for each template.
        peer.close();
        await page.run("live.disconnect() ?? live.connect()");
        peer = await stage.peer();
        join = await peer.next();
        await check(...model.joined(model.random(2), join[3]));
      }
      assert.deepEqual(page.complaints, []);
      await page.close();
    }
  });
}

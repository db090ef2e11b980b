import assert from "node:assert/strict";
import { test } from "node:test";
import { html, quiet, Stage, template } from "./live-page.js";

const stage = new Stage();

test("a page is joined with its seal and its hash, and bound as it is", { timeout: 60_000 }, async () => {
  const { page, peer, join } = await stage.live("<h1>12</h1>", [template(0, "<h1><!--0--></h1>", [0])], [0]);
  assert.deepEqual(join, ["join", "seal0", "hash0", []]);
  assert.equal(peer.url, "/_live");
  assert.equal(peer.protocol, "heliograph-live");
  peer.say([1, 0, 13]);
  await page.until(() => document.querySelector("h1").textContent === "13");
  await quiet(peer);
});

import assert from "node:assert/strict";
import test from "node:test";
import { applyDelta } from "../heliograph.js";

const bytes = (text) => new TextEncoder().encode(text);
const apply = (base, delta, limit) => new TextDecoder().decode(applyDelta(bytes(base), bytes(delta), limit));
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
const number = (value) => (value < 64 ? digits[value] : number(Math.floor(value / 64)) + digits[value % 64]);
const checksum = (target) => {
  let sum = 0n;
  for (let i = 0; i < target.length; i += 4) for (let j = 0; j < 4; j++) sum += BigInt(target[i + j] ?? 0) << BigInt(24 - 8 * j);
  return number(Number(sum % 2n ** 32n));
};
/** A delta of the given pieces: [from, length] of the base, or text. */
function make(target, ...pieces) {
  const written = pieces.map((piece) => (typeof piece === "string" ? `${number(bytes(piece).length)}:${piece}` : `${number(piece[1])}@${number(piece[0])},`));
  return `${number(bytes(target).length)}\n${written.join("")}${checksum(bytes(target))};`;
}

test("copies and inserts", () => {
  const base = '{"bid":100,"ask":101,"name":"κόσμε 🌍"}';
  const target = '{"bid":105,"ask":101,"name":"κόσμε 🌍"}';
  const length = bytes(base).length;
  assert.equal(apply(base, make(target, [0, 9], "5", [10, length - 10])), target);
  assert.equal(apply(base, make(base + base, [0, length], [0, length])), base + base);
  assert.equal(apply("", make("new", "new")), "new");
  assert.equal(apply("old", "0\n0;"), "");
});

test("a target of many numbers' digits", () => {
  const target = "0123456789abcdef".repeat(1000);
  assert.equal(apply(target, make(target, [0, 10_000], [10_000, 6_000])), target);
});

test("what the reference of the format makes", () => {
  // From the Fossil documentation of the format: delta of two texts with a copy in the middle.
  assert.equal(apply("abcdefgh", "8\n4@0,4:EFGH" + checksum(bytes("abcdEFGH")) + ";"), "abcdEFGH");
});

test("refuses what is no delta, not for this base, or too long", () => {
  const good = make("abcd", [0, 2], "cd");
  assert.equal(apply("abxx", good), "abcd");
  const wrong = {
    nothing: "",
    "no size": "\n0;",
    "no newline": "4",
    "no end": good.slice(0, -1),
    "more after the end": `${good}x`,
    "another base": null,
    "copy beyond the base": "4\n4@1,0;",
    "copy from beyond the base": "4\n1@z,0;",
    "insert beyond the delta": "4\n4:ab",
    "longer than it says": "1\n4@0,0;",
    "shorter than it says": "~\n4@0,0;",
    "wrong checksum": "4\n4@0,1;",
    "unknown command": "4\n4!0,0;",
    "no comma": "4\n4@0;0;",
    "number without end": "z".repeat(10_000),
    "huge size": "3~~~~~\n0;",
    "overflowing size": `${"~".repeat(400)}\n0;`,
    "huge copy": "4\n3~~~~~@0,0;",
    "huge offset": "4\n1@3~~~~~,0;",
    "not ASCII": "4\né:",
  };
  for (const [name, delta] of Object.entries(wrong)) {
    assert.throws(() => (delta === null ? apply("xbcd", good) : apply("abcd", delta)), { name: "RequestError", code: 4 }, name);
  }
  assert.throws(() => apply("abcd", make("a".repeat(20), [0, 1]), 19), { code: 4 });
});

test("random bytes never do anything but throw", () => {
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const alphabet = bytes("0123~zA\n@,:;é");
  for (let round = 0; round < 20_000; round++) {
    const delta = Uint8Array.from({ length: random(24) }, () => alphabet[random(alphabet.length)]);
    try {
      applyDelta(bytes("base of it"), delta, 1000);
    } catch (error) {
      assert.equal(error.name, "RequestError");
    }
  }
});

// The game's messages: a byte that says which one it is, then numbers, the lowest byte first. Docs/demo-game.md lays them out.

export const version = 1;

const utf8 = new TextDecoder();

class Reader {
  #view;
  #at = 0;

  constructor(buffer) {
    this.#view = new DataView(buffer);
  }

  byte() {
    return this.#view.getUint8(this.#at++);
  }

  short() {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }

  long() {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  name() {
    const length = this.byte();
    this.#at += length;
    return utf8.decode(new Uint8Array(this.#view.buffer, this.#at - length, length));
  }

  many(read) {
    return Array.from({ length: this.byte() }, read);
  }

  /** Units have sixteenths. */
  place() {
    return this.short() / 16;
  }

  spark = () => ({ number: this.byte(), x: this.place(), y: this.place(), value: this.byte() });

  ship = () => {
    const ship = { number: this.byte(), x: this.place(), y: this.place(), heading: (this.byte() / 128) * Math.PI };
    const state = this.byte();
    return { ...ship, energy: (state >> 2) / 63, isStunned: (state & 2) !== 0, isBoosting: (state & 1) !== 0, score: this.short() };
  };
}

const kinds = {
  0x81: (reader) => ({
    kind: "welcome",
    version: reader.byte(),
    role: ["watches", "plays", "isTooLate", "hasDrifted"][reader.byte()],
    ship: reader.byte(),
    ticksPerSecond: reader.byte(),
    width: reader.short(),
    height: reader.short(),
    seats: reader.byte(),
  }),
  0x82: (reader) => ({
    kind: "snapshot",
    tick: reader.long(),
    ticksLeft: reader.short(),
    watchers: reader.short(),
    ships: reader.many(reader.ship),
    caught: reader.many(() => ({ spark: reader.byte(), ship: reader.byte() })),
    appeared: reader.many(reader.spark),
  }),
  0x83: (reader) => ({
    kind: "keyframe",
    crew: reader.many(() => ({ number: reader.byte(), isBot: reader.byte() === 1, name: reader.name() })),
    sparks: reader.many(reader.spark),
  }),
  0x84: (reader) => ({ kind: "pong", token: reader.long() }),
  0x85: (reader) => ({ kind: "roundOver", score: reader.short(), name: reader.name() }),
};

/** Null: a message that is newer than this page. */
export function decode(buffer) {
  const reader = new Reader(buffer);
  return kinds[reader.byte()]?.(reader) ?? null;
}

export function hello(name) {
  const bytes = new TextEncoder().encode(name);
  return Uint8Array.of(0x01, version, bytes.length, ...bytes);
}

/** @param steering heading in radians, thrust from 0 to 1, boosts. */
export function steer({ heading, thrust, boosts }) {
  return Uint8Array.of(0x02, Math.round((heading / Math.PI) * 128) & 255, Math.round(thrust * 255), boosts ? 1 : 0);
}

export function ping(token) {
  return Uint8Array.of(0x03, token & 255, (token >> 8) & 255, (token >> 16) & 255, (token >> 24) & 255);
}

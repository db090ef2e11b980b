// What the page knows of the arena. Between two snapshots ships are drawn where they were a moment ago, on the line from one to the next: that is
// smooth even if messages come unevenly.

const delay = 1.7; // ticks behind the newest snapshot
const kept = 12; // snapshots

export class World {
  width = 2_000;
  height = 1_250;
  ticksPerSecond = 30;
  own = 0; // the number of our ship; 0: we watch
  ticksLeft = 0;
  watchers = 0;
  crew = new Map();
  sparks = new Map();
  effects = []; // what shines for a moment
  #snapshots = [];
  #start = null; // when tick 0 would have come, ms: the quickest message decides

  welcome({ ship, width, height, ticksPerSecond }) {
    Object.assign(this, { own: ship, width, height, ticksPerSecond });
  }

  forget() {
    this.#snapshots = [];
    this.#start = null;
    this.own = 0;
    this.effects = [];
  }

  keyframe({ crew, sparks }) {
    this.crew = new Map(crew.map((member) => [member.number, member]));
    this.sparks = new Map(sparks.map((spark) => [spark.number, spark]));
  }

  snapshot(snapshot, now) {
    // The server begins anew when nobody was there.
    if (snapshot.tick < (this.#snapshots.at(-1)?.tick ?? 0)) this.#snapshots = [];
    if (this.#snapshots.length === 0) this.#start = null;
    const start = now - (snapshot.tick * 1_000) / this.ticksPerSecond;
    this.#start = this.#start === null ? start : Math.min(this.#start + 0.05, start);
    // Fell far behind, as after a sleep.
    if (start - this.#start > 400) this.#start = start;
    this.#snapshots.push({ ...snapshot, ships: new Map(snapshot.ships.map((ship) => [ship.number, ship])) });
    if (this.#snapshots.length > kept) this.#snapshots.shift();
    this.ticksLeft = snapshot.ticksLeft;
    this.watchers = snapshot.watchers;
    for (const { spark: number, ship } of snapshot.caught) {
      const spark = this.sparks.get(number);
      this.sparks.delete(number);
      if (spark) this.effects.push({ ...spark, at: now, isOwn: ship === this.own });
    }
    for (const spark of snapshot.appeared) this.sparks.set(spark.number, { ...spark, at: now });
    this.effects = this.effects.filter(({ at }) => now - at < 700);
  }

  /** The ships of the newest snapshot, where they are drawn now. */
  ships(now) {
    const newest = this.#snapshots.at(-1);
    if (!newest) return [];
    const tick = Math.min(((now - this.#start) * this.ticksPerSecond) / 1_000 - delay, newest.tick);
    const after = this.#snapshots.findIndex((snapshot) => snapshot.tick >= tick);
    const later = this.#snapshots[Math.max(after, 0)];
    const earlier = this.#snapshots[Math.max(after - 1, 0)];
    const share = later.tick > earlier.tick ? Math.min(1, Math.max(0, (tick - earlier.tick) / (later.tick - earlier.tick))) : 1;
    return [...later.ships.values()].map((ship) => blend(earlier.ships.get(ship.number) ?? ship, ship, share));
  }

  get newestTick() {
    return this.#snapshots.at(-1)?.tick ?? 0;
  }

  /** The best first. */
  get scores() {
    const ships = [...(this.#snapshots.at(-1)?.ships.values() ?? [])];
    return ships.sort((a, b) => b.score - a.score || a.number - b.number);
  }

  name(number) {
    return this.crew.get(number)?.name ?? "";
  }
}

function blend(from, to, share) {
  let turn = (to.heading - from.heading) % (2 * Math.PI);
  if (turn > Math.PI) turn -= 2 * Math.PI;
  if (turn < -Math.PI) turn += 2 * Math.PI;
  // A ship with the number of another that left: it did not fly there.
  const isFar = Math.hypot(to.x - from.x, to.y - from.y) > 200;
  if (isFar) return to;
  return { ...to, x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, heading: from.heading + turn * share };
}

/** So that neighbours' colours differ: multiples of the golden angle. */
export const hueOf = (number) => Math.round((number * 137.508 + 20) % 360);

// Draws the arena on a canvas: the part around the own ship, or around the best one for those who watch.
import { hueOf } from "/assets/game-world.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const turn = 2 * Math.PI;

export class View {
  scale = 1;
  #canvas;
  #pen;
  #camera = null;
  #colours = {};
  #trails = new Map();

  constructor(canvas) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
    dark.addEventListener("change", () => this.#readColours());
    this.#readColours();
  }

  #readColours() {
    const css = getComputedStyle(document.documentElement);
    const colour = (name) => css.getPropertyValue(name).trim();
    this.#colours = { floor: colour("--sunken"), line: colour("--line"), wall: colour("--line-strong"), ink: colour("--ink"), muted: colour("--muted"), sun: colour("--sun"), surface: colour("--surface") };
  }

  /** Where a place of the arena is on the canvas. */
  toCanvas({ x, y }) {
    return { x: (x - this.#camera.x) * this.scale, y: (y - this.#camera.y) * this.scale };
  }

  draw(world, now) {
    const canvas = this.#canvas;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const pen = this.#pen;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = this.#colours.floor;
    pen.fillRect(0, 0, width, height);

    const ships = world.ships(now);
    this.#look(world, ships, width, height);
    pen.save();
    pen.scale(this.scale, this.scale);
    pen.translate(-this.#camera.x, -this.#camera.y);
    this.#floor(world);
    for (const spark of world.sparks.values()) this.#spark(spark, now);
    this.#drawTrails(ships);
    for (const ship of ships) if (ship.number !== world.own) this.#ship(ship, world);
    for (const ship of ships) if (ship.number === world.own) this.#ship(ship, world);
    for (const effect of world.effects) this.#effect(effect, now);
    pen.restore();
    this.#map(world, ships, width, height);
  }

  /** So that a phone and a large screen see about as much of the arena, and nobody sees much beyond its walls. */
  #look(world, ships, width, height) {
    this.scale = Math.max(Math.sqrt((width * height) / (1_150 * 720)), 0.62);
    const centre = ships.find(({ number }) => number === world.own) ?? this.#best(ships) ?? { x: world.width / 2, y: world.height / 2 };
    const [shownWidth, shownHeight] = [width / this.scale, height / this.scale];
    const along = (middle, shown, whole) => (shown > whole + 120 ? (whole - shown) / 2 : Math.min(Math.max(middle - shown / 2, -60), whole + 60 - shown));
    const wanted = { x: along(centre.x, shownWidth, world.width), y: along(centre.y, shownHeight, world.height) };
    const isJump = !this.#camera || calm.matches || Math.hypot(wanted.x - this.#camera.x, wanted.y - this.#camera.y) > 700;
    this.#camera = isJump ? wanted : { x: this.#camera.x + (wanted.x - this.#camera.x) * 0.16, y: this.#camera.y + (wanted.y - this.#camera.y) * 0.16 };
  }

  #best(ships) {
    return ships.reduce((best, ship) => (best && best.score >= ship.score ? best : ship), null);
  }

  #floor({ width, height }) {
    const pen = this.#pen;
    pen.fillStyle = this.#colours.surface;
    pen.fillRect(0, 0, width, height);
    // The sun in the middle, faintly.
    const glow = pen.createRadialGradient(width / 2, height / 2, 0, width / 2, height / 2, width * 0.42);
    glow.addColorStop(0, this.#colours.sun);
    glow.addColorStop(1, `${this.#colours.sun}00`);
    pen.globalAlpha = 0.16;
    pen.fillStyle = glow;
    pen.fillRect(0, 0, width, height);
    pen.globalAlpha = 1;
    pen.fillStyle = this.#colours.line;
    for (let x = 50; x < width; x += 100) for (let y = 25; y < height; y += 100) pen.fillRect(x - 2, y - 2, 4, 4);
    pen.strokeStyle = this.#colours.wall;
    pen.lineWidth = 4;
    pen.strokeRect(-2, -2, width + 4, height + 4);
  }

  #spark({ number, x, y, value, at = 0 }, now) {
    const pen = this.#pen;
    const breath = calm.matches ? 1 : 1 + 0.12 * Math.sin(now / 240 + number * 1.7);
    const age = Math.min(1, (now - at) / 260);
    const size = (value > 1 ? 15 : 8.5) * breath * age;
    pen.fillStyle = this.#colours.sun;
    pen.globalAlpha = 0.2;
    disc(pen, x, y, size * 2);
    pen.globalAlpha = 1;
    pen.beginPath();
    const rays = value > 1 ? 8 : 4;
    const spin = calm.matches ? 0 : now / 1_400 + number;
    for (let step = 0; step < rays * 2; step++) {
      const [angle, reach] = [spin + (step * turn) / (rays * 2), step % 2 ? size * 0.48 : size * 1.25];
      pen.lineTo(x + Math.cos(angle) * reach, y + Math.sin(angle) * reach);
    }
    pen.closePath();
    pen.fill();
    pen.strokeStyle = this.#colours.wall;
    pen.lineWidth = 0.8;
    pen.stroke();
  }

  #drawTrails(ships) {
    if (calm.matches) return;
    const pen = this.#pen;
    const present = new Set(ships.map(({ number }) => number));
    for (const number of this.#trails.keys()) if (!present.has(number)) this.#trails.delete(number);
    pen.lineCap = "round";
    for (const ship of ships) {
      const trail = this.#trails.get(ship.number) ?? [];
      this.#trails.set(ship.number, trail);
      const last = trail.at(-1);
      if (last && Math.hypot(last.x - ship.x, last.y - ship.y) > 200) trail.length = 0;
      trail.push({ x: ship.x - Math.cos(ship.heading) * 10, y: ship.y - Math.sin(ship.heading) * 10 });
      if (trail.length > (ship.isBoosting ? 26 : 14)) trail.splice(0, 2);
      pen.strokeStyle = `hsl(${hueOf(ship.number)} 65% 55%)`;
      for (let at = 1; at < trail.length; at++) {
        pen.globalAlpha = (at / trail.length) * (ship.isBoosting ? 0.55 : 0.28);
        pen.lineWidth = (at / trail.length) * (ship.isBoosting ? 13 : 8);
        pen.beginPath();
        pen.moveTo(trail[at - 1].x, trail[at - 1].y);
        pen.lineTo(trail[at].x, trail[at].y);
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
  }

  #ship(ship, world) {
    const pen = this.#pen;
    const isOwn = ship.number === world.own;
    pen.save();
    pen.translate(ship.x, ship.y);
    if (isOwn) {
      pen.strokeStyle = this.#colours.ink;
      pen.globalAlpha = 0.35;
      pen.lineWidth = 2;
      pen.setLineDash([6, 7]);
      pen.beginPath();
      pen.arc(0, 0, 27, 0, turn);
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.globalAlpha = ship.isStunned ? 0.45 : 1;
    pen.save();
    pen.rotate(ship.heading);
    pen.beginPath();
    pen.moveTo(20, 0);
    pen.quadraticCurveTo(-4, 7, -14, 14);
    pen.quadraticCurveTo(-8, 0, -14, -14);
    pen.quadraticCurveTo(-4, -7, 20, 0);
    pen.closePath();
    pen.fillStyle = `hsl(${hueOf(ship.number)} 65% ${dark.matches ? 62 : 50}%)`;
    pen.fill();
    pen.lineWidth = isOwn ? 2.5 : 1.5;
    pen.strokeStyle = this.#colours.ink;
    pen.stroke();
    pen.restore();
    pen.globalAlpha = 1;
    pen.font = `${isOwn ? 650 : 500} ${13 / Math.min(1, this.scale)}px system-ui, sans-serif`;
    pen.textAlign = "center";
    const text = `${world.name(ship.number)} ${ship.score}`.trim();
    pen.lineWidth = 3;
    pen.strokeStyle = this.#colours.surface;
    pen.strokeText(text, 0, 40);
    pen.fillStyle = isOwn ? this.#colours.ink : this.#colours.muted;
    pen.fillText(text, 0, 40);
    pen.restore();
  }

  #effect({ x, y, value, at, isOwn }, now) {
    const pen = this.#pen;
    const age = Math.min(1, (now - at) / 600);
    pen.globalAlpha = 1 - age;
    pen.strokeStyle = this.#colours.sun;
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(x, y, calm.matches ? 20 : 10 + age * (value > 1 ? 60 : 30), 0, turn);
    pen.stroke();
    if (isOwn) {
      pen.fillStyle = this.#colours.ink;
      pen.font = "700 18px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.fillText(`+${value}`, x, y - 18 - age * 26);
    }
    pen.globalAlpha = 1;
  }

  /** The whole arena, in a corner. */
  #map(world, ships, width, height) {
    const pen = this.#pen;
    const size = Math.min(width * 0.28, 170) / world.width;
    const [mapWidth, mapHeight] = [world.width * size, world.height * size];
    pen.save();
    pen.translate(12, height - mapHeight - 12);
    pen.globalAlpha = 0.85;
    pen.fillStyle = this.#colours.floor;
    pen.strokeStyle = this.#colours.wall;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.roundRect(0, 0, mapWidth, mapHeight, 5);
    pen.fill();
    pen.stroke();
    pen.globalAlpha = 1;
    pen.fillStyle = this.#colours.sun;
    for (const { x, y, value } of world.sparks.values()) disc(pen, x * size, y * size, value > 1 ? 2.4 : 1.2);
    for (const ship of ships) {
      pen.fillStyle = `hsl(${hueOf(ship.number)} 65% 50%)`;
      disc(pen, ship.x * size, ship.y * size, ship.number === world.own ? 4 : 2.6);
      if (ship.number !== world.own) continue;
      pen.strokeStyle = this.#colours.ink;
      pen.stroke();
    }
    pen.restore();
  }
}

function disc(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, Math.max(0, radius), 0, turn);
  pen.fill();
}

// The game: reads what the player wants, tells the server, and draws what the server says.
import { Connection, showState } from "/assets/socket.js";
import { decode, hello, ping, steer } from "/assets/game-frames.js";
import { Input } from "/assets/game-input.js";
import { View } from "/assets/game-view.js";
import { World, hueOf } from "/assets/game-world.js";

const byID = (id) => document.getElementById(id);
const connection = new Connection("/demo/game");
connection.probeMessage = ping(0);
const world = new World();
const view = new View(byID("canvas"));
const input = new Input(byID("canvas"), byID("boost"));
const renderState = showState(connection, byID("state"), { open: "Live" });

let name = null; // we want to play under this name

// Messages

connection.onstate = () => {
  renderState();
  if (connection.isOpen) return;
  world.forget();
  showShip();
  for (const id of ["ticks", "received", "sent", "trip", "crew", "clock"]) byID(id).textContent = "–";
};

connection.onopen = () => {
  meter.reset();
  told = "";
  if (name !== null) send(hello(name));
};

connection.onmessage = (data) => {
  if (!(data instanceof ArrayBuffer)) return;
  meter.received += data.byteLength;
  const message = decode(data);
  if (message) handlers[message.kind](message);
};

const handlers = {
  welcome(welcome) {
    world.welcome(welcome);
    if (welcome.role === "watches") return;
    if (welcome.role !== "plays") name = null;
    if (reasons[welcome.role]) sayAtDoor(reasons[welcome.role]);
    showShip();
  },
  snapshot(snapshot) {
    meter.ticks += 1;
    world.snapshot(snapshot, performance.now());
  },
  keyframe: (keyframe) => world.keyframe(keyframe),
  pong({ token }) {
    if (token === 0) return;
    meter.trips.push(performance.now() - token / 10);
    if (meter.trips.length > 8) meter.trips.shift();
  },
  roundOver({ name, score }) {
    byID("banner").textContent = `${name} wins the round with ${score}`;
    byID("banner").hidden = false;
    setTimeout(() => (byID("banner").hidden = true), 4_000);
  },
};

// The door

const reasons = {
  isTooLate: "All ships are taken. Watch for a while, and try again.",
  hasDrifted: "Your ship drifted for a minute, so others got its place.",
};

function showShip() {
  const isPlaying = world.own > 0;
  input.enable(isPlaying);
  byID("door").hidden = isPlaying || name !== null;
  byID("energy").hidden = byID("boost").hidden = !isPlaying;
  // Keys are heard wherever the focus is, but not in the field for the name.
  if (isPlaying) document.activeElement?.blur();
}

function sayAtDoor(text) {
  byID("door-error").textContent = text;
  byID("door-error").hidden = false;
}

byID("name").value = localStorage.getItem("game-name") ?? "";
byID("door").addEventListener("submit", (event) => {
  event.preventDefault();
  byID("door-error").hidden = true;
  name = byID("name").value.trim().slice(0, 16);
  localStorage.setItem("game-name", name);
  if (connection.isOpen) send(hello(name));
  else sayAtDoor("Not connected yet; the game begins when we are.");
});

// Steering: thirty times a second at most, and only what is new.

let told = "";

setInterval(() => {
  if (!world.own) return;
  // Nobody steers a page that nobody sees.
  const frame = steer(document.hidden ? { ...input.steering, thrust: 0, boosts: false } : input.steering);
  if (String(frame) === told) return;
  told = String(frame);
  send(frame);
}, 1_000 / 30);

function send(bytes) {
  if (connection.send(bytes)) meter.sent += bytes.length;
}

// The picture

function paint() {
  requestAnimationFrame(paint);
  const now = performance.now();
  view.draw(world, now);
  const own = world.own && world.ships(now).find(({ number }) => number === world.own);
  if (!own) return;
  input.read(view.toCanvas(own));
  byID("energy-bar").style.width = `${(own.energy * 100).toFixed(0)}%`;
}
requestAnimationFrame(paint);

// Scores and figures

function showScores() {
  const scores = world.scores;
  const shown = scores.slice(0, innerWidth < 640 ? 3 : 6);
  const own = scores.find(({ number }) => number === world.own);
  if (own && !shown.includes(own)) shown[shown.length - 1] = own;
  const list = byID("scores");
  while (list.children.length > shown.length) list.lastChild.remove();
  while (list.children.length < shown.length) {
    const item = document.createElement("li");
    item.append(...["dot", "name", "points"].map((kind) => Object.assign(document.createElement("span"), { className: kind })));
    list.append(item);
  }
  for (const [at, { number, score }] of shown.entries()) {
    const item = list.children[at];
    item.classList.toggle("own", number === world.own);
    item.style.setProperty("--hue", hueOf(number));
    item.children[1].textContent = world.name(number);
    item.children[2].textContent = score;
  }
  const seconds = Math.ceil(world.ticksLeft / world.ticksPerSecond);
  byID("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const meter = {
  ticks: 0,
  received: 0,
  sent: 0,
  trips: [],
  since: performance.now(),

  reset() {
    Object.assign(this, { ticks: 0, received: 0, sent: 0, since: performance.now() });
  },

  show() {
    const seconds = (performance.now() - this.since) / 1_000;
    const rate = (bytes) => `${(bytes / 1_000 / seconds).toFixed(1)} kB/s`;
    byID("ticks").textContent = `${Math.round(this.ticks / seconds)} /s`;
    byID("received").textContent = rate(this.received);
    byID("sent").textContent = rate(this.sent);
    const trips = [...this.trips].sort((a, b) => a - b);
    if (trips.length) byID("trip").textContent = `${trips[trips.length >> 1].toFixed(1)} ms`;
    const ships = world.scores.length;
    byID("crew").textContent = `${ships} ${ships === 1 ? "ship" : "ships"}, ${world.watchers} watching`;
    this.reset();
  },
};

setInterval(() => connection.isOpen && showScores(), 250);
setInterval(() => {
  if (!connection.isOpen) return;
  meter.show();
  // Tenths of a millisecond.
  send(ping(Math.round(performance.now() * 10)));
}, 1_000);

connection.start();

// For the tests.
export { world };

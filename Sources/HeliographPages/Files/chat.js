// The chat: enters a room (a channel), shows what happens in it, and comes back after an interruption where it left off.
import { connect, connectNow, showState, stateOf } from "/assets/live.js";
import { MessageLog, avatar, element } from "/assets/chat-log.js";
import { Outbox } from "/assets/outbox.js";

const byID = (id) => document.getElementById(id);
const random = () => crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
const typingEvery = 2_500; // ms between "I am typing"
const typingIdle = 4_000; // ms without a key: not typing any more
const typingFor = 5_000; // ms that others believe it
const absence = 5_000; // ms until somebody who is away has left
// The server's codes: Examples/demos/Chat.swift.
const [badRequest, tooFast, badName, replaced] = [107, 111, 1_001, 2_100];

const log = new MessageLog(byID("log"), byID("latest"), byID("empty"));
const outbox = new Outbox();

let client = null;
let channel = null; // the room's subscription
let ended = null; // why the server ended the subscription: { code, reason }
let room = "";
let name = "";
let me = null; // our id, while in the room
let epoch = null; // which life of the room we have seen
let position = null; // where in it we were when we left
let isNew = true; // we have just come through the door
let arrived = []; // while the history is loaded, what came meanwhile; null: nothing has to be loaded
let people = new Map(); // connection → { id, name }
let away = new Map(); // id → { name, timer }: who was here a moment ago
let typing = new Map(); // id → timer
let refs = new Set(); // of messages already shown, for those that come twice
let unread = 0;
let expected = new Set(); // ids and names that were here before the interruption: their coming back is no news

// Storage may be forbidden; the chat works without.
const store = {
  get: (area, key) => {
    try {
      return area().getItem(key);
    } catch {
      return null;
    }
  },
  set: (area, key, value) => {
    try {
      area().setItem(key, value);
    } catch {}
  },
};
const perTab = () => sessionStorage;
const perBrowser = () => localStorage;

const session = store.get(perTab, "heliograph.session") ?? random();
store.set(perTab, "heliograph.session", session);

// The door

const form = byID("door-form");
const validRoom = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

function openDoor(message = "", field = "name") {
  exit();
  document.body.dataset.view = "door";
  byID("room-title").textContent = "Chat";
  form.elements.name.value = name || store.get(perBrowser, "heliograph.name") || "";
  form.elements.room.value = room || roomOfAddress() || "lobby";
  showError("name", field === "name" ? message : "");
  showError("room", field === "room" ? message : "");
  document.title = "Chat · Heliograph";
  form.elements[form.elements.name.value && !message ? "room" : field].focus();
}

function showError(field, message) {
  const line = byID(`${field}-error`);
  line.textContent = message;
  line.hidden = message === "";
  form.elements[field].setAttribute("aria-invalid", String(message !== ""));
}

function roomOfAddress() {
  const match = location.pathname.match(/^\/chat\/([^/]+)$/);
  if (!match) return "";
  try {
    return decodeURIComponent(match[1]).toLowerCase();
  } catch {
    return "";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wantedName = form.elements.name.value.trim().replace(/\s+/g, " ");
  const wantedRoom = form.elements.room.value.trim().toLowerCase().replace(/^#/, "").replace(/\s+/g, "-");
  showError("room", validRoom.test(wantedRoom) ? "" : "Use letters, digits and hyphens, at most 32 of them.");
  showError("name", wantedName ? "" : "Others need something to call you.");
  const wrong = form.querySelector('[aria-invalid="true"]');
  if (wrong) return wrong.focus();
  store.set(perBrowser, "heliograph.name", wantedName);
  if (roomOfAddress() !== wantedRoom) history.pushState(null, "", `/chat/${wantedRoom}`);
  enter(wantedRoom, wantedName);
});

addEventListener("popstate", () => {
  const wanted = roomOfAddress();
  if (wanted === room && client) return;
  if (validRoom.test(wanted) && name) enter(wanted, name);
  else openDoor();
});

// The room

function enter(newRoom, newName) {
  exit();
  if (newRoom !== room) {
    log.clear();
    outbox.clear();
    epoch = position = null;
    refs = new Set();
  }
  isNew = true;
  room = newRoom;
  name = newName;
  document.body.dataset.view = "room";
  byID("room-title").textContent = `#${room}`;
  updateTitle();
  arrived = [];
  client = connect();
  showState(client, byID("state"), (state) => {
    if (state !== "open") lost();
    showNotice();
  });
  channel = client
    .subscription(`chat:${room}`, { joinLeave: true, data: { name, session }, since: position })
    .on("subscribed", welcome)
    .on("publication", (publication) => (publication.data?.typing === undefined ? receive(publication) : isTyping(publication)))
    .on("join", ({ info }) => joined(info.client, info.chanInfo))
    .on("leave", ({ info }) => left(info.client))
    .on("unsubscribed", refused)
    .subscribe();
  byID("text").focus();
}

function exit() {
  const earlier = client;
  position = channel?.position ?? position;
  client = channel = ended = null;
  lost();
  earlier?.disconnect();
}

/** We are not in the room, whatever the reason. */
function lost() {
  if (me === null) return;
  me = null;
  expected = new Set([...people.values()].flatMap(({ id, name }) => [id, name]));
  for (const { timer } of away.values()) clearTimeout(timer);
  for (const timer of typing.values()) clearTimeout(timer);
  people = new Map();
  away = new Map();
  typing = new Map();
  showTyping();
  showPeople();
  outbox.disconnected();
}

/** The server has let us in, or in again. */
function welcome({ data, position, recovered }) {
  const again = epoch !== null;
  const returned = again && !isNew;
  if (again && position.epoch !== epoch) log.addDivider("The server started anew: messages from before are only on this page");
  else if (again && !recovered) log.addDivider("You were away for long: some messages are missing here");
  if (!recovered || arrived) loadHistory();
  epoch = position.epoch;
  me = data.id;
  ended = null;
  people = new Map([[client.id, data]]);
  showPeople();
  loadPeople();
  const waiting = outbox.size;
  outbox.connected();
  isNew = false;
  if (returned) announceReturn(waiting);
  else showNotice();
  setTimeout(() => (expected = new Set()), 10_000);
}

/** What was said before we came: the last messages, in their order, and only then what has come meanwhile. */
async function loadHistory() {
  const subscription = channel;
  arrived = [];
  try {
    const { publications } = await subscription.history({ limit: 100, reverse: true });
    if (subscription !== channel) return;
    for (const publication of publications.reverse()) show(publication);
  } catch {
    return; // The connection was lost: there is another welcome, and another try.
  }
  for (const publication of arrived) show(publication);
  arrived = null;
}

async function loadPeople() {
  const subscription = channel;
  const gone = new Set();
  const note = ({ info }) => gone.add(info.client);
  subscription.on("leave", note);
  try {
    const { clients } = await subscription.presence();
    if (subscription !== channel || me === null) return;
    for (const [id, { chanInfo }] of Object.entries(clients)) if (!gone.has(id) && chanInfo) people.set(id, chanInfo);
    showPeople();
  } catch {
    // As above.
  } finally {
    subscription.off("leave", note);
  }
}

function refused({ code, reason }) {
  if (!channel || code === 0) return;
  if (code === badName) return openDoor(reason, "name");
  if (code === badRequest) return openDoor("There can be no such room.", "room");
  ended = { code, reason };
  lost();
  showNotice();
}

function receive(publication) {
  const author = publication.info?.chanInfo;
  if (author) notTyping(author.id);
  if (arrived) arrived.push(publication);
  else show(publication);
}

/** Shows a message unless this page has it already: after a restart it may come a second time. */
function show({ data, info }) {
  const { ref, text, time } = data;
  const author = info?.chanInfo ?? { id: "", name: "?" };
  if (settle(ref, time) || refs.has(ref)) return;
  remember(ref);
  const own = author.id === me;
  if (!own && document.visibilityState === "hidden") {
    if (unread === 0) log.markUnread();
    unread += 1;
    updateTitle();
  }
  log.addMessage({ name: author.name, text, time, own });
}

/** The room has it: true when this page was waiting for that. */
function settle(ref, time) {
  outbox.acknowledge(ref);
  const waited = log.confirm(ref, time);
  if (waited) remember(ref);
  return waited;
}

function remember(ref) {
  refs.add(ref);
  if (refs.size > 2_000) refs.delete(refs.values().next().value);
}

// Who is here, who is typing

const isHere = (id) => [...people.values()].some((person) => person.id === id);

function joined(connection, person) {
  if (!person || people.has(connection)) return;
  const known = away.get(person.id);
  if (known) {
    clearTimeout(known.timer);
    away.delete(person.id);
    if (known.name !== person.name) log.addNote(`${known.name} left`);
  }
  const isNews = !isHere(person.id) && known?.name !== person.name && !expected.has(person.id) && !expected.has(person.name);
  people.set(connection, person);
  if (isNews) log.addNote(`${person.name} joined`);
  showPeople();
}

/** A lost connection is often back in a moment: only who stays away has left. */
function left(connection) {
  const person = people.get(connection);
  people.delete(connection);
  if (!person || isHere(person.id)) return;
  notTyping(person.id);
  const timer = setTimeout(() => {
    away.delete(person.id);
    log.addNote(`${person.name} left`);
    showPeople();
  }, absence);
  away.set(person.id, { name: person.name, timer });
  showPeople();
}

function showPeople() {
  const here = new Map(me === null ? [] : [...people.values()].map(({ id, name }) => [id, { id, name, isAway: false }]));
  for (const [id, { name }] of away) here.set(id, { id, name, isAway: true });
  const shown = [...here.values()].sort((a, b) => (a.id === me ? -1 : b.id === me ? 1 : a.name.localeCompare(b.name)));
  byID("member-list").replaceChildren(
    ...shown.map(({ id, name, isAway }) => {
      const item = element("li", isAway ? "away" : "");
      const label = element("span", "", name);
      if (id === me) label.append(" ", element("small", "", "(you)"));
      if (isAway) label.append(" ", element("small", "", "(away)"));
      item.append(avatar(name), label);
      return item;
    }),
  );
  byID("people-count").textContent = me === null ? "–" : String(shown.length);
  byID("people-title").textContent = me === null ? "Not connected" : `Here now: ${shown.length}`;
}

function isTyping({ data, info }) {
  const id = info?.chanInfo?.id;
  if (!id || id === me) return;
  notTyping(id);
  if (data.typing === true) typing.set(id, setTimeout(() => notTyping(id), typingFor));
  showTyping();
}

function notTyping(id) {
  clearTimeout(typing.get(id));
  if (typing.delete(id)) showTyping();
}

function showTyping() {
  const names = [...people.values()].filter(({ id }) => typing.has(id)).map(({ name }) => name);
  const line = byID("typing");
  line.classList.toggle("active", names.length > 0);
  if (names.length === 0) line.textContent = "";
  else if (names.length === 1) line.textContent = `${names[0]} is typing`;
  else if (names.length === 2) line.textContent = `${names[0]} and ${names[1]} are typing`;
  else line.textContent = `${names.length} people are typing`;
}

// The state of the connection, honestly

let goodNews = null;

function showNotice() {
  clearTimeout(goodNews);
  const notice = byID("notice");
  const words = noticeWords();
  notice.classList.remove("good");
  notice.hidden = words === "";
  if (byID("notice-text").textContent !== words) byID("notice-text").textContent = words;
  byID("notice-button").hidden = false;
  byID("notice-button").textContent = ended ? (ended.code === replaced ? "Continue here" : "Try again") : "Try now";
}

function noticeWords() {
  if (!client) return "";
  const kept = outbox.size > 0 ? " What you wrote is kept." : "";
  if (ended) return ended.code === replaced ? "This conversation goes on in another window." : `You are not in the room: ${ended.reason}${kept}`;
  switch (stateOf(client)) {
    case "waiting":
      return (epoch ? "The connection was lost. Trying again…" : "The server cannot be reached. Trying again…") + kept;
    case "offline":
      return `This device has no network.${kept}`;
    case "stopped":
      return `The server ended the connection.${kept}`;
    default:
      return "";
  }
}

function announceReturn(waiting) {
  showNotice();
  const words = waiting > 0 ? `Connected again. Sending ${waiting} ${waiting === 1 ? "message" : "messages"}.` : "Connected again.";
  byID("announce").textContent = words;
  byID("notice-text").textContent = words;
  byID("notice-button").hidden = true;
  byID("notice").classList.add("good");
  byID("notice").hidden = false;
  goodNews = setTimeout(showNotice, 3_000);
}

byID("notice-button").addEventListener("click", () => {
  if (!ended) return client && connectNow(client);
  ended = null;
  channel?.subscribe();
  showNotice();
});

// Writing

const text = byID("text");
let typedAt = 0;
let typingTimer = null;

byID("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  text.focus();
  if (!words) return;
  const ref = random();
  log.addPending(ref, name, words, Date.now());
  outbox.add(ref, words);
  text.value = "";
  resizeText();
  stopTyping(false); // The message itself says that we are done.
});

text.addEventListener("keydown", (event) => {
  // On a touch keyboard Enter is the only way to a new line, and the button is near.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  byID("composer").requestSubmit();
});

text.addEventListener("input", () => {
  resizeText();
  if (text.value.trim() === "") return stopTyping(true);
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => stopTyping(true), typingIdle);
  if (Date.now() - typedAt < typingEvery) return;
  typedAt = Date.now();
  tellTyping(true);
});

function stopTyping(tell) {
  clearTimeout(typingTimer);
  if (tell && typedAt > 0) tellTyping(false);
  typedAt = 0;
}

function tellTyping(typing) {
  if (me !== null) channel.publish({ typing }).catch(() => {}); // Nobody misses it.
}

function resizeText() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

outbox.transmit = (ref, text) => {
  if (me === null) return false;
  client.publish(channel.channel, { ref, text }).then(
    () => {
      outbox.acknowledge(ref);
      // It comes back to us as well, which gives it its place. If not, it was long ago.
      setTimeout(() => log.confirm(ref, Date.now()), 3_000);
    },
    (error) => {
      // Sent again under the same ref it is said once, so nothing is lost by trying.
      if (error.temporary) outbox.postpone(ref, error.code === tooFast ? 600 : 1_500);
      else outbox.refuse(ref, error.message);
    },
  );
  return true;
};
outbox.onchange = (ref, state) => {
  const discard = [
    "Discard",
    () => {
      outbox.discard(ref);
      log.discard(ref);
    },
  ];
  const again = (label) => [label, () => outbox.retry(ref)];
  if (state === "sending") log.update(ref, "Sending…");
  else if (state === "queued") log.update(ref, "Not sent yet. It goes out when the connection is back.", { actions: [discard] });
  else if (state === "held") log.update(ref, "Written a while ago, not sent.", { actions: [again("Send now"), discard] });
  else log.update(ref, `Not sent: ${state.failed}`, { failed: true, actions: [again("Try again"), discard] });
};

// The rest

const peoplePanel = byID("people");
const peopleButton = byID("people-button");

function togglePeople(shown) {
  peoplePanel.classList.toggle("shown", shown);
  peopleButton.setAttribute("aria-expanded", String(shown));
}

peopleButton.addEventListener("click", () => togglePeople(!peoplePanel.classList.contains("shown")));
byID("main").addEventListener("click", () => togglePeople(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !peoplePanel.classList.contains("shown")) return;
  togglePeople(false);
  peopleButton.focus();
});

byID("invite").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = location.href; // No clipboard without TLS: then show it.
  }
  setTimeout(() => (button.textContent = "Copy the link"), 4_000);
});

byID("leave").addEventListener("click", () => {
  togglePeople(false);
  openDoor();
});

function updateTitle() {
  document.title = `${unread > 0 ? `(${unread}) ` : ""}#${room} · Heliograph`;
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible" || unread === 0) return;
  unread = 0;
  updateTitle();
});

const knownName = store.get(perBrowser, "heliograph.name");
const knownRoom = roomOfAddress();
if (knownName && validRoom.test(knownRoom)) enter(knownRoom, knownName);
else openDoor();

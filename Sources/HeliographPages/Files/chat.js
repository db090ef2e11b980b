// The chat: joins a room, shows what happens in it, and comes back after an interruption where it left off.
import { Connection, showState } from "/assets/socket.js";
import { MessageLog, avatar, element } from "/assets/chat-log.js";
import { Outbox } from "/assets/outbox.js";

const byID = (id) => document.getElementById(id);
const random = () => crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
const typingEvery = 2_500; // ms between "I am typing"
const typingIdle = 4_000; // ms without a key: not typing any more

const log = new MessageLog(byID("log"), byID("latest"), byID("empty"));
const outbox = new Outbox();

let connection = null;
let room = "";
let name = "";
let me = null; // our member id, while joined
let epoch = null; // which life of the room `seq` counts in
let seq = 0; // the last message seen
let wasJoined = false;
let members = new Map(); // id → name
let typing = new Set(); // ids
let refs = new Set(); // of messages already shown, for those that come twice
let unread = 0;
let expected = new Set(); // names that were here before the server started anew: their coming back is no news

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
  connection?.stop();
  connection = null;
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
  if (wanted === room && connection) return;
  if (validRoom.test(wanted) && name) enter(wanted, name);
  else openDoor();
});

// The room

function enter(newRoom, newName) {
  connection?.stop();
  if (newRoom !== room) {
    log.clear();
    outbox.clear();
    epoch = null;
    seq = 0;
    refs = new Set();
  }
  room = newRoom;
  name = newName;
  wasJoined = false;
  me = null;
  document.body.dataset.view = "room";
  byID("room-title").textContent = `#${room}`;
  updateTitle();
  connection = new Connection(`/demo/chat/${room}`);
  connection.probeMessage = JSON.stringify({ type: "ping" });
  connection.onopen = () => send({ type: "join", name, session, ...(epoch === null ? {} : { epoch, after: seq }) });
  connection.onmessage = receive;
  const renderState = showState(connection, byID("state"), { waiting: "Not connected" });
  connection.onstate = (state) => {
    renderState();
    if (state !== "open" && me !== null) left();
    showNotice();
  };
  connection.start();
  byID("text").focus();
}

function left() {
  me = null;
  typing.clear();
  showTyping();
  showPeople();
  outbox.disconnected();
}

const send = (message) => connection?.send(JSON.stringify(message)) ?? false;

const handlers = {
  welcome(event) {
    const again = wasJoined;
    expected = again && event.epoch !== epoch ? new Set(members.values()) : new Set();
    if (again && event.epoch !== epoch) log.addDivider("The server started anew: messages from before are only on this page");
    else if (again && !event.resumed) log.addDivider("You were away for long: some messages are missing here");
    epoch = event.epoch;
    seq = 0;
    me = event.you;
    wasJoined = true;
    members = new Map(event.members.map((member) => [member.id, member.name]));
    typing = new Set(event.typing);
    for (const message of event.history) show(message);
    seq = Math.max(seq, event.seq);
    showPeople();
    showTyping();
    const waiting = outbox.size;
    outbox.connected();
    if (again) announceReturn(waiting);
    else showNotice();
  },
  message(event) {
    typing.delete(event.from);
    showTyping();
    if (event.seq > seq) show(event);
    else settle(event.ref, event.time);
  },
  joined({ member }) {
    const isNew = !members.has(member.id);
    members.set(member.id, member.name);
    showPeople();
    if (isNew && member.id !== me && !expected.delete(member.name)) log.addNote(`${member.name} joined`);
  },
  left({ id }) {
    if (!members.has(id)) return;
    log.addNote(`${members.get(id)} left`);
    members.delete(id);
    typing.delete(id);
    showPeople();
    showTyping();
  },
  typing({ id, active }) {
    if (active && id !== me) typing.add(id);
    else typing.delete(id);
    showTyping();
  },
  error({ code, message, ref, retryAfter }) {
    if (code === "bad_name") return openDoor(message, "name");
    if (code === "too_fast" && ref) return outbox.postpone(ref, retryAfter ?? 1_000);
    if (ref) return outbox.refuse(ref, message);
    byID("announce").textContent = message;
  },
};

function receive(data) {
  if (typeof data !== "string") return;
  const event = JSON.parse(data);
  handlers[event.type]?.(event);
}

/** Shows a message unless this page has it already: after a restart it may come a second time under another number. */
function show(message) {
  seq = Math.max(seq, message.seq);
  if (settle(message.ref, message.time) || refs.has(message.ref)) return;
  remember(message.ref);
  log.addMessage({ ...message, own: message.from === me });
  if (message.from !== me && document.visibilityState === "hidden") {
    unread += 1;
    updateTitle();
  }
}

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

function showPeople() {
  const list = byID("member-list");
  const shown = me === null ? [] : [...members];
  shown.sort(([a, nameA], [b, nameB]) => (a === me ? -1 : b === me ? 1 : nameA.localeCompare(nameB)));
  list.replaceChildren(
    ...shown.map(([id, name]) => {
      const item = element("li");
      const label = element("span", "", name);
      if (id === me) label.append(" ", element("small", "", "(you)"));
      item.append(avatar(name), label);
      return item;
    }),
  );
  byID("people-count").textContent = me === null ? "–" : String(shown.length);
  byID("people-title").textContent = me === null ? "Not connected" : `Here now: ${shown.length}`;
}

function showTyping() {
  const names = [...typing].filter((id) => id !== me && members.has(id)).map((id) => members.get(id));
  const line = byID("typing");
  line.classList.toggle("active", names.length > 0);
  if (names.length === 0) line.textContent = "";
  else if (names.length === 1) line.textContent = `${names[0]} is typing`;
  else if (names.length === 2) line.textContent = `${names[0]} and ${names[1]} are typing`;
  else line.textContent = `${names.length} people are typing`;
}

// The state of the connection, honestly

let counting = null;
let goodNews = null;

function showNotice() {
  clearInterval(counting);
  clearTimeout(goodNews);
  const notice = byID("notice");
  const button = byID("notice-button");
  notice.classList.remove("good");
  byID("notice-count").textContent = "";
  button.hidden = false;
  button.textContent = "Try now";
  const words = noticeWords();
  notice.hidden = words === "";
  byID("notice-text").textContent = words;
  if (connection?.state === "waiting") {
    const count = () => (byID("notice-count").textContent = `Trying again in ${Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000))} s.`);
    count();
    counting = setInterval(count, 250);
  } else if (connection?.state === "connecting") {
    button.hidden = true;
  } else if (connection?.state === "stopped") {
    button.textContent = connection.lastClose?.code === 4001 ? "Continue here" : "Connect again";
  }
}

function noticeWords() {
  const kept = outbox.size > 0 ? " What you wrote is kept." : "";
  switch (connection?.state) {
    case "waiting":
      return (wasJoined ? "The connection was lost." : "The server cannot be reached.") + kept;
    case "connecting":
      return wasJoined ? "Connecting again…" : "";
    case "offline":
      return `This device has no network.${kept}`;
    case "stopped": {
      const { code, reason } = connection.lastClose ?? {};
      if (code === 4001) return "This conversation goes on in another window.";
      return `The server ended the connection${reason ? `: ${reason}` : ""}.`;
    }
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

byID("notice-button").addEventListener("click", () => connection?.retryNow());

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
  if (me !== null) send({ type: "typing", active: true });
});

function stopTyping(tell) {
  clearTimeout(typingTimer);
  if (tell && typedAt > 0 && me !== null) send({ type: "typing", active: false });
  typedAt = 0;
}

function resizeText() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

outbox.transmit = (ref, text) => me !== null && send({ type: "say", ref, text });
outbox.ondoubt = () => connection?.check();
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

const people = byID("people");
const peopleButton = byID("people-button");

function togglePeople(shown) {
  people.classList.toggle("shown", shown);
  peopleButton.setAttribute("aria-expanded", String(shown));
}

peopleButton.addEventListener("click", () => togglePeople(!people.classList.contains("shown")));
byID("main").addEventListener("click", () => togglePeople(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !people.classList.contains("shown")) return;
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
  left();
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

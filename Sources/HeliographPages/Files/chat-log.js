// The list of messages: what was said, in order, with what is still on its way at the end.

const groupFor = 5 * 60_000; // ms: messages of one person so close together share a heading
const mostItems = 600;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function avatar(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  const made = element("span", `avatar hue-${hash % 8}`, [...name][0]?.toUpperCase() ?? "?");
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** Text as text; web addresses in it as links. Nothing else becomes markup. */
function linked(text) {
  const made = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g)) {
    if (!URL.canParse(match[0])) continue;
    made.append(text.slice(end, match.index));
    const link = element("a", "", match[0]);
    link.href = match[0];
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
    made.append(link);
    end = match.index + match[0].length;
  }
  made.append(text.slice(end));
  return made;
}

export class MessageLog {
  #list;
  #latest;
  #empty;
  #pending = new Map(); // ref → element, oldest first
  #unseen = 0;

  constructor(list, latest, empty) {
    this.#list = list;
    this.#latest = latest;
    this.#empty = empty;
    list.addEventListener("scroll", () => this.isAtEnd && this.#sawAll(), { passive: true });
    latest.addEventListener("click", () => this.scrollToEnd());
    new ResizeObserver(() => this.#followed && this.scrollToEnd()).observe(list);
  }

  #followed = true;

  get isAtEnd() {
    const list = this.#list;
    this.#followed = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    return this.#followed;
  }

  scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#followed = true;
    this.#sawAll();
  }

  clear() {
    this.#pending.clear();
    this.#list.replaceChildren();
    this.#empty.hidden = false;
    this.#sawAll();
  }

  /** A message that the server has; `own`: written on this page. */
  addMessage({ name, text, time, own }) {
    this.#insert(this.#message(name, text, time, own), !own);
  }

  /** A message on its way. `update` tells its fate. */
  addPending(ref, name, text, time) {
    const item = this.#message(name, text, time, true);
    item.classList.add("pending");
    this.#pending.set(ref, item);
    this.#list.append(item);
    this.#group(item);
    this.#empty.hidden = true;
    this.scrollToEnd();
  }

  /** What is known of a message that the server has not got yet; `actions`: [label, function] pairs. */
  update(ref, words, { failed = false, actions = [] } = {}) {
    const item = this.#pending.get(ref);
    if (!item) return;
    const followed = this.isAtEnd;
    item.classList.toggle("failed", failed);
    item.classList.toggle("pending", !failed);
    let line = item.querySelector(".delivery");
    if (!line) item.append((line = element("p", "delivery")));
    line.replaceChildren(words);
    for (const [label, run] of actions) {
      const button = element("button", "button small", label);
      button.type = "button";
      button.addEventListener("click", run);
      line.append(button);
    }
    if (followed) this.scrollToEnd();
  }

  /** The server has it: true when this page was waiting for it. */
  confirm(ref, time) {
    const item = this.#pending.get(ref);
    if (!item) return false;
    this.#pending.delete(ref);
    item.classList.remove("pending", "failed");
    item.querySelector(".delivery")?.remove();
    item.said.time = time;
    this.#stamp(item.querySelector("time"), time);
    const place = this.#firstPending;
    if (item.nextElementSibling !== place) this.#list.insertBefore(item, place);
    this.#group(item);
    if (item.nextElementSibling) this.#group(item.nextElementSibling);
    return true;
  }

  discard(ref) {
    const item = this.#pending.get(ref);
    this.#pending.delete(ref);
    item?.remove();
  }

  /** Somebody came or went. */
  addNote(text) {
    this.#insert(element("li", "line quiet", text), false);
  }

  /** Something happened to the conversation itself. */
  addDivider(text) {
    const item = element("li", "line divider");
    item.append(element("span", "", text));
    this.#insert(item, false);
  }

  /** What comes from here on has not been read. */
  markUnread() {
    this.#list.querySelector(".unread")?.remove();
    const item = element("li", "line divider unread");
    item.append(element("span", "", "New"));
    this.#insert(item, false);
  }

  get #firstPending() {
    return this.#pending.values().next().value ?? null;
  }

  #message(name, text, time, own) {
    const item = element("li", own ? "message own" : "message");
    const from = element("p", "from");
    const stamp = element("time");
    this.#stamp(stamp, time);
    from.append(element("span", "who", own ? "You" : name), stamp);
    const bubble = element("div", "bubble");
    bubble.dir = "auto";
    bubble.append(linked(text));
    item.append(avatar(name), from, bubble);
    item.said = { name, own, time };
    return item;
  }

  #stamp(stamp, time) {
    const date = new Date(time);
    stamp.dateTime = date.toISOString();
    stamp.textContent = clock.format(date);
    stamp.title = date.toLocaleString();
  }

  #insert(item, counts) {
    const followed = this.isAtEnd;
    const place = this.#firstPending;
    this.#markDay(item, place);
    this.#list.insertBefore(item, place);
    this.#group(item);
    this.#empty.hidden = true;
    while (this.#list.childElementCount > mostItems) this.#list.firstElementChild.remove();
    if (followed) return this.scrollToEnd();
    if (!counts) return;
    this.#unseen += 1;
    this.#latest.hidden = false;
    this.#latest.textContent = this.#unseen === 1 ? "1 new message ↓" : `${this.#unseen} new messages ↓`;
  }

  #markDay(item, place) {
    if (!item.said) return;
    let before = place ? place.previousElementSibling : this.#list.lastElementChild;
    while (before && !before.said) before = before.previousElementSibling;
    const today = new Date().toDateString();
    const previous = before ? new Date(before.said.time).toDateString() : today;
    const date = new Date(item.said.time);
    if (date.toDateString() === previous) return;
    const divider = element("li", "line divider");
    divider.append(element("span", "", date.toDateString() === today ? "Today" : day.format(date)));
    this.#list.insertBefore(divider, place);
  }

  #group(item) {
    if (!item.said) return;
    const before = item.previousElementSibling?.said;
    const together =
      before && before.name === item.said.name && before.own === item.said.own && item.said.time - before.time < groupFor;
    item.classList.toggle("grouped", Boolean(together));
  }

  #sawAll() {
    this.#unseen = 0;
    this.#latest.hidden = true;
  }
}

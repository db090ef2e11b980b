// What few pages need of Heliograph's live views; heliograph-live.js gets it when a page does. Docs/live-protocol.md has the rules.

/** Adds to `extras` what the core calls, and to `messages` what it does not know. The list is that of `load` in heliograph-live.js. */
export const extend = (
  live, extras, messages, need, count, on, select, late, trusted, isIn, viewOf, send, call, push, trigger, find,
  edits, freed, used, edited, isBox, choose, valueOf, start, disconnect, rootOf, socketOf,
) => {
  const isInside = (element) => rootOf().contains(element);
  const all = (type) => select(`[data-on-${type}]`);
  const fire = (name, detail) => window.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));

  // Events (§8): keys, the window, clicks elsewhere

  const keyboard = (prefix) => (event) => {
    const { key, code, type, isComposing } = event;
    if (!key || isComposing) return;
    const value = { key, code };
    for (const name of ["altKey", "ctrlKey", "metaKey", "shiftKey", "repeat"]) if (event[name]) value[name.replace("Key", "")] = true;
    for (const element of prefix ? all(prefix + type) : [find(event)]) {
      if (!element || !(element.dataset.key ?? key).split(" ").some((each) => each === key || each === code)) continue;
      if ("prevent" in element.dataset) event.preventDefault();
      trigger(prefix + type, element, element, () => value);
    }
  };
  on(document, "keydown keyup", keyboard(""));
  on(window, "keydown keyup", keyboard("window-"));
  on(window, "focus blur", ({ type }) => all(`window-${type}`).forEach((element) => trigger(`window-${type}`, element)));
  on(document, "click", ({ target }) => {
    for (const element of all("away")) if (!element.contains(target)) trigger("away", element);
  }, true);

  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting && isInside(target)) trigger("appear", target);
  });

  // What is too long (1009) stays where it was typed: sent again, it would end the next connection too

  let limit = Infinity; // in bytes of a message
  let longest; // that this connection has sent
  const bytes = (text) => new Blob([text]).size;

  const fits = (element, event, control) => {
    if (limit > bytes(JSON.stringify([event, valueOf(element, control)])) + 24) return true;
    fire("error", "too long to be sent");
  };

  const measure = () => {
    const socket = socketOf();
    const { send } = socket;
    longest = 0;
    socket.send = (message) => {
      if (typeof message === "string") longest = Math.max(longest, bytes(message));
      send.call(socket, message);
    };
  };

  // Events that wait until nothing has happened for a time, or stand back for one

  const waits = new Set();

  const pace = (type, element, control, form, send) => {
    const tell = () => (limit === Infinity || !/input|change|submit/.test(type) || fits(element, element.getAttribute(`data-on-${type}`), control)) && send();
    const { throttle, debounce } = element.dataset;
    const slow = /input|change/.test(type) && (control.dataset.debounce ?? debounce);
    const pause = /input|change|click|key/.test(type) && throttle;
    let wait;
    for (const each of [...waits]) {
      if (each.element === element && each.type === type) wait = each;
      else if (each.slow && (each.element === element || (form && each.form === form))) each.end();
    }
    if (!slow && !pause) return tell();
    if (!wait) {
      wait = { element, type, form, slow };
      wait.end = () => {
        const { tell } = wait;
        clearTimeout(wait.timer);
        waits.delete(wait);
        wait.tell = null;
        if (tell && !slow) wait.start(pause);
        tell?.();
      };
      wait.start = (milliseconds) => {
        clearTimeout(wait.timer);
        waits.add(wait);
        if (milliseconds >= 0) wait.timer = setTimeout(wait.end, milliseconds);
      };
      if (!slow) {
        wait.start(pause);
        return tell();
      }
    }
    Object.assign(wait, { tell, control });
    if (slow) wait.start(slow);
  };
  on(document, "blur", ({ target }) => {
    for (const wait of [...waits]) if (wait.slow && wait.control === target) wait.end();
  }, true);

  /** The text of a button while its form is being sent; the result puts back what was there. */
  const label = (control) => {
    const text = control.dataset.disableWith;
    if (!text) return;
    const { value } = control;
    const nodes = [...control.childNodes];
    const isInput = control.localName === "input";
    control[isInput ? "value" : "textContent"] = text;
    return () => (isInput ? (control.value = value) : control.replaceChildren(...nodes));
  };

  // Commands (§8): what an element does without the server. A part of an element is an attribute, or a class with a point before it.

  const made = new WeakMap(); // by element what commands have made of its parts

  const has = (element, part) => (part[0] === "." ? element.classList.contains(part.slice(1)) : element.hasAttribute(part));
  const put = (element, part, value) => {
    if (part[0] === ".") element.classList.toggle(part.slice(1), value !== null);
    else if (element.toggleAttribute(part, value !== null)) element.setAttribute(part, value);
  };

  const perform = async (element, commands) => {
    for (const [name, selector, part, value] of JSON.parse(commands)) {
      if (name === "wait") await new Promise((resolve) => setTimeout(resolve, selector));
      else for (const target of selector ? select(selector) : [element]) {
        if (name === "focus") target.focus();
        else if (name === "event") target.dispatchEvent(new CustomEvent(part, { detail: value, bubbles: true }));
        else {
          const next = name === "toggle" && has(target, part) ? null : value;
          put(target, part, next);
          made.set(target, { ...made.get(target), [part]: next });
        }
      }
    }
  };
  on(document, "click input change submit", ({ type, target }) => {
    const element = target.closest?.(`[data-do-${type}]`);
    if (isInside(element)) perform(element, element.getAttribute(`data-do-${type}`));
    if (type === "click") for (const each of select("[data-do-away]")) if (!each.contains(target)) perform(each, each.dataset.doAway);
  });

  // What was typed, over a new join

  /** By what a control is found again in a new tree. */
  const keyOf = (control) => {
    const form = control.form?.getAttribute("id");
    return control.id || (form && control.name && `${form} ${control.name} ${isBox(control) && control.value}`);
  };

  /** Before a new tree takes the place of the old one. */
  const keep = (place) => {
    const kept = new Map();
    for (const [control, edit] of edits) if (isIn(place, control)) kept.set(keyOf(control), [control, edit]) && edits.delete(control);
    const active = document.activeElement ?? document.body;
    const focus = isIn(place, active) && keyOf(active);
    const { selectionStart, selectionEnd, selectionDirection } = active;
    late.push(() => {
      for (const element of select("[id],[name]")) {
        const key = keyOf(element);
        const [control, { chosen } = {}] = (key && kept.get(key)) || [];
        if (control?.localName === element.localName) {
          if (chosen) choose(element, chosen);
          else if (isBox(element)) element.checked = control.checked;
          else if (element.type !== "file") element.value = control.value;
          edited(element);
        }
        if (!key || key !== focus) continue;
        element.focus({ preventScroll: true });
        if (selectionStart != null) element.setSelectionRange?.(selectionStart, selectionEnd, selectionDirection);
      }
    });
  };

  /** After a new join, what was typed meanwhile, and the files that the last connection took with it. */
  const recover = (view) => {
    const told = new Set();
    const tellers = "[data-on-input],[data-on-change]";
    for (const control of edits.keys()) {
      const element = control.form?.matches(tellers) ? control.form : control.closest(tellers);
      if (!element || told.has(element) || viewOf(control) !== view.number || (control.type === "radio" && !control.checked)) continue;
      told.add(element);
      const event = element.dataset.onInput ?? element.dataset.onChange;
      if (fits(element, event, control)) push(element, event, valueOf(element, control), control);
    }
    for (const [id, files] of left) {
      const input = document.getElementById(id);
      if (!isInside(input) || viewOf(input) !== view.number) continue;
      left.delete(id);
      offer(input, files);
    }
  };

  // Addresses (§9). An entry of the history has the number of its page, and its own for where the user had scrolled to.

  let [page, entry] = history.state?.live ?? [Math.random(), 0];
  let turn = 0;
  let shownAt;
  const scrolls = {};
  const here = () => location.pathname + location.search;

  const mark = (url, isReplaced) => {
    if (!isReplaced) entry = Math.random();
    history[isReplaced ? "replaceState" : "pushState"]({ ...(isReplaced && history.state), live: [page, entry] }, "", url);
    shownAt = here();
  };
  const say = (done) => live.isLive && call(["nav"], [here()], [], done);
  const addressOf = (text) => {
    const { origin, href } = new URL(text, location);
    return need(/^\//.test(text) && origin === location.origin) && href;
  };
  const around = (element) => element.closest("[data-live-page]");

  on(document, "click", (event) => {
    const link = event.target.closest?.("a[data-patch],a[data-navigate]");
    const root = rootOf();
    if (!link || !(around(root) ?? root).contains(link) || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
    if ("navigate" in link.dataset) navigate(link.href);
    else if (live.isLive) {
      mark(link.href);
      say();
    } else return;
    event.preventDefault();
  });

  on(window, "popstate", ({ state }) => {
    const [itsPage, itsEntry] = state?.live ?? [];
    const to = scrolls[itsEntry];
    entry = itsEntry;
    const isHere = here() === shownAt;
    if (!itsPage && isHere) return; // another place of the same page
    if (itsPage !== page) return navigate(location.href, itsPage ?? Math.random(), to);
    if (isHere) return;
    shownAt = here();
    say(() => to && scrollTo(...to));
  });
  on(window, "scroll", () => (scrolls[entry] = [scrollX, scrollY]));

  // Who does not see that the page is another one hears of it.
  let news;

  /** It has to be there before it says something. */
  const prepare = () => {
    news ??= document.body.appendChild(document.createElement("div"));
    news.setAttribute("aria-live", "polite");
    news.style.cssText = "position:fixed;opacity:0;pointer-events:none";
  };

  const arrive = (target) => {
    if (target.tabIndex < 0) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    news.textContent = document.title;
  };

  /** To another live page without loading. `itsPage` is that of an entry which the history has already. */
  const navigate = async (url, itsPage, to) => {
    const mine = ++turn;
    prepare();
    try {
      const answer = await fetch(url, { headers: { accept: "text/html" } });
      const text = await answer.text();
      if (mine !== turn) return;
      const next = new DOMParser().parseFromString(trusted(text), "text/html");
      const element = need(answer.ok && next.querySelector("[data-live]"));
      const target = answer.redirected ? addressOf(answer.url.slice(location.origin.length)) : url;
      disconnect();
      left.clear();
      page = itsPage ?? Math.random();
      mark(target, itsPage);
      document.title = next.title;
      // With what belongs to it, if both pages say so.
      const inner = around(element) && around(rootOf()) ? around : (view) => view;
      inner(rootOf()).replaceWith(inner(element));
      start(element);
      watch();
      const goal = !to && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      arrive(goal || ["[autofocus]", "h1", "main,[role=main]"].map((each) => inner(element).querySelector(each)).find((each) => each) || element);
      if (goal) goal.scrollIntoView();
      else scrollTo(...(to ?? [0, 0]));
    } catch (error) {
      live.debug?.(error);
      if (mine !== turn) return;
      if (itsPage) location.reload();
      else location.assign(url);
    }
  };

  // Hooks (§10), and what is waited for to be seen

  const mounted = new Map();
  const changes = new MutationObserver(() => {});
  let isNew = true; // a connection
  const callAll = (name) => mounted.forEach((call) => call(name));

  const mount = (element, functions) => {
    const controller = new AbortController();
    const hook = Object.assign(Object.create(functions), {
      el: element,
      push: (event, value) => push(element, event, value),
      on: (name, work) => on(window, `live:${name}`, ({ detail }) => work(detail), controller),
    });
    const call = (name) => {
      if (name === "destroyed") controller.abort();
      try {
        hook[name]?.();
      } catch (error) {
        console.error(error);
      }
    };
    mounted.set(element, call);
    call("mounted");
  };

  const scan = () => {
    for (const [element, call] of mounted) if (!isInside(element)) mounted.delete(element) && call("destroyed");
    if (!live.isLive) return;
    for (const element of all("appear")) observer.observe(element); // once, however often it is said
    for (const element of select("[data-hook]")) {
      const { hook } = element.dataset;
      if (!mounted.has(element) && Object.hasOwn(live.hooks, hook)) mount(element, live.hooks[hook]);
    }
  };

  /** The page has been changed: hooks around what changed hear of it, new ones are mounted. */
  const changed = () => {
    const records = changes.takeRecords();
    const calls = new Set();
    for (const { target } of records) for (const part in made.get(target)) put(target, part, made.get(target)[part]);
    for (const { target } of mounted.size ? records : []) for (let node = target; node; node = node.parentNode) calls.add(mounted.get(node));
    if (isNew || records.some(({ type, attributeName }) => type === "childList" || /^data-/.test(attributeName))) scan();
    isNew = false;
    for (const call of calls) call?.("updated");
  };

  const watch = () => {
    changes.disconnect();
    changes.observe(rootOf(), { subtree: true, childList: true, attributes: true, characterData: true });
    scan();
  };

  // Uploads (§11)

  const uploads = new Map(); // by id
  const offers = new Map(); // by ref
  const left = new Map(); // files that are offered anew after a lost connection, by the id of their input
  const chunk = 32_768;

  const offer = (input, files) => {
    for (const upload of uploads.values()) if (upload.input === input && !upload.isSent) upload.cancel();
    files = [...files].slice(0, input.multiple ? 100 : 1);
    if (!files.length) return;
    if (!live.isLive) {
      if (!input.multiple) left.delete(input.id);
      return leave(input, ...files);
    }
    const ref = call(["up"], [viewOf(input), input.dataset.upload, files.map(({ name, type, size }) => [name, type, size])], [input]);
    offers.set(ref, { input, files });
  };
  on(document, "change", ({ target }) => isInside(target) && target.dataset.upload && offer(target, target.files));
  on(document, "dragover drop", (event) => {
    const input = document.getElementById(event.target.closest?.("[data-drop]")?.dataset.drop);
    if (!input?.dataset.upload) return;
    event.preventDefault();
    if (event.type === "drop") offer(input, event.dataTransfer.files);
  });

  const leave = (input, ...files) => left.set(input.id, [...(left.get(input.id) ?? []), ...files]);

  const show = (input) => {
    let taken = 0;
    let size = 0;
    for (const upload of uploads.values()) if (upload.input === input) {
      taken += upload.taken;
      size += upload.file.size;
    }
    const percent = Math.floor(size ? (100 * taken) / size : 100);
    for (const element of select("[data-progress-for]")) {
      if (element.dataset.progressFor !== input.id) continue;
      element.dataset.progress = percent;
      element.style.setProperty("--progress", `${percent}%`);
    }
  };

  const upload = async (input, file, id) => {
    const self = {
      input,
      file,
      taken: 0,
      stop() {
        uploads.delete(id);
        self.isOver = true;
        self.wake?.();
      },
      cancel() {
        send(["ux", id]);
        self.stop();
      },
    };
    uploads.set(id, self);
    show(input);
    const head = [];
    let rest = id;
    for (; rest > 127; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
    head.push(rest);
    try {
      for (let at = 0; ; at += chunk) {
        const bytes = new Uint8Array(await file.slice(at, at + chunk).arrayBuffer());
        while (!self.isOver && at + bytes.length > self.taken + 4 * chunk) await new Promise((resolve) => (self.wake = resolve));
        if (self.isOver) return;
        socketOf().send(new Uint8Array([...head, ...bytes]));
        if (!bytes.length) return void (self.isSent = true);
      }
    } catch {
      self.cancel(); // it can be read no more
    }
  };

  // Messages

  Object.assign(messages, {
    e: fire,
    err: (ref, text) => fire("error", text),
    title: (text) => (document.title = text),
    flash(kind, text) {
      const element = rootOf().querySelector("[data-flash]") ?? document.querySelector("[data-flash]");
      if (!element) return;
      element.className = element.className.replace(/ ?flash-\S+|$/, ` flash-${kind}`).trim();
      element.textContent = text;
      element.hidden = !text;
    },
    focus(selector) {
      try {
        rootOf().querySelector(selector)?.focus();
      } catch {} // it is no selector
    },
    reset(id) {
      const form = document.getElementById(id);
      for (const control of form?.elements ?? []) for (const each of [edits, freed, used]) each.delete(control);
      if (form?.elements) HTMLFormElement.prototype.reset.call(form);
    },
    u: (url, replaces) => mark(addressOf(url), replaces),
    go: (url) => void navigate(addressOf(url)),
    up(ref, ids) {
      const { input, files } = need(offers.get(ref));
      need(ids.length === files.length);
      offers.delete(ref);
      ids.forEach((id, i) => (id.at ? fire("refused", { input, file: files[i], reason: id }) : upload(input, files[i], count(id))));
    },
    ua(id, bytes) {
      const self = uploads.get(id);
      if (!self) return;
      self.taken = count(bytes);
      show(self.input);
      self.wake?.();
    },
    ux: (id) => uploads.get(id)?.stop(),
  });

  // Without a WebSocket (§12)

  let isStreaming = false; // the last one came into being
  let wasTried = false;
  on(window, "online", () => (isStreaming = false)); // it may be another network

  /** What looks like a WebSocket, of server-sent events and requests; nothing when it is a WebSocket's turn. `unopened` WebSockets have failed. */
  const stream = (unopened) => {
    if (!isStreaming && (unopened < 2 || !(wasTried = !wasTried))) return;
    isStreaming = false;
    const url = new URL(location.pathname.replace(/\/?$/, "/_live.sse") + location.search, location);
    const source = new EventSource(url);
    const waiting = [];
    const self = {
      send: (text) => waiting.push(text) > 1 || queueMicrotask(post),
      close: () => source.close(),
    };
    const end = ({ data }) => {
      source.close();
      self.onclose({ code: +data });
    };
    const post = async () => {
      const body = `[${waiting}]`;
      const { length } = waiting;
      const { ok, status } = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(() => "");
      waiting.splice(0, length);
      if (!ok) end({ data: status === 413 && 1009 });
      else if (waiting.length) post();
    };
    on(source, "message", (event) => self.onmessage(event));
    on(source, "open", ({ data }) => {
      if (!data) return; // the browser's own event
      url.searchParams.set("key", data);
      isStreaming = true;
      self.onopen();
    });
    on(source, "ping", () => waiting.length || post());
    on(source, "close error", end);
    return self;
  };

  /** By itself a page is loaded once in 10 s at most. */
  const reload = () => {
    const isAgain = performance.getEntriesByType("navigation")[0].type === "reload";
    setTimeout(() => location.reload(), isAgain && 10_000 - performance.now());
  };

  Object.assign(extras, {
    reload,
    pace,
    label,
    keep,
    recover,
    changed,
    stream,
    joined() {
      measure();
      isNew = true;
      changes.takeRecords();
      observer.disconnect();
      callAll("reconnected");
    },
    lost(code) {
      if (code === 1009 && longest) limit = Math.min(limit, longest, 65_536);
      for (const { input, file, stop } of uploads.values()) {
        leave(input, file);
        stop();
      }
      for (const { input, files } of offers.values()) leave(input, ...files);
      offers.clear();
      callAll("disconnected");
    },
  });
  mark(location.href, true);
  watch();
};

// Heliograph's live views in a browser. Docs/live-protocol.md has the rules, to which § refers.
//
// A message is checked as a whole before the page changes (§7): the model changes; new nodes are made apart; what is to happen to the page waits in
// `todo`, and what has to come last in `late`. At the first thing that is wrong nothing happens, and a new tree replaces the model.
(() => {
  "use strict";
  if (window.live) return;
  const live = (window.live = { hooks: {}, latency: 0, debug: false, get isLive() { return isJoined; } });
  const log = (...values) => live.debug && console.debug("live", ...values);

  const need = (value) => {
    if (!value) throw new Error("live: not as agreed");
    return value;
  };
  const isText = (value) => typeof value === "string";
  const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
  const count = (value) => need(isCount(value)) && value;
  const array = (value) => need(Array.isArray(value)) && value;
  const scalar = (value) => need(isText(value) || (Number.isInteger(value) && Math.abs(value) <= 2 ** 53)) && String(value);

  /** Nothing that goes wrong in it gets out. */
  const calm = (work) => (...values) => {
    try {
      return work(...values);
    } catch (error) {
      console.error(error);
    }
  };
  const on = (target, types, work, options) => types.split(" ").forEach((type) => target.addEventListener(type, calm(work), options));
  const after = (milliseconds, work) => setTimeout(calm(work), milliseconds);
  const select = (selector) => [...root.querySelectorAll(selector)];

  let todo = [];
  let late = [];
  let depth = 0;
  const run = (work) => work.splice(0).forEach((each) => each());

  // Templates (§1)

  const known = new Map(); // by fingerprint

  const template = (html, cells) => {
    let inner = 0;
    for (const cell of array(cells)) need(isCount(cell) ? cell < 5 : array(cell).every(isText) && cell.length && cell.length !== 2);
    return { html: need(isText(html)) && html, cells, forms: {}, inner: cells.map((cell) => [1, 2, 4].includes(cell) && ++inner) };
  };

  const spaces = { "http://www.w3.org/2000/svg": "svg", "http://www.w3.org/1998/Math/MathML": "math" };
  /** In what language the content of an element is parsed; "" is HTML. */
  const spaceIn = ({ localName, namespaceURI }) => (/^(foreignObject|desc|title|m[inos]|mtext|annotation-xml)$/.test(localName) ? "" : (spaces[namespaceURI] ?? ""));

  // Where a page's policy wants it (Trusted Types), what is parsed as markup goes through here: templates, raw cells, and pages of the server.
  const policy = window.trustedTypes?.createPolicy("heliograph-live", { createHTML: (html) => html });
  const trusted = (html) => policy?.createHTML(html) ?? html;

  const parse = (html, space) => {
    const { content } = Object.assign(document.createElement("template"), { innerHTML: trusted(space ? `<${space}>${html}</${space}>` : html) });
    if (space) content.replaceChildren(...content.firstChild.childNodes);
    return content;
  };

  /** A template in one language: its nodes, and steps that say where in them its cells are. */
  const formOf = (template, space) => (template.forms[space] ??= compile(template.cells, parse(template.html, space)));

  const compile = (cells, nodes) => {
    const found = new Set();
    const find = (number) => need(cells[number] !== undefined && found.add(+number)) && +number;
    const stepsOf = (parent) => {
      const steps = [...parent.childNodes].map((node) => {
        const step = { name: node.nodeName, cells: [] };
        if (node.nodeType === 8) {
          step.cell = find(node.data);
          step.isSole = parent !== nodes && !node.previousSibling && !node.nextSibling;
        } else if (node.nodeType === 1) {
          step.cells = node.getAttribute("data-h")?.split(" ").map(find) ?? [];
          node.removeAttribute("data-h");
          step.steps = stepsOf(node);
        }
        return step;
      });
      return parent === nodes || steps.some(({ cell, cells, steps }) => cell >= 0 || cells.length || steps) ? steps : null;
    };
    nodes.normalize();
    const steps = stepsOf(nodes);
    need(found.size === cells.length);
    return { nodes, steps, isBare: steps.length === 1 && nodes.children.length === 1 };
  };

  const templateOf = (view, number) => need(view.templates[number]);

  // Where cells are (§2). A place is { parent, end: null } of a sole cell, else { start, end }; what is known of the content stands beside it.

  let cursor; // the next node, while nodes and steps are gone through together

  const walk = (steps, parent, at, content) => {
    for (const step of steps) {
      if (step.cell >= 0) {
        content(step, parent);
        continue;
      }
      const node = cursor;
      need(node?.nodeName === step.name);
      for (const number of step.cells) at[number] = node;
      if (step.steps) {
        cursor = node.firstChild;
        walk(step.steps, node, at, content);
        need(!cursor);
      }
      cursor = node.nextSibling;
    }
  };

  const parentOf = ({ parent, end }) => parent ?? end.parentNode;
  const firstIn = ({ parent, start }) => (parent ? parent.firstChild : start.nextSibling);
  const range = new Range();
  const over = ({ parent, start, end }) => {
    if (parent) range.selectNodeContents(parent);
    else {
      range.setStartAfter(start);
      range.setEndBefore(end);
    }
    return range;
  };
  const fill = (place, nodes) => {
    over(place).deleteContents();
    parentOf(place).insertBefore(nodes, place.end);
  };
  const isIn = (place, node) => over(place).intersectsNode(node);

  // The first paint, with its shape (§4)

  const marker = (text) => {
    const node = cursor;
    need(node?.nodeType === 8 && node.data === text);
    cursor = node.nextSibling;
    return node;
  };

  const bind = (view, shape, parent) => {
    const template = templateOf(view, array(shape)[0]);
    const at = [];
    walk(formOf(template, spaceIn(parent)).steps, parent, at, ({ cell, isSole }, parent) => {
      const kind = template.cells[cell];
      const inner = shape[template.inner[cell]];
      const place = (at[cell] = isSole ? { parent, end: null } : { start: marker("[") });
      if (kind === 0) {
        at[cell] = cursor?.nodeType === 3 ? cursor : parent.insertBefore(new Text(), cursor);
        cursor = at[cell].nextSibling;
      } else if (kind === 1) place.instance = inner && bind(view, inner, parent);
      else if (kind === 2) place.rows = bindRows(view, inner, parent);
      else {
        for (let open = 0; cursor; cursor = cursor.nextSibling) {
          const text = cursor.nodeType === 8 && cursor.data;
          if (text === "[") open++;
          if (text === "]" && !open--) break;
        }
      }
      if (isSole) need(!cursor);
      else place.end = marker("]");
      if (kind === 4 && (place.view = count(inner))) settle(inner, place);
    });
    return { template, at };
  };

  /** Bare rows are gone into when they are first needed, unless there can be views in them. */
  const bindRows = (view, runs, parent) => {
    const rows = [];
    const hasViews = Object.values(view.templates).some(({ cells }) => cells.includes(4));
    array(runs).forEach((shape, i) => {
      if (i % 2 === 0) return count(shape);
      const { isBare, steps } = formOf(templateOf(view, array(shape)[0]), spaceIn(parent));
      for (let left = runs[i - 1]; left; left--) {
        const row = { first: need(cursor), last: cursor, shape };
        rows.push(row);
        if (isBare && !(hasViews && shape[1])) {
          need(cursor.nodeName === steps[0].name);
          cursor = cursor.nextSibling;
          continue;
        }
        if (!isBare) marker("[");
        row.instance = bind(view, shape, parent);
        if (!isBare) row.last = marker("]");
      }
    });
    return rows;
  };

  const instanceOf = (view, row) => {
    cursor = row.first;
    return (row.instance ??= bind(view, row.shape, cursor.parentNode));
  };

  // Trees (§3)

  const build = (view, number, values, space) => {
    const template = templateOf(view, number);
    const { cells } = template;
    const { nodes: original, steps, isBare } = formOf(template, space);
    const nodes = document.importNode(original, true);
    const at = [];
    need(array(values).length === cells.length && ++depth < 258);
    cursor = nodes.firstChild;
    walk(steps, nodes, at, ({ cell, isSole }, parent) => {
      const placeholder = cursor;
      const next = cursor.nextSibling;
      const place = isSole ? { parent, end: null } : { start: new Comment("["), end: new Comment("]") };
      let inside;
      if (cells[cell]) [at[cell], inside] = make(view, cells[cell], values[cell], parent === nodes ? space : spaceIn(parent), place);
      else at[cell] = inside = new Text(scalar(values[cell]));
      placeholder.replaceWith(...(isSole ? [inside] : [place.start, inside, place.end]));
      cursor = next;
    });
    cells.forEach((cell, number) => Array.isArray(cell) && write(at[number], cell[0], attribute(cell, values[number])));
    depth--;
    return { instance: { template, at }, nodes, isBare };
  };

  const buildOne = (view, value, space) => {
    const [[number, values], more] = Object.entries(need(value));
    return need(!more && !Array.isArray(value)) && build(view, number, values, space);
  };

  const rowOf = ({ instance, nodes, isBare }) => {
    if (!isBare) {
      nodes.prepend(new Comment("["));
      nodes.append(new Comment("]"));
    }
    return [{ first: nodes.firstChild, last: nodes.lastChild, instance }, nodes];
  };

  const buildRows = (view, values, space) => {
    const rows = [];
    const all = new DocumentFragment();
    let number;
    for (const value of array(values)) {
      if (isCount(value)) number = value;
      else {
        const [row, nodes] = rowOf(build(view, number, value, space));
        rows.push(row);
        all.append(nodes);
      }
    }
    return [rows, all];
  };

  /** Content that is not text: its place, and the nodes that belong there. */
  const make = (view, kind, value, space, { parent, start, end }) => {
    const place = { parent, start, end };
    let nodes = "";
    if (kind === 1) {
      if (value !== null) ({ instance: place.instance, nodes } = buildOne(view, value, space));
    } else if (kind === 2) [place.rows, nodes] = buildRows(view, value, space);
    else if (kind === 3) nodes = parse(scalar(value), space);
    else if ((place.view = count(value))) todo.push(() => settle(value, place));
    return [place, nodes];
  };

  /** What an attribute, or the text of an element, will be; `false` for none. */
  const attribute = ([, ...pieces], value) => {
    if (!pieces.length) return value === true ? "" : value !== null && value !== false && scalar(value);
    const values = pieces.length === 2 ? [value] : array(value);
    need(values.length === pieces.length - 1);
    return pieces.map((piece, i) => (i ? scalar(values[i - 1]) + piece : piece)).join("");
  };

  const write = (element, name, text) => {
    const lock = locks.get(element);
    if (lock?.name === name) return void (lock.text = text);
    if (!name) element.textContent = text;
    else if (text === false) element.removeAttribute(name);
    else if (/^xml:|^xlink:/.test(name)) element.setAttributeNS(`http://www.w3.org/${name[1] === "m" ? "XML/1998/namespace" : "1999/xlink"}`, name, text);
    else element.setAttribute(name, text);
    if (name === "class" && isBusy(element)) element.classList.add("live-busy");
    // A control that is edited has a value of its own. For the others it comes last: a select has no value before its options.
    const property = name || "value";
    if (!/^(value|checked|selected|muted)$/.test(property)) return;
    const control = name === "selected" ? element.closest("select") : element;
    const edit = edits.get(control);
    if (edit) edit.wanted[property] = text;
    else {
      delete freed.get(control)?.[property];
      late.push(() => assign(element, property, text));
    }
  };

  const assign = (element, property, text) => {
    if (property !== "value") {
      // Of a select: what its options say.
      for (const option of element.options ?? []) option.selected = option.defaultSelected;
      element[property] = text !== false;
    } else if (("defaultValue" in element || element.options) && element.type !== "file" && element.value !== (text ||= "")) {
      const { selectionStart, selectionEnd } = element;
      element.value = text;
      if (selectionStart != null && element === document.activeElement) element.setSelectionRange(selectionStart, selectionEnd);
    }
  };

  // Patches (§3)

  const patch = (view, { template, at }, values) => {
    need(values.length && values.length % 2 === 0 && ++depth < 258);
    for (let i = 0; i < values.length; i += 2) patchCell(view, template.cells[count(values[i])], at, values[i], values[i + 1]);
    depth--;
  };

  const patchCell = (view, kind, at, number, value) => {
    const place = at[number];
    if (Array.isArray(kind)) {
      const text = attribute(kind, value);
      todo.push(() => write(place, kind[0], text));
    } else if (kind === 0) {
      const text = scalar(value);
      todo.push(() => (place.data = text));
    } else if (kind === 1 && Array.isArray(value)) patch(view, need(place.instance), value);
    else if (kind === 2) patchRows(view, at, number, value);
    else {
      // A view that goes from one cell to another waits outside.
      todo.push(() => {
        const old = views.get(place.view);
        if (old?.place === place) old.place = { parent: over(place).extractContents(), end: null };
      });
      const [next, nodes] = make(view, need(kind), value, spaceIn(parentOf(place)), place);
      at[number] = next;
      if (kind < 4) todo.push(() => fill(place, nodes || new Text()));
    }
  };

  const patchRows = (view, at, number, operations) => {
    const place = at[number];
    const space = spaceIn(parentOf(place));
    let rows = [...place.rows];
    let i = 0;
    const next = () => need(i < operations.length) && operations[i++];
    const take = (from, length) => need(length && from + length <= rows.length) && rows.splice(from, length);
    /** Puts rows in the model, and says before which node they come. */
    const put = (taken, to) => {
      need(to <= rows.length);
      const node = rows[to]?.first ?? place.end;
      rows = [...rows.slice(0, to), ...taken, ...rows.slice(to)];
      return node;
    };
    need(array(operations).length);
    while (i < operations.length) {
      const operation = next();
      if (operation === "-") {
        const gone = take(count(next()), count(next()));
        todo.push(() => cut(gone[0], gone.at(-1)));
      } else if (operation === ">") {
        const [from, to] = [count(next()), count(next())];
        const taken = take(from, count(next()));
        const node = put(taken, to);
        todo.push(() => move(parentOf(place), taken, node));
      } else if (operation === "=") {
        const order = array(next()).flatMap((entry) => {
          const [first, length] = isCount(entry) ? [entry, 1] : array(entry);
          need(Number.isInteger(length) && length && Math.abs(length) <= rows.length);
          return Array.from({ length: Math.abs(length) }, (_, step) => need(rows[count(first) + step * Math.sign(length)]));
        });
        need(order.length === rows.length && new Set(order).size === rows.length);
        rows = [...order];
        todo.push(() => {
          let node = place.end;
          for (const row of order.reverse()) {
            if (row.last.nextSibling !== node) move(parentOf(place), [row], node);
            node = row.first;
          }
        });
      } else if (operation === "+") {
        const to = count(next());
        const [added, nodes] = buildRows(view, next(), space);
        const node = put(added, to);
        todo.push(() => parentOf(place).insertBefore(nodes, node));
      } else {
        const row = need(rows[count(operation)]);
        const value = next();
        if (Array.isArray(value)) patch(view, instanceOf(view, row), value);
        else {
          const [other, nodes] = rowOf(buildOne(view, value, space));
          rows[operation] = other;
          todo.push(() => {
            parentOf(place).insertBefore(nodes, row.first);
            cut(row, row);
          });
        }
      }
    }
    place.rows = rows;
  };

  const cut = ({ first }, { last }) => {
    range.setStartBefore(first);
    range.setEndAfter(last);
    range.deleteContents();
  };

  const move = (parent, rows, before) => {
    const chosen = [...(parent.closest?.("select")?.selectedOptions ?? [])];
    for (const { first, last } of rows) {
      for (let node = first, next; node; node = next) {
        next = node === last ? null : node.nextSibling;
        parent[parent.moveBefore && parent.isConnected ? "moveBefore" : "insertBefore"](node, before);
      }
    }
    for (const option of chosen) option.selected = true;
  };

  // Views

  let root;
  const views = new Map();
  const viewAt = (place, number = 0) => ({ number, place, templates: { __proto__: null } });

  const viewFor = (number) => need(views.get(number));

  /** A view is at this place from now on, with what it shows. */
  const settle = (number, place) => {
    const view = views.get(number) ?? viewAt(place, number);
    if (view.place !== place) parentOf(place).insertBefore(over(view.place).extractContents(), place.end);
    view.place = place;
    views.set(number, view);
  };

  const viewOf = (element) => {
    let found = views.get(0);
    for (const view of views.values()) if (view.number && isIn(view.place, element) && isIn(found.place, parentOf(view.place))) found = view;
    return found.number;
  };

  // Messages (§3, §8 to §11)

  const patched = (number, sequence, values) => {
    const view = viewFor(number);
    if (view.isAsking) return; // a tree is on its way
    need(view.root && sequence === view.sequence + 1);
    patch(view, view.root, values);
    todo.push(() => (hash = ""));
    view.sequence++;
  };

  const shown = (view, sequence) => {
    count(sequence);
    todo.push(() => {
      Object.assign(view, { sequence, isAsking: false });
      if (!view.number) joined();
      late.push(() => {
        scan();
        if (!view.isRecovered) recover(view);
        view.isRecovered = true;
      });
    });
  };

  const addressOf = (text) => {
    const { origin, href } = new URL(text, location);
    return need(/^\//.test(text) && origin === location.origin) && href;
  };
  const fire = (name, detail) => window.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));

  const messages = {
    __proto__: null,
    t(number, ...templates) {
      const view = viewFor(number);
      for (const [number, fingerprint, ...definition] of templates) {
        const each = definition.length ? template(...definition) : need(known.get(fingerprint));
        view.templates[count(number)] = each;
        todo.push(() => known.set(need(isText(fingerprint)) && fingerprint, each));
      }
    },
    b(number, sequence, shape) {
      const view = viewFor(number);
      const parent = parentOf(view.place);
      shown(view, sequence);
      if (!number) root.normalize(); // nothing in it is bound
      cursor = firstIn(view.place);
      view.root = bind(view, shape, parent);
      need(cursor === view.place.end);
    },
    j(number, sequence, tree) {
      const view = viewFor(number);
      const { place } = view;
      const { instance, nodes } = buildOne(view, tree, spaceIn(parentOf(place)));
      todo.push(() => {
        hash = "";
        const keep = keepTyped(place);
        fill(place, nodes);
        view.root = instance;
        late.push(keep);
      });
      shown(view, sequence);
    },
    p: (number, sequence, ...values) => patched(number, sequence, values),
    s: (...newest) => ([seal, hash] = need(newest.every(isText)) && newest),
    e: fire,
    err: (ref, text) => pending.has(ref) && fire("error", text),
    flash(kind, text) {
      const element = root.querySelector("[data-flash]");
      if (!element) return;
      element.className = element.className.replace(/ ?\bflash-\S+|$/, ` flash-${kind}`).trim();
      element.textContent = text;
      element.hidden = !text;
    },
    focus: (selector) => root.querySelector(selector)?.focus(),
    reset(id) {
      const form = document.getElementById(id);
      if (!(form instanceof HTMLFormElement)) return;
      for (const control of form.elements) for (const each of [edits, freed, used]) each.delete(control);
      HTMLFormElement.prototype.reset.call(form);
    },
    title: (text) => (document.title = text),
    u: (url, replaces) => mark(addressOf(url), replaces),
    go: (url) => void navigate(addressOf(url)),
    away: (milliseconds) => (away = Math.min(count(milliseconds), 60_000)),
    reload: () => reload(),
  };

  let wrongs = 0; // in a row

  const receive = (text) => {
    let number = 0;
    todo = [];
    late = [];
    depth = 0;
    try {
      const message = JSON.parse(text);
      log("<", message);
      if (isCount(message)) acknowledge(message);
      else {
        const [name, ...values] = array(message);
        if (isCount(name)) patched(0, name, values);
        else {
          if (/^[tbjp]$/.test(name)) number = values[0];
          need(messages[name])(...values);
        }
      }
    } catch (error) {
      return wrong(number, error);
    }
    try {
      if (todo.length) wrongs = 0;
      changes.takeRecords();
      run(todo);
      const records = changes.takeRecords();
      run(late);
      for (const [control, { chosen }] of edits) {
        if (!control.isConnected) edits.delete(control);
        else if (chosen) choose(control, chosen);
      }
      tell(records);
    } catch (error) {
      wrong(number, error);
    }
  };

  const wrong = (number, error) => {
    log(error);
    if (++wrongs > 2) return drop(4400);
    const view = views.get(number) ?? views.get(0);
    view.isAsking = true;
    send(["full", view.number]);
  };

  // The connection (§5, §12)

  let seal;
  let hash;
  let socket = null;
  let isJoined = false;
  let isOff = true;
  let refs = 0;
  let timer;
  let attempts = 0;
  let away;
  let unopened = 0; // WebSockets in a row that did not come into being
  let probing;
  let due = 0;

  const send = (message) => {
    log(">", message);
    socket?.send(JSON.stringify(message));
  };

  /** What comes while latency is simulated comes later, in order. */
  const delayed = (work) => {
    const now = performance.now();
    due = Math.max(due, now + live.latency);
    if (due > now) after(due - now, work);
    else work();
  };

  const endpoint = (end) => new URL(location.pathname.replace(/\/?$/, end) + location.search, location);

  const webSocket = (open, message, close) => {
    const url = endpoint("/_live");
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, "heliograph-live");
    unopened++;
    on(socket, "open", () => {
      unopened = 0;
      open();
    });
    on(socket, "message", ({ data }) => message(data));
    on(socket, "close", ({ code }) => close(code));
    return socket;
  };

  const serverSentEvents = (open, message, close) => {
    const url = endpoint("/_live.sse");
    const source = new EventSource(url);
    const end = () => {
      source.close();
      close();
    };
    const waiting = [];
    const post = async () => {
      const body = `[${waiting.join()}]`;
      const { length } = waiting;
      const { ok } = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(() => ({}));
      waiting.splice(0, length);
      if (!ok) end();
      else if (waiting.length) post();
    };
    unopened = 0;
    on(source, "message", ({ data }) => message(data));
    on(source, "open", ({ data }) => {
      if (!data) return; // the browser's own event
      unopened = 2;
      url.searchParams.set("key", data);
      open();
    });
    on(source, "error", end);
    return {
      send: (text) => waiting.push(text) > 1 || queueMicrotask(post),
      close: () => source.close(),
    };
  };

  const connect = () => {
    isOff = false;
    clearTimeout(timer);
    if (socket || !root) return;
    root.classList.add("live-offline");
    const mine = (work) => (value) => delayed(() => socket === made && work(value));
    const made = (unopened < 2 ? webSocket : serverSentEvents)(
      mine(() => {
        refs = 0;
        views.clear();
        views.set(0, viewAt({ parent: root, end: null }));
        send(["join", seal, hash, [...known.keys()]]);
      }),
      mine((text) => {
        clearTimeout(probing);
        receive(text);
      }),
      (code) => socket === made && lost(code),
    );
    socket = made;
    timer = after(15_000, drop);
  };

  const joined = () => {
    if (isJoined) return;
    clearTimeout(timer);
    isJoined = true;
    timer = after(5_000, () => (attempts = 0));
    root.classList.remove("live-offline");
    observer.disconnect();
    observed.clear();
    callAll("reconnected");
  };

  const drop = (code) => {
    const dropped = socket;
    lost();
    dropped?.close(code);
  };

  const lost = (code) => {
    socket = null;
    clearTimeout(timer);
    clearTimeout(probing);
    wrongs = 0;
    root.classList.add("live-offline");
    if (isJoined) {
      isJoined = false;
      acknowledge(Infinity, true);
      for (const upload of uploads.values()) upload.stop();
      callAll("disconnected");
    }
    if (isOff) return;
    if (code === 4401 || code === 4404) return reload();
    const limit = away ?? Math.min(30_000, 1_000 * 2 ** attempts++);
    away = undefined;
    timer = after((code === 4429 ? 5_000 : 0) + Math.random() * limit, connect);
  };

  const disconnect = () => {
    isOff = true;
    if (root) drop();
  };

  /** By itself a page is loaded once in 10 s at most. */
  const reload = () => {
    const wait = 10_000 - (Date.now() - calm(() => sessionStorage["live-reload"])());
    if (wait > 0) return after(wait, reload);
    calm(() => (sessionStorage["live-reload"] = Date.now()))();
    isOff = true;
    location.reload();
  };

  /** A socket may look open and be dead: an empty event is acknowledged whatever it says. */
  const look = () => {
    if (isOff) return;
    if (!isJoined) return connect();
    send([++refs, 0, ""]);
    clearTimeout(probing);
    probing = after(10_000, drop);
  };

  // Events (§8)

  const pending = new Map(); // what is not acknowledged, by ref
  const isBusy = (element) => [...pending.values()].some(({ elements }) => elements.includes(element));
  const formOfControl = (element) => (element.localName !== "form" && element.form) || element.closest("form");

  const call = (kind, rest, elements = [], done) => {
    pending.set(++refs, { elements, done });
    for (const element of elements) element.classList.add("live-busy");
    send([...kind, refs, ...rest]);
    return refs;
  };

  const push = (element, event, value, control = element) => {
    if (!isJoined || !isText(event) || !root.contains(element)) return;
    const form = formOfControl(element);
    const ref = call([], [viewOf(element), event, ...(value === undefined ? [] : [value])], form ? [element, form] : [element]);
    for (const [each, edit] of edits) if (each.form === element || groupOf(control).includes(each)) edit.ref = ref;
    return ref;
  };

  const acknowledge = (ref, isLost) => {
    const all = [];
    for (const [each, { elements, done }] of pending) {
      if (each > ref) continue;
      pending.delete(each);
      all.push(...elements);
      if (!isLost) done?.();
    }
    for (const element of all) if (!isBusy(element)) element.classList.remove("live-busy");
    for (const lock of [...locks.values()]) if (lock.ref <= ref) lock.open();
    for (const [control, edit] of edits) {
      if (isLost) edit.ref = Infinity;
      else if (edit.ref <= ref) release(control, edit);
    }
  };

  // What the user types is his: what the server wants of an edited control meanwhile, and the ref of the event that told of it.

  const edits = new Map();
  const freed = new WeakMap(); // what is still wanted of controls that are edited no more
  const used = new WeakSet();
  const groupOf = (control) => (control.type === "radio" ? select("input[type=radio]").filter(({ name, form }) => name === control.name && form === control.form) : [control]);
  const isBox = ({ type }) => /^(radio|checkbox)$/.test(type);
  const chosenIn = ({ selectedOptions }) => selectedOptions && Array.from(selectedOptions, ({ value }) => value);

  const edited = (control) => {
    used.add(control);
    for (const each of groupOf(control)) {
      edits.set(each, { wanted: edits.get(each)?.wanted ?? freed.get(each) ?? {}, ref: Infinity, chosen: chosenIn(control) });
      freed.delete(each);
    }
  };

  /** What the event has changed comes directly behind its acknowledgement. What the server wanted before must not show in between. */
  const release = (control, { wanted }) => {
    edits.delete(control);
    freed.set(control, wanted);
    after(200, () => {
      if (freed.get(control) === wanted) for (const property in wanted) assign(control, property, wanted[property]);
    });
  };

  const choose = ({ options }, values) => {
    const has = ({ value }) => values.includes(value);
    if ([...options].some(has)) for (const option of options) option.selected = has(option);
  };

  /** By what a control is found again in a new tree. */
  const keyOf = (control) => {
    const form = control.form?.getAttribute("id");
    return control.id || (form && control.name && `${form} ${control.name} ${isBox(control) && control.value}`);
  };

  const keepTyped = (place) => {
    const kept = new Map();
    for (const [control, edit] of edits) if (isIn(place, control)) kept.set(keyOf(control), [control, edit]) && edits.delete(control);
    const active = document.activeElement ?? document.body;
    const focus = isIn(place, active) && keyOf(active);
    const { selectionStart, selectionEnd, selectionDirection } = active;
    return () => {
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
    };
  };

  /** After a new join, what was typed meanwhile. */
  const recover = (view) => {
    const told = new Set();
    const tellers = "[data-on-input],[data-on-change]";
    for (const control of edits.keys()) {
      const element = control.form?.matches(tellers) ? control.form : control.closest(tellers);
      if (!element || told.has(element) || viewOf(control) !== view.number || (control.type === "radio" && !control.checked)) continue;
      told.add(element);
      push(element, element.dataset.onInput ?? element.dataset.onChange, valueOf(element, control), control);
    }
  };

  const fields = (form, submitter, control) => {
    const all = new Map();
    for (const [name, value] of new FormData(form, submitter)) {
      if (isText(value) && name !== "_event") all.set(name, all.has(name) ? [].concat(all.get(name), value) : value);
    }
    if (control) {
      const unused = new Set();
      for (const each of form.elements) if (each.name && !each.matches(":disabled,button") && !/^(hidden|submit|image|reset|file)$/.test(each.type)) unused.add(each.name);
      for (const each of form.elements) if (used.has(each)) unused.delete(each.name);
      if (control.name) all.set("_target", control.name);
      if (unused.size) all.set("_unused", [...unused]);
    }
    return Object.fromEntries(all);
  };

  const valueOf = (element, control) => {
    if (element.localName === "form") return fields(element, null, control);
    const { type, checked, value } = control;
    return type === "checkbox" ? checked : type === "select-multiple" ? chosenIn(control) : value;
  };

  const waits = new Set(); // events that wait until nothing has happened for a time, or stand back for one

  const trigger = (type, element, control = element, value) => {
    const { confirm: question, throttle, debounce } = element.dataset;
    if (question && !confirm(question)) return;
    const tell = () => push(element, element.getAttribute(`data-on-${type}`), value?.(), control);
    const form = formOfControl(element);
    const slow = /^(input|change)$/.test(type) && (control.dataset.debounce ?? debounce);
    const pace = /^(input|change|click|.*key.*)$/.test(type) && throttle;
    let wait;
    for (const each of [...waits]) {
      if (each.element === element && each.type === type) wait = each;
      else if (each.slow && (each.element === element || (form && each.form === form))) each.end();
    }
    if (!slow && !pace) return tell();
    if (!wait) {
      wait = { element, type, form, slow };
      wait.end = () => {
        const { tell } = wait;
        clearTimeout(wait.timer);
        waits.delete(wait);
        wait.tell = null;
        if (tell && !slow) wait.start(pace);
        tell?.();
      };
      wait.start = (milliseconds) => {
        clearTimeout(wait.timer);
        waits.add(wait);
        if (milliseconds >= 0) wait.timer = after(milliseconds, wait.end);
      };
      if (!slow) {
        wait.start(pace);
        return tell();
      }
    }
    Object.assign(wait, { tell, control });
    if (slow) wait.start(slow);
  };

  const all = (type) => select(`[data-on-${type}]`);
  const finder = ({ type }) => `[data-on-${type}]`;
  const find = (event, selector = finder(event)) => {
    const element = event.target.closest?.(selector);
    return root.contains(element) ? element : null;
  };

  const keyboard = (prefix) => (event) => {
    const { key, code, type, repeat, isComposing } = event;
    if (!key || isComposing) return;
    const value = { key, code, repeat: repeat || undefined };
    for (const name of ["alt", "ctrl", "meta", "shift"]) if (event[`${name}Key`]) value[name] = true;
    for (const element of prefix ? all(prefix + type) : [find(event)]) {
      const keys = element?.dataset.key?.split(" ") ?? [key];
      if (!element || !(keys.includes(key) || keys.includes(code))) continue;
      if ("prevent" in element.dataset) event.preventDefault();
      trigger(prefix + type, element, element, () => value);
    }
  };

  const listen = () => {
    on(document, "click", (event) => {
      for (const element of all("away")) if (!element.contains(event.target)) trigger("away", element);
      const element = find(event);
      if (element) {
        if (element.localName === "a" || element.type === "submit" || "prevent" in element.dataset) event.preventDefault();
        trigger("click", element);
      }
      follow(event);
    });
    on(document, "input change", (event) => {
      const { target, type } = event;
      if (!root.contains(target)) return;
      if (type === "input" && "value" in target) edited(target);
      if (type === "change" && target.dataset.upload) offer(target, target.files);
      const element = find(event) ?? (target.form?.matches(finder(event)) && target.form);
      if (element) trigger(type, element, target, () => valueOf(element, target));
    });
    on(document, "submit", (event) => {
      const form = find(event);
      if (!form) return;
      event.preventDefault();
      if ([...form.elements].some((control) => locks.has(control))) return;
      const value = fields(form, event.submitter);
      for (const control of form.elements) used.add(control);
      const ref = trigger("submit", form, form, () => value);
      if (ref) lock(form, ref);
    });
    on(document, "focus blur", (event) => {
      const { target, type } = event;
      if (!root.contains(target)) return;
      for (const wait of [...waits]) if (type === "blur" && wait.slow && wait.control === target) wait.end();
      if (target.matches?.(finder(event))) trigger(type, target, target, () => valueOf(target, target));
    }, true);
    on(document, "keydown keyup", keyboard(""));
    on(window, "keydown keyup", keyboard("window-"));
    on(window, "focus blur", ({ type }) => {
      for (const element of all(`window-${type}`)) trigger(`window-${type}`, element);
    });
    on(window, "online", () => {
      unopened = 0; // it may be another network
      look();
    });
    on(document, "visibilitychange", () => document.hidden || look());
    on(window, "pageshow", ({ persisted }) => persisted && look());
    // An open socket would keep the page out of the back/forward cache.
    on(window, "pagehide", () => {
      drop();
      clearTimeout(timer);
    });
    on(window, "scroll", () => (scrolls[entry] = [scrollX, scrollY]));
    on(window, "popstate", ({ state }) => back(state?.live));
    on(document, "dragover drop", (event) => {
      const input = document.getElementById(event.target.closest?.("[data-drop]")?.dataset.drop);
      if (!input?.dataset.upload) return;
      event.preventDefault();
      if (event.type === "drop") offer(input, event.dataTransfer.files);
    });
    setInterval(calm(() => document.hidden || (isJoined && look())), 30_000);
  };

  // While a form is being sent its buttons are disabled, its controls read-only.

  const locks = new Map();

  const lock = (form, ref) => {
    for (const control of form.elements) {
      const isButton = /^(submit|button|reset|image)$/.test(control.type);
      if (!isButton && !("readOnly" in control)) continue;
      const name = isButton ? "disabled" : "readonly";
      const label = control.dataset.disableWith;
      const { value, childNodes, localName } = control;
      const nodes = [...childNodes];
      const hadFocus = control === document.activeElement;
      const lock = {
        name,
        ref,
        text: control.getAttribute(name) ?? false,
        open() {
          locks.delete(control);
          write(control, name, lock.text);
          if (label && localName === "input") control.value = value;
          else if (label) control.replaceChildren(...nodes);
          if (hadFocus && document.activeElement === document.body) control.focus();
        },
      };
      if (label) control[localName === "input" ? "value" : "textContent"] = label;
      control.setAttribute(name, "");
      locks.set(control, lock);
    }
  };

  // Addresses (§9). An entry of the history has the number of its page, and its own for where the user had scrolled to.

  let page;
  let entry;
  let turn = 0;
  let shownAt;
  const scrolls = {};
  const here = () => location.pathname + location.search;

  const mark = (url, isReplaced) => {
    if (!isReplaced) entry = Math.random();
    history[isReplaced ? "replaceState" : "pushState"]({ ...(isReplaced && history.state), live: [page, entry] }, "", url);
    shownAt = here();
  };
  const say = (done) => isJoined && call(["nav"], [here()], [], done);
  const scroll = ([x, y] = [0, 0]) => window.scrollTo(x, y);

  const follow = (event) => {
    const { defaultPrevented, metaKey, ctrlKey, shiftKey, altKey } = event;
    const link = event.target.closest?.("a[data-patch],a[data-navigate]");
    if (!link || !(around(root) ?? root).contains(link) || defaultPrevented || metaKey || ctrlKey || shiftKey || altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
    if ("navigate" in link.dataset) navigate(link.href);
    else if (isJoined) {
      mark(link.href);
      say();
    } else return;
    event.preventDefault();
  };

  const back = ([itsPage, itsEntry] = []) => {
    if (!itsPage && here() === shownAt) return; // another place of the same page
    const to = scrolls[itsEntry];
    entry = itsEntry;
    if (itsPage !== page) return navigate(location.href, itsPage ?? Math.random(), to);
    if (here() === shownAt) return;
    shownAt = here();
    say(() => to && scroll(to));
  };

  /** To another live page without loading. `itsPage` is that of an entry which the history has already. */
  const around = (element) => element.closest("[data-live-page]");

  const navigate = async (url, itsPage, to) => {
    const mine = ++turn;
    try {
      const answer = await fetch(url, { headers: { accept: "text/html" } });
      const text = await answer.text();
      if (mine !== turn) return;
      const next = new DOMParser().parseFromString(trusted(text), "text/html");
      const element = need(answer.ok && next.querySelector("[data-live]"));
      const target = answer.redirected ? addressOf(answer.url.slice(location.origin.length)) : url;
      disconnect();
      page = itsPage ?? Math.random();
      mark(target, itsPage);
      document.title = next.title;
      // With what belongs to it, if both pages say so.
      const inner = around(element) && around(root) ? around : (view) => view;
      inner(root).replaceWith(inner(element));
      start(element);
      scan();
      const goal = !to && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (goal) goal.scrollIntoView();
      else scroll(to);
    } catch (error) {
      log(error);
      if (mine !== turn) return;
      if (itsPage) location.reload();
      else location.assign(url);
    }
  };

  // Hooks (§10), and what is waited for to be seen

  const mounted = new Map();
  const changes = new MutationObserver(() => {});
  const callAll = (name) => mounted.forEach((call) => call(name));

  const mount = (element, functions) => {
    const controller = new AbortController();
    const hook = Object.assign(Object.create(functions), {
      el: element,
      push: (event, value) => push(element, event, value),
      on: (name, work) => on(window, `live:${name}`, ({ detail }) => work(detail), controller),
    });
    const call = calm((name) => {
      if (name === "destroyed") controller.abort();
      hook[name]?.();
    });
    mounted.set(element, call);
    call("mounted");
  };

  /** What has changed is known: hooks around it hear of it, new ones are mounted. */
  const tell = (records) => {
    const calls = new Set();
    for (const { target } of mounted.size ? records : []) for (let node = target; node; node = node.parentNode) calls.add(mounted.get(node));
    if (records.some(({ type, attributeName }) => type === "childList" || /^data-/.test(attributeName))) scan();
    for (const call of calls) call?.("updated");
  };

  const observed = new Set();
  const observer = new IntersectionObserver(calm((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting && root.contains(target)) trigger("appear", target);
  }));

  const scan = () => {
    for (const [element, call] of mounted) if (!root.contains(element)) mounted.delete(element) && call("destroyed");
    for (const element of observed) if (!root.contains(element)) observed.delete(element) && observer.unobserve(element);
    for (const [number, { place }] of views) if (!parentOf(place)?.isConnected) views.delete(number);
    if (!isJoined) return;
    for (const element of all("appear")) if (!observed.has(element)) observed.add(element) && observer.observe(element);
    for (const element of select("[data-hook]")) {
      const { hook } = element.dataset;
      if (!mounted.has(element) && Object.hasOwn(live.hooks, hook)) mount(element, live.hooks[hook]);
    }
  };

  // Uploads (§11)

  const uploads = new Map(); // by id
  const offers = new Map(); // by ref
  const chunk = 32_768;

  const offer = (input, files) => {
    for (const upload of uploads.values()) if (upload.input === input) upload.cancel();
    files = [...files].slice(0, input.multiple ? Infinity : 1);
    if (!files.length || !isJoined) return;
    const ref = call(["up"], [viewOf(input), input.dataset.upload, files.map(({ name, type, size }) => [name, type, size])], [input]);
    offers.set(ref, { input, files });
  };

  const show = (input) => {
    let [taken, size] = [0, 0];
    for (const upload of uploads.values()) {
      if (upload.input !== input) continue;
      taken += upload.taken;
      size += upload.file.size;
    }
    const percent = size ? Math.floor((100 * taken) / size) : 100;
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
      wake() {},
      stop() {
        uploads.delete(id);
        self.isOver = true;
        self.wake();
      },
      cancel() {
        if (!self.isSent) send(["ux", id]);
        self.stop();
      },
    };
    uploads.set(id, self);
    show(input);
    const head = [];
    for (let rest = id; head.push(rest % 128) && rest > 127; rest = Math.floor(rest / 128)) head[head.length - 1] += 128;
    try {
      for (let at = 0; ; at += chunk) {
        const bytes = new Uint8Array(await file.slice(at, at + chunk).arrayBuffer());
        while (!self.isOver && at + bytes.length > self.taken + 4 * chunk) await new Promise((resolve) => (self.wake = resolve));
        if (self.isOver) return;
        socket.send(new Uint8Array([...head, ...bytes]));
        if (!bytes.length) return void (self.isSent = true);
      }
    } catch {
      self.cancel(); // it can be read no more
    }
  };

  messages.up = (ref, ids) => {
    const { input, files } = need(offers.get(ref));
    need(array(ids).length === files.length);
    offers.delete(ref);
    ids.forEach((id, i) => (isText(id) ? fire("refused", { input, file: files[i], reason: id }) : upload(input, files[i], count(id))));
  };
  messages.ua = (id, bytes) => {
    const self = uploads.get(id);
    if (!self) return;
    self.taken = count(bytes);
    show(self.input);
    self.wake();
  };
  messages.ux = (id) => uploads.get(id)?.stop();

  // The start

  const start = (element) => {
    root = element;
    seal = root.getAttribute("data-live");
    hash = root.getAttribute("data-live-hash") ?? "";
    edits.clear();
    attempts = 0;
    changes.disconnect();
    changes.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
    // Typed before this program was there, or brought back by the browser.
    for (const control of select("input,textarea")) {
      const { type, checked, defaultChecked, value, defaultValue } = control;
      if (isBox(control) ? checked !== defaultChecked : /^(text|search|tel|pass|email|url|number)/.test(type) && value !== defaultValue) edited(control);
    }
    connect();
  };

  live.connect = calm(connect);
  live.disconnect = calm(disconnect);

  const begin = () => {
    const element = document.querySelector("[data-live]");
    if (root || !element) return;
    [page, entry] = history.state?.live ?? [Math.random(), 0];
    mark(location.href, true);
    listen();
    start(element);
  };
  // Hooks are defined by scripts that come behind this one.
  on(document, "DOMContentLoaded", begin);
  on(window, "load", begin);
  if (document.readyState === "complete") calm(begin)();
})();

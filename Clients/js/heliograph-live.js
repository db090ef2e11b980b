// Heliograph's live views in a browser. Docs/live-protocol.md has the rules, to which § refers.
//
// A message is checked as a whole before the page changes (§7): the model changes; new nodes are made apart; what is to happen to the page waits in
// `todo`, and what has to come last in `late`. At the first thing that is wrong nothing happens, and a new tree replaces the model.
//
// What few pages need is in heliograph-live-extras.js, which comes when a page needs it. Both are served minified and have their limits: dev/js.sh.
(() => {
  if (window.live) return;
  const live = (window.live = { hooks: {}, latency: 0, isLive: false });
  const need = (value) => {
    if (!value) throw new Error("live");
    return value;
  };
  const isText = (value) => typeof value === "string";
  const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
  const count = (value) => need(isCount(value)) && value;
  const array = (value) => need(Array.isArray(value)) && value;
  const scalar = (value) => need(isText(value) || (Number.isInteger(value) && Math.abs(value) <= 2 ** 53)) && String(value);

  const on = (target, types, work, options) => types.split(" ").forEach((type) => target.addEventListener(type, work, options));
  const select = (selector) => [...root.querySelectorAll(selector)];

  const todo = [];
  const late = [];
  let depth = 0;
  const run = (work) => work.splice(0).forEach((each) => each());

  // Templates (§1)

  const known = new Map(); // by fingerprint

  const template = (html, cells) => {
    let inner = 0;
    for (const cell of array(cells)) need(isCount(cell) ? cell < 5 : array(cell).every(isText) && cell.length && cell.length !== 2);
    return { html: need(isText(html)) && html, cells, forms: {}, inner: cells.map((cell) => /^[124]$/.test(cell) && ++inner) };
  };

  /** In what language the content of an element is parsed; "" is HTML. */
  const spaceIn = ({ localName, namespaceURI }) => (!/^(for|desc|title|m[inos]$|mtext|anno)/.test(localName) && /svg|Math/.exec(namespaceURI)?.[0]) || "";

  // Where a page's policy wants it (Trusted Types), what is parsed as markup goes through here: templates, raw cells, and pages of the server.
  const policy = window.trustedTypes?.createPolicy("heliograph-live", { createHTML: (html) => html });
  const trusted = (html) => policy?.createHTML(html) ?? html;

  const parse = (html, space) => {
    const { content } = Object.assign(document.createElement("template"), { innerHTML: trusted(space ? `<${space}>${html}` : html) });
    if (space) content.replaceChildren(...content.firstChild.childNodes);
    return content;
  };

  /** A template in one language: its nodes, and steps that say where in them its cells are. */
  const formOf = ({ forms, html, cells }, space) => (forms[space] ??= compile(cells, parse(html, space)));

  const compile = (cells, nodes) => {
    const found = new Set();
    const find = (number) => need(cells[number] !== undefined && found.add(+number)) && +number;
    const stepsOf = (parent) => {
      let hasCells = parent === nodes;
      const steps = Array.from(parent.childNodes, (node) => {
        const step = { name: node.nodeName, cells: [] };
        if (node.nodeType === 8) {
          step.cell = find(node.data);
          step.isSole = parent !== nodes && !parent.childNodes[1];
          hasCells = true;
        } else if (node.nodeType === 1) {
          step.cells = node.dataset.h?.split(" ").map(find) ?? [];
          delete node.dataset.h;
          step.steps = stepsOf(node);
          hasCells ||= step.steps || step.cells.length;
        }
        return step;
      });
      return hasCells && steps;
    };
    nodes.normalize();
    const steps = stepsOf(nodes);
    need(found.size === cells.length);
    return { nodes, steps, isBare: steps.length === 1 && nodes.children.length === 1 };
  };

  // Where cells are (§2). A place is { parent, end: null } of a sole cell, else { start, end }; what is known of the content stands beside it.

  let cursor; // the next node, while nodes and steps are gone through together

  const walk = (steps, parent, at, content) => {
    for (const step of steps) {
      const node = cursor;
      if (step.cell >= 0) content(step.cell, parent, step.isSole);
      else {
        need(node?.nodeName === step.name);
        for (const number of step.cells) at[number] = node;
        if (step.steps) {
          cursor = node.firstChild;
          walk(step.steps, node, at, content);
          need(!cursor);
        }
        cursor = node.nextSibling;
      }
    }
  };

  const parentOf = ({ parent, end }) => parent ?? end.parentNode;
  const range = new Range();
  const over = ({ parent, start, end }) => {
    if (parent) range.selectNodeContents(parent);
    else {
      range.setStartAfter(start);
      range.setEndBefore(end);
    }
    return range;
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
    const template = need(view.templates[array(shape)[0]]);
    const { cells, inner } = template;
    const at = [];
    walk(formOf(template, spaceIn(parent)).steps, parent, at, (cell, parent, isSole) => {
      const kind = cells[cell];
      const shapes = shape[inner[cell]];
      const place = (at[cell] = isSole ? { parent, end: null } : { start: marker("[") });
      if (!kind) {
        at[cell] = cursor?.nodeType === 3 ? cursor : parent.insertBefore(new Text(), cursor);
        cursor = at[cell].nextSibling;
      } else if (kind === 1) place.instance = shapes && bind(view, shapes, parent);
      else if (kind === 2) place.rows = bindRows(view, shapes, parent);
      else {
        for (let open = 0; cursor; cursor = cursor.nextSibling) {
          const text = cursor.nodeType === 8 && cursor.data;
          if (text === "[") open++;
          if (text === "]" && !open--) break;
        }
      }
      if (isSole) need(!cursor);
      else place.end = marker("]");
      if (kind === 4 && (place.view = count(shapes))) settle(shapes, place);
    });
    return { template, at };
  };

  /** Bare rows are gone into when they are first needed, unless there can be views in them. */
  const bindRows = (view, runs, parent) => {
    const rows = [];
    array(runs).forEach((shape, i) => {
      if (i % 2 === 0) return count(shape);
      const { isBare } = formOf(need(view.templates[array(shape)[0]]), spaceIn(parent));
      for (let left = runs[i - 1]; left; left--) {
        const first = need(cursor);
        if (!isBare) marker("[");
        const instance = bind(view, shape, parent);
        rows.push({ first, instance, last: isBare ? first : marker("]") });
      }
    });
    return rows;
  };

  // Trees (§3)

  const build = (view, number, values, space) => {
    const template = need(view.templates[number]);
    const { cells } = template;
    const { nodes: original, steps, isBare } = formOf(template, space);
    const nodes = document.importNode(original, true);
    need(array(values).length === cells.length && ++depth < 258);
    cursor = nodes.firstChild;
    const at = [];
    walk(steps, nodes, at, (cell, parent, isSole) => {
      const placeholder = cursor;
      const next = cursor.nextSibling;
      const place = isSole ? { parent, end: null } : { start: new Comment("["), end: new Comment("]") };
      let inside;
      if (cells[cell]) [at[cell], inside] = make(view, cells[cell], values[cell], parent === nodes ? space : spaceIn(parent), place);
      else at[cell] = inside = new Text(scalar(values[cell]));
      placeholder.replaceWith(...(isSole ? [inside] : [place.start, inside, place.end]));
      cursor = next;
    });
    // Cells of attributes are arrays, which have `at`.
    cells.forEach((cell, number) => cell.at && write(at[number], cell[0], attribute(cell, values[number])));
    depth--;
    return { instance: { template, at }, nodes, isBare };
  };

  /** The number and the values of an instance. */
  const one = (value) => {
    const [[number, values], more] = Object.entries(need(value));
    return need(!more && !Array.isArray(value)) && [+number, values];
  };

  const buildRows = (view, values, space) => {
    const rows = [];
    const all = new DocumentFragment();
    let number;
    for (const value of array(values)) {
      if (isCount(value)) number = value;
      else {
        const { instance, nodes, isBare } = build(view, number, value, space);
        if (!isBare) {
          nodes.prepend(new Comment("["));
          nodes.append(new Comment("]"));
        }
        rows.push({ first: nodes.firstChild, last: nodes.lastChild, instance });
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
      if (value !== null) ({ instance: place.instance, nodes } = build(view, ...one(value), space));
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
    else if (/^x(ml|link):/.test(name)) element.setAttributeNS(`http://www.w3.org/${name[1] === "m" ? "XML/1998/namespace" : "1999/xlink"}`, name, text);
    else element.setAttribute(name, text);
    if (name === "class" && isBusy(element)) element.classList.add("live-busy");
    // A control that is edited has a value of its own. For the others it comes last: a select has no value before its options.
    const property = name || "value";
    if (!/^(value|checked|selected|muted)$/.test(property)) return;
    const control = name === "selected" ? element.closest("select") : element;
    const edit = edits.get(control);
    if (edit) edit.wanted[property] = text;
    else {
      delete freed.get(control)?.wanted[property];
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
    if (kind === 0) {
      const text = scalar(value);
      todo.push(() => (place.data = text));
    } else if (need(kind).at) {
      const text = attribute(kind, value);
      todo.push(() => write(place, kind[0], text));
    } else if (kind === 1 && Array.isArray(value)) patch(view, need(place.instance), value);
    else if (kind === 2) patchRows(view, place, array(value));
    else {
      const [next, nodes] = make(view, kind, value, spaceIn(parentOf(place)), place);
      at[number] = next;
      todo.unshift(() => {
        // A view that goes from one cell to another waits outside.
        const old = views.get(place.view);
        if (old?.place === place) old.place = { parent: over(place).extractContents(), end: null };
      });
      if (kind < 4) todo.push(() => fill(place, nodes || new Text()));
    }
  };

  const fill = (place, nodes) => {
    over(place).deleteContents();
    parentOf(place).insertBefore(nodes, place.end);
  };

  const patchRows = (view, place, operations) => {
    const parent = parentOf(place);
    const space = spaceIn(parent);
    let rows = [...place.rows];
    let i = 0;
    const next = () => count(operations[i++]);
    const take = (from, length) => need(length && from + length <= rows.length) && rows.splice(from, length);
    /** Puts rows in the model, and says before which node they come. */
    const put = (taken, to) => {
      need(to <= rows.length);
      const node = rows[to]?.first ?? place.end;
      rows = [...rows.slice(0, to), ...taken, ...rows.slice(to)];
      return node;
    };
    const cut = (gone) => todo.push(() => {
      range.setStartBefore(gone[0].first);
      range.setEndAfter(gone.at(-1).last);
      range.deleteContents();
    });
    const add = (to, [added, nodes]) => {
      const node = put(added, to);
      todo.push(() => parent.insertBefore(nodes, node));
    };
    need(operations.length);
    while (i < operations.length) {
      const operation = operations[i++];
      if (operation === "-") cut(take(next(), next()));
      else if (operation === ">") {
        const [from, to] = [next(), next()];
        const taken = take(from, next());
        const node = put(taken, to);
        todo.push(() => move(parent, taken, node));
      } else if (operation === "=") {
        const order = array(operations[i++]).flatMap((entry) => {
          const [first, length = 1] = [entry].flat();
          const part = length < 0 ? rows.slice(first + length + 1, first + 1).reverse() : rows.slice(first, first + length);
          return need(length && part.length === Math.abs(length)) && part;
        });
        need(order.length === rows.length && new Set(order).size === rows.length);
        rows = [...order];
        todo.push(() => {
          let node = place.end;
          for (const row of order.reverse()) {
            if (row.last.nextSibling !== node) move(parent, [row], node);
            node = row.first;
          }
        });
      } else if (operation === "+") add(next(), buildRows(view, operations[i++], space));
      else {
        const row = need(rows[count(operation)]);
        const value = operations[i++];
        if (Array.isArray(value)) {
          patch(view, row.instance, value);
        } else {
          cut(take(operation, 1));
          add(operation, buildRows(view, one(value), space));
        }
      }
    }
    place.rows = rows;
  };

  const move = (parent, rows, before) => {
    const chosen = [...(parent.closest?.("select")?.selectedOptions ?? [])];
    for (const { first, last } of rows) {
      for (let node = first, next; node; node = next) {
        next = node !== last && node.nextSibling;
        parent[parent.moveBefore && parent.isConnected ? "moveBefore" : "insertBefore"](node, before);
      }
    }
    for (const option of chosen) option.selected = true;
  };

  // Views

  let root;
  const views = new Map();
  const viewAt = (place, number = 0) => ({ number, place, templates: [] });
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

  const shown = (view, sequence) => {
    const isNew = !view.root;
    count(sequence);
    todo.push(() => {
      view.sequence = sequence;
      view.isAsking = false;
      if (!view.number) joined();
      if (isNew) late.push(() => extras.recover?.(view));
    });
  };


  const messages = {
    __proto__: null,
    t(number, ...templates) {
      const view = viewFor(number);
      for (const [number, fingerprint, ...definition] of templates) {
        const each = definition.length ? template(...definition) : need(known.get(fingerprint));
        view.templates[count(number)] = each;
        known.set(need(isText(fingerprint)) && fingerprint, each);
      }
    },
    b(number, sequence, shape) {
      const view = viewFor(number);
      const { place } = view;
      const parent = parentOf(place);
      shown(view, sequence);
      if (!number) root.normalize(); // nothing in it is bound
      cursor = place.parent ? parent.firstChild : place.start.nextSibling;
      const instance = bind(view, shape, parent);
      need(cursor === place.end);
      view.root = instance;
    },
    j(number, sequence, tree) {
      const view = viewFor(number);
      const { place } = view;
      const { instance, nodes } = build(view, ...one(tree), spaceIn(parentOf(place)));
      shown(view, sequence);
      todo.unshift(() => {
        hash = "";
        extras.keep?.(place);
        fill(place, nodes);
        view.root = instance;
      });
    },
    p(number, sequence, ...values) {
      const view = viewFor(number);
      if (view.isAsking) return; // a tree is on its way
      need(view.root && sequence === view.sequence + 1);
      patch(view, view.root, values);
      todo.push(() => (hash = ""));
      view.sequence++;
    },
    s: (...newest) => ([seal, hash] = need(newest.every(isText)) && newest),
    away: (milliseconds) => (away = Math.min(count(milliseconds), 60_000)),
    reload: () => reload(),
  };

  let wrongs = 0; // in a row

  const receive = (text) => {
    let number = 0;
    todo.length = late.length = depth = 0;
    try {
      const message = JSON.parse(text);
      live.debug?.("<", message);
      if (wants.test(text)) load();
      if (isCount(message)) acknowledge(message);
      else {
        const [name, ...values] = array(message);
        if (/^[tbjp]$/.test(name)) number = values[0];
        if (isCount(name)) messages.p(0, ...message);
        else if (messages[name] || extras.changed) messages[name](...values);
        else load(() => receive(text), () => drop());
      }
      if (!todo.length) return;
      wrongs = 0;
      run(todo);
      run(late);
      for (const [control, { chosen }] of edits) {
        if (!control.isConnected) edits.delete(control);
        else if (chosen) choose(control, chosen);
      }
      for (const [number, { place }] of views) if (!parentOf(place)?.isConnected) views.delete(number);
      extras.changed?.();
    } catch (error) {
      live.debug?.(error);
      if (++wrongs > 2) return drop(4400);
      const view = views.get(number) ?? views.get(0);
      view.isAsking = true;
      send(["full", view.number]);
    }
  };

  // The connection (§5, §12)

  let seal;
  let hash;
  let socket = null;
  let isOff = true;
  let refs = 0;
  let timer;
  let attempts = 0;
  let away;
  let unopened = 0; // WebSockets in a row that did not come into being
  let probing;

  const send = (message) => {
    live.debug?.(">", message);
    socket?.send(JSON.stringify(message));
  };

  const connect = () => {
    isOff = false;
    if (socket || !root) return;
    clearTimeout(timer);
    root.classList.add("live-offline");
    if (edits.size || unopened || loading === null) load();
    const made = (socket = extras.stream?.(unopened) ?? new WebSocket(location.origin.replace("http", "ws") + location.pathname.replace(/\/?$/, "/_live") + location.search, "heliograph-live"));
    unopened++;
    /** What comes while latency is simulated comes later. */
    const mine = (work) => (event) => {
      const each = () => socket === made && work(event);
      if (live.latency) setTimeout(each, live.latency);
      else each();
    };
    const join = mine(() => {
      unopened = 0;
      refs = 0;
      views.clear();
      views.set(0, viewAt({ parent: root, end: null }));
      send(["join", seal, hash, [...known.keys()]]);
    });
    made.onopen = () => Promise.resolve(loading).then(join, join);
    made.onmessage = mine(({ data }) => {
      clearTimeout(probing);
      receive(data);
    });
    made.onclose = mine(({ code }) => lost(code));
    timer = setTimeout(drop, 15_000);
  };

  const joined = () => {
    if (live.isLive) return;
    clearTimeout(timer);
    live.isLive = true;
    timer = setTimeout(() => (attempts = 0), 5_000);
    root.classList.remove("live-offline");
    extras.joined?.();
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
    if (live.isLive) {
      live.isLive = false;
      acknowledge(Infinity, true);
      extras.lost?.(code);
    }
    if (isOff) return;
    if (code === 4401 || code === 4404) return reload();
    timer = setTimeout(connect, (code === 4429 ? 5_000 : 0) + Math.random() * (away ?? 1_000 * Math.min(30, 2 ** attempts++)));
    away = undefined;
  };

  const disconnect = () => {
    isOff = true;
    if (root) drop();
  };

  /** By itself a page is loaded once in 10 s at most. */
  const reload = () => {
    isOff = true;
    load(() => extras.reload(), () => location.reload());
  };

  /** A socket may look open and be dead: an empty event is acknowledged whatever it says. */
  const look = () => {
    if (isOff || document.hidden) return;
    if (!live.isLive) return connect();
    send([++refs, 0, ""]);
    clearTimeout(probing);
    probing = setTimeout(drop, 10_000);
  };

  // What few pages need

  /** In the page, or in a message: the beginnings of attributes. */
  const wants = /data-(d|hook|upl|thr|pat|nav|on-[akw])/;
  const extras = {};
  const source = document.currentScript?.src ?? "/heliograph-live.js";
  let loading;
  const load = (then, otherwise) =>
    (loading ??= import(source.replace(/(\.js)?(\?.*)?$/, "-extras.js")).then(({ extend }) =>
      extend(live, extras, messages, need, count, on, select, late, trusted, isIn, viewOf, send, call, push, trigger, find, edits, freed, used, edited, isBox, choose, valueOf, start, disconnect, () => root, () => socket),
    )).then(then, (error) => {
      loading = null; // another time perhaps
      otherwise?.(error);
    });

  // Events (§8)

  const pending = new Map(); // what is not acknowledged, by ref
  const isBusy = (element) => [...pending.values()].some(({ elements }) => elements.includes(element));
  const formOfControl = (element) => (element.localName !== "form" && element.form) || element.closest("form");

  const call = (kind, rest, elements, done) => {
    pending.set(++refs, { elements, done });
    for (const element of elements) element.classList.add("live-busy");
    send([...kind, refs, ...rest]);
    return refs;
  };

  const push = (element, event, value, control = element) => {
    if (!live.isLive || !isText(event) || !root.contains(element)) return;
    const ref = call([], [viewOf(element), event, ...(value === undefined ? [] : [value])], [element, formOfControl(element) ?? element]);
    for (const [each, edit] of edits) if (each.form === element || groupOf(control).includes(each)) edit.ref = ref;
    return ref;
  };

  const acknowledge = (ref, isLost) => {
    for (const [each, { elements, done }] of pending) {
      if (each > ref) continue;
      pending.delete(each);
      for (const element of elements) if (!isBusy(element)) element.classList.remove("live-busy");
      if (!isLost) done?.();
    }
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
  const isBox = ({ type }) => /radio|checkbox/.test(type);
  const chosenIn = ({ selectedOptions }) => selectedOptions && Array.from(selectedOptions, ({ value }) => value);

  const edited = (control) => {
    if (!edits.size) load();
    used.add(control);
    for (const each of groupOf(control)) {
      edits.set(each, { wanted: (edits.get(each) ?? freed.get(each))?.wanted ?? {}, ref: Infinity, chosen: chosenIn(control) });
      freed.delete(each);
    }
  };

  /** What the event has changed comes directly behind its acknowledgement. What the server wanted before must not show in between. */
  const release = (control, edit) => {
    edits.delete(control);
    freed.set(control, edit);
    setTimeout(() => {
      if (freed.get(control) === edit) for (const property in edit.wanted) assign(control, property, edit.wanted[property]);
    }, 200);
  };

  const choose = ({ options }, values) => {
    const has = ({ value }) => values.includes(value);
    if ([...options].some(has)) for (const option of options) option.selected = has(option);
  };

  const fields = (form, submitter, control) => {
    const all = new Map();
    for (const [name, value] of new FormData(form, submitter)) {
      if (isText(value) && name !== "_event") all.set(name, all.has(name) ? [all.get(name), value].flat() : value);
    }
    if (control) {
      const unused = new Set();
      for (const each of form.elements) if (each.name && each.matches(":enabled") && !/hidden|submit|button|image|reset|file/.test(each.type)) unused.add(each.name);
      for (const each of form.elements) if (used.has(each)) unused.delete(each.name);
      if (control.name) all.set("_target", control.name);
      if (unused.size) all.set("_unused", [...unused]);
    }
    return Object.fromEntries(all);
  };

  const valueOf = (element, control) => {
    if (element.localName === "form") return fields(element, null, control);
    return control.type === "checkbox" ? control.checked : control.multiple && control.options ? chosenIn(control) : control.value;
  };

  const trigger = (type, element, control = element, value) => {
    if (element.dataset.confirm && !confirm(element.dataset.confirm)) return;
    const tell = () => push(element, element.getAttribute(`data-on-${type}`), value?.(), control);
    return (extras.pace ?? tell)(type, element, control, formOfControl(element), tell);
  };

  const find = (event, selector = `[data-on-${event.type}]`) => {
    const element = event.target.closest?.(selector);
    return root.contains(element) ? element : null;
  };

  const listen = () => {
    on(document, "click", (event) => {
      const element = find(event);
      if (element) {
        if (element.localName === "a" || element.type === "submit" || "prevent" in element.dataset) event.preventDefault();
        trigger("click", element);
      }
    });
    on(document, "input change", (event) => {
      const { target, type } = event;
      if (!root.contains(target)) return;
      if (type === "input" && "value" in target) edited(target);
      const element = find(event) ?? (target.form?.matches(`[data-on-${type}]`) && target.form);
      if (element) trigger(type, element, target, () => valueOf(element, target));
    });
    on(document, "submit", (event) => {
      const form = find(event);
      if (!form) return;
      event.preventDefault();
      const controls = [...form.elements];
      if (controls.some((control) => locks.has(control))) return;
      const value = fields(form, event.submitter);
      controls.forEach((control) => used.add(control));
      if (trigger("submit", form, form, () => value)) controls.forEach(lock);
    });
    on(document, "focus blur", (event) => {
      const { target, type } = event;
      if (find(event) === target) trigger(type, target, target, () => valueOf(target, target));
    }, true);
    on(window, "online", look);
    on(document, "visibilitychange", look);
    on(window, "pageshow", ({ persisted }) => persisted && look());
    // An open socket would keep the page out of the back/forward cache.
    on(window, "pagehide", () => {
      drop();
      clearTimeout(timer);
    });
    setInterval(() => live.isLive && look(), 30_000);
  };

  // While a form is being sent its buttons are disabled, its controls read-only.

  const locks = new Map();

  const lock = (control) => {
    const isButton = /submit|button|reset|image/.test(control.type);
    if (!isButton && !("readOnly" in control)) return;
    const name = isButton ? "disabled" : "readonly";
    const undo = extras.label?.(control);
    const hadFocus = control === document.activeElement;
    const lock = {
      name,
      ref: refs,
      text: control.hasAttribute(name) && "",
      open() {
        locks.delete(control);
        write(control, name, lock.text);
        undo?.();
        if (hadFocus && document.activeElement === document.body) control.focus();
      },
    };
    control.setAttribute(name, "");
    locks.set(control, lock);
  };

  // The start

  const start = (element) => {
    root = element;
    seal = root.dataset.live;
    hash = root.dataset.liveHash ?? "";
    edits.clear();
    attempts = 0;
    if (history.state?.live || wants.test(document.body.innerHTML)) load();
    // Typed before this program was there, or brought back by the browser.
    for (const control of select("input,textarea")) {
      if (isBox(control) ? control.checked !== control.defaultChecked : /^(te|sea|pas|em|ur|nu)/.test(control.type) && control.value !== control.defaultValue) edited(control);
    }
    connect();
  };

  const begin = () => {
    const element = document.querySelector("[data-live]");
    if (root || !element) return;
    listen();
    start(element);
  };
  live.connect = connect;
  live.disconnect = disconnect;

  // Hooks are defined by scripts that come behind this one.
  on(window, "DOMContentLoaded load", begin);
  if (document.readyState === "complete") begin();
})();

// Heliograph's live views in a browser, as Docs/live-protocol.md has them: its words, and § for its sections.
//
// A message is checked as a whole before the page changes (§7): what it says is noted in the model, with a way back in `undo`; new nodes are made
// apart; what is to happen to the page waits in `todo`, and behind it in `late`. At the first thing that is wrong the model goes back.
(() => {
  "use strict";
  if (window.live) return;

  const list = Array.isArray;
  const need = (condition, what = "message") => {
    if (!condition) throw new Error(`not as agreed: ${what}`);
    return condition;
  };
  const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
  const isText = (value) => typeof value === "string";
  const isScalar = (value) => isText(value) || (Number.isInteger(value) && Math.abs(value) <= 2 ** 53);
  /** Nothing that goes wrong in here gets out. */
  const calm = (work) => (...values) => {
    try {
      return work(...values);
    } catch (error) {
      console.error(error);
    }
  };
  const on = (target, types, handler, options) => {
    for (const type of types.split(" ")) target.addEventListener(type, calm(handler), options);
  };
  const after = (milliseconds, work) => setTimeout(calm(work), milliseconds);

  let undo = [];
  let todo = [];
  let late = [];
  let touched = new Set(); // what a message changes, for hooks
  let isNew = false; // a message brings elements, or takes some
  let depth = 0;
  const deeper = (work) => {
    need(++depth <= 257, "depth");
    const result = work();
    depth--;
    return result;
  };
  const set = (target, key, value) => {
    const old = target[key];
    undo.push(() => (target[key] = old));
    target[key] = value;
  };
  const runAll = (work) => {
    for (const each of work.splice(0)) each();
  };

  // Templates (§1)

  const known = new Map(); // by fingerprint

  const template = (fingerprint, html, cells) => {
    need(isText(fingerprint) && isText(html) && list(cells), "template");
    let inner = 0;
    for (const cell of cells) need(list(cell) ? cell.length > 0 && cell.length !== 2 && cell.every(isText) : isCount(cell) && cell < 5, "cell");
    return { html, cells, forms: {}, inner: cells.map((cell) => (cell === 1 || cell === 2 || cell === 4 ? ++inner : 0)) };
  };

  const spaces = { "http://www.w3.org/2000/svg": "svg", "http://www.w3.org/1998/Math/MathML": "math" };
  /** The language in which the content of an element is parsed, where it is not HTML. */
  const spaceIn = ({ localName, namespaceURI }) =>
    /^(foreignObject|desc|title|m[inos]|mtext|annotation-xml)$/.test(localName) ? "" : (spaces[namespaceURI] ?? "");

  const parse = (html, space) => {
    const holder = document.createElement("template");
    holder.innerHTML = space ? `<${space}>${html}</${space}>` : html;
    if (space) holder.content.replaceChildren(...holder.content.firstChild.childNodes);
    return holder.content;
  };

  /** A template as it is in one language: its nodes, and steps that say where in them cells are. */
  const formOf = (template, space) =>
    (template.forms[space] ??= (() => {
      const nodes = parse(template.html, space);
      nodes.normalize();
      const found = new Set();
      const find = (number, isContent) => {
        need(list(template.cells[number]) !== isContent && !found.has(number) && template.cells[number] !== undefined, "placeholder");
        found.add(number);
        return number;
      };
      const stepsOf = (parent) => {
        let isPlain = parent !== nodes;
        const steps = Array.from(parent.childNodes, (node) => {
          const step = { name: node.nodeName, cells: [] };
          if (node.nodeType === 8) {
            step.cell = find(+node.data, true);
            step.isSole = parent !== nodes && parent.childNodes.length === 1;
          } else if (node.nodeType === 1) {
            step.cells = (node.getAttribute("data-h")?.split(" ") ?? []).map((number) => find(+number, false));
            node.removeAttribute("data-h");
            step.steps = stepsOf(node);
          }
          if (step.steps || step.cells.length || step.name === "#comment") isPlain = false;
          return step;
        });
        return isPlain ? null : steps;
      };
      const form = { nodes, steps: stepsOf(nodes) };
      form.isBare = form.steps.length === 1 && form.steps[0].steps !== undefined;
      need(found.size === template.cells.length, "placeholders");
      return form;
    })());

  const templateOf = (view, number) => need(view.templates[number], "template");

  // Where cells are (§2). A place is { parent } of a sole cell, else { start, end }; beside it stands what is known of the content.

  let cursor; // the next node, while nodes and the steps of a template are gone through together

  const walk = (steps, parent, at, content) => {
    for (const step of steps) {
      if (step.cell !== undefined) {
        content(step, parent);
        continue;
      }
      const node = cursor;
      need(node?.nodeName === step.name, "the page");
      for (const number of step.cells) at[number] = node;
      if (step.steps) {
        cursor = node.firstChild;
        walk(step.steps, node, at, content);
        need(!cursor, "the page");
      }
      cursor = node.nextSibling;
    }
  };

  const parentOf = ({ parent, end }) => parent ?? end.parentNode;
  const span = (node, last, work) => {
    for (let next; node; node = next) {
      next = node === last ? null : node.nextSibling;
      work(node);
    }
  };
  const remove = (node) => node.remove();
  const insert = (place, ...nodes) => parentOf(place).insertBefore(fragment(nodes), place.end ?? null);
  const fragment = (nodes) => {
    const all = new DocumentFragment();
    for (const each of nodes) all.append(each);
    return all;
  };
  /** Takes the content out. */
  const empty = ({ parent, start, end }) => {
    const nodes = [];
    for (let node = parent ? parent.firstChild : start.nextSibling; node !== (end ?? null); node = node.nextSibling) nodes.push(node);
    return fragment(nodes);
  };
  const isIn = ({ parent, start, end }, node) =>
    parent ? parent.contains(node) : start.compareDocumentPosition(node) & 4 && end.compareDocumentPosition(node) & 2;

  // The first paint, with its shape (§4)

  const marker = (text) => {
    const node = cursor;
    need(node?.nodeType === 8 && node.data === text, "the page");
    cursor = node.nextSibling;
    return node;
  };

  const bind = (view, shape, parent) => {
    const template = templateOf(view, need(list(shape) && shape)[0]);
    const at = [];
    const content = ({ cell, isSole }, parent) => {
      const kind = template.cells[cell];
      const inner = shape[template.inner[cell]];
      const place = isSole ? { parent } : { start: marker("[") };
      at[cell] = place;
      if (kind === 0) {
        at[cell] = cursor?.nodeType === 3 ? cursor : parent.insertBefore(new Text(), cursor);
        cursor = at[cell].nextSibling;
      } else if (kind === 1) place.instance = inner ? bind(view, inner, parent) : null;
      else if (kind === 2) place.rows = bindRows(view, inner, parent);
      else {
        for (let open = 0; cursor; cursor = cursor.nextSibling) {
          if (cursor.nodeType !== 8) continue;
          if (cursor.data === "[") open++;
          if (cursor.data === "]" && !open--) break;
        }
      }
      if (isSole) need(!cursor, "the page");
      else place.end = marker("]");
      if (kind === 4) {
        need(isCount(inner), "shape");
        place.view = inner;
        if (inner) settle(inner, place);
      }
    };
    deeper(() => walk(formOf(template, spaceIn(parent)).steps, parent, at, content));
    return { template, at };
  };

  const holdsView = (view, shape) => {
    const { cells, inner } = templateOf(view, shape[0]);
    return cells.some((cell, number) => {
      const each = shape[inner[number]];
      return cell === 4 ? each : cell === 1 ? each && holdsView(view, each) : cell === 2 && each.some((run, i) => i % 2 && holdsView(view, run));
    });
  };

  /** Bare rows are gone into when they are first needed. */
  const bindRows = (view, runs, parent) => {
    const rows = [];
    need(list(runs), "shape");
    for (let i = 0; i < runs.length; i += 2) {
      const shape = need(list(runs[i + 1]) && runs[i + 1], "shape");
      const { isBare, steps } = formOf(templateOf(view, shape[0]), spaceIn(parent));
      const isLazy = isBare && !holdsView(view, shape);
      need(isCount(runs[i]), "shape");
      for (let left = runs[i]; left; left--) {
        const row = { first: cursor, last: cursor, shape };
        if (isLazy) {
          need(cursor?.nodeName === steps[0].name, "the page");
          cursor = cursor.nextSibling;
        } else {
          if (!isBare) marker("[");
          row.instance = bind(view, shape, parent);
          if (!isBare) row.last = marker("]");
        }
        rows.push(row);
      }
    }
    return rows;
  };

  const instanceOf = (view, row) => {
    if (!row.instance) {
      cursor = row.first;
      row.instance = bind(view, row.shape, row.first.parentNode);
    }
    return row.instance;
  };

  // Trees (§3)

  const build = (view, number, values, space) => {
    const template = templateOf(view, number);
    const { cells } = template;
    need(list(values) && values.length === cells.length, "cells");
    const { nodes: original, steps } = formOf(template, space);
    const nodes = document.importNode(original, true);
    const at = [];
    const content = ({ cell, isSole }, parent) => {
      const placeholder = cursor;
      const next = cursor.nextSibling;
      const place = isSole ? { parent } : { start: new Comment("["), end: new Comment("]") };
      let inside;
      if (cells[cell] === 0) at[cell] = inside = new Text(need(isScalar(values[cell]), "value") && values[cell]);
      else [at[cell], inside] = make(view, cells[cell], values[cell], parent === nodes ? space : spaceIn(parent), place);
      if (isSole) placeholder.replaceWith(inside);
      else placeholder.replaceWith(place.start, inside, place.end);
      cursor = next;
    };
    cursor = nodes.firstChild;
    deeper(() => walk(steps, nodes, at, content));
    cells.forEach((cell, number) => list(cell) && write(at[number], cell[0], attribute(cell, values[number])));
    return [{ template, at }, nodes];
  };

  const buildOne = (view, value, space) => {
    const [[number, values], ...more] = Object.entries(need(value && typeof value === "object" && !list(value) && value, "instance"));
    need(!more.length, "instance");
    return build(view, number, values, space);
  };

  const buildRows = (view, values, space) => {
    const rows = [];
    const all = new DocumentFragment();
    let number;
    for (const value of need(list(values) && values, "rows")) {
      if (!list(value)) {
        need(isCount(value), "rows");
        number = value;
        continue;
      }
      const [row, nodes] = rowOf(build(view, number, value, space), space);
      rows.push(row);
      all.append(nodes);
    }
    return [rows, all];
  };

  const rowOf = ([instance, nodes], space) => {
    if (!formOf(instance.template, space).isBare) {
      nodes.prepend(new Comment("["));
      nodes.append(new Comment("]"));
    }
    return [{ first: nodes.firstChild, last: nodes.lastChild, instance }, nodes];
  };

  /** Content of a cell that is not text: its place, and the nodes that belong there. */
  const make = (view, kind, value, space, { parent, start, end }) => {
    const place = { parent, start, end };
    let nodes = "";
    if (kind === 1) {
      place.instance = null;
      if (value !== null) [place.instance, nodes] = buildOne(view, value, space);
    } else if (kind === 2) [place.rows, nodes] = buildRows(view, value, space);
    else if (kind === 3) nodes = parse(String(need(isScalar(value), "value") && value), space);
    else {
      place.view = need(isCount(value), "view") && value;
      if (value) todo.push(() => settle(value, place));
    }
    return [place, nodes];
  };

  /** What an attribute, or the text of an element, will be; `false` for none. */
  const attribute = ([, ...pieces], value) => {
    if (!pieces.length) {
      need(value === null || typeof value === "boolean" || isScalar(value), "value");
      return value === true ? "" : value !== null && value !== false && String(value);
    }
    const values = pieces.length === 2 ? [value] : value;
    need(list(values) && values.length === pieces.length - 1 && values.every(isScalar), "values");
    return pieces.map((piece, i) => (i ? values[i - 1] + piece : piece)).join("");
  };

  const write = (element, name, text) => {
    const isOwn = /^(|value|checked|selected)$/.test(name);
    const edit = isOwn && edits.get(name === "selected" ? element.closest("select") : element);
    if (edit) return void edit.wanted.set(element, { ...edit.wanted.get(element), [name]: text });
    const lock = locks.get(element);
    if (lock?.name === name) return void (lock.text = text);
    if (!name) element.textContent = text;
    else if (text === false) element.removeAttribute(name);
    else if (/^(xlink|xml):/.test(name)) element.setAttributeNS(`http://www.w3.org/${name[1] === "l" ? "1999/xlink" : "XML/1998/namespace"}`, name, text);
    else element.setAttribute(name, text);
    if (name === "class" && isBusy(element)) element.classList.add("live-busy");
    isNew ||= name === "data-hook" || name === "data-on-appear";
    // Once all is where it belongs: a select has no value before its options.
    if (/^(checked|selected|muted)$/.test(name)) late.push(() => (element[name] = text !== false));
    else if (isOwn && ("defaultValue" in element || element.localName === "select") && element.type !== "file") late.push(() => assign(element, text || ""));
  };

  const assign = (control, value) => {
    if (control.value === value) return;
    const { selectionStart: from, selectionEnd: to } = control;
    control.value = value;
    if (from != null && control === document.activeElement) control.setSelectionRange(from, to);
  };

  // Patches (§3)

  const patch = (view, { template, at }, values, first = 0) => {
    need(values.length > first && (values.length - first) % 2 === 0, "patch");
    deeper(() => {
      for (let i = first; i < values.length; i += 2) patchCell(view, template.cells[values[i]], at, values[i], values[i + 1]);
    });
  };

  const patchCell = (view, kind, at, number, value) => {
    need(isCount(number) && kind !== undefined, "cell");
    const place = at[number];
    if (list(kind)) {
      const text = attribute(kind, value);
      todo.push(() => {
        write(place, kind[0], text);
        touched.add(place);
      });
    } else if (kind === 0) {
      need(isScalar(value), "value");
      todo.push(() => {
        place.data = value;
        touched.add(place);
      });
    } else if (kind === 1 && list(value)) patch(view, need(place.instance, "markup"), value);
    else if (kind === 2) patchRows(view, at, number, need(list(value) && value.length && value, "operations"));
    else {
      // A view that goes from one cell to another waits outside.
      if (place.view) todo.push(() => views.get(place.view)?.place === place && settle(place.view, { parent: new DocumentFragment() }));
      const [next, nodes] = make(view, kind, value, spaceIn(parentOf(place)), place);
      set(at, number, next);
      todo.push(() => {
        // What a view brings along is there already.
        if (kind !== 4) {
          empty(place);
          insert(place, nodes);
        }
        isNew = true;
        touched.add(parentOf(place));
      });
    }
  };

  const patchRows = (view, at, number, operations) => {
    const place = at[number];
    const space = spaceIn(parentOf(place));
    let rows = [...place.rows];
    let i = 0;
    const count = () => need(isCount(operations[i]), "row") && operations[i++];
    const put = (taken, to) => (rows = [...rows.slice(0, to), ...taken, ...rows.slice(to)]);
    const take = (from, length) => need(length > 0 && from + length <= rows.length, "rows") && rows.splice(from, length);
    const before = (index) => rows[index]?.first ?? place.end ?? null;
    const doLater = (work) => todo.push(() => {
      work(parentOf(place));
      touched.add(parentOf(place));
    });
    while (i < operations.length) {
      const operation = operations[i++];
      if (operation === "-") {
        const gone = take(count(), count());
        doLater(() => span(gone[0].first, gone.at(-1).last, remove));
        isNew = true;
      } else if (operation === ">") {
        const [from, to] = [count(), count()];
        const taken = take(from, count());
        need(to <= rows.length, "row");
        const next = before(to);
        put(taken, to);
        doLater((parent) => move(parent, taken, next));
      } else if (operation === "=") {
        const order = [];
        for (const entry of need(list(operations[i]) && operations[i++], "order")) {
          const [first, length] = list(entry) ? entry : [entry, 1];
          need(isCount(first) && Number.isSafeInteger(length) && Math.abs(length) <= rows.length && length, "order");
          for (let step = 0; step < Math.abs(length); step++) order.push(need(rows[length > 0 ? first + step : first - step], "order"));
        }
        need(order.length === rows.length && new Set(order).size === rows.length, "order");
        rows = order;
        const backwards = order.toReversed();
        doLater((parent) => {
          let next = place.end ?? null;
          for (const row of backwards) {
            if (row.last.nextSibling !== next) move(parent, [row], next);
            next = row.first;
          }
        });
      } else if (operation === "+") {
        const to = count();
        need(to <= rows.length && i < operations.length, "row");
        const [added, nodes] = buildRows(view, operations[i++], space);
        const next = before(to);
        put(added, to);
        doLater((parent) => parent.insertBefore(nodes, next));
        isNew = true;
      } else {
        const row = need(isCount(operation) && rows[operation], "row");
        if (list(operations[i])) {
          patch(view, instanceOf(view, row), operations[i++]);
          continue;
        }
        const [other, nodes] = rowOf(buildOne(view, operations[i++], space), space);
        rows[operation] = other;
        doLater((parent) => {
          parent.insertBefore(nodes, row.first);
          span(row.first, row.last, remove);
        });
        isNew = true;
      }
    }
    set(at, number, { ...place, rows });
  };

  const move = (parent, rows, next) => {
    const select = parent.closest?.("select");
    const chosen = select && [...select.selectedOptions];
    for (const row of rows) {
      span(row.first, row.last, (node) => {
        if (parent.moveBefore && parent.isConnected) parent.moveBefore(node, next);
        else parent.insertBefore(node, next);
      });
    }
    for (const option of chosen ?? []) option.selected = true;
  };

  // Views

  let root;
  const views = new Map();
  const viewIn = (place, number) => ({ number, place, templates: { __proto__: null } });

  /** A view is at this place from now on, with what it shows. */
  const settle = (number, place) => {
    const view = views.get(number) ?? viewIn(place, number);
    if (view.place !== place) insert(place, empty(view.place));
    view.place = place;
    views.set(number, view);
  };

  const viewOf = (element) => {
    let found = views.get(0);
    for (const view of views.values()) {
      if (view.number && isIn(view.place, element) && isIn(found.place, view.place.parent ?? view.place.start)) found = view;
    }
    return found.number;
  };

  const replace = (view, instance, nodes) => {
    const { place } = view;
    const keep = keepTyped(place);
    empty(place);
    insert(place, nodes);
    view.root = instance;
    isNew = true;
    touched.add(parentOf(place));
    late.push(keep);
  };

  // Messages (§3, §8 to §11)

  const patched = (number, sequence, values) => {
    const view = need(views.get(number), "view");
    if (view.isAsking) return; // a tree is on its way
    need(view.root && sequence === view.sequence + 1, "seq");
    patch(view, view.root, values);
    set(view, "sequence", sequence);
    todo.push(() => (hash = ""));
  };
  const shown = (view, sequence) => {
    need(isCount(sequence), "seq");
    todo.push(() => {
      Object.assign(view, { sequence, isAsking: false });
      if (!view.number) joined();
      if (!view.isRecovered && isJoined) late.push(() => recover(view));
      view.isRecovered = isNew = true;
    });
  };
  const address = (text) => {
    const url = new URL(need(isText(text) && text[0] === "/" && text, "address"), location);
    need(url.origin === location.origin, "address");
    return url.href;
  };

  const messages = {
    __proto__: null,
    t(number, ...templates) {
      const view = need(views.get(number), "view");
      for (const [number, fingerprint, ...definition] of templates) {
        const each = definition.length ? template(fingerprint, ...definition) : need(known.get(fingerprint), "fingerprint");
        need(isCount(number), "template");
        set(view.templates, number, each);
        todo.push(() => known.set(fingerprint, each));
      }
    },
    b(number, sequence, shape) {
      const view = need(views.get(number), "view");
      shown(view, sequence);
      parentOf(view.place).normalize();
      cursor = view.place.parent ? view.place.parent.firstChild : view.place.start.nextSibling;
      const bound = bind(view, shape, parentOf(view.place));
      need(cursor === (view.place.end ?? null), "the page");
      todo.unshift(() => (view.root = bound));
    },
    j(number, sequence, tree) {
      const view = need(views.get(number), "view");
      const [instance, nodes] = buildOne(view, tree, spaceIn(parentOf(view.place)));
      todo.push(() => {
        hash = "";
        replace(view, instance, nodes);
      });
      shown(view, sequence);
    },
    p: (number, sequence, ...values) => patched(number, sequence, values),
    s(newest, itsHash) {
      need(isText(newest) && isText(itsHash));
      [seal, hash] = [newest, itsHash];
    },
    e(name, value) {
      need(isText(name));
      todo.push(() => {
        window.dispatchEvent(new CustomEvent(`live:${name}`, { detail: value }));
        for (const { handlers } of mounted.values()) if (handlers.has(name)) calm(handlers.get(name))(value);
      });
    },
    flash(kind, text) {
      need(/^[\w-]+$/.test(kind) && isText(text));
      const element = root.querySelector("[data-flash]");
      if (!element) return;
      element.classList.remove(...[...element.classList].filter((name) => name.startsWith("flash-")));
      element.classList.add(`flash-${kind}`);
      element.textContent = text;
      element.hidden = !text;
    },
    focus: (selector) => root.querySelector(selector)?.focus(),
    reset(id) {
      const form = document.getElementById(id);
      if (!(form instanceof HTMLFormElement)) return;
      release((edit, control) => control.form === form);
      runAll(late);
      HTMLFormElement.prototype.reset.call(form);
      for (const control of form.elements) used.delete(control);
    },
    title: (text) => (document.title = text),
    u(url, replaces) {
      go(address(url), replaces === true);
    },
    go: (url) => navigate(address(url)),
    away: (milliseconds) => (away = Math.min(need(isCount(milliseconds)) && milliseconds, 60_000)),
    reload: () => reload(),
    err: (ref, text) => ref !== probe && fire("error", text),
  };

  const fire = (name, detail) => window.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));

  let wrongs = 0; // in a row

  const receive = (text) => {
    let number = 0;
    undo = [];
    todo = [];
    depth = 0;
    try {
      const message = JSON.parse(text);
      if (live.debug) console.debug("live <", message);
      if (isCount(message)) acknowledge(message);
      else if (isCount(need(list(message) && message)[0])) patched(0, message[0], message.slice(1));
      else {
        const [name, ...values] = message;
        if (/^[tbjp]$/.test(name)) number = values[0];
        need(messages[name], "kind")(...values);
      }
    } catch (error) {
      for (const back of undo.reverse()) back();
      late = [];
      return wrong(number, error);
    }
    commit(number);
  };

  const commit = (number) => {
    try {
      const isPatch = todo.length;
      runAll(todo);
      runAll(late);
      if (isPatch) wrongs = 0;
      if (isNew) {
        for (const [control, { chosen }] of edits) {
          if (!control.isConnected) edits.delete(control);
          else if (chosen) choose(control, chosen);
        }
        for (const [number, { place }] of views) if (!parentOf(place)?.isConnected) views.delete(number);
        scan();
      }
      for (const hook of hooksAround(touched)) hook.call("updated");
    } catch (error) {
      todo = [];
      late = [];
      wrong(number, error);
    }
    touched = new Set();
    isNew = false;
  };

  const wrong = (number, error) => {
    if (live.debug) console.debug("live:", error);
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
  let joinedAt = 0;
  let heard = 0;
  let probe;

  const send = (message) => {
    if (live.debug) console.debug("live >", message);
    socket?.send(JSON.stringify(message));
  };

  /** What comes while latency is simulated comes later, in order. */
  let due = 0;
  const delayed = (work) => {
    const now = performance.now();
    due = Math.max(due, now + live.latency);
    if (due > now) after(due - now, work);
    else work();
  };

  const endpoint = (end) => location.pathname.replace(/\/$/, "") + end + location.search;

  const webSocket = ({ open, message, close }) => {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + endpoint("/_live"), "heliograph-live");
    socket.onopen = () => {
      unopened = -1;
      open();
    };
    socket.onmessage = ({ data }) => message(data);
    socket.onclose = ({ code }) => {
      unopened++;
      close(code);
    };
    return socket;
  };

  const serverSentEvents = ({ open, message, close }) => {
    const url = new URL(endpoint("/_live.sse"), location);
    const source = new EventSource(url);
    let waiting = [];
    let isBusy = false;
    const post = async () => {
      if (isBusy || !waiting.length) return;
      isBusy = true;
      const body = `[${waiting.splice(0).join()}]`;
      const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(() => ({}));
      isBusy = false;
      if (answer.ok) post();
      else close(1006);
    };
    source.onmessage = ({ data }) => message(data);
    on(source, "open", ({ data }) => {
      if (data === undefined) return; // the browser's own event
      url.searchParams.set("key", data);
      open();
    });
    source.onerror = () => {
      if (!url.searchParams.has("key")) unopened = 0;
      close(1006);
    };
    return {
      send: (text) => waiting.push(text) === 1 && queueMicrotask(post),
      close: () => source.close(),
    };
  };

  const connect = () => {
    isOff = false;
    clearTimeout(timer);
    if (socket || !root) return;
    root.classList.add("live-offline");
    const mine = (work) => (value) => delayed(() => socket === made && work(value));
    const made = (unopened < 2 ? webSocket : serverSentEvents)({
      open: mine(() => {
        refs = heard = 0;
        views.clear();
        views.set(0, viewIn({ parent: root }, 0));
        send(["join", seal, hash, [...known.keys()]]);
      }),
      message: mine((text) => {
        heard++;
        receive(text);
      }),
      close: calm((code) => socket === made && lost(code)),
    });
    socket = made;
    timer = after(15_000, () => drop());
  };

  const joined = () => {
    if (isJoined) return;
    clearTimeout(timer);
    isJoined = true;
    joinedAt = Date.now();
    root.classList.remove("live-offline");
    observer.disconnect();
    observed.clear();
    for (const hook of mounted.values()) hook.call("reconnected");
  };

  const drop = (code) => {
    const dropped = socket;
    lost(code);
    if (dropped) calm(() => dropped.close(code))();
  };

  const lost = (code) => {
    socket = null;
    clearTimeout(timer);
    clearTimeout(probing);
    wrongs = 0;
    if (isJoined) {
      isJoined = false;
      if (Date.now() - joinedAt > 5_000) attempts = 0;
      acknowledge(Infinity, true);
      runAll(late);
      for (const { stop } of uploads.values()) stop();
      for (const hook of mounted.values()) hook.call("disconnected");
    }
    root.classList.add("live-offline");
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
    let last = 0;
    try {
      last = +sessionStorage.getItem("live-reload");
    } catch {}
    const wait = last + 10_000 - Date.now();
    if (wait > 0) return void after(Math.min(wait, 10_000), reload);
    try {
      sessionStorage.setItem("live-reload", Date.now());
    } catch {}
    isOff = true;
    location.reload();
  };

  /** A socket may look open and be dead: an empty event is answered, whatever it says. */
  let probing;
  const look = () => {
    if (isOff) return;
    if (!isJoined) return socket ? undefined : connect();
    const before = heard;
    send([(probe = ++refs), 0, ""]);
    clearTimeout(probing);
    probing = after(10_000, () => heard === before && drop());
  };

  // Events (§8)

  const pending = new Map(); // what is not acknowledged, by ref
  const isBusy = (element) => [...pending.values()].some(({ elements }) => elements.includes(element));
  const formOfControl = (element) => element.form instanceof HTMLFormElement && element.localName !== "form" ? element.form : element.closest("form");

  const call = (rest, elements = [], done) => {
    const ref = ++refs;
    pending.set(ref, { elements, done });
    for (const element of elements) element.classList.add("live-busy");
    send(isText(rest[0]) ? [rest[0], ref, ...rest.slice(1)] : [ref, ...rest]);
    return ref;
  };

  const push = (element, event, value, control = element) => {
    if (!isJoined || !isText(event) || !root.contains(element)) return 0;
    const form = formOfControl(element);
    const rest = [viewOf(element), event];
    if (value !== undefined) rest.push(value);
    const ref = call(rest, form && form !== element ? [element, form] : [element]);
    const own = edits.get(control);
    for (const [each, edit] of edits) if (edit === own || each.form === element) edit.ref = ref;
    return ref;
  };

  const acknowledge = (ref, isLost) => {
    const done = [];
    for (const [each, { elements, done: then }] of pending) {
      if (each > ref) continue;
      pending.delete(each);
      done.push(...elements);
      if (!isLost) then?.();
    }
    for (const element of done) if (!isBusy(element)) element.classList.remove("live-busy");
    for (const [control, lock] of locks) if (lock.ref <= ref) unlock(control, lock);
    if (isLost) for (const edit of edits.values()) edit.ref = Infinity;
    else release((edit) => edit.ref <= ref);
  };

  // What the user types is his: controls, each with the ref of the event that told of it, and what the server wants of it meanwhile.
  const edits = new Map();
  const used = new WeakSet();

  const isControl = (element) => /^(input|textarea|select)$/.test(element.localName);
  const groupOf = (control) =>
    control.type !== "radio" ? [control]
    : [...root.querySelectorAll("input[type=radio]")].filter((each) => each.name === control.name && each.form === control.form);

  const edited = (control) => {
    used.add(control);
    const edit = edits.get(control) ?? { wanted: new Map() };
    edit.ref = Infinity;
    edit.chosen = control.options && [...control.selectedOptions].map(({ value }) => value);
    for (const each of groupOf(control)) edits.set(each, edit);
  };

  const release = (test) => {
    const wanted = new Set();
    for (const [control, edit] of edits) {
      if (!test(edit, control)) continue;
      edits.delete(control);
      wanted.add(edit.wanted);
    }
    for (const each of wanted) for (const [element, texts] of each) for (const name in texts) write(element, name, texts[name]);
  };

  const choose = (select, values) => {
    const options = [...select.options];
    if (options.some(({ value }) => values.includes(value))) for (const option of options) option.selected = values.includes(option.value);
  };

  /** By what a control is found again in a new tree. */
  const keyOf = (control) => {
    const form = control.form?.getAttribute("id");
    return control.id || (form && control.name && `${form} ${control.name} ${/^(radio|checkbox)$/.test(control.type) ? control.value : ""}`);
  };

  const keepTyped = (place) => {
    const kept = new Map();
    for (const [control, edit] of edits) {
      if (!isIn(place, control)) continue;
      edits.delete(control);
      const { value, checked } = control;
      if (keyOf(control)) kept.set(keyOf(control), { value, checked, edit });
    }
    const active = document.activeElement ?? document.body;
    const focus = isIn(place, active) && active !== place.parent && keyOf(active);
    const { selectionStart: from, selectionEnd: to, selectionDirection: direction } = active;
    return () => {
      for (const element of kept.size || focus ? root.querySelectorAll("[id],[name]") : []) {
        const key = keyOf(element);
        const { value, checked, edit } = kept.get(key) ?? {};
        if (edit && isControl(element)) {
          if (edit.chosen) choose(element, edit.chosen);
          else if (/^(radio|checkbox)$/.test(element.type)) element.checked = checked;
          else if (element.type !== "file") element.value = value;
          Object.assign(edit, { ref: Infinity, wanted: new Map() });
          edits.set(element, edit);
          used.add(element);
        }
        if (!focus || key !== focus) continue;
        element.focus({ preventScroll: true });
        if (from != null && element.setSelectionRange) element.setSelectionRange(from, to, direction);
      }
    };
  };

  /** After a new join, what was typed meanwhile. */
  const recover = (view) => {
    const told = new Set();
    const tellers = "[data-on-input],[data-on-change]";
    for (const control of [...edits.keys()]) {
      if (viewOf(control) !== view.number || (control.type === "radio" && !control.checked)) continue;
      const element = control.form?.matches(tellers) ? control.form : control.closest(tellers);
      if (!element || told.has(element)) continue;
      told.add(element);
      push(element, element.getAttribute("data-on-input") ?? element.getAttribute("data-on-change"), payload(element, control), control);
    }
  };

  const valueOf = (control) =>
    control.type === "checkbox" ? control.checked : control.type === "select-multiple" ? [...control.selectedOptions].map(({ value }) => value) : control.value;

  const fields = (form, submitter, control) => {
    const all = new Map();
    for (const [name, value] of new FormData(form, submitter)) {
      if (isText(value) && name !== "_event") all.set(name, all.has(name) ? [].concat(all.get(name), value) : value);
    }
    if (control) {
      const names = new Set(all.keys());
      for (const each of form.elements) if (used.has(each) || each.type === "hidden") names.delete(each.name);
      if (control.name) all.set("_target", control.name);
      if (names.size) all.set("_unused", [...names]);
    }
    return Object.fromEntries(all);
  };

  const payload = (element, control) => (element.localName === "form" ? fields(element, null, control) : valueOf(control));

  const waits = []; // events that wait until nothing has happened for a time, or stand back for one

  const trigger = (type, element, control, value) => {
    const { confirm: question, throttle, debounce } = element.dataset;
    if (question && !window.confirm(question)) return;
    const name = `data-on-${type}`;
    const tell = () => push(element, element.getAttribute(name), value?.(), control);
    const form = formOfControl(element);
    const isSame = (wait) => wait.element === element && wait.name === name;
    for (const wait of waits.filter((wait) => wait.isSlow && !isSame(wait) && (wait.element === element || (form && wait.form === form)))) wait.end();
    const slow = /^(input|change)$/.test(type) && (control.dataset.debounce ?? debounce);
    const pace = /^(input|change|click|.*key.*)$/.test(type) && +throttle;
    let wait = waits.find(isSame);
    if (!slow && !pace) return tell();
    if (!wait) {
      wait = {
        element, control, name, form, isSlow: !!slow,
        end() {
          clearTimeout(wait.timer);
          waits.splice(waits.indexOf(wait), 1);
          if (!wait.tell) return;
          if (slow) wait.tell();
          else trigger.paced(wait, pace);
        },
      };
      waits.push(wait);
      if (!slow) {
        wait.timer = after(pace, wait.end);
        return tell();
      }
    }
    Object.assign(wait, { tell, control });
    if (!slow) return;
    clearTimeout(wait.timer);
    if (slow !== "blur") wait.timer = after(+slow, wait.end);
  };
  trigger.paced = (wait, pace) => {
    wait.tell();
    wait.tell = null;
    waits.push(wait);
    wait.timer = after(pace, wait.end);
  };

  const find = (type, { target }) => {
    const element = target.closest?.(`[data-on-${type}]`);
    return element && root.contains(element) ? element : null;
  };
  const all = (type) => root.querySelectorAll(`[data-on-${type}]`);

  const keyboard = (prefix) => (event) => {
    if (!isText(event.key) || event.isComposing) return;
    const elements = prefix ? all(prefix + event.type) : [find(event.type, event)];
    for (const element of elements) {
      const keys = element?.dataset.key?.split(" ");
      if (!element || (keys && !keys.includes(event.key) && !keys.includes(event.code))) continue;
      if ("prevent" in element.dataset) event.preventDefault();
      const { key, code } = event;
      const value = { key, code };
      for (const name of ["alt", "ctrl", "meta", "shift"]) if (event[`${name}Key`]) value[name] = true;
      if (event.repeat) value.repeat = true;
      trigger(prefix + event.type, element, element, () => value);
    }
  };

  const listen = () => {
    on(document, "click", (event) => {
      for (const element of all("away")) if (!element.contains(event.target)) trigger("away", element, element);
      const element = find("click", event);
      if (element) {
        if (element.localName === "a" || element.type === "submit" || "prevent" in element.dataset) event.preventDefault();
        trigger("click", element, element);
      }
      follow(event);
    });
    on(document, "input change", (event) => {
      const { target, type } = event;
      if (!root.contains(target)) return;
      if (type === "input" && isControl(target)) edited(target);
      if (type === "change" && target.dataset.upload && isJoined) offer(target, [...target.files]);
      const element = find(type, event) ?? (target.form?.matches(`[data-on-${type}]`) ? target.form : null);
      if (element) trigger(type, element, target, () => payload(element, target));
    });
    on(document, "submit", (event) => {
      const form = find("submit", event);
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
      if (!target.closest || !root.contains(target)) return;
      if (type === "blur") {
        if (edits.has(target)) used.add(target);
        for (const wait of waits.filter((wait) => wait.isSlow && wait.control === target)) wait.end();
      }
      if (target.hasAttribute(`data-on-${type}`)) trigger(type, target, target, () => payload(target, target));
    }, true);
    on(document, "keydown keyup", keyboard(""));
    on(window, "keydown keyup", keyboard("window-"));
    on(window, "focus blur", ({ target, type }) => {
      if (target === window) for (const element of all(`window-${type}`)) trigger(`window-${type}`, element, element);
    });
    on(window, "online", () => {
      unopened = 0; // it may be another network
      look();
    });
    on(document, "visibilitychange", () => document.visibilityState === "visible" && look());
    on(window, "pageshow", ({ persisted }) => persisted && !isOff && look());
    // An open socket would keep the page out of the back/forward cache.
    on(window, "pagehide", () => {
      const wasOff = isOff;
      disconnect();
      isOff = wasOff;
    });
    on(window, "scroll", () => (scrolls[entry] = [scrollX, scrollY]), { passive: true });
    on(window, "popstate", ({ state }) => back(state));
    on(document, "dragover drop", (event) => {
      const area = event.target.closest?.("[data-drop]");
      const input = area && document.getElementById(area.dataset.drop);
      if (!input?.dataset.upload) return;
      event.preventDefault();
      if (event.type === "drop" && isJoined) offer(input, [...event.dataTransfer.files].slice(0, input.multiple ? Infinity : 1));
    });
    setInterval(calm(() => document.visibilityState === "visible" && isJoined && look()), 30_000);
  };

  // While a form is being sent: its buttons are disabled, its controls read-only. `text` is what the attribute will be.
  const locks = new Map();

  const lock = (form, ref) => {
    for (const control of form.elements) {
      const isButton = /^(submit|button|reset|image)$/.test(control.type);
      const name = isButton ? "disabled" : "readonly";
      if (!isButton && !("readOnly" in control)) continue;
      const { disableWith } = control.dataset;
      const entry = { name, ref, text: control.getAttribute(name) ?? false, hasFocus: control === document.activeElement };
      if (disableWith && control.type === "submit") {
        if (control.localName === "input") [entry.label, control.value] = [control.value, disableWith];
        else {
          entry.nodes = [...control.childNodes];
          control.replaceChildren(disableWith);
        }
      }
      control.setAttribute(name, "");
      locks.set(control, entry);
    }
  };

  const unlock = (control, { name, text, label, nodes, hasFocus }) => {
    locks.delete(control);
    write(control, name, text);
    if (label !== undefined) control.value = label;
    if (nodes) control.replaceChildren(...nodes);
    if (hasFocus && document.activeElement === document.body) control.focus();
  };

  // Addresses (§9). An entry of the history has the number of its page, and its own for where the user had scrolled to.

  let page;
  let entry;
  let turn = 0;
  const scrolls = {};
  const here = () => location.pathname + location.search;
  let shownAt = here();

  const mark = (url, isReplaced) => {
    if (!isReplaced) entry = `${page}.${Math.random()}`;
    history[isReplaced ? "replaceState" : "pushState"]({ ...(isReplaced && history.state), live: [page, entry] }, "", url);
    shownAt = here();
  };
  const go = (url, isReplaced) => mark(url, isReplaced);
  const say = (done) => isJoined && call(["nav", here()], [], done);
  const scroll = ([x, y] = [0, 0]) => window.scrollTo(x, y);

  const follow = (event) => {
    const link = event.target.closest?.("a[data-patch],a[data-navigate]");
    const isPlain = !event.defaultPrevented && !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || !root.contains(link) || link.origin !== location.origin || /^(?!_self$)./.test(link.target) || link.hasAttribute("download")) return;
    if ("navigate" in link.dataset) navigate(link.href);
    else if (isJoined) {
      go(link.href, link.href === location.href);
      say();
    } else return;
    event.preventDefault();
  };

  const back = (state) => {
    if (here() === shownAt && !state?.live) return; // another place of the same page
    const [itsPage, itsEntry] = state?.live ?? [];
    const to = scrolls[itsEntry];
    entry = itsEntry;
    if (itsPage !== page) return navigate(location.href, itsPage ?? Date.now(), to);
    if (shownAt === here()) return;
    shownAt = here();
    say(() => to && scroll(to));
  };

  /** To another live page without loading. `itsPage` is that of an entry of the history which is there already. */
  const navigate = async (url, itsPage, to) => {
    const mine = ++turn;
    try {
      const answer = await fetch(url, { headers: { accept: "text/html" } });
      const text = await answer.text();
      if (mine !== turn) return;
      const next = new DOMParser().parseFromString(text, "text/html");
      const element = need(answer.ok && new URL(answer.url).origin === location.origin && next.querySelector("[data-live]"), "live page");
      disconnect();
      page = itsPage ?? Date.now();
      const target = answer.redirected ? answer.url : url;
      if (itsPage) entry ??= `${page}.${Math.random()}`;
      mark(target, !!itsPage);
      document.title = next.title;
      root.replaceWith(document.adoptNode(element));
      start(element);
      scan();
      if (to || !location.hash) scroll(to);
      else document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
    } catch (error) {
      if (mine !== turn) return;
      if (live.debug) console.debug("live:", error);
      if (itsPage) location.reload();
      else location.assign(url);
    }
  };

  // Hooks (§10), and what is waited for to be seen

  const mounted = new Map();

  const mount = (element, functions) => {
    const handlers = new Map();
    const self = Object.assign(Object.create(functions), {
      el: element,
      push: (event, value) => push(element, event, value),
      on: (name, handler) => handlers.set(name, handler),
    });
    const hook = { handlers, call: (name) => isText(name) && calm(() => functions[name]?.call(self))() };
    mounted.set(element, hook);
    hook.call("mounted");
  };

  const hooksAround = (nodes) => {
    const found = new Set();
    if (mounted.size) for (const each of nodes) for (let node = each; node; node = node.parentNode) if (mounted.has(node)) found.add(mounted.get(node));
    return found;
  };

  const observed = new Set();
  const observer = new IntersectionObserver(calm((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting && root.contains(target)) trigger("appear", target, target);
  }));

  const scan = () => {
    for (const [element, hook] of mounted) {
      if (root.contains(element)) continue;
      mounted.delete(element);
      hook.call("destroyed");
    }
    for (const element of observed) {
      if (root.contains(element)) continue;
      observed.delete(element);
      observer.unobserve(element);
    }
    if (!isJoined) return;
    for (const element of root.querySelectorAll("[data-hook],[data-on-appear]")) {
      const { hook, onAppear } = element.dataset;
      if (hook && !mounted.has(element) && Object.hasOwn(live.hooks, hook)) mount(element, live.hooks[hook]);
      if (onAppear === undefined || observed.has(element)) continue;
      observed.add(element);
      observer.observe(element);
    }
  };

  // Uploads (§11)

  const uploads = new Map(); // by id
  const offers = new Map(); // by ref
  const chunk = 32_768;

  const offer = (input, files) => {
    for (const upload of uploads.values()) if (upload.input === input) upload.cancel();
    if (!files.length) return;
    const ref = call(["up", viewOf(input), input.dataset.upload, files.map(({ name, type, size }) => [name, type, size])], [input]);
    offers.set(ref, { input, files });
  };

  const show = (input) => {
    const mine = [...uploads.values()].filter((upload) => upload.input === input);
    const sum = (name) => mine.reduce((total, upload) => total + upload[name], 0);
    const percent = sum("size") ? Math.floor((100 * sum("taken")) / sum("size")) : 100;
    for (const element of root.querySelectorAll("[data-progress-for]")) {
      if (element.dataset.progressFor !== input.id) continue;
      element.dataset.progress = percent;
      element.style.setProperty("--progress", `${percent}%`);
    }
  };

  const varint = (id) => {
    const bytes = [];
    for (; id > 127; id = Math.floor(id / 128)) bytes.push((id % 128) + 128);
    return [...bytes, id];
  };

  const upload = async (input, file, id) => {
    let wake;
    const self = { input, size: file.size, taken: 0, isOver: false, wake: () => wake?.() };
    self.stop = () => {
      self.isOver = true;
      uploads.delete(id);
      self.wake();
    };
    self.cancel = () => {
      send(["ux", id]);
      self.stop();
    };
    uploads.set(id, self);
    show(input);
    const piece = (bytes) => socket.send(new Uint8Array([...varint(id), ...bytes]));
    try {
      for (let at = 0; at < file.size; at += chunk) {
        const bytes = new Uint8Array(await file.slice(at, at + chunk).arrayBuffer());
        while (!self.isOver && at + bytes.length - self.taken > 4 * chunk) await new Promise((resolve) => (wake = resolve));
        if (self.isOver) return;
        piece(bytes);
      }
      if (!self.isOver) piece([]);
    } catch {
      if (!self.isOver) self.cancel(); // it can be read no more
    }
  };

  messages.up = (ref, ids) => {
    const { input, files } = need(offers.get(ref), "upload");
    need(list(ids) && ids.length === files.length && ids.every((id) => isCount(id) || isText(id)), "upload");
    offers.delete(ref);
    ids.forEach((id, i) => (isText(id) ? fire("refused", { input, file: files[i], reason: id }) : upload(input, files[i], id)));
  };
  messages.ua = (id, bytes) => {
    const self = uploads.get(id);
    if (!self) return;
    self.taken = Math.min(need(isCount(bytes)) && bytes, self.size);
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
    views.clear();
    views.set(0, viewIn({ parent: root }, 0));
    attempts = 0;
    // Typed before this program was there, or brought back by the browser.
    for (const control of root.querySelectorAll("input,textarea")) {
      const isBox = /^(checkbox|radio)$/.test(control.type);
      if (isBox ? control.checked !== control.defaultChecked : /^(text.*|search|tel|password|email|url|number)$/.test(control.type) && control.value !== control.defaultValue) edited(control);
    }
    connect();
  };

  const live = (window.live = { hooks: {}, latency: 0, debug: false, connect: calm(connect), disconnect: calm(disconnect) });

  let isStarted = false;
  const begin = () => {
    const element = document.querySelector("[data-live]");
    if (isStarted || !element) return;
    isStarted = true;
    page = history.state?.live?.[0] ?? Date.now();
    entry = history.state?.live?.[1] ?? `${page}.0`;
    mark(location.href, true);
    listen();
    start(element);
  };
  // Hooks are defined by scripts that come behind this one.
  on(document, "DOMContentLoaded", begin);
  on(window, "load", begin);
  if (document.readyState === "complete") calm(begin)();
})();

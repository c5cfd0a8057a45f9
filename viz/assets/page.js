"use strict";
// Everything shown is built from data with textContent: nothing from a recording is ever parsed as markup.
const page = (() => {
  const $ = (id) => document.getElementById(id);
  const M = JSON.parse($("model").textContent);
  // The reader's language: a sentence is written with say, and found by its English, with {0}, {1} … for what changes.
  const WORDS = $("words") ? JSON.parse($("words").textContent) : {};
  const pieces = (strings, ...values) => { // texts and elements, in the order in which the language has them
    const english = strings.reduce((whole, text, i) => `${whole}{${i - 1}}${text}`);
    return (WORDS[english] ?? english).split(/\{(\d+)\}/).map((piece, i) => (i % 2 ? values[piece] : piece));
  };
  const say = (...given) => pieces(...given).join("");
  const SVG = "http://www.w3.org/2000/svg", MATH = "http://www.w3.org/1998/Math/MathML";
  const F = M.forward.length, END = F + M.backward.length;
  const state = { at: 0, playing: null, pinned: -1, shown: -1, parameter: -1, record: -1 }; // record: one that is shown without a box, as a parameter is
  const extra = { value: null, note: null, changes: null, below: null }; // what a page that computes adds to the details
  let bound = []; // texts of the details that are written anew when numbers change
  const text = (node, read) => { const write = () => { const words = read(); if (node.textContent !== words) node.textContent = words; }; write(); bound.push(write); return node; };

  // When a record gets its value and its adjoint, counted in records walked through; leaves have values at once.
  const valueAt = M.records.map(() => 0), adjointAt = M.records.map(() => Infinity);
  M.forward.forEach((r, i) => { valueAt[r] = i + 1; });
  M.backward.forEach((r, i) => { adjointAt[r] = F + i + 1; });
  const uses = new Map();
  M.records.forEach((record, r) => (record.d || []).forEach(([x]) => uses.set(x, Math.max(uses.get(x) || 0, adjointAt[r]))));
  M.records.forEach((record, r) => { if (record.A !== undefined && adjointAt[r] === Infinity) adjointAt[r] = uses.get(r) ?? END; });

  // -- small builders -----------------------------------------------------------------
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }
  const small = (x) => x !== 0 && Math.abs(x) < 1e-4; // whose zeros would take more room than its digits
  const show = (x) => (typeof x === "number" ? (small(x) ? x.toExponential() : String(x)).replaceAll("-", "−") : String(x));
  function named(r) {
    const d = r < 0, [arrow, base, below, above] = M.records[d ? -1 - r : r].n;
    return [d ? "d" + arrow + base : arrow + base, below, above];
  }
  const plain = (r) => { const [base, below, above] = named(r); return base + (below && "_" + below) + above; };
  function label(r) {
    const [base, below, above] = named(r), span = make("span", {}, base);
    if (below) span.append(make("sub", {}, below));
    if (above) span.append(make("sup", {}, above));
    return span;
  }
  function mathName(r) {
    const [base, below, above] = named(r);
    const part = (text) => {
      const e = document.createElementNS(MATH, "mi");
      e.textContent = text;
      if (/^[Α-Ω]$/.test(text)) e.setAttribute("mathvariant", "normal"); // capital Greek stands upright, as in LaTeX
      return e;
    };
    const tag = below && above ? "msubsup" : below ? "msub" : above ? "msup" : null;
    if (!tag && !base.includes("%")) return part(base);
    if (!tag) { // an unnamed record: a little room, or two of them look like one
      const row = document.createElementNS(MATH, "mrow"), room = [0, 1].map(() => document.createElementNS(MATH, "mspace"));
      room.forEach((space) => space.setAttribute("width", "0.15em"));
      row.append(room[0], part(base), room[1]);
      return row;
    }
    const element = document.createElementNS(MATH, tag);
    element.append(...[base, below, above].filter(Boolean).map(part));
    return element;
  }
  const slot = (text) => { const code = text.codePointAt(0); return text.length === 1 && code >= 0xe000 && code <= 0xf8ff ? code - 0xe000 : -1; };
  function math(node, refs) {
    const [tag, attributes, ...children] = node;
    if (children.length === 1 && typeof children[0] === "string" && slot(children[0]) >= 0) {
      const r = refs[slot(children[0])];
      return r === undefined ? document.createElementNS(MATH, "mi") : mathName(r);
    }
    const element = document.createElementNS(MATH, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.map((child) => (typeof child === "string" ? child : math(child, refs))));
    return element;
  }
  const spell = ([t, refs]) => [...M.formulas[t].t].map((c) => (slot(c) >= 0 ? (refs[slot(c)] === undefined ? c : plain(refs[slot(c)])) : c)).join("");
  // the same as elements, names with sub- and superscripts
  function rich([t, refs]) {
    const span = make("span");
    for (const c of M.formulas[t].t) span.append(slot(c) >= 0 && refs[slot(c)] !== undefined ? label(refs[slot(c)]) : c);
    return span;
  }
  // An unnamed record by how it is made, and so are the unnamed ones in its formula.
  const unnamed = (r) => M.records[r].n[1].startsWith("%") && Boolean(M.records[r].f);
  function made(r, depth = 0) {
    const [t, refs] = M.records[r].f, span = make("span"), signs = [...M.formulas[t].t];
    signs.forEach((c, k) => {
      const x = slot(c) >= 0 ? refs[slot(c)] : undefined;
      if (x === undefined) { span.append(c); return; }
      if (x < 0 || depth > 3 || !unnamed(x)) { span.append(label(x)); return; }
      const inner = made(x, depth + 1), apart = !inner.textContent.includes(" ") || (signs[k - 1] === "(" && signs[k + 1] === ")");
      span.append(...(apart ? [inner] : ["(", inner, ")"]));
    });
    return span;
  }
  // left = formula, in MathML with the text as its spoken form, or as text where there is no MathML
  function formula(left, sign, right) {
    const line = make("div", { class: "formula" });
    const text = (left === null ? "" : plain(left) + " " + sign + " ") + spell(right), template = M.formulas[right[0]];
    if (!template.m) { line.append(text); return line; }
    const whole = math(template.m, right[1]);
    whole.setAttribute("aria-label", text);
    if (left !== null) {
      const mo = document.createElementNS(MATH, "mo"); mo.textContent = sign;
      whole.prepend(mathName(left), mo);
    }
    line.append(whole);
    return line;
  }
  function array(read, shape, changes = () => null) {
    const values = read();
    const fill = (cell, x, change) => {
      const words = show(x) + (change ? " " + change : "");
      if (cell.textContent === words) return;
      if (!change && cell.childNodes.length === 1) { cell.firstChild.data = words; return; }
      cell.textContent = show(x);
      if (change) cell.append(" ", make("small", { class: "change" }, change));
    };
    if (!Array.isArray(values)) {
      const alone = make("div"), write = () => fill(alone, read(), changes()?.[0][0]);
      write(); bound.push(write);
      return alone;
    }
    const rows = values.length, columns = rows ? values[0].length : 0;
    const full = shape.length === 1 ? [1, shape[0]] : shape.slice(-2);
    const table = make("table", { class: "array", "aria-label": say`array of shape ${shape.join(" × ")}` }), body = make("tbody"), cells = [];
    for (const row of values) {
      const line = make("tr", {}, ...row.map(() => { // a cell of a fixed size, so that a changing number moves nothing
        const cell = make("td");
        if (M.live) cell.append(make("span"));
        cells.push(cell.firstChild ?? cell);
        return cell;
      }));
      if (columns < full[1]) line.append(make("td", {}, "…"));
      body.append(line);
    }
    const write = () => { const change = changes()?.flat(); read().flat().forEach((x, k) => fill(cells[k], x, change?.[k])); };
    write(); bound.push(write);
    if (rows < full[0]) body.append(make("tr", {}, make("td", {}, "⋮")));
    table.append(body);
    const cut = shape.length > 2 || rows < full[0] || columns < full[1];
    const wide = make("div", { class: "wide" }, table);
    if (cut) wide.append(make("p", { class: "small" }, say`the first ${rows} × ${columns} of ${shape.join(" × ")}`));
    return wide;
  }

  // -- colours by norm, on a log scale ---------------------------------------------------
  function scale(key) {
    const norms = M.boxes.map((box) => (box.r < 0 ? undefined : M.records[box.r][key])), all = norms.filter((x) => typeof x === "number" && x > 0);
    let low = Math.log10(Math.min(...all)), high = Math.log10(Math.max(...all));
    const range = all.length ? `‖·‖ ${Number((10 ** low).toPrecision(2))} … ${Number((10 ** high).toPrecision(2))}` : say`none`;
    if (M.live) { low = Math.floor(2 * low) / 2; high = Math.ceil(2 * high) / 2; } // or a small change would recolour every box
    return { norms, range, of: (x) => (typeof x !== "number" || x <= 0 ? 0 : high - low < 1e-9 ? 0.6 : (Math.log10(x) - low) / (high - low)) };
  }

  // -- the picture ------------------------------------------------------------------------
  const boxes = M.boxes.map((box) => ({ ...box, element: $(box.i), now: "", shades: "" }));
  const edges = M.edges.map(({ i, u, w }) => ({ user: u, width: w, element: $(i), now: "" }));
  const order = boxes.map((_, i) => i).filter((i) => boxes[i].r >= 0).sort((i, j) => valueAt[boxes[i].r] - valueAt[boxes[j].r] || boxes[i].r - boxes[j].r);
  const grain = M.live ? 25 : 1000; // shades that are told apart
  for (const box of boxes) {
    if (box.r < 0) continue;
    box.meters = box.element.querySelectorAll(".meter");
    box.body = box.element.querySelector(".body");
    box.room = (box.body.getBBox().width - 16) / 2 - 2;
  }
  const step = (x) => (Math.round(x * grain) / grain).toFixed(3);
  function shade() {
    const byValue = scale("N"), byAdjoint = scale("A");
    $("value-range").textContent = byValue.range;
    $("adjoint-range").textContent = M.backward.length ? byAdjoint.range : say`no backward pass`;
    for (const [i, box] of boxes.entries()) {
      if (box.r < 0) continue;
      const N = byValue.norms[i], A = byAdjoint.norms[i], u = step(byValue.of(N)), w = step(byAdjoint.of(A)), bad = typeof N === "string" || typeof A === "string";
      if (box.shades === `${u} ${w} ${bad}`) continue;
      box.shades = `${u} ${w} ${bad}`;
      box.body.style.setProperty("--v", u);
      box.body.style.setProperty("--a", w);
      box.meters[0].setAttribute("width", (2 + u * box.room).toFixed(1));
      box.meters[1].setAttribute("width", (2 + w * box.room).toFixed(1));
      box.element.classList.toggle("bad", bad);
    }
  }
  shade();
  for (const edge of edges) edge.element.querySelector(".r").style.strokeWidth = edge.width;
  function paint() {
    const current = currentRecord(), now = current < 0 ? -1 : M.records[current].b;
    boxes.forEach((box, i) => {
      const parts = [];
      if (box.r >= 0 && valueAt[box.r] <= state.at) parts.push("has-v");
      if (box.r >= 0 && adjointAt[box.r] <= state.at) parts.push("has-a");
      if (i === now) parts.push("now");
      if (i === state.shown) parts.push("shown");
      const wanted = parts.join(" ");
      if (wanted === box.now) return;
      box.element.classList.remove("has-v", "has-a", "now", "shown");
      box.element.classList.add(...parts);
      box.element.setAttribute("aria-label", describe(i));
      box.now = wanted;
    });
    for (const edge of edges) {
      const wanted = (valueAt[edge.user] <= state.at ? "lit " : "") + (edge.width > 0 && adjointAt[edge.user] <= state.at ? "back" : "");
      if (wanted === edge.now) continue;
      edge.element.classList.toggle("lit", wanted.includes("lit"));
      edge.element.classList.toggle("back", wanted.includes("back"));
      edge.now = wanted;
    }
    if (now >= 0) bring(boxes[now].element);
  }
  function describe(i) {
    const box = boxes[i];
    if (box.r < 0) return box.title || say`folded`;
    const record = M.records[box.r], words = [record.y];
    words.push(valueAt[box.r] <= state.at ? say`value of norm ${show(record.N)}` : say`no value yet`);
    if (adjointAt[box.r] <= state.at) words.push(say`adjoint of norm ${show(record.A)}`);
    return words.join("; ");
  }
  function bring(element) {
    const view = $("scroll").getBoundingClientRect(), it = element.getBoundingClientRect(), room = 30;
    const by = (low, high, first, last) => (high - low < last - first ? 0 : first < low + room ? first - low - room : last > high - room ? last - high + room : 0);
    const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches || state.playing ? "auto" : "smooth";
    const left = by(view.left, view.right, it.left, it.right), top = by(view.top, view.bottom, it.top, it.bottom);
    if (left || top) $("scroll").scrollBy({ left, top, behavior: smooth });
  }

  // -- where the walk is -------------------------------------------------------------------
  const currentRecord = () => (state.at === 0 ? -1 : state.at <= F ? M.forward[state.at - 1] : M.backward[state.at - F - 1]);
  function go(at, quiet) {
    state.at = Math.max(0, Math.min(END, at));
    $("slider").value = state.at;
    const words = sentence();
    $("slider").setAttribute("aria-valuetext", words);
    if (!quiet) $("status").setAttribute("aria-live", state.playing ? "off" : "polite");
    status();
    paint();
    if (state.record >= 0) open(state.record);
    else if (state.shown < 0 || state.pinned < 0) inspect(followed());
    else inspect(state.pinned);
    chips();
    growth();
  }
  const followed = () => { const r = currentRecord(); return r < 0 ? state.shown : M.records[r].b >= 0 ? M.records[r].b : state.shown; };
  function sentence() {
    if (state.at === 0) return say`Start: only inputs and parameters have values.`;
    const r = currentRecord(), record = M.records[r];
    return state.at <= F
      ? say`Forward ${state.at} of ${F}: ${record.y}, value of norm ${show(record.N)}`
      : say`Backward ${state.at - F} of ${END - F}: adjoint of ${record.y}, norm ${show(record.A)}`;
  }
  function status() {
    const p = $("status");
    if (state.at === 0) { p.replaceChildren(make("b", {}, say`Start.`), " ", say`Only inputs and parameters have values. Press → or Play.`); return; }
    const r = currentRecord(), record = M.records[r], ahead = state.at <= F;
    p.replaceChildren(make("b", {}, ahead ? say`Forward ${state.at} of ${F}` : say`Backward ${state.at - F} of ${END - F}`), " · ");
    if (unnamed(r)) {
      p.append(...(ahead ? [made(r)] : ["d(", made(r), ")"]));
      const inside = record.b >= 0 ? boxes[record.b].r : -1;
      if (inside >= 0 && !unnamed(inside)) p.append(" · ", ...pieces`in the box of ${label(inside)}`);
    } else {
      p.append(label(ahead ? r : -1 - r));
      if (ahead && record.f) p.append(" = ", rich(record.f));
    }
    p.append(" · ", say`norm ${show(ahead ? record.N : record.A)}`);
    if (state.at === F && END > F) p.append(" · ", say`next: backward`);
    if (state.at === END) p.append(" · ", say`end`);
  }
  function move(direction, unit = $("unit").value) {
    if (unit === "record") return go(state.at + direction);
    const marks = M.marks;
    go(direction > 0 ? marks.find((m) => m > state.at) ?? END : [...marks].reverse().find((m) => m < state.at) ?? 0);
  }
  function play(on) {
    clearInterval(state.playing);
    state.playing = null;
    if (on) {
      if (state.at === END) go(0);
      state.playing = setInterval(() => { move(1); if (state.at === END) play(false); }, Number($("speed").value));
    }
    $("play").textContent = on ? "❚❚ " + say`Pause` : "▶ " + say`Play`;
    $("play").setAttribute("aria-label", on ? say`Pause` : say`Play`);
    $("status").setAttribute("aria-live", on ? "off" : "polite");
  }

  // -- the details of a box ------------------------------------------------------------------
  function inspect(i) {
    const before = state.shown;
    state.shown = i;
    state.record = -1;
    bound = [];
    const panel = $("inspector");
    if (i < 0 || !boxes[i]) { panel.replaceChildren(make("p", { class: "small" }, say`Point at a box, tap it, or move to it with the keys, to see its value, its adjoint, its local derivatives and the line of the program that made it.`)); return; }
    if (before !== i) { boxes[before]?.element.classList.remove("shown"); boxes[i].element.classList.add("shown"); boxes.forEach((b) => { b.now = b.now.replace(/ ?shown/, ""); }); boxes[i].now = (boxes[i].now + " shown").trim(); }
    const box = boxes[i];
    if (box.r < 0) { panel.replaceChildren(make("h2", {}, box.title || "…"), make("p", {}, box.note || "")); return; }
    panel.replaceChildren(...about(box.r, box.rs));
  }
  function open(r) {
    boxes[state.shown]?.element.classList.remove("shown");
    state.shown = state.pinned = -1;
    state.record = r;
    bound = [];
    $("inspector").replaceChildren(...about(r, []));
  }
  function about(r, inside_of) {
    const record = M.records[r];
    const nodes = [make("h2", {}, label(r)), make("p", { class: "place" }, [M.places[record.p], record.s.length ? say`shape ${record.s.join(" × ")}` : say`scalar`].filter(Boolean).join(" · "))];
    if (record.e || record.f) nodes.push(formula(r, "=", record.e || record.f));
    nodes.push(...quantity(say`Value`, "value", () => record.v, record, () => record.N, valueAt[r] <= state.at, say`not computed yet at this point of the walk`));
    if (record.A !== undefined) nodes.push(...quantity(say`Adjoint`, "adjoint", () => record.a, record, () => record.A, adjointAt[r] <= state.at, say`the sweep has not come here yet`, -1 - r));
    else if (M.backward.length) nodes.push(make("p", { class: "small" }, say`No derivative passes through here.`));
    nodes.push(...(extra.below?.(r) ?? []));
    const all = inside_of.filter((x) => M.records[x].d).sort((x, y) => y - x), now = currentRecord();
    const givers = all.filter((x, k) => k < 24 || x === now);
    if (givers.length) nodes.push(make("h3", {}, say`Local derivative: what the adjoint gives to each input`));
    givers.forEach((x, k) => nodes.push(k === 0 ? gives(x) : inside(x)));
    if (givers.length < all.length) nodes.push(make("p", { class: "small" }, say`… and ${all.length - givers.length} records more in this box`));
    if (record.l !== undefined) {
      const [where, text] = M.lines[record.l].split("\n");
      nodes.push(make("h3", {}, say`Line of the program, ${where}`), make("pre", {}, text || say`(source not at hand)`));
    }
    return nodes;
  }
  function quantity(title, kind, read, record, size, reached, pending, name) {
    const head = make("h3", {}, title), r = M.records.indexOf(record), own = kind === "value" ? extra.value?.(r) : null;
    if (name !== undefined) head.append(" ", label(name));
    const since = () => extra.note?.(r, kind) ?? "";
    const words = text(make("div", { class: `state ${kind}` }), () => (record.s.length ? say`norm ${show(size())}` + since() + (reached ? "" : " · " + pending) : (reached ? "" : pending) + since()));
    return [head, words, own ?? make("div", { class: reached ? "" : "pending" }, array(read, record.s, () => extra.changes?.(r, kind)))];
  }
  function gives(r) {
    const list = make("ul", { class: "gives" });
    for (const gift of M.records[r].d) {
      const [x, , f] = gift;
      const target = M.parameters.some((p) => p.r === x) ? make("button", { type: "button", "data-parameter": x }, label(x)) : label(x);
      list.append(make("li", {}, ...pieces`to ${target}`, text(make("span", { class: "small" }), () => " · " + say`norm ${show(gift[1])}`), formula(null, "", f)));
    }
    return list;
  }
  const inside = (r) => make("details", { class: "inside", ...(r === currentRecord() ? { open: "" } : {}) }, make("summary", {}, ...pieces`from ${label(r)}`, " = ", rich(M.records[r].f)), gives(r));

  // -- a shared parameter's gradient, contribution by contribution -----------------------------
  const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7b4fb5", "#c0392b", "#3d7a55", "#777777"];
  const arrived = (p) => p.parts.filter((part) => state.at >= F + part.at).length;
  M.parameters.forEach((p, i) => {
    const button = make("button", { type: "button", "aria-pressed": "false", "data-chip": i }, make("i", { class: "swatch", style: "" }), label(p.r), make("small", {}));
    button.firstChild.style.background = colours[i % colours.length];
    button.addEventListener("click", () => { choose(state.parameter === i ? -1 : i); });
    $("chips").append(button);
  });
  if (!M.parameters.length) $("parameters").hidden = true;
  function choose(i) { state.parameter = i; if (extra.value && i >= 0) open(M.parameters[i].r); chips(); growth(); }
  function chips() {
    M.parameters.forEach((p, i) => {
      const n = arrived(p), button = $("chips").children[i];
      button.setAttribute("aria-pressed", String(i === state.parameter));
      button.lastChild.textContent = n ? ` ${show(p.parts[n - 1].T)} · ${n}/${p.parts.length}` : ` ${M.records[p.r].s.join("×")}`;
      button.title = n ? say`norm of the gradient so far, ${n} of ${p.parts.length} contributions` : say`shape; no contribution yet`;
    });
  }
  function growth() {
    const p = M.parameters[state.parameter], panel = $("growth"), before = bound.length;
    if (!p) { panel.replaceChildren(); return; }
    const n = arrived(p), most = Math.max(...p.parts.map((q) => (typeof q.N === "number" ? q.N : 0)), 1e-300), shape = M.records[p.r].s;
    const bars = make("div", { class: "bars", role: "group", "aria-label": say`contributions in the order of the sweep` });
    p.parts.forEach((part, k) => {
      const bar = make("i");
      bar.style.height = Math.max(2, (46 * (typeof part.N === "number" ? part.N : most)) / most).toFixed(1) + "px";
      bar.style.flex = "none";
      const button = make("button", { type: "button", class: (k < n ? "in" : "") + (k === n - 1 ? " newest" : ""), "aria-label": k < n ? say`${part.p}: norm ${show(part.N)}` : say`${part.p}: norm ${show(part.N)}, not met yet`, title: say`${part.p}: norm ${show(part.N)}` }, bar, part.p.replace("t = ", ""));
      button.addEventListener("click", () => { go(F + part.at); $("growth").querySelectorAll(".bars button")[k]?.focus(); });
      bars.append(button);
    });
    const words = make("p", { class: "state adjoint", role: "status" }, ...(n === 0
      ? pieces`${label(-1 - p.r)}: none of ${p.parts.length} contributions met yet`
      : pieces`${label(-1 - p.r)}: ${n} of ${p.parts.length} contributions, norm ${show(p.parts[n - 1].T)}; the last one from ${p.parts[n - 1].p}, norm ${show(p.parts[n - 1].N)}`));
    const on = make("button", { type: "button", id: "contribution" }, n < p.parts.length ? say`Next contribution` : say`From the start`);
    on.addEventListener("click", () => { go(n < p.parts.length ? F + p.parts[n].at : F); $("contribution").focus(); });
    const sums = make("div", { class: "sums" });
    if (n) sums.append(make("div", {}, make("h3", {}, say`Sum so far`), array(() => p.parts[n - 1].t, shape)), make("div", {}, make("h3", {}, say`This contribution`), array(() => p.parts[n - 1].v, shape)));
    panel.replaceChildren(make("div", {}, words, bars, on), sums);
    bound.length = before; // it is built anew whenever numbers change
  }

  // -- what a reader does ------------------------------------------------------------------------
  const svg = $("picture");
  const places = new Map(boxes.map((box, i) => [box.i, i]));
  const boxOf = (target) => { const g = target.closest?.(".box"); return g ? places.get(g.id) : -1; };
  function focusBox(i) {
    svg.querySelector('.box[tabindex="0"]')?.setAttribute("tabindex", "-1");
    boxes[i].element.setAttribute("tabindex", "0");
    boxes[i].element.focus({ preventScroll: true });
    bring(boxes[i].element);
  }
  svg.addEventListener("pointerover", (e) => { if (e.pointerType !== "touch" && !state.playing && state.pinned < 0 && state.record < 0 && boxOf(e.target) >= 0) inspect(boxOf(e.target)); });
  svg.addEventListener("click", (e) => {
    const i = boxOf(e.target);
    state.pinned = i === state.pinned ? -1 : i;
    if (i >= 0) inspect(i);
  });
  svg.addEventListener("focusin", (e) => { const i = boxOf(e.target); if (i >= 0 && state.pinned < 0 && state.record < 0 && e.target.matches(":focus-visible")) inspect(i); });
  $("inspector").addEventListener("click", (e) => {
    const r = e.target.closest("[data-parameter]")?.dataset.parameter;
    if (r !== undefined) { choose(M.parameters.findIndex((p) => p.r === Number(r))); $("parameters").scrollIntoView({ block: "nearest" }); }
  });
  $("slider").max = END;
  $("slider").addEventListener("input", (e) => { play(false); go(Number(e.target.value)); });
  const commands = { first: () => go(0), last: () => go(END), back: () => move(-1), next: () => move(1) };
  for (const [id, command] of Object.entries(commands)) $(id).addEventListener("click", () => { play(false); command(); });
  $("play").addEventListener("click", () => play(!state.playing));
  $("speed").addEventListener("change", () => { if (state.playing) play(true); });
  $("theme").addEventListener("click", () => {
    const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("select, input:not(#slider)")) return;
    const i = boxOf(e.target), press = e.target.closest?.("button, summary, a");
    const keys = {
      ArrowRight: () => { play(false); move(1, e.shiftKey ? "step" : undefined); }, ArrowLeft: () => { play(false); move(-1, e.shiftKey ? "step" : undefined); },
      Home: () => { play(false); go(0); }, End: () => { play(false); go(END); }, Escape: () => { state.pinned = state.record = -1; },
      "+": () => zoom(1.25), "-": () => zoom(0.8),
    };
    if (!press) keys[" "] = () => play(!state.playing);
    if (i >= 0) {
      const k = order.indexOf(i);
      Object.assign(keys, { ArrowDown: () => focusBox(order[Math.min(k + 1, order.length - 1)]), ArrowUp: () => focusBox(order[Math.max(k - 1, 0)]) });
      keys.Enter = () => { state.pinned = i === state.pinned ? -1 : i; inspect(i); };
    }
    const key = e.target.id === "slider" && (e.key === "ArrowUp" || e.key === "ArrowDown") ? { ArrowUp: "ArrowRight", ArrowDown: "ArrowLeft" }[e.key] : e.key;
    if (keys[key]) { e.preventDefault(); keys[key](); }
  });

  // -- zoom: the picture at reading size, scrolled rather than shrunk ---------------------------------
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  let factor = 1;
  function zoom(by) {
    const room = $("scroll").getBoundingClientRect();
    const fit = Math.min(room.width / width, room.height / height);
    factor = by === 0 ? fit : by ? Math.max(0.05, Math.min(4, factor * by)) : Math.min(1.3, Math.max(fit, 0.72, Math.min(1, (room.height - 18) / height)));
    svg.setAttribute("width", (width * factor).toFixed(0));
    svg.setAttribute("height", (height * factor).toFixed(0));
  }
  document.querySelectorAll("[data-zoom]").forEach((b) => b.addEventListener("click", () => zoom(Number(b.dataset.zoom))));
  zoom();
  if (order.length) boxes[order[0]].element.setAttribute("tabindex", "0");
  inspect(-1);
  go(0, true);
  $("scroll").scrollTop = $("scroll").scrollHeight;
  // Numbers have changed: everything that shows one is written anew where it stands.
  function refresh() {
    shade();
    status();
    bound.forEach((write) => write());
    chips();
    if (state.parameter >= 0) growth();
  }
  function respeak() {
    boxes.forEach((box, i) => { if (box.now) box.element.setAttribute("aria-label", describe(i)); });
    $("slider").setAttribute("aria-valuetext", sentence());
  }
  return { M, F, END, state, extra, boxes, edges, $, say, pieces, make, label, plain, show, text, go, inspect, open, choose, focusBox, shade, refresh, respeak };
})();

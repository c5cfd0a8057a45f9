// What a page does whose numbers can be changed: every number that it shows is read from the machine's row.
const live = (() => {
  const { M, $, say, pieces, state, extra, boxes, edges, make, label, plain, show } = page, L = M.live;
  const m = machine(L.program), row = m.row;
  const size = (r) => M.records[r].s.reduce((a, b) => a * b, 1);
  const rounded = (x, digits = 4) => (Number.isFinite(x) ? Number(x.toPrecision(digits)) : Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞");
  const signed = (x) => (x > 0 ? "+" : "") + show(rounded(x, 2));
  const value = (view, k, from = row) => from[m.element(view, k)];
  const norm = (view, n, from = row) => Math.sqrt(m.squares(view, n, from));
  const flat = (view, n) => Float64Array.from({ length: n }, (_, k) => value(view, k));

  // -- the corner of an array that a page shows, and the numbers of each record, always as they are now ------
  function corner(at, shape, read) {
    if (!shape.length) return read(at(0));
    const columns = shape.at(-1), rows = shape.length > 1 ? shape.at(-2) : 1;
    return Array.from({ length: Math.min(rows, L.edge) }, (_, i) => Array.from({ length: Math.min(columns, L.edge) }, (_, j) => read(at(i * columns + j), i * columns + j)));
  }
  const getter = (thing, key, get) => Object.defineProperty(thing, key, { get, enumerable: true, configurable: true });
  M.records.forEach((record, r) => {
    const n = size(r), v = L.v[r], a = L.a[r];
    getter(record, "v", () => corner((k) => value(v, k), record.s, (x) => rounded(x)));
    getter(record, "N", () => rounded(norm(v, n)));
    if (a) {
      getter(record, "a", () => corner((k) => value(a, k), record.s, (x) => rounded(x)));
      getter(record, "A", () => rounded(norm(a, n)));
    }
    (record.d || []).forEach((gift, i) => getter(gift, 1, () => rounded(norm(L.d[r][i], size(gift[0])))));
  });
  M.parameters.forEach((p, i) => p.parts.forEach((part, j) => {
    const shape = M.records[p.r].s, n = size(p.r);
    const sum = () => L.parts[i].slice(0, j + 1).reduce((total, view) => { for (let k = 0; k < n; k++) total[k] += value(view, k); return total; }, new Float64Array(n));
    getter(part, "v", () => corner((k) => value(L.parts[i][j], k), shape, (x) => rounded(x, 3)));
    getter(part, "N", () => rounded(norm(L.parts[i][j], n)));
    getter(part, "t", () => { const total = sum(); return corner((k) => total[k], shape, (x) => rounded(x, 3)); });
    getter(part, "T", () => (j === p.parts.length - 1 ? M.records[p.r].A : rounded(Math.sqrt(sum().reduce((total, x) => total + x * x, 0)))));
  }));

  // -- what can be changed, what is held, and how it was before -------------------------------------------------
  const given = new Map(L.given.map((r) => [r, { first: L.v[r][0], size: size(r), original: row.slice(L.v[r][0], L.v[r][0] + size(r)) }]));
  const holdable = new Map(L.holds.map(([r, after, first, n, pieces]) => [r, { after, first, n, pieces }]));
  let held = new Map();
  const holds = () => [...held].flatMap(([r, x]) => {
    const { after, first, n, pieces } = holdable.get(r);
    return [{ after, start: first, size: n, value: x }, ...pieces.map(([a, f, k]) => ({ after: a, start: f, size: k, value: 0 }))];
  }).sort((a, b) => a.after - b.after);
  const compute = () => m.run(holds());
  const snapshot = () => ({ values: [...given.values()].map((g) => row.slice(g.first, g.first + g.size)), held: new Map(held) });
  function recall({ values, held: then }) {
    [...given.values()].forEach((g, i) => row.set(values[i], g.first));
    held = new Map(then);
    changed();
  }
  const past = [], future = [], kept = Math.max(20, Math.min(200, Math.floor(4e6 / Math.max(1, [...given.values()].reduce((n, g) => n + g.size, 0)))));
  let open = null, before = null;
  const begin = () => { $("picture").classList.add("moving"); if (!open) { open = snapshot(); before = row.slice(); if (compared === "last") reference = before; } };
  function commit() {
    if (!open) return;
    const same = [...given.values()].every((g, i) => open.values[i].every((x, k) => Object.is(x, row[g.first + k]))) && open.held.size === held.size && [...held].every(([r, x]) => open.held.get(r) === x);
    if (!same) { past.push(open); if (past.length > kept) past.shift(); future.length = 0; }
    open = null;
    buttons();
    settle();
  }
  function cancel() { if (open) { const then = open; open = null; recall(then); buttons(); } }
  function travel(from, to) {
    if (open) commit();
    if (!from.length) return;
    to.push(snapshot());
    before = row.slice();
    if (compared === "last") reference = before;
    recall(from.pop());
    buttons();
    settle();
  }
  const gesture = (act) => { begin(); act(); changed(); commit(); };
  const set = (r, k, x) => { row[given.get(r).first + k] = x; changed(); };
  const isChanged = (g) => g.original.some((x, k) => !Object.is(x, row[g.first + k]));
  function buttons() {
    $("undo").disabled = !past.length; $("redo").disabled = !future.length;
    $("restore").disabled = !held.size && ![...given.values()].some(isChanged);
  }

  // -- a frame: compute, and write what is seen ---------------------------------------------------------------------
  let due = 0;
  function changed() { if (!due) due = requestAnimationFrame(frame); }
  function frame() {
    cancelAnimationFrame(due);
    due = 0;
    compute();
    arrows();
    page.refresh();
    rest();
  }
  function rest() {
    shown?.write();
    marks();
    alarm();
    lossLine();
  }
  let calm = 0;
  function settle() { clearTimeout(calm); calm = setTimeout(() => { page.respeak(); tell(); if (!turning) $("picture").classList.remove("moving"); }, 150); }

  // For who does not see it: what became of the loss.
  let told = null;
  function tell() {
    if (!scalar || loss() === told) return;
    const name = M.records[L.loss].y, now = show(rounded(loss()));
    $("said").textContent = told === null ? say`the loss ${name} is now ${now}` : say`the loss ${name} is now ${now}, before ${show(rounded(told))}`;
    told = loss();
  }

  // -- arrows back: as wide as what comes along them, with a ghost of what came before ---------------------------------
  const [thinnest, widest, decades] = L.widths;
  const along = (groups, from) => Math.sqrt(groups.reduce((sum, [n, ...views]) => {
    if (views.length === 1) return sum + m.squares(views[0], n, from);
    let squares = 0;
    for (let k = 0; k < n; k++) { let x = 0; for (const view of views) x += value(view, k, from); squares += x * x; }
    return sum + squares;
  }, 0));
  function widths(from) {
    const sizes = L.edges.map((groups) => along(groups, from)), largest = Math.max(0, ...sizes.filter(Number.isFinite));
    return sizes.map((x) => (!Number.isFinite(x) || x === 0 ? 0 : thinnest + (widest - thinnest) * Math.min(Math.max(1 + Math.log10(x / largest) / decades, 0), 1)));
  }
  const ghosts = new Map();
  function arrows() {
    const now = widths(row), then = reference && widths(reference);
    edges.forEach((edge, i) => {
      const wide = Math.round(now[i] * 10) / 10;
      if (wide !== edge.drawn) {
        edge.drawn = wide;
        edge.element.querySelector(".r").style.strokeWidth = wide;
        if (wide > 0 !== edge.width > 0) edge.element.classList.toggle("back", wide > 0 && state.at >= page.END);
        edge.width = wide;
      }
      let ghost = ghosts.get(i);
      const differs = then && Math.abs(then[i] - now[i]) > 0.25;
      if (differs && !ghost) {
        const path = edge.element.querySelector(".r");
        ghost = path.cloneNode();
        ghost.setAttribute("class", "g");
        ghost.removeAttribute("marker-end");
        path.after(ghost);
        ghosts.set(i, ghost);
      }
      if (ghost) ghost.style.strokeWidth = differs ? Math.max(1, then[i]).toFixed(1) : 0;
    });
  }

  // -- marks on boxes, and the first number that is not finite ------------------------------------------------------------
  let first = -1;
  const broken = (view, n) => { for (let k = 0; k < n; k++) if (!Number.isFinite(value(view, k))) return true; return false; };
  function firstBroken() {
    if (m.finite()) return null;
    for (const r of [...L.given, ...M.forward]) if (broken(L.v[r], size(r))) return [r, false];
    for (const r of M.backward) if (L.a[r] && broken(L.a[r], size(r))) return [r, true];
    return null;
  }
  function marks() {
    for (const box of boxes) {
      if (box.r < 0) continue;
      const g = given.get(box.r), touched = !!g && isChanged(g), isHeld = box.rs.some((r) => held.has(r));
      if (box.touched !== touched) { box.touched = touched; box.element.classList.toggle("touched", touched); }
      if (box.held !== isHeld) { box.held = isHeld; box.element.classList.toggle("held", isHeld); }
    }
  }
  let said = "";
  function alarm() {
    const found = firstBroken(), words = `${found} ${[...held].join(" ")}`;
    if (words === said) return;
    said = words;
    const at = found ? M.records[found[0]].b : -1;
    if (at !== first) { boxes[first]?.element.classList.remove("first"); boxes[at]?.element.classList.add("first"); first = at; }
    const nodes = [];
    if (found) {
      const go = make("button", { type: "button" }, say`Show it`);
      go.addEventListener("click", () => {
        if (at < 0) { page.open(found[0]); return; }
        page.inspect(at);
        state.pinned = at;
        page.focusBox(at);
      });
      nodes.push(make("span", { class: "wrong" }, ...(found[1] ? pieces`The adjoint of ${label(found[0])} is the first that is not finite.` : pieces`${label(found[0])} is the first that is not finite.`), " "), go);
    }
    for (const [r, x] of held) {
      const off = make("button", { type: "button", "aria-label": say`Let go of ${M.records[r].y}` }, ...pieces`${label(r)} held at ${show(rounded(x))}`, " ✕");
      off.addEventListener("click", () => { gesture(() => held.delete(r)); details(); });
      nodes.push(off);
    }
    $("alarm").replaceChildren(...nodes);
  }

  // -- the loss, and gradient descent --------------------------------------------------------------------------------------
  const losses = [];
  const scalar = L.loss >= 0 && size(L.loss) === 1 && M.backward.length;
  const loss = () => value(L.v[L.loss], 0);
  function lossLine() {
    if (!scalar) return;
    const now = loss(), change = reference ? now - value(L.v[L.loss], 0, reference) : 0;
    $("loss").replaceChildren(label(L.loss), ` = ${show(rounded(now, 5))}`, ...(change ? [make("small", { class: "change" }, signed(change))] : []));
    if (losses.at(-1) !== now) { losses.push(now); if (losses.length > 400) losses.shift(); }
    const finite = losses.filter(Number.isFinite), low = Math.min(...finite), high = Math.max(...finite), log = low > 0 && high / low > 20;
    const y = (x) => (!Number.isFinite(x) || high === low ? 0.5 : log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low));
    const points = losses.map((x, i) => [4 + (112 * i) / Math.max(1, losses.length - 1), 30 - 26 * y(x)]);
    $("curve").querySelector("polyline").setAttribute("points", points.map((p) => p.map((c) => c.toFixed(1)).join(" ")).join(","));
    $("curve").setAttribute("aria-label", log ? say`The loss over the last ${losses.length} states, on a log scale, from ${show(rounded(losses[0]))} to ${show(rounded(now))}` : say`The loss over the last ${losses.length} states, from ${show(rounded(losses[0]))} to ${show(rounded(now))}`);
  }
  const rate = () => Number($("rate").value.replace(",", ".").replace("−", "-"));
  function descend() {
    const moves = M.parameters.map((p) => [given.get(p.r), flat(L.a[p.r], size(p.r))]);
    for (const [g, slope] of moves) for (let k = 0; k < g.size; k++) row[g.first + k] -= rate() * slope[k];
  }
  let turning = 0;
  function run(on) {
    cancelAnimationFrame(turning);
    turning = 0;
    $("running").setAttribute("aria-pressed", String(on));
    $("running").textContent = on ? say`Stop` : say`Run`;
    if (!on) { commit(); return; }
    begin();
    const turn = () => {
      descend();
      frame();
      if (Number.isFinite(loss())) turning = requestAnimationFrame(turn);
      else run(false);
    };
    turning = requestAnimationFrame(turn);
  }
  const usable = () => { const ok = Number.isFinite(rate()) && $("rate").value.trim() !== ""; $("rate").setAttribute("aria-invalid", String(!ok)); $("descend").disabled = $("running").disabled = !ok; return ok; };
  $("descent").hidden = !scalar;
  $("rate").addEventListener("input", usable);
  $("rate").addEventListener("keydown", (e) => { if (e.key === "Enter" && usable()) $("descend").click(); });
  $("descend").addEventListener("click", () => { run(false); gesture(descend); });
  $("running").addEventListener("click", () => run(!turning));

  // -- what one may want to try ------------------------------------------------------------------------------------------------
  L.presets.forEach(({ t, w }, i) => $("preset").append(make("option", { value: i, title: w }, t)));
  if (!L.presets.length) $("preset").parentElement.hidden = true;
  const actions = {
    scale: (r, factor) => { const g = given.get(r); for (let k = 0; k < g.size; k++) row[g.first + k] *= factor; },
    set: (r, places, numbers) => { const g = given.get(r); places.forEach((k, i) => { row[g.first + k] = numbers[i]; }); },
    hold: (r, x) => { if (holdable.has(r)) held.set(r, x); },
  };
  $("preset").addEventListener("change", (e) => {
    const preset = L.presets[Number(e.target.value)];
    if (e.target.value === "" || !preset) return;
    gesture(() => preset.a.forEach(([word, ...rest]) => actions[word](...rest)));
    e.target.value = "";
    details();
  });

  // -- compared with a state before -----------------------------------------------------------------------------------------------
  let compared = "", reference = null, recorded = null;
  $("compare").addEventListener("change", (e) => {
    compared = e.target.value;
    document.body.classList.toggle("compared", compared !== "");
    reference = compared === "recorded" ? recorded : compared === "last" ? before : null;
    changed();
  });
  const difference = (now, then) => (reference && Math.abs(now - then) > 1e-12 * Math.max(1, Math.abs(then)) ? signed(now - then) : "");
  extra.note = (r, kind) => {
    const view = kind === "value" ? L.v[r] : L.a[r], words = reference ? difference(norm(view, size(r)), norm(view, size(r), reference)) : "";
    return words && ` (Δ ${words})`;
  };
  extra.changes = (r, kind) => {
    if (!reference) return null;
    const view = kind === "value" ? L.v[r] : L.a[r], found = corner((k) => difference(value(view, k), value(view, k, reference)), M.records[r].s, (words) => words);
    return Array.isArray(found) ? found : [[found]];
  };

  // -- details of a box: numbers to change, results to hold --------------------------------------------------------------------------
  const edit = editor({ make, show, say });
  let shown = null;
  const details = () => { if (state.record >= 0) page.open(state.record); else if (state.shown >= 0) page.inspect(state.shown); };
  const keep = (r) => { // what is being changed stays, whatever is pointed at
    if (state.pinned >= 0 || state.record >= 0) return;
    if (state.shown >= 0) state.pinned = state.shown;
    else state.record = r;
  };
  extra.value = (r) => {
    shown = null;
    const g = given.get(r);
    if (!g) return null;
    shown = edit({
      name: M.records[r].y, shape: M.records[r].s, size: g.size, short: (x) => rounded(x),
      get: (k) => row[g.first + k], set: (k, x) => set(r, k, x), original: (k) => g.original[k],
      change: (k) => (reference ? difference(row[g.first + k], reference[g.first + k]) : ""), commit, cancel,
      begin: () => { keep(r); begin(); }, keep: () => keep(r),
    });
    return shown.box;
  };
  extra.below = (r) => {
    if (!holdable.has(r)) return [];
    const line = make("div", { class: "entry", role: "group", "aria-label": say`Hold ${M.records[r].y}` }, say`hold at`, " ");
    for (const x of [0, 1]) {
      const b = make("button", { type: "button", "aria-pressed": String(held.get(r) === x), "aria-label": say`Hold ${M.records[r].y} at ${x}` }, String(x));
      b.addEventListener("click", () => { gesture(() => (held.get(r) === x ? held.delete(r) : held.set(r, x))); details(); });
      line.append(b);
    }
    const free = make("button", { type: "button", "aria-label": say`Let go of ${M.records[r].y}` }, say`let go`);
    free.disabled = !held.has(r);
    free.addEventListener("click", () => { gesture(() => held.delete(r)); details(); });
    line.append(free);
    return [line];
  };

  const learned = new Map(M.parameters.map((p, i) => [p.r, i]));
  for (const r of [...given.keys()].sort((x, y) => learned.has(y) - learned.has(x))) $("array").append(make("option", { value: r }, plain(r)));
  $("array").addEventListener("change", (e) => {
    const r = Number(e.target.value);
    if (e.target.value === "") return;
    if (learned.has(r)) page.choose(learned.get(r));
    else page.open(r);
    e.target.value = "";
    if (matchMedia("(max-width: 820px)").matches) $("inspector").scrollIntoView({ block: "start" });
  });

  // -- a film of a training ------------------------------------------------------------------------------------------------------------
  if (L.film) {
    const { r, updates, losses: seen, values } = L.film;
    const frames = values.map((text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
    $("film").hidden = false;
    $("frame").max = frames.length - 1;
    const tell = () => {
      const i = Number($("frame").value), update = say`update ${updates[i]}`, words = seen[i] === null ? update : `${update} · ${say`before it a loss of ${show(seen[i])} an example`}`;
      $("frame-words").textContent = words;
      $("frame").setAttribute("aria-valuetext", words);
    };
    const to = () => {
      begin();
      let from = 0;
      for (const x of r) { const g = given.get(x); row.set(frames[Number($("frame").value)].subarray(from, from + g.size), g.first); from += g.size; }
      tell();
      changed();
    };
    $("frame").addEventListener("input", to);
    $("frame").addEventListener("change", () => commit());
    tell();
  }

  // -- buttons and keys -----------------------------------------------------------------------------------------------------------------
  const undo = () => { run(false); travel(past, future); details(); }, redo = () => { run(false); travel(future, past); details(); };
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("restore").addEventListener("click", () => { run(false); gesture(() => { for (const g of given.values()) row.set(g.original, g.first); held.clear(); }); details(); });
  document.addEventListener("keydown", (e) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || e.target.id === "rate") return;
    const key = e.key.toLowerCase();
    if (key === "z" || key === "y") { e.preventDefault(); (key === "y" || e.shiftKey ? redo : undo)(); }
  });

  frame();
  recorded = row.slice();
  before = recorded;
  page.go(page.END, true);
  if (given.size) page.open(M.parameters.length ? M.parameters[0].r : L.given[0]);
  state.record = -1; // shown, but not kept: pointing at a box shows that one
  page.respeak();
  told = scalar ? loss() : null;
  buttons();
  return { arrows, rest, row, L, given, held, set, frame, begin, commit, gesture, value, size, loss, run, machine: m };
})();

// Numbers that can be changed: dragged to the side as in drawing programs, typed, stepped with the keys.
const editor = ({ make, show, say }) => {
  const narrow = matchMedia("(max-width: 820px)").matches, fitting = Math.floor((innerWidth - 44) / 100);
  const ROWS = 24, COLUMNS = narrow ? Math.max(4, Math.min(16, fitting)) : 16; // on a phone a swipe changes numbers, so all fit
  const parse = (words) => {
    const text = words.trim().replace(/[−–]/g, "-").replace(",", ".");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  };
  // How far a number moves for each pixel: a hundredth of its size, so that small and large ones are both easy to set.
  const grain = (x) => 10 ** (Math.max(-2, Math.floor(Math.log10(Math.abs(x) || 0.1))) - 2) * 2;
  const exact = (x) => (Math.abs(x) < 1e-4 && x !== 0) || Math.abs(x) >= 1e7 ? x.toPrecision(4) : String(Number(x.toFixed(6)));

  // One array: what = { name, shape, size, get, set, begin, commit, cancel, keep, original, change }.
  return (what) => {
    const columns = what.shape.length ? what.shape.at(-1) : 1, rows = what.size / columns;
    let top = 0, left = 0, current = 0;
    const box = make("div"), scroll = make("div", { class: "wide" }), entry = make("div", { class: "entry", role: "group", "aria-label": say`The chosen entry` });
    let inputs = [];
    const place = (k) => {
      const index = [];
      for (let i = what.shape.length - 1, rest = k; i >= 0; rest = Math.floor(rest / what.shape[i]), i--) index.unshift((rest % what.shape[i]) + 1);
      return index;
    };
    const spoken = (k) => {
      const index = place(k), words = index.length === 2 ? [say`row ${index[0]}`, say`column ${index[1]}`] : index.map((n) => say`index ${n}`);
      return [what.name, ...words].join(", ");
    };
    const named = (k) => (what.shape.length ? `[${place(k).join(", ")}]` : "");
    function write(input) {
      const k = Number(input.dataset.k), x = what.get(k), change = what.change(k);
      if (Object.is(input.written, x) && input.compared === change && !input.classList.contains("typing")) return;
      input.written = x;
      input.compared = change;
      if (document.activeElement !== input || !input.classList.contains("typing")) input.value = show(what.short(x));
      input.setAttribute("aria-valuenow", Number.isFinite(x) ? x : 0);
      input.setAttribute("aria-valuetext", String(show(what.short(x))));
      input.classList.toggle("edited", x !== what.original(k));
      const note = input.nextSibling;
      if (change && !note) input.after(make("small", { class: "change" }, change));
      else if (note && note.textContent !== change) { if (change) note.textContent = change; else note.remove(); }
    }
    const writeAll = () => { inputs.forEach(write); output.textContent = show(what.short(what.get(current))); };
    function choose(k) {
      current = k;
      inputs.forEach((input) => { input.tabIndex = Number(input.dataset.k) === k ? 0 : -1; });
      which.textContent = named(k);
      output.textContent = show(what.short(what.get(k)));
      one.forEach(([button, word]) => button.setAttribute("aria-label", word(spoken(k))));
    }
    function move(k) {
      const row = Math.floor(k / columns), column = k % columns;
      if (row < top || row >= top + ROWS || column < left || column >= left + COLUMNS) { top = Math.floor(row / ROWS) * ROWS; left = Math.floor(column / COLUMNS) * COLUMNS; build(); }
      choose(k);
      inputs.find((input) => Number(input.dataset.k) === k)?.focus();
    }
    function field(k) {
      const input = make("input", { type: "text", inputmode: "decimal", role: "spinbutton", autocomplete: "off", spellcheck: "false", tabindex: k === current ? 0 : -1, "aria-label": spoken(k), "data-k": k, title: say`${spoken(k)}: drag to the side, or type` });
      let start = null, before = 0;
      const stop = () => { input.classList.remove("typing"); what.commit(); input.written = NaN; write(input); };
      input.addEventListener("pointerdown", (e) => {
        if (e.button !== 0 || (document.activeElement === input && input.classList.contains("typing"))) return;
        e.preventDefault();
        choose(k);
        start = { x: e.clientX, moved: false }; before = what.get(k);
        input.setPointerCapture(e.pointerId);
      });
      input.addEventListener("pointermove", (e) => {
        if (!start) return;
        const far = e.clientX - start.x;
        if (!start.moved && Math.abs(far) < 4) return;
        if (!start.moved) { start.moved = true; what.begin(); input.classList.add("dragged"); }
        what.set(k, Number((before + far * grain(before) * (e.shiftKey ? 0.1 : e.ctrlKey ? 10 : 1)).toPrecision(12)));
      });
      const leave = (e) => {
        if (!start) return;
        const { moved } = start;
        start = null;
        input.classList.remove("dragged");
        if (moved) what.commit();
        else if (e.type === "pointerup") { input.focus(); }
      };
      input.addEventListener("pointerup", leave);
      input.addEventListener("pointercancel", leave);
      input.addEventListener("focus", () => { what.keep(); choose(k); input.value = exact(what.get(k)); input.select(); input.classList.add("typing"); });
      input.addEventListener("input", () => {
        input.classList.add("typing");
        const x = parse(input.value);
        input.setAttribute("aria-invalid", String(Number.isNaN(x)));
        if (!Number.isNaN(x)) { what.begin(); what.set(k, x); }
      });
      input.addEventListener("blur", () => { input.removeAttribute("aria-invalid"); stop(); });
      input.addEventListener("keydown", (e) => {
        const far = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[e.key], jump = e.ctrlKey || e.altKey;
        const to = jump && { ArrowRight: k + 1, ArrowLeft: k - 1, ArrowDown: k + columns, ArrowUp: k - columns, Home: 0, End: what.size - 1 }[e.key];
        if (to !== undefined && to !== false) { e.preventDefault(); if (to >= 0 && to < what.size) move(to); return; }
        if (far && !jump) {
          e.preventDefault();
          what.begin();
          what.set(k, Number((what.get(k) + far * 5 * grain(what.get(k)) * (e.shiftKey ? 0.1 : 1)).toPrecision(12)));
          what.commit();
          input.value = exact(what.get(k));
        } else if (e.key === "Enter") { e.preventDefault(); stop(); input.value = exact(what.get(k)); input.select(); }
        else if (e.key === "Escape") { e.preventDefault(); e.stopPropagation(); what.cancel(); input.value = exact(what.get(k)); }
      });
      return input;
    }
    function build() {
      const last = Math.min(rows, top + ROWS), end = Math.min(columns, left + COLUMNS), body = make("tbody");
      inputs = [];
      if (columns > 1) body.append(make("tr", {}, make("th"), ...Array.from({ length: end - left }, (_, j) => make("th", { scope: "col" }, String(left + j + 1)))));
      for (let i = top; i < last; i++) {
        const line = make("tr", {}, make("th", { scope: "row" }, rows > 1 ? String(i + 1) : ""));
        for (let j = left; j < end; j++) { const input = field(i * columns + j); inputs.push(input); line.append(make("td", {}, input)); }
        body.append(line);
      }
      if (!inputs.some((input) => input.tabIndex === 0)) current = Number(inputs[0].dataset.k);
      scroll.replaceChildren(make("table", { class: "editor", role: "grid", "aria-label": say`${what.name}: numbers that can be changed` }, body));
      inputs.forEach(write);
    }
    function pager(count, room, label, go) {
      const select = make("select", { "aria-label": label("").trim() });
      for (let from = 0; from < count; from += room) select.append(make("option", { value: from }, label(`${from + 1}–${Math.min(count, from + room)}`)));
      select.addEventListener("change", () => { go(Number(select.value)); build(); choose(current); });
      return select;
    }
    const button = (word, act) => { const b = make("button", { type: "button" }, word); b.addEventListener("click", () => { what.begin(); act(); what.commit(); }); return b; };
    const which = make("span", { class: "which" }), output = make("output");
    const one = [[button(say`Zero`, () => what.set(current, 0)), (entry) => say`Set to zero: ${entry}`], [button(say`Reset`, () => what.set(current, what.original(current))), (entry) => say`Reset: ${entry}`]];
    entry.append(which, output, ...one.map(([b]) => b));
    const every = (f) => () => { for (let k = 0; k < what.size; k++) what.set(k, f(k)); };
    const whole = make("div", { class: "entry", role: "group", "aria-label": say`The whole array` });
    box.append(make("p", { class: "small" }, say`Drag a number to the side, or click it and type; ↑ ↓ change it, Ctrl with an arrow goes to the one beside.`));
    if (what.size > 1) {
      const all = [[say`Zero`, every(() => 0)], [say`Reset`, every(what.original)], ["× 2", every((k) => 2 * what.get(k))], ["× −1", every((k) => -what.get(k))]];
      whole.append(say`all`, " ", ...all.map(([word, act]) => { const b = button(word, act); b.setAttribute("aria-label", say`${word}: all of ${what.name}`); return b; }));
    }
    if (rows > ROWS) whole.append(pager(rows, ROWS, (range) => say`rows ${range}`, (from) => { top = from; }));
    if (columns > COLUMNS) whole.append(pager(columns, COLUMNS, (range) => say`columns ${range}`, (from) => { left = from; }));
    build();
    choose(current);
    box.append(scroll, entry, whole);
    return { box, write: writeAll };
  };
};

// A row of numbers, and instructions that fill it: what a recording computes, for whatever inputs stand in the row.
// It knows some thirty words and no operation and no network by name.
const machine = (program) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const row = new Float64Array(program.size), code = new Int32Array(bytes(program.code));
  const all = new Int32Array(bytes(program.maps)), at = new Int32Array(bytes(program.at));
  const constants = new Float64Array(bytes(program.constants));
  const maps = [];
  for (let i = 0, start = 0; i < program.lengths.length; start += program.lengths[i++]) maps.push(all.subarray(start, start + program.lengths[i]));
  for (let i = 0, start = 0; i < at.length; start += at[i + 1], i += 2) row.set(constants.subarray(start, start + at[i + 1]), at[i]);

  // Each operand is its first number's place and either a stride or a list of distances from there.
  const one = (f) => (i, n, out) => {
    const a = code[i], how = code[i + 1], places = maps[how], stride = -1 - how;
    if (places) for (let k = 0; k < n; k++) row[out + k] = f(row[a + places[k]]);
    else for (let k = 0, p = a; k < n; k++, p += stride) row[out + k] = f(row[p]);
    return i + 2;
  };
  const places = (i, n) => {
    const a = code[i], how = code[i + 1];
    return maps[how] ? [maps[how], a, 1] : [null, a, -1 - how];
  };
  const strided = (dense, f) => (i, n, out) => { // dense: the same in a loop of its own, for the words that come most
    const a = code[i], s = code[i + 1], b = code[i + 2], t = code[i + 3];
    if (s < 0 && t < 0) dense(n, out, a, -1 - s, b, -1 - t);
    else {
      const x = maps[s], y = maps[t];
      for (let k = 0; k < n; k++) row[out + k] = f(row[a + (x ? x[k] : k * (-1 - s))], row[b + (y ? y[k] : k * (-1 - t))]);
    }
    return i + 4;
  };
  const two = (f) => strided((n, out, a, s, b, t) => { for (let k = 0; k < n; k++, a += s, b += t) row[out + k] = f(row[a], row[b]); }, f);
  const most = (x, y) => (Number.isNaN(x) || Number.isNaN(y) ? NaN : x > y ? x : y), least = (x, y) => (Number.isNaN(x) || Number.isNaN(y) ? NaN : x < y ? x : y);
  const reduce = (f) => (i, n, out) => {
    const [map, a, stride] = places(i), terms = code[i + 2];
    for (let k = 0, p = 0; k < n; k++) {
      let total = row[a + (map ? map[p] : p * stride)];
      p++;
      for (let j = 1; j < terms; j++, p++) total = f(total, row[a + (map ? map[p] : p * stride)]);
      row[out + k] = total;
    }
    return i + 3;
  };
  const words = {
    add: strided((n, out, a, s, b, t) => { for (let k = 0; k < n; k++, a += s, b += t) row[out + k] = row[a] + row[b]; }, (x, y) => x + y),
    subtract: strided((n, out, a, s, b, t) => { for (let k = 0; k < n; k++, a += s, b += t) row[out + k] = row[a] - row[b]; }, (x, y) => x - y),
    multiply: strided((n, out, a, s, b, t) => { for (let k = 0; k < n; k++, a += s, b += t) row[out + k] = row[a] * row[b]; }, (x, y) => x * y),
    divide: strided((n, out, a, s, b, t) => { for (let k = 0; k < n; k++, a += s, b += t) row[out + k] = row[a] / row[b]; }, (x, y) => x / y),
    power: two((x, y) => (x === 1 || y === 0 ? 1 : x ** y)), maximum: two(most), minimum: two(least),
    less: two((x, y) => +(x < y)), less_equal: two((x, y) => +(x <= y)), greater: two((x, y) => +(x > y)),
    greater_equal: two((x, y) => +(x >= y)), equal: two((x, y) => +(x === y)), not_equal: two((x, y) => +(x !== y)),
    exp: one(Math.exp), expm1: one(Math.expm1), log: one(Math.log), log1p: one(Math.log1p), sqrt: one(Math.sqrt),
    tanh: one(Math.tanh), sinh: one(Math.sinh), cosh: one(Math.cosh), sin: one(Math.sin), cos: one(Math.cos),
    arctan: one(Math.atan), cbrt: one(Math.cbrt), sign: one(Math.sign), abs: one(Math.abs), negative: one((x) => -x),
    sigmoid: one((x) => 1 / (1 + Math.exp(-x))),
    select: (i, n, out) => {
      const [c, p, s] = places(i), [x, q, t] = places(i + 2), [y, r, u] = places(i + 4);
      for (let k = 0; k < n; k++) row[out + k] = row[p + (c ? c[k] : k * s)] ? row[q + (x ? x[k] : k * t)] : row[r + (y ? y[k] : k * u)];
      return i + 6;
    },
    put: (i, n, out) => { // its place has a list of distances too
      const to = code[i], [map, a, stride] = places(i + 1), target = maps[to], step = -1 - to;
      for (let k = 0; k < n; k++) row[out + (target ? target[k] : k * step)] = row[a + (map ? map[k] : k * stride)];
      return i + 3;
    },
    product: (i, n, out) => {
      const [map, a, stride] = places(i), [other, b, step] = places(i + 2), s = code[i + 4], t = code[i + 5], terms = code[i + 6];
      for (let k = 0; k < n; k++) {
        let total = 0, p = a + (map ? map[k] : k * stride), q = b + (other ? other[k] : k * step);
        for (let j = 0; j < terms; j++, p += s, q += t) total += row[p] * row[q];
        row[out + k] = total;
      }
      return i + 7;
    },
    "reduce add": reduce((x, y) => x + y), "reduce multiply": reduce((x, y) => x * y),
    "reduce maximum": reduce(most), "reduce minimum": reduce(least),
  };
  const known = program.words.map((word) => {
    if (!Object.hasOwn(words, word)) throw new Error("the machine has no word " + word);
    return words[word];
  });
  // Holds are what is put in place of a result: after which instruction, where, how much, which number.
  const run = (holds = []) => {
    let next = 0;
    for (let i = 0; i < code.length || next < holds.length;) {
      while (next < holds.length && holds[next].after <= i) { row.fill(holds[next].value, holds[next].start, holds[next].start + holds[next].size); next++; }
      if (i < code.length) i = known[code[i]](i + 3, code[i + 1], code[i + 2]);
    }
  };
  // The distances of a tensor's elements, as code has them: first place, and a stride or a map.
  const element = (view, k) => view[0] + (view[1] < 0 ? k * (-1 - view[1]) : maps[view[1]][k]);
  const squares = ([first, how], size, from = row) => {
    const map = maps[how], stride = -1 - how;
    let total = 0;
    if (map) for (let k = 0; k < size; k++) { const x = from[first + map[k]]; total += x * x; }
    else for (let k = 0, p = first; k < size; k++, p += stride) total += from[p] * from[p];
    return total;
  };
  const finite = () => { let zero = 0; for (let k = 0; k < row.length; k++) zero += row[k] * 0; return zero === 0; };
  return { row, run, element, squares, finite, steps: code.length };
};

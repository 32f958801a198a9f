// QR codes (ISO/IEC 18004) of bytes, error correction level M, versions 1 to 15: up to 412 bytes.
import { svg } from "./dom.js";

// Of each version: bytes of error correction in a block, blocks.
const kEcc = [null, [10, 1], [16, 1], [26, 1], [18, 2], [24, 2], [16, 4], [18, 4], [22, 4], [22, 5], [26, 5], [30, 5], [22, 8], [22, 9], [24, 9], [24, 10]];

// Modules that carry data: all but the patterns.
function data_modules(version) {
  let n = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const aligned = Math.floor(version / 7) + 2;
    n -= (25 * aligned - 10) * aligned - 55;
    if (version >= 7) n -= 36;
  }
  return n;
}

const data_bytes = (version) => Math.floor(data_modules(version) / 8) - kEcc[version][0] * kEcc[version][1];

// The field GF(2^8) of x^8 + x^4 + x^3 + x^2 + 1.
const exp = new Uint8Array(510);
const log = new Uint8Array(256);
for (let i = 0, value = 1; i < 255; ++i) {
  exp[i] = exp[i + 255] = value;
  log[value] = i;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? exp[log[a] + log[b]] : 0);

function correction(data, count) {
  let generator = [1];
  for (let i = 0; i < count; ++i) {
    const next = new Array(generator.length + 1).fill(0);
    generator.forEach((factor, j) => {
      next[j] ^= factor;
      next[j + 1] ^= times(factor, exp[i]);
    });
    generator = next;
  }
  const rest = new Array(count).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    for (let j = 0; j < count; ++j) rest[j] ^= times(generator[j + 1], factor);
  }
  return rest;
}

function codewords(bytes, version) {
  const bits = [];
  const put = (value, length) => { for (let i = length - 1; i >= 0; --i) bits.push((value >> i) & 1); };
  const room = data_bytes(version) * 8;
  put(4, 4);  // bytes follow
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room - bits.length));
  while (bits.length % 8) bits.push(0);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
  const data = [];
  for (let i = 0; i < bits.length; i += 8) data.push(parseInt(bits.slice(i, i + 8).join(""), 2));

  const [ecc, count] = kEcc[version];
  const short_length = Math.floor(data.length / count);
  const short_blocks = count - (data.length % count);
  const blocks = [];
  for (let i = 0, at = 0; i < count; ++i) {
    const length = short_length + (i < short_blocks ? 0 : 1);
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  const out = [];
  for (let i = 0; i <= short_length; ++i) for (const block of blocks) if (i < block.length) out.push(block[i]);
  const corrections = blocks.map((block) => correction(block, ecc));
  for (let i = 0; i < ecc; ++i) for (const block of corrections) out.push(block[i]);
  return out;
}

function alignment_places(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const size = version * 4 + 17;
  const step = Math.ceil((size - 13) / (count * 2 - 2)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, i) => size - 7 - step * (count - 2 - i))];
}

function draw_patterns(grid, version) {
  const { size, set } = grid;
  for (let i = 0; i < size; ++i) { set(6, i, i % 2 === 0); set(i, 6, i % 2 === 0); }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
    for (let dy = -4; dy <= 4; ++dy) for (let dx = -4; dx <= 4; ++dx) {
      const ring = Math.max(Math.abs(dx), Math.abs(dy));
      const [x, y] = [cx + dx, cy + dy];
      if (x >= 0 && x < size && y >= 0 && y < size) set(x, y, ring !== 2 && ring !== 4);
    }
  }
  const places = alignment_places(version);
  places.forEach((cx, i) => places.forEach((cy, j) => {
    const last = places.length - 1;
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
    for (let dy = -2; dy <= 2; ++dy) for (let dx = -2; dx <= 2; ++dx) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
  if (version >= 7) {
    let rest = version;
    for (let i = 0; i < 12; ++i) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (version << 12) | rest;
    for (let i = 0; i < 18; ++i) {
      const dark = ((bits >> i) & 1) === 1;
      const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
      set(a, b, dark);
      set(b, a, dark);
    }
  }
}

function draw_format(grid, mask) {
  const { size, set } = grid;
  const data = mask;  // level M is 00
  let rest = data;
  for (let i = 0; i < 10; ++i) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (i) => ((bits >> i) & 1) === 1;
  for (let i = 0; i <= 5; ++i) set(8, i, bit(i));
  set(8, 7, bit(6));
  set(8, 8, bit(7));
  set(7, 8, bit(8));
  for (let i = 9; i < 15; ++i) set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; ++i) set(size - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; ++i) set(8, size - 15 + i, bit(i));
  set(8, size - 8, true);
}

const kMasks = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function draw_data(grid, words, mask) {
  const { size, cells, taken } = grid;
  let i = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; ++step) {
      for (const x of [right, right - 1]) {
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        if (taken[y][x]) continue;
        const dark = i < words.length * 8 && ((words[i >> 3] >> (7 - (i & 7))) & 1) === 1;
        cells[y][x] = dark !== mask(x, y);
        ++i;
      }
    }
  }
}

// How hard it is to read: long runs, squares, what looks like a finder, and an uneven share of dark.
function penalty({ size, cells }) {
  let sum = 0;
  let dark = 0;
  const finder = /10111010000|00001011101/g;
  for (const line of [...cells, ...cells.map((_, x) => cells.map((row) => row[x]))]) {
    const text = line.map((cell) => (cell ? "1" : "0")).join("");
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (text.match(finder) ?? []).length;
  }
  for (let y = 0; y < size; ++y) for (let x = 0; x < size; ++x) {
    if (cells[y][x]) ++dark;
    if (x > 0 && y > 0 && cells[y][x] === cells[y - 1][x] && cells[y][x] === cells[y][x - 1] && cells[y][x] === cells[y - 1][x - 1]) sum += 3;
  }
  return sum + Math.floor(Math.abs((dark * 20) / (size * size) - 10)) * 10;
}

// Rows of true (dark) and false. Null when the text is too long.
export function qr_cells(text) {
  const bytes = new TextEncoder().encode(text);
  let version = 1;
  while (version < kEcc.length && data_bytes(version) * 8 < 4 + (version < 10 ? 8 : 16) + bytes.length * 8) ++version;
  if (version === kEcc.length) return null;
  const size = version * 4 + 17;
  const words = codewords(bytes, version);
  let best = null;
  kMasks.forEach((mask, number) => {
    const cells = Array.from({ length: size }, () => new Array(size).fill(false));
    const taken = Array.from({ length: size }, () => new Array(size).fill(false));
    const grid = { size, cells, taken, set(x, y, value) { cells[y][x] = value; taken[y][x] = true; } };
    draw_patterns(grid, version);
    draw_format(grid, number);
    draw_data(grid, words, mask);
    const cost = penalty(grid);
    if (!best || cost < best.cost) best = { cost, cells };
  });
  return best.cells;
}

export function qr_picture(text, label) {
  const cells = qr_cells(text);
  if (!cells) return null;
  const size = cells.length;
  const path = cells.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" }, svg("path", { d: path }));
}

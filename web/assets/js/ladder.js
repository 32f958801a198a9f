// Who said what to whom, as a ladder: a line for each party, an arrow for each message, in the order of time.
import { h, replace, svg } from "./dom.js";
import { t, time } from "./i18n.js";
import { copy_button } from "./ui.js";

const kRow = 40;
const kHead = 54;
const kTime = 92;

const milli = (ms) => time(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });

// An element with set({lanes: [{id, name, note, is_server}], items: [{key, time_ms, from, to, title, note, kind, text} or
// {time_ms, why}]}): drawn again, it keeps what is read, the focus and where it was scrolled to.
export function ladder() {
  const box = h("div", { class: "ladder-box", tabindex: "0", role: "group", "aria-label": t("ladder.label") });
  const shown = h("div", { class: "stack close", "aria-live": "polite" });
  let chosen = null;  // its key

  function mark() {
    for (const arrow of box.querySelectorAll(".arrow")) {
      if (arrow.dataset.key === chosen) arrow.setAttribute("aria-current", "true"); else arrow.removeAttribute("aria-current");
    }
  }

  function choose(item) {
    chosen = String(item.key);
    mark();
    replace(shown, h("div", { class: "row apart" }, h("h3", item.title), copy_button(item.text)), h("pre", { class: "message", tabindex: "0" }, item.text));
    shown.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  return Object.assign(h("div", { class: "stack" }, box, shown), {
    set(drawn) {
      const held = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
      const left = box.scrollLeft;
      replace(box, drawing(drawn, choose));
      box.scrollLeft = left;
      if (held) box.querySelector(`[data-key="${held}"]`)?.focus({ preventScroll: true });
      if (!drawn.items.some((item) => String(item.key) === chosen)) replace(shown);
      mark();
    },
  });
}

function drawing({ lanes, items }, choose) {
  const is_narrow = innerWidth < 1100;
  const width = Math.max(is_narrow ? 330 : 940, kTime + lanes.length * (is_narrow ? 122 : 190));
  const height = kHead + items.length * kRow + 12;
  const step = (width - kTime) / lanes.length;
  const x = new Map(lanes.map((lane, i) => [lane.id, kTime + step * (i + .5)]));
  const name_of = (id) => lanes.find((lane) => lane.id === id)?.name ?? id;
  const picture = svg("svg", { class: "ladder", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": t("ladder.label"), style: { "min-width": `${Math.min(width, 1100)}px`, "max-width": `${width * 1.15}px` } });

  picture.append(svg("defs", ["", "good", "bad", "ring"].map(marker)));
  for (const lane of lanes) {
    const at = x.get(lane.id);
    picture.append(svg("line", { class: `lane ${lane.is_server ? "server" : ""}`, x1: at, x2: at, y1: kHead - 8, y2: height - 4 }),
      svg("text", { class: "lane-name", x: at, y: 18, "text-anchor": "middle" }, fit(lane.name, step / 7.5)),
      svg("text", { class: "quiet-text", x: at, y: 35, "text-anchor": "middle" }, fit(lane.note ?? "", step / 6.3)));
  }
  items.forEach((item, i) => picture.append(item.why ? why(item, i) : arrow(item, i)));

  function arrow(item, i) {
    const y = kHead + i * kRow + kRow / 2 + 6;
    const [a, b] = [x.get(item.from), x.get(item.to)];
    const end = b + (b > a ? -5 : 5);
    const element = svg("g", { class: `arrow ${item.kind ?? ""}`, role: "button", tabindex: "0", "data-key": item.key, "data-title": item.title,
      "aria-description": t("ladder.from_to", { from: name_of(item.from), to: name_of(item.to) }),
      onclick: () => choose(item),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(item); } } },
    svg("rect", { x: 2, y: y - kRow / 2 - 3, width: width - 4, height: kRow - 2, rx: 7 }),
    svg("text", { class: "quiet-text", x: 10, y: y + 4 }, milli(item.time_ms)),
    svg("text", { class: "method", x: (a + b) / 2, y: y - 5 }, fit(item.title, Math.abs(b - a) / 7)),
    svg("path", { d: `M${a} ${y}L${end} ${y}`, "marker-end": `url(#arrow-${item.kind ?? ""})` }));
    if (item.note) element.append(svg("text", { class: "quiet-text", x: (a + b) / 2, y: y + 13, "text-anchor": "middle" }, fit(item.note, Math.abs(b - a) / 6)));
    return element;
  }

  function why(item, i) {
    const y = kHead + i * kRow + 10;
    return svg("g", { class: "why" }, svg("rect", { x: kTime + 4, y, width: width - kTime - 10, height: kRow - 14, rx: 8 }),
      svg("text", { class: "quiet-text", x: 10, y: y + 17 }, milli(item.time_ms)),
      svg("text", { x: kTime + 16, y: y + 17 }, fit(item.why, (width - kTime) / 6.4), svg("title", item.why)));
  }

  return picture;
}

function marker(kind) {
  return svg("marker", { id: `arrow-${kind}`, viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
    svg("path", { d: "M1 1 9 5 1 9", fill: "none", stroke: "context-stroke", "stroke-width": 1.8 }));
}

function fit(text, letters) {
  const most = Math.max(4, Math.floor(letters));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

// A picture of one or two series over time. Beside it the same can be read as a sentence.
import { h, replace, svg } from "./dom.js";
import { number, t, time } from "./i18n.js";

const kHeight = 210;
const kPad = { left: 34, right: 8, top: 10, bottom: 24 };

// The smallest of 1, 2, 5, 10, 20, 50 … that four steps of reach `most`.
function step_for(most) {
  for (let power = 1; ; power *= 10) for (const digit of [1, 2, 5]) if (digit * power * 4 >= most) return digit * power;
}

// points: [{time_ms, values: [a, b]}], series: [{name, kind: "a" | "b"}]
export function time_chart(points, series, from, to) {
  const is_narrow = innerWidth < 760;
  const width = is_narrow ? 360 : 720;
  const ticks = is_narrow ? 2 : 4;
  const most = Math.max(1, ...points.flatMap((point) => point.values));
  const step = step_for(most);
  const top = Math.ceil(most / step) * step;
  const x = (ms) => kPad.left + ((ms - from) / (to - from)) * (width - kPad.left - kPad.right);
  const y = (value) => kHeight - kPad.bottom - (value / top) * (kHeight - kPad.top - kPad.bottom);
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${kHeight}`, role: "img", "aria-label": series
    .map((one, i) => t("chart.says", { name: one.name, now: number(points.at(-1)?.values[i] ?? 0), most: number(Math.max(0, ...points.map((p) => p.values[i]))) })).join("; ") });
  for (let value = 0; value <= top; value += step) {
    picture.append(svg("line", { class: "grid-line", x1: kPad.left, x2: width - kPad.right, y1: y(value), y2: y(value) }),
      svg("text", { x: kPad.left - 8, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  }
  const span = to - from;
  for (let i = 0; i <= ticks; ++i) {
    const ms = from + (span * i) / ticks;
    picture.append(svg("text", { x: x(ms), y: kHeight - 6, "text-anchor": i === 0 ? "start" : i === ticks ? "end" : "middle" },
      time(ms, { hour: "2-digit", minute: "2-digit" })));
  }
  series.forEach((one, i) => {
    if (points.length === 0) return;
    const path = points.map((point, j) => `${j ? "L" : "M"}${x(point.time_ms).toFixed(1)} ${y(point.values[i]).toFixed(1)}`).join("");
    const ends = [x(points[0].time_ms), x(points.at(-1).time_ms)];
    picture.append(svg("path", { class: `area ${one.kind}`, d: `${path}L${ends[1].toFixed(1)} ${y(0)}L${ends[0].toFixed(1)} ${y(0)}Z` }),
      svg("path", { class: `series ${one.kind}`, d: path }));
  });
  const cursor = svg("line", { class: "cursor", y1: kPad.top, y2: kHeight - kPad.bottom, visibility: "hidden" });
  picture.append(cursor);
  const told = h("p", { class: "quiet small", "aria-hidden": "true" });
  const tell = (point) => {
    replace(told, point ? `${time(point.time_ms, { hour: "2-digit", minute: "2-digit" })} — ${series.map((one, i) => `${one.name} ${number(point.values[i])}`).join(", ")}` : " ");
  };
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    const at = from + (((event.clientX - box.left) / box.width) * width - kPad.left) / (width - kPad.left - kPad.right) * span;
    const near = points.reduce((best, point) => (!best || Math.abs(point.time_ms - at) < Math.abs(best.time_ms - at) ? point : best), null);
    if (!near) return;
    cursor.setAttribute("x1", x(near.time_ms));
    cursor.setAttribute("x2", x(near.time_ms));
    cursor.setAttribute("visibility", "visible");
    tell(near);
  });
  picture.addEventListener("pointerleave", () => { cursor.setAttribute("visibility", "hidden"); tell(null); });
  tell(null);
  return h("div", { class: "stack close" }, h("div", { class: "row" }, series.map((one) => h("span", { class: `key ${one.kind}` }, one.name)), told), picture);
}

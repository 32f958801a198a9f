// A listing: a table on a wide screen, cards on a phone. The roles are written out, since a table that is laid out as
// something else is none for screen readers.
import { h, renew, replace, swap } from "./dom.js";
import { t, tn } from "./i18n.js";
import { button } from "./ui.js";

const kPage = 100;  // rows shown at once; a longer listing is gone through

// table({label, columns: [{name, label, cell(row), sort(row), kind}], key(row), empty()}) gives an element with
// set(rows): rows of the same key keep their place in the document, so that focus and selection stay.
export function table({ label, columns, key, row_kind, empty: when_empty, order }) {
  let rows = [];
  let shown = kPage;
  let sorted = order ?? null;  // {name, down}
  const body = h("tbody", { role: "rowgroup" });
  const heads = columns.map((column) => h("th", { role: "columnheader", scope: "col", class: column.kind ?? "" },
    column.sort ? h("button", { type: "button", class: "sort", onclick: () => sort_by(column.name) }, column.label)
      : column.label || h("span", { class: "hidden-text" }, t("actions"))));
  const grid = h("table", { class: "table", role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)), body);
  const more = h("div", { class: "more" });
  const element = h("div", { class: "table-box" });

  function sort_by(name) {
    sorted = sorted?.name === name ? { name, down: !sorted.down } : { name, down: false };
    draw();
  }

  function in_order() {
    const column = sorted && columns.find((one) => one.name === sorted.name);
    if (!column) return rows;
    const collator = new Intl.Collator(undefined, { numeric: true });
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
    return [...rows].sort((a, b) => compare(column.sort(a), column.sort(b)) * (sorted.down ? -1 : 1));
  }

  function fill(line, row) {
    const cells = columns.map((column) => h("td", { role: "cell", class: column.kind ?? "", "data-label": column.label ?? "" }, column.cell(row)));
    const kind = row_kind?.(row) ?? "";
    for (const cell of cells) cell.classList.toggle("blank", !cell.textContent && !cell.firstElementChild);
    line.className = kind;
    swap(line, cells);
  }

  function draw() {
    heads.forEach((head, i) => {
      const is_sorted = sorted?.name === columns[i].name;
      if (columns[i].sort) head.setAttribute("aria-sort", is_sorted ? (sorted.down ? "descending" : "ascending") : "none");
    });
    if (rows.length === 0 && when_empty) { renew(element, when_empty()); return; }
    if (!grid.isConnected || grid.parentElement !== element) replace(element, grid, more);
    const visible = in_order().slice(0, shown);
    const known = new Map([...body.children].map((line) => [line.dataset.key, line]));
    visible.forEach((row, i) => {
      const name = String(key(row));
      const line = known.get(name) ?? h("tr", { role: "row", "data-key": name });
      const told = JSON.stringify(row);
      if (line.told !== told || !line.firstChild) { line.told = told; fill(line, row); }
      if (body.children[i] !== line) body.insertBefore(line, body.children[i] ?? null);
    });
    const gone = [...body.children].slice(visible.length);
    const had_focus = gone.some((line) => line.contains(document.activeElement));
    for (const line of gone) line.remove();
    if (had_focus) document.querySelector("main h1")?.focus({ preventScroll: true });
    renew(more, rows.length > shown
      && button(tn("table.more", rows.length - shown), { onclick: () => { shown += kPage; draw(); } }));
  }

  return Object.assign(element, { set(next) { rows = next; draw(); } });
}

// A list whose items are put in another order: dragged at their grip, or with the arrow keys while it has the focus.
import { t } from "./i18n.js";
import { h } from "./dom.js";

export function sortable(list, { item, grip, key, done }) {
  const items = () => [...list.querySelectorAll(item)];
  const order = () => items().map(key);
  const told = h("p", { class: "hidden-text", role: "status", "aria-live": "assertive" });
  let dragged = null;
  let target = null;
  let settling = 0;
  let storing = false;
  const store = async () => {
    settling = 0;
    storing = true;
    try { await done(order()); } finally { storing = false; }
  };

  const mark = (next) => {
    target?.item.classList.remove("over", "over-end");
    target = next;
    target?.item.classList.add(target.after ? "over-end" : "over");
  };

  function at(y) {
    for (const other of items()) {
      const box = other.getBoundingClientRect();
      if (y < box.top + box.height / 2) return { item: other, after: false };
    }
    return { item: items().at(-1), after: true };
  }

  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(grip);
    if (!handle || event.button !== 0) return;
    dragged = handle.closest(item);
    handle.setPointerCapture(event.pointerId);
    dragged.classList.add("dragged");
  });
  list.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const next = at(event.clientY);
    if (next.item !== target?.item || next.after !== target?.after) mark(next);
  });
  const drop = (take) => {
    if (!dragged) return;
    const before = order().join("\n");
    const to = target;
    const moved = dragged;
    dragged.classList.remove("dragged");
    dragged = null;
    mark(null);
    if (!take || !to || to.item === moved) return;
    if (to.after) to.item.after(moved); else to.item.before(moved);
    if (order().join("\n") !== before) store();
  };
  list.addEventListener("pointerup", () => drop(true));
  list.addEventListener("pointercancel", () => drop(false));

  list.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const handle = event.target.closest(grip);
    if (!step || !handle) return;
    event.preventDefault();
    const moved = handle.closest(item);
    const all = items();
    const place = all.indexOf(moved) + step;
    if (place < 0 || place >= all.length) return;
    if (step > 0) all[place].after(moved); else all[place].before(moved);
    handle.focus();
    told.textContent = t("sortable.at", { name: key(moved), place: place + 1, of: all.length });
    clearTimeout(settling);
    settling = setTimeout(store, 500);  // several presses are one move
  });

  // While it is busy, the list is not to be drawn anew. `told` belongs beside the list, from the first on.
  return { told, is_busy: () => Boolean(dragged || settling || storing) };
}

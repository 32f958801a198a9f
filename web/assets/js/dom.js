// Elements are made here and nowhere from text: what peers send us can never become markup.

const kSvg = "http://www.w3.org/2000/svg";

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  else if (["value", "checked", "disabled", "hidden", "indeterminate"].includes(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function make(element, props, children) {
  const is_child = props === null || typeof props !== "object" || props instanceof Node || Array.isArray(props);
  if (is_child) {
    append(element, [props]);
  } else {
    // The value goes last: an input takes it by its type, a select by its options.
    for (const [name, value] of Object.entries(props)) if (name !== "value") set(element, name, value);
  }
  append(element, children);
  if (!is_child && "value" in props) set(element, "value", props.value);
  return element;
}

// h("p", {class: "quiet", onclick: …}, "text", other) — the attributes may be left out.
export function h(tag, props, ...children) {
  return make(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return make(document.createElementNS(kSvg, tag), props, children);
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const controls_in = (element) => [...element.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];

// As replace(); the focus goes on to the control that takes the place of the one that had it.
export function swap(element, ...children) {
  const held = element.contains(document.activeElement) ? controls_in(element).indexOf(document.activeElement) : -1;
  replace(element, ...children);
  if (held >= 0) (controls_in(element)[held] ?? document.querySelector("main h1"))?.focus({ preventScroll: true });
  return element;
}

// As swap(), for what is drawn again and again: without a difference nothing is touched.
export function renew(element, ...children) {
  const next = element.cloneNode(false);
  append(next, children);
  return element.isEqualNode(next) ? element : swap(element, ...next.childNodes);
}

let last_id = 0;
export const unique_id = (stem) => `${stem}-${++last_id}`;

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

let last_id = 0;
export const unique_id = (stem) => `${stem}-${++last_id}`;

// Elements without markup: everything that comes from the hub becomes a text node or an attribute, never HTML, so that a
// topic called `<script>` is nothing but text. The page's policy (trusted types) refuses any other way.

const SVG = 'http://www.w3.org/2000/svg';
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'selected', 'indeterminate', 'readOnly']);

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false && !PROPERTIES.has(name)) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
}

// An element: h('button', {class: 'quiet', onclick: () => …, 'aria-label': '…'}, 'Purge', icon).
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
// The same for SVG.
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

// Writes only what differs: an update that changes nothing leaves selections and screen readers alone.
export function setText(node, text) {
  text = String(text);
  if (node.textContent !== text) node.textContent = text;
}

export function setAttr(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else {
    const text = value === true ? '' : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

// A number as people read it, with the number itself beside it in data-value.
export function setNumber(node, value, text) {
  setAttr(node, 'data-value', value);
  setText(node, text);
}

export function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

// Makes the children of `parent` be those of `items`, in their order: make(item) for a new key, update(node, item) for each. The
// child that holds the focus is never moved, since moving takes the focus away: the others are moved round it.
export function keyed(parent, items, keyOf, make, update = () => {}) {
  const old = parent.keyedNodes ?? new Map();
  const now = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const node = old.get(key) ?? make(item);
    now.set(key, node);
    update(node, item);
  }
  for (const [key, node] of old) if (now.get(key) !== node) node.remove();
  parent.keyedNodes = now;
  place(parent, [...now.values()]);
}

function place(parent, nodes) {
  const focused = nodes.find((node) => node.contains(document.activeElement));
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) {
      at = at.nextSibling;
    } else if (node === focused) {
      while (at !== node) {
        const next = at.nextSibling;
        parent.append(at);
        at = next;
      }
      at = node.nextSibling;
    } else {
      parent.insertBefore(node, at);
    }
  }
}

// A name from the hub within a sentence: isolated, so that one written from right to left does not turn the rest round.
export const name = (text, props) => h('bdi', {class: 'name', ...props}, visible(text));

// Control and direction characters as their code points: they would hide what a name is.
export function visible(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => '\u27e8' + c.codePointAt(0).toString(16).padStart(4, '0') + '\u27e9');
}

// The beginning of a long name; the whole is in the title.
export function short(text, max = 80) {
  const shown = visible(text);
  return shown.length > max ? shown.slice(0, max - 1) + '\u2026' : shown;
}

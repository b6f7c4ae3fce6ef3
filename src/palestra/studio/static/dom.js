// Nodes from data. Text is always text: nothing that a run is called is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function dress(node, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in node) node.value = value;
    else if (name === "checked") node.checked = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  return node;
}

function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function h(tag, attributes, ...children) {
  return fill(dress(document.createElement(tag), attributes), children);
}

export function svg(tag, attributes, ...children) {
  return fill(dress(document.createElementNS(SVG, tag), attributes), children);
}

export function put(node, ...children) {
  node.replaceChildren();
  return fill(node, children);
}

// Nodes in the order of their keys, moved as little as can be, so that focus and the place on the page stay.
export function arrange(parent, nodes) {
  const kept = new Set(nodes);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

// What may be wider than the page, moved by itself, by keyboard too.
export const scroll = (label, ...inside) => h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label }, inside);

// The head of a table; from column `right` on there are numbers.
export const heads = (names, right = Infinity) => h("thead", {}, h("tr", {}, names.map((name, i) => h("th", { scope: "col", class: i >= right ? "right" : null }, name))));

let hush = 0;

// A word at the bottom, which goes by itself; with something to press, perhaps.
export function say(text, label, action) {
  const place = document.getElementById("said");
  clearTimeout(hush);
  put(place, h("div", {}, h("span", {}, text), label && h("button", { onclick: () => { put(place); action(); } }, label)));
  hush = setTimeout(() => put(place), label ? 12000 : 5000);
}

export async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = h("textarea", { class: "out-of-sight" }, text);
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  say(told);
}

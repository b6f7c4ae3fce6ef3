// Nodes from data. Text is always text: nothing that a run is called is ever read as HTML.

// Attributes that are functions listen, null and false take away.
export function attribute(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else if (name === "value" && "value" in node) node.value = value;
    else if (name === "checked") node.checked = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

// The name of a node is its tag and its classes, "p.quiet"; attributes come first, where there are any.
function made(make, name, inside) {
  const [tag, ...classes] = name.split("."), node = make(tag);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  if (inside[0]?.constructor === Object) attribute(node, inside.shift());
  return fill(node, inside);
}

export const h = (name, ...inside) => made((tag) => document.createElement(tag), name, inside);
export const svg = (name, ...inside) => made((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag), name, inside);

// Pairs of a name and a value into a list of them.
export const facts = (list, told) => put(list, told.map(([name, value]) => h("div", h("dt", name), h("dd", value))));

export const card = (...inside) => h("section.card", ...inside);
// A number in a table.
export const count = (...said) => h("td.right.number", ...said);
// A word beside something, and one inside a figure.
export const quiet = (...said) => h("p.quiet.small", ...said);
export const note = (x, y, anchor, ...said) => svg("text.dim", { x, y, "text-anchor": anchor, "font-size": 11 }, ...said);

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
export const scroll = (label, ...inside) => h("div.scroll", { tabindex: 0, role: "group", "aria-label": label }, inside);

// A table of rows; from column `right` on there are numbers.
export const heads = (names, right = Infinity) => h("thead", h("tr", names.map((name, i) => h("th", { scope: "col", class: i >= right ? "right" : null }, name))));

let hush = 0;

// A word at the bottom, which goes by itself; with something to press, perhaps.
export function say(text, label, action) {
  const place = document.getElementById("said");
  clearTimeout(hush);
  put(place, h("div", h("span", text), label && h("button", { onclick: () => { put(place); action(); } }, label)));
  hush = setTimeout(() => put(place), label ? 12000 : 5000);
}

export async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = h("textarea.out-of-sight", text);
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  say(told);
}

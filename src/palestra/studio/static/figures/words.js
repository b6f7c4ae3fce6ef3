// Figures that are words and boxes: trees, rules, what counted, what is near what, what was written, graphs.

import { unpack } from "../ask.js";
import { bar } from "../chips.js";
import { count, h, heads, note, scroll, svg } from "../dom.js";
import { number, whole } from "../numbers.js";
import { t } from "../words.js";
import { color } from "./canvas.js";

const cut = (text, most) => (text.length <= most ? text : text.slice(0, most - 1) + "…");
const percent = (share) => `${number(100 * share, 3)}%`;

export function importance(shown) {
  const shares = Array.from(unpack(shown.shares)).slice(0, 20), most = Math.max(...shares, 1e-9);
  return h("div.scroll", h("table", h("tbody", shares.map((share, i) => {
    return h("tr", h("th", { scope: "row" }, shown.names[i]), h("td", bar(share / most)), count(percent(share)));
  }))));
}

export function rules(shown) {
  return h("div.scroll", h("table", heads([t("who has"), t("has too"), t("lift"), t("confidence"), t("support")], 2),
    h("tbody", shown.rules.map((rule) => h("tr", h("td", rule.antecedent), h("td", rule.consequent), count(number(rule.lift, 3)), count(percent(rule.confidence)), count(percent(rule.support)))))));
}

// Weights, gradients, steps and what comes out, a layer a line; the bars of a column share one scale, shares have their own.
export function layers(shown) {
  const share = (value) => (value === null ? "–" : percent(value)), size = (value) => number(value, 3);
  const columns = [
    [t("weights"), shown.weights, size], [t("gradients"), shown.gradients, size], [t("a step changes"), shown.changes, size],
    [t("activations"), shown.activations, size], [t("flat"), shown.flat, share, 1], [t("dead"), shown.dead, share, 1],
  ].filter(([, values]) => values.some((value) => value !== null));
  return scroll(shown.title, h("table", heads([t("layer"), t("numbers"), ...columns.map(([name]) => name)]),
    h("tbody", shown.names.map((name, i) => h("tr", h("th.mono", { scope: "row" }, name), count(whole(shown.sizes[i])), columns.map(([, values, say, most]) => h("td.number.small", say(values[i]), bar(values[i] / (most ?? Math.max(...values, 1e-30))))))))));
}

export function related(shown) {
  return h("div.scroll", h("table", h("tbody", shown.rows.map(([first, ...near]) => h("tr", h("th", { scope: "row" }, first), near.map((name) => h("td", name)))))));
}

export function samples(shown) {
  return h("ol.timeline", shown.samples.map((each) => h("li", h("span.when", whole(each.clock), " ", shown.unit, h("span.tell", `${number(each.loss)} nats`)), h("pre", each.text.slice(0, 600)))));
}

export function tree(shown) {
  const DEEPEST = 5, places = new Map();
  let leaves = 0;
  const place = (node, depth) => {
    const inner = shown.nodes[node].question && depth < DEEPEST;
    const x = inner ? (place(shown.nodes[node].left, depth + 1) + place(shown.nodes[node].left + 1, depth + 1)) / 2 : leaves++ + 0.5;
    places.set(node, { x, depth });
    return x;
  };
  place(0, 0);
  const wide = 150, tall = 100, deep = 1 + Math.max(...[...places.values()].map((each) => each.depth)), parts = [];
  for (const [node, { x, depth }] of places) {
    const drawn = shown.nodes[node];
    if (!drawn.question || !places.has(drawn.left) || places.get(drawn.left).depth !== depth + 1) continue;
    [t("yes"), t("no")].forEach((answer, side) => {
      const child = places.get(drawn.left + side);
      parts.push(svg("line", { x1: x * wide, y1: depth * tall + 60, x2: child.x * wide, y2: child.depth * tall + 8, stroke: "var(--quiet)" }), svg("text", { x: ((x + child.x) / 2) * wide, y: (depth + 0.5) * tall + 38, "text-anchor": "middle", "font-size": 11, class: "dim on-line" }, answer));
    });
  }
  for (const [node, { x, depth }] of places) {
    const drawn = shown.nodes[node], shares = drawn.value, best = shares.indexOf(Math.max(...shares));
    const said = shares.length === 1 ? number(shares[0]) : shown.names[best] ?? String(best), deeper = drawn.question && depth === DEEPEST;
    const left = x * wide - 67, top = depth * tall + 8;
    parts.push(svg("rect", { x: left, y: top, width: 134, height: 52, rx: 6, fill: "var(--soft)", stroke: "var(--line)" }),
      svg("text", { x: x * wide, y: top + 18, "text-anchor": "middle", "font-size": 12 }, svg("title", drawn.question || said), cut(drawn.question && !deeper ? drawn.question : deeper ? said + " …" : said, 21)),
      note(x * wide, top + 35, "middle", `${whole(drawn.rows)} ${t("rows")}${drawn.question && shares.length === 1 ? ", " + said : ""}`));
    let begin = left;
    if (shares.length > 1) shares.forEach((share, label) => { parts.push(svg("rect", { x: begin, y: top + 44, width: 134 * share, height: 8, fill: color(label) })); begin += 134 * share; });
  }
  const figure = svg("svg.figure", { viewBox: `0 0 ${leaves * wide} ${deep * tall - 30}`, role: "img", "aria-label": shown.title }, parts);
  figure.style.minWidth = `${Math.min(leaves * 110, 1400)}px`;
  figure.style.maxWidth = `${leaves * 160}px`;
  return scroll(shown.title, figure);
}

export function graph(shown) {
  const layer = [];
  for (const vertex of shown.vertices) layer.push(1 + Math.max(-1, ...vertex.made_of.map((i) => layer[i])));
  const rows = new Map(), at = layer.map((column) => { const row = rows.get(column) || 0; rows.set(column, row + 1); return [column * 110 + 50, row * 62 + 34]; });
  const parts = shown.vertices.flatMap((vertex, i) => vertex.made_of.map((from) => svg("line", { x1: at[from][0] + 34, y1: at[from][1], x2: at[i][0] - 34, y2: at[i][1], stroke: "var(--quiet)" })));
  shown.vertices.forEach((vertex, i) => parts.push(svg("rect", { x: at[i][0] - 34, y: at[i][1] - 18, width: 68, height: 36, rx: 6, fill: vertex.made_of.length ? "var(--accent-soft)" : "var(--warn-soft)" }), svg("text", { x: at[i][0], y: at[i][1] + 4, "text-anchor": "middle", "font-size": 12 }, cut(vertex.name, 9))));
  return scroll(shown.title, svg("svg.figure", { width: (Math.max(...layer) + 1) * 110, height: Math.max(...rows.values()) * 62 + 10, role: "img", "aria-label": shown.title }, parts));
}

// Small pictures in rows: mistakes, what a network sees, images again, and attention.

import { unpack } from "../ask.js";
import { h, heads, put, quiet, scroll } from "../dom.js";
import { t } from "../words.js";
import { ink, mix, raster, rgb, sheet } from "./canvas.js";

const BLUE = [37, 99, 235], RED = [220, 38, 38], WHITE = [255, 255, 255];

function picture(packed, { signed = false, low = null, high = null, dark = false, label = "" } = {}) {
  const [tall, wide, deep] = packed.shape, values = packed.values ?? unpack(packed);
  let least = low ?? Infinity, most = high ?? -Infinity;
  if (low === null) for (const value of values) { least = Math.min(least, value); most = Math.max(most, value); }
  const span = most - least || 1, reach = Math.max(Math.abs(least), Math.abs(most)) || 1;
  const canvas = raster(wide, tall, (i) => {
    if (deep === 3) return [0, 1, 2].map((c) => (packed.type === "u1" ? values[3 * i + c] : Math.round((255 * (values[3 * i + c] - least)) / span)));
    if (signed) return mix(WHITE, values[i] < 0 ? BLUE : RED, Math.min(1, Math.abs(values[i]) / reach));
    const share = (values[i] - least) / span;
    return mix(WHITE, [0, 0, 0], dark ? share : 1 - share);
  });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

// A picture that grows when it is pressed.
function tile({ image, caption, signed }, label) {
  const figure = h("figure", h("button.tile", { "aria-pressed": "false", onclick: ({ currentTarget }) => currentTarget.setAttribute("aria-pressed", String(figure.classList.toggle("large"))) }, picture(image, { signed, label: caption || label })), caption && h("figcaption", caption));
  return figure;
}

const row = (some, label) => h("div.tiles", some.slice(0, 8).map((each, i) => tile(each, `${label} ${i + 1}`)));

export function tiles(shown) {
  return h("div", shown.strips.map((strip) => h("div.strip", quiet(strip.label), row(strip.tiles, strip.label))));
}

// Counts of what is taken for what; a number opens its images.
export function confusion(shown) {
  const count = shown.names.length, counts = unpack(shown.counts), most = Math.max(1, ...counts.filter((_, i) => i % (count + 1))), opened = h("div.strip", { "aria-live": "polite" });
  const pairs = new Map(shown.pairs.map((each) => [each.truth * count + each.said, each.tiles]));
  const open = (label, some) => put(opened, quiet(label), row(some, label));
  const cell = (truth, said) => {
    const at = truth * count + said, n = counts[at], some = pairs.get(at), label = t("{n} of {is} named {said}", { n, is: shown.names[truth], said: shown.names[said] });
    const node = h("td.number", some?.length ? h("button.plain", { "aria-label": label, title: label, onclick: () => open(label, some) }, n) : n || "");
    if (n) node.style.background = truth === said ? "var(--good-soft)" : `color-mix(in srgb, var(--warn-soft) ${Math.round(25 + (75 * n) / most)}%, transparent)`;
    return node;
  };
  if (shown.pairs.some((each) => each.tiles.length)) put(opened, quiet(t("Choose a number to see its images.")));
  return h("div", scroll(shown.title, h("table.confusion", heads([`${t("is")} ↓ ${t("named")} →`, ...shown.names]),
    h("tbody", shown.names.map((name, truth) => h("tr", h("th", { scope: "row" }, name), shown.names.map((_, said) => cell(truth, said))))))), opened);
}

export function reconstructions(shown) {
  const rows = Object.entries(shown.rows);
  let least = Infinity, most = -Infinity;
  for (const value of unpack(rows[0][1])) { least = Math.min(least, value); most = Math.max(most, value); }
  return h("div", rows.map(([name, packed]) => {
    const [count, tall, wide, deep = 1] = packed.shape, values = unpack(packed), size = tall * wide * deep;
    return h("div.strip", quiet(name), h("div.tiles", Array.from({ length: Math.min(count, 16) }, (_, i) => {
      const part = { type: packed.type, shape: [tall, wide, deep], values: values.slice(i * size, (i + 1) * size) };
      return h("figure", picture(part, { low: least, high: most, dark: true, label: `${name} ${i + 1}` }));
    })));
  }));
}

export function attention(shown) {
  return h("div", shown.maps.map((map) => {
    const wide = map.read.length, tall = map.written.length, cell = Math.max(14, Math.min(30, 520 / wide)), weights = unpack(map.weight_QL), left = 90, above = 70;
    return h("div.strip.scroll", sheet(left + wide * cell + 4, above + tall * cell + 4, `${map.read.join(" ")} → ${map.written.join(" ")}`, (context) => {
      const paper = rgb(ink("--soft")), full = rgb(ink("--c0"));
      context.font = "12px system-ui, sans-serif";
      for (let q = 0; q < tall; q++) {
        for (let l = 0; l < wide; l++) {
          context.fillStyle = `rgb(${mix(paper, full, Math.min(1, weights[q * wide + l]))})`;
          context.fillRect(left + l * cell, above + q * cell, cell - 1, cell - 1);
        }
        context.fillStyle = ink("--ink");
        context.textAlign = "right";
        context.fillText(map.written[q].slice(0, 12), left - 6, above + (q + 0.68) * cell);
      }
      context.textAlign = "left";
      for (let l = 0; l < wide; l++) {
        context.save();
        context.translate(left + (l + 0.65) * cell, above - 6);
        context.rotate(-Math.PI / 3);
        context.fillText(map.read[l].slice(0, 12), 0, 0);
        context.restore();
      }
    }).canvas);
  }));
}

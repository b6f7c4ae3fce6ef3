// Points in a plane: how it is divided, how they are grouped, where codes lie.

import { unpack } from "../ask.js";
import { h } from "../dom.js";
import { whole } from "../numbers.js";
import { t } from "../words.js";
import { color, ink, mark, MARKS, mix, raster, rgb, sheet } from "./canvas.js";
import { looks } from "./looks.js";

const SIDE = 420;

function key(names) {
  const signs = { circle: "●", square: "■", triangle: "▲", diamond: "◆", cross: "✕", plus: "＋", star: "★", ring: "○" };
  return h("ul.legend", names.map((name, i) => {
    const sign = h("span", { "aria-hidden": "true" }, signs[MARKS[i % MARKS.length]]);
    sign.style.color = color(i);
    return h("li", sign, name);
  }));
}

// Between which x and y rows of pairs lie.
function corners(...lists) {
  const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
  for (const list of lists) for (let i = 0; i < list.length; i++) {
    low[i % 2] = Math.min(low[i % 2], list[i]);
    high[i % 2] = Math.max(high[i % 2], list[i]);
  }
  return [low, high];
}

export function boundary(shown) {
  const [count, tall, wide] = shown.classes.shape, classes = unpack(shown.classes), shares = unpack(shown.shares);
  const points = unpack(shown.points), labels = unpack(shown.labels), [left, right, bottom, top] = shown.extent;
  let look = count - 1;
  const kinds = [...new Set(labels)].sort((a, b) => a - b);
  const { canvas, again } = sheet(SIDE, SIDE, `${shown.title}: ${t("{n} points of {m} classes", { n: labels.length, m: kinds.length })}`, (context) => {
    const paper = rgb(ink("--card")), from = look * tall * wide;
    const image = raster(wide, tall, (i) => {
      const row = tall - 1 - Math.floor(i / wide), at = from + row * wide + (i % wide);
      return mix(paper, rgb(color(classes[at])), 0.08 + 0.42 * Math.min(1, Math.max(0, 2 * shares[at] - 1)));
    });
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, SIDE, SIDE);
    for (let i = 0; i < labels.length; i++) {
      const x = ((points[2 * i] - left) / (right - left)) * SIDE, y = SIDE - ((points[2 * i + 1] - bottom) / (top - bottom)) * SIDE;
      context.fillStyle = context.strokeStyle = color(labels[i]);
      mark(context, labels[i], x, y, 6);
    }
  });
  return h("div", canvas, looks(count, (i) => { look = i; again(); }, (i) => `${whole(shown.clocks[i])} ${shown.unit}`), key(kinds.map((label) => `${t("class")} ${label}`)));
}

export function grouping(shown) {
  const [count, rows] = shown.groups.shape, groups = unpack(shown.groups), points = unpack(shown.points);
  const number_ = shown.centres.shape[1], centres = unpack(shown.centres);
  const [low, high] = corners(points, centres);
  const room = [0, 1].map((d) => (high[d] > low[d] ? 0.06 * (high[d] - low[d]) : 0.5));
  const x = (value) => ((value - low[0] + room[0]) / (high[0] - low[0] + 2 * room[0])) * SIDE;
  const y = (value) => SIDE - ((value - low[1] + room[1]) / (high[1] - low[1] + 2 * room[1])) * SIDE;
  let look = count - 1;
  const { canvas, again } = sheet(SIDE, SIDE, `${shown.title}: ${t("{n} rows in {m} groups", { n: rows, m: number_ })}`, (context) => {
    context.globalAlpha = 0.6;
    for (let i = 0; i < rows; i++) {
      const group = groups[look * rows + i];
      context.fillStyle = context.strokeStyle = color(group);
      mark(context, group, x(points[2 * i]), y(points[2 * i + 1]), 5);
    }
    context.globalAlpha = 1;
    for (let g = 0; g < number_; g++) {
      context.strokeStyle = ink("--ink");
      context.lineWidth = 1.3;
      context.beginPath();
      for (let k = 0; k <= look; k++) context.lineTo(x(centres[2 * (k * number_ + g)]), y(centres[2 * (k * number_ + g) + 1]));
      context.stroke();
      const cx = x(centres[2 * (look * number_ + g)]), cy = y(centres[2 * (look * number_ + g) + 1]);
      context.fillStyle = ink("--ink");
      mark(context, g, cx, cy, 17);
      context.fillStyle = context.strokeStyle = color(g);
      mark(context, g, cx, cy, 12);
    }
  });
  const said = (i) => (i === 0 ? t("the start") : t("after {n} passes", { n: i }));
  return h("div", canvas, looks(count, (i) => { look = i; again(); }, said));
}

export function codeMap(shown) {
  const points = unpack(shown.points), labels = shown.labels ? unpack(shown.labels) : null, count = points.length / 2;
  const [low, high] = corners(points);
  const x = (value) => 14 + ((value - low[0]) / (high[0] - low[0] || 1)) * (SIDE - 28), y = (value) => SIDE - 14 - ((value - low[1]) / (high[1] - low[1] || 1)) * (SIDE - 28);
  const kinds = labels ? [...new Set(labels)].sort((a, b) => a - b) : [];
  const name = (label) => shown.names[label] ?? String(label);
  const { canvas } = sheet(SIDE, SIDE, `${shown.title}: ${t("{n} points of {m} classes", { n: count, m: kinds.length })}`, (context) => {
    context.globalAlpha = 0.65;
    for (let i = 0; i < count; i++) {
      const label = labels ? labels[i] : 0;
      context.fillStyle = context.strokeStyle = color(label);
      mark(context, label, x(points[2 * i]), y(points[2 * i + 1]), 5.5);
    }
    context.globalAlpha = 1;
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    for (const label of kinds) {
      const mine = [...labels.keys()].filter((i) => labels[i] === label), middle = (d) => mine.map((i) => points[2 * i + d]).sort((a, b) => a - b)[mine.length >> 1];
      context.lineWidth = 4;
      context.strokeStyle = ink("--card");
      context.strokeText(name(label), x(middle(0)), y(middle(1)));
      context.fillStyle = ink("--ink");
      context.fillText(name(label), x(middle(0)), y(middle(1)));
    }
  });
  return h("div", canvas);
}

// What is known about a finite world: values and best actions on its board, and how the values came.

import { unpack } from "../ask.js";
import { h, quiet } from "../dom.js";
import { number } from "../numbers.js";
import { t } from "../words.js";
import { ink, mix, rgb, sheet } from "./canvas.js";
import { axes } from "./axes.js";

const SPECIAL = { G: ["--good", "G"], X: ["--bad", "X"], "#": ["--quiet", ""] };

function spread(values) {
  const low = Math.min(...values), high = Math.max(...values);
  return [low, high, t("values from {low} to {high}", { low: number(low), high: number(high) })];
}

export function board(shown) {
  const [rows, columns] = shown.shape, values = unpack(shown.value_S), best = unpack(shown.best_AS);
  const cell = Math.max(7, Math.min(62, 640 / columns, 460 / rows)), states = rows * columns;
  const seen = Array.from(values).filter((value, s) => Number.isFinite(value) && !(shown.tiles[s] in SPECIAL));
  const [low, high, said] = spread(seen);
  const { canvas } = sheet(columns * cell, rows * cell, `${shown.title}: ${said}`, (context) => {
    const paper = rgb(ink("--soft")), full = rgb(ink("--c0"));
    for (let s = 0; s < states; s++) {
      const x = (s % columns) * cell, y = Math.floor(s / columns) * cell, tile = shown.tiles[s];
      const share = high > low ? (values[s] - low) / (high - low) : 0.5;
      context.fillStyle = tile in SPECIAL ? ink(SPECIAL[tile][0]) : Number.isFinite(values[s]) ? `rgb(${mix(paper, full, 0.08 + 0.62 * share)})` : ink("--card");
      context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    }
    const every = Math.ceil(Math.max(rows, columns) / 45);
    context.strokeStyle = context.fillStyle = ink("--c1");
    shown.moves.forEach(([down, right], a) => {
      for (let s = 0; s < states; s++) {
        if (!best[a * states + s] || shown.tiles[s] in SPECIAL) continue;
        const row = Math.floor(s / columns), column = s % columns;
        if (row % every !== Math.floor(every / 2) || column % every !== Math.floor(every / 2)) continue;
        arrow(context, (column + 0.5) * cell, (row + 0.42) * cell, right, down, cell * 0.3 * every);
      }
    });
    if (cell < 34) return;
    context.textAlign = "center";
    for (let s = 0; s < states; s++) {
      const x = (s % columns) * cell, y = Math.floor(s / columns) * cell, tile = shown.tiles[s];
      context.font = `600 ${cell * 0.24}px system-ui, sans-serif`;
      context.fillStyle = tile in SPECIAL ? ink("--card") : ink("--ink");
      if ("SGX".includes(tile)) context.fillText(tile, x + cell * 0.16, y + cell * 0.26);
      if (tile in SPECIAL || !Number.isFinite(values[s])) continue;
      context.font = `${Math.min(12, cell * 0.21)}px system-ui, sans-serif`;
      context.fillText(number(values[s], 3), x + cell / 2, y + cell * 0.93);
    }
  });
  return h("div", canvas, quiet(said));
}

function arrow(context, x, y, right, down, reach) {
  const size = Math.hypot(right, down) || 1, dx = right / size, dy = down / size, tip = reach * 0.55;
  if (!right && !down) {
    context.beginPath();
    context.arc(x, y, reach * 0.25, 0, 7);
    context.fill();
    return;
  }
  context.lineWidth = Math.max(1.2, reach * 0.14);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + dx * reach * 0.8, y + dy * reach * 0.8);
  context.stroke();
  context.beginPath();
  context.moveTo(x + dx * reach * 1.25, y + dy * reach * 1.25);
  context.lineTo(x + dx * (reach * 1.25 - tip) - dy * tip * 0.55, y + dy * (reach * 1.25 - tip) + dx * tip * 0.55);
  context.lineTo(x + dx * (reach * 1.25 - tip) + dy * tip * 0.55, y + dy * (reach * 1.25 - tip) - dx * tip * 0.55);
  context.closePath();
  context.fill();
}

export function table(shown) {
  const [states, actions] = shown.value_SA.shape, values = unpack(shown.value_SA);
  const width = Math.min(states, 600), [low, high, said] = spread(Array.from(values).filter(Number.isFinite));
  const { canvas } = sheet(600, Math.max(60, 26 * actions), `${shown.title}: ${said}`, (context, wide, tall) => {
    const paper = rgb(ink("--soft")), full = rgb(ink("--c0"));
    for (let column = 0; column < width; column++) {
      const first = Math.floor((column * states) / width), last = Math.max(first + 1, Math.floor(((column + 1) * states) / width));
      for (let a = 0; a < actions; a++) {
        let sum = 0;
        for (let s = first; s < last; s++) sum += values[s * actions + a];
        const mean = sum / (last - first);
        if (!Number.isFinite(mean)) continue;
        context.fillStyle = `rgb(${mix(paper, full, high > low ? (mean - low) / (high - low) : 0.5)})`;
        context.fillRect((column * wide) / width, (a * tall) / actions, wide / width + 0.5, tall / actions - 1);
      }
    }
  });
  return h("div", canvas, quiet(t("{n} states across, {m} actions down; ", { n: states, m: actions }), said));
}

export function convergence(shown) {
  const sweeps = Array.from(unpack(shown.sweeps));
  return h("div", { class: "grid" },
    axes({ title: t("value of the start"), across: t("sweeps"), lines: [{ name: t("value of the start"), x: sweeps, y: Array.from(unpack(shown.value)), color: 0 }] }),
    axes({ title: t("Bellman residual"), across: t("sweeps"), logUp: true, lines: [{ name: t("Bellman residual"), x: sweeps, y: Array.from(unpack(shown.residual)), color: 1 }] }));
}

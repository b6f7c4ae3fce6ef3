// A chart of lines over steps or seconds, drawn by uPlot: zoom by dragging or by keys, one range for all charts of a page.

import uPlot from "./vendor/uplot.js";
import { h, put, svg } from "./dom.js";
import { color as colorOf, ink } from "./figures/canvas.js";
import { t } from "./words.js";
import { number, steps as spell, duration } from "./numbers.js";

export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [14, 5], [4, 2, 1, 2], [1, 4], [9, 2]];
export const COLORS = 8;

// Exponential mean of what came before, as old as it is new at the beginning.
export function smoothed(values, weight) {
  if (!weight) return values;
  const out = new Float64Array(values.length);
  let sum = 0, share = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isFinite(value)) {
      sum = weight * sum + (1 - weight) * value;
      share = weight * share + (1 - weight);
    }
    out[i] = share ? sum / share : NaN;
  }
  return out;
}

// Where the steps of a curve stand on a clock of seconds.
export function secondsAt(steps, clock) {
  const at = clock.steps, seconds = clock.seconds;
  if (!at.length) return Array.from(steps, () => NaN);
  let j = 0;
  return Array.from(steps, (step) => {
    while (j < at.length - 2 && at[j + 1] < step) j++;
    if (step <= at[0]) return at[0] > 0 ? (seconds[0] * step) / at[0] : seconds[0];
    if (j + 1 >= at.length) return seconds[at.length - 1];
    const share = (step - at[j]) / (at[j + 1] - at[j] || 1);
    return seconds[j] + Math.min(share, 1) * (seconds[j + 1] - seconds[j]);
  });
}

const shown = new Set();
let range = null;
let onRange = () => {};

// One range for all charts that are there; null shows everything.
export function setRange(next) {
  range = next;
  for (const chart of shown) chart.toRange();
  onRange(range);
}

export function shareRange(first, handler) {
  range = first;
  onRange = handler || (() => {});
}

export class Chart {
  // lines: [{name, x, y, low, high, color, dash, points, faint, level}], where level is a horizontal line of a height
  constructor({ title, unit = "", height = 190, heading = "h3", zoom = true }) {
    this.title = title;
    this.unit = unit;
    this.height = height;
    this.zoom = zoom;
    this.options = {};
    this.plot = null;
    this.place = h("div.plot", { tabindex: "0", role: "img", onkeydown: (event) => this.key(event) });
    this.legend = h("ul.legend");
    this.node = h("div.chart", title && h(heading, {}, title), this.place, this.legend);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.place);
    shown.add(this);
  }

  close() {
    shown.delete(this);
    this.watch.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  set(lines, options = {}) {
    this.lines = lines;
    this.options = { ...this.options, ...options };
    this.draw();
  }

  draw() {
    if (!this.lines) return;
    this.plot?.destroy();
    this.plot = null;
    const { logX, logY, xKind = "steps" } = this.options;
    const width = this.place.clientWidth;
    if (!width) return;
    const tables = [], series = [{}], bands = [];
    const fine = (value) => Number.isFinite(value) && (!logY || value > 0);
    for (const [i, line] of this.lines.entries()) {
      if (line.level !== undefined) continue;
      const keep = [];
      for (let k = 0; k < line.x.length; k++) if (Number.isFinite(line.x[k]) && (!logX || line.x[k] > 0)) keep.push(k);
      const column = (values) => keep.map((k) => (fine(values[k]) ? values[k] : null));
      const x = keep.map((k) => line.x[k]), rows = [x, column(line.y)];
      const color = line.faint ? ink("--quiet") : colorOf(line.color ?? i);
      const dash = line.dash ?? DASHES[(line.color ?? i) % DASHES.length];
      series.push({
        label: line.name, stroke: color, width: line.faint ? 1 : 2, dash, spanGaps: true, alpha: line.faint ? 0.35 : 1,
        points: { show: line.points ?? x.length <= 40, size: 6, fill: color },
      });
      if (line.low) {
        const soft = { stroke: "transparent", spanGaps: true, points: { show: false }, width: 0 };
        series.push({ ...soft, label: "" }, { ...soft, label: "" });
        rows.push(column(line.low), column(line.high));
        bands.push({ series: [series.length - 1, series.length - 2], fill: color + "26" });
      }
      tables.push(rows);
    }
    const levels = this.lines.filter((line) => line.level !== undefined);
    const data = tables.length ? uPlot.join(tables) : [[], []];
    if (!tables.length) series.push({ label: "" });
    const axis = { stroke: ink("--quiet"), grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const spellX = xKind === "seconds" ? (tick) => duration(tick) : xKind === "score" ? height : (tick) => spell(tick);
    const spread = (low, high) => {
      for (const each of levels) { low = Math.min(low ?? each.level, each.level); high = Math.max(high ?? each.level, each.level); }
      return [low, high];
    };
    this.plot = new uPlot(
      {
        width, height: this.height, padding: [10, 12, 0, 0], legend: { show: false },
        cursor: {
          y: false, drag: { x: this.zoom, y: false, setScale: false }, points: { size: 7 },
          sync: this.zoom ? { key: "page", setSeries: false, scales: ["x", null], filters: { pub: (type) => type.startsWith("mousemove") || type === "mouseleave" } } : undefined,
          bind: { dblclick: () => () => { if (this.zoom) setRange(null); return null; } },
        },
        scales: {
          x: { time: false, distr: logX ? 3 : 1, range: (u, low, high) => this.extent(low, high) },
          y: {
            distr: logY ? 3 : 1,
            range: logY ? undefined : (u, low, high) => {
              [low, high] = spread(low, high);
              if (low === null || low === undefined) return [0, 1];
              const room = (high - low || Math.abs(high) || 1) * 0.07;
              return [low - room, high + room];
            },
          },
        },
        axes: [
          { ...axis, size: 34, values: (u, ticks, i, space, apart) => ticks.map((tick) => (tick === null ? "" : spellX(tick, apart))), space: 70 },
          { ...axis, size: 58, values: (u, ticks, i, space, apart) => ticks.map((tick) => (tick === null ? "" : height(tick, apart))), space: 34 },
        ],
        series, bands,
        hooks: {
          setCursor: [(u) => this.tell(u.cursor.idx)],
          setSelect: [(u) => this.select(u)],
          drawAxes: [(u) => this.drawLevels(u, levels)],
        },
      },
      data, this.place,
    );
    this.tell(null);
  }

  extent(low, high) {
    if (range && this.zoom) return range;
    if (low === null || low === undefined) return [0, 1];
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  }

  drawLevels(u, levels) {
    const { ctx } = u;
    for (const each of levels) {
      const y = u.valToPos(each.level, "y", true);
      ctx.save();
      ctx.strokeStyle = colorOf(each.color ?? 2);
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([7 * devicePixelRatio, 5 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(u.bbox.left, y);
      ctx.lineTo(u.bbox.left + u.bbox.width, y);
      ctx.stroke();
      ctx.restore();
    }
  }

  // The legend: each line's value where the pointer is, else its last one.
  tell(at) {
    const data = this.plot?.data;
    if (!data) return;
    let column = 0;
    const items = [], told = [];
    for (const [i, line] of this.lines.entries()) {
      let value = line.level;
      if (line.level === undefined) {
        column += 1;
        const values = data[column] || [];
        for (let k = at ?? values.length - 1; k >= 0 && (value === undefined || value === null); k--) value = values[k];
        column += line.low ? 2 : 0;
      }
      if (line.faint) continue;
      const level = line.level !== undefined, paint = line.color ?? (level ? 2 : i);
      items.push(h("li", sample(colorOf(paint), level ? [7, 5] : line.dash ?? DASHES[paint % DASHES.length]), h("span", line.name), h("b", number(value))));
      told.push(`${line.name} ${number(value)}`);
    }
    const where = at === null || at === undefined ? "" : this.options.xKind === "seconds" ? duration(data[0][at]) : `${spell(data[0][at])} ${this.unit}`;
    put(this.legend, items, where && h("li.number", where));
    if (at === null || at === undefined) this.place.setAttribute("aria-label", `${this.title || t("chart")}: ${told.join(", ")}`);
  }

  select(u) {
    const { left, width } = u.select;
    if (width < 6) return;
    const next = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    setRange(next);
  }

  toRange() {
    if (!this.plot || !this.zoom) return;
    const xs = this.plot.data[0];
    if (!xs.length) return;
    const [min, max] = range || [xs[0], xs[xs.length - 1]];
    this.plot.setScale("x", { min, max });
  }

  key(event) {
    if (!this.plot || !this.zoom || event.ctrlKey || event.metaKey || event.altKey) return;
    const { min, max } = this.plot.scales.x, wide = max - min, middle = (min + max) / 2;
    const next = {
      "+": [middle - wide / 4, middle + wide / 4], "=": [middle - wide / 4, middle + wide / 4],
      "-": [middle - wide, middle + wide], ArrowLeft: [min - wide / 5, max - wide / 5],
      ArrowRight: [min + wide / 5, max + wide / 5], 0: null, Escape: null,
    };
    if (!(event.key in next)) return;
    event.preventDefault();
    setRange(next[event.key]);
  }

  fit() {
    const width = this.place.clientWidth;
    if (!this.plot) this.draw();
    else if (width && width !== this.plot.width) this.plot.setSize({ width, height: this.height });
  }
}

// A tick in as many figures as tell it from its neighbours, which stand so far apart.
function height(tick, apart) {
  if (Math.abs(tick) >= 1e5) return spell(tick);
  const figures = apart > 0 && apart < 1 ? Math.min(8, Math.ceil(-Math.log10(apart) - 1e-9)) : 0;
  return figures && Math.abs(tick) >= 1e-4 ? tick.toFixed(figures) : number(tick, 5);
}

// A piece of a line, for a legend.
export const sample = (stroke, dash) => svg("svg", { width: 22, height: 8, "aria-hidden": "true" },
  svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, stroke, "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") || null }));

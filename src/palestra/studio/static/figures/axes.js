// A small still chart as SVG: lines, bands, bars, points and ways, with their names beside them.

import { h, note, svg } from "../dom.js";
import { DASHES, sample } from "../chart.js";
import { number } from "../numbers.js";
import { color } from "./canvas.js";

function ticksOf(low, high, log, most) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9), every = Math.max(1, Math.ceil((last - first + 1) / most));
    return Array.from({ length: Math.max(0, Math.floor((last - first) / every) + 1) }, (_, i) => 10 ** (first + i * every));
  }
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) || power;
  const out = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) out.push(Number(value.toPrecision(12)));
  return out;
}

// lines: [{name, x, y, low, high, color, dotted, points}]
export function axes({ title, across = "", lines, logAcross, logUp, bounds, height = 230, width = 440, under = () => [], legend = true }) {
  const fine = (x, y) => Number.isFinite(x) && Number.isFinite(y) && (!logAcross || x > 0) && (!logUp || y > 0);
  const xs = [], ys = [];
  for (const line of lines) for (let i = 0; i < line.x.length; i++) {
    if (!fine(line.x[i], line.y[i])) continue;
    xs.push(line.x[i]);
    ys.push(line.y[i]);
    if (line.low && fine(line.x[i], line.low[i])) ys.push(line.low[i]);
    if (line.high && fine(line.x[i], line.high[i])) ys.push(line.high[i]);
  }
  const extent = (values, log, given) => {
    let [low, high] = given || [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
    if (!Number.isFinite(low)) [low, high] = log ? [0.1, 1] : [0, 1];
    if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - (Math.abs(low) / 2 || 1), high + (Math.abs(high) / 2 || 1)];
    return [low, high];
  };
  const [x0, x1] = extent(xs, logAcross, bounds?.across), [y0, y1] = extent(ys, logUp, bounds?.up);
  const left = 52, right = 10, top = 10, bottom = across ? 40 : 24;
  const scale = (value, low, high, log) => (log ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low));
  const px = (value) => left + scale(value, x0, x1, logAcross) * (width - left - right);
  const py = (value) => height - bottom - scale(value, y0, y1, logUp) * (height - top - bottom);
  const parts = [];
  for (const tick of ticksOf(y0, y1, logUp, 5)) parts.push(svg("line", { x1: left, x2: width - right, y1: py(tick), y2: py(tick), stroke: "var(--line)" }), note(left - 7, py(tick) + 4, "end", number(tick, 3)));
  for (const tick of ticksOf(x0, x1, logAcross, 5)) parts.push(note(px(tick), height - bottom + 16, "middle", number(tick, 3)));
  if (across) parts.push(note((left + width - right) / 2, height - 4, "middle", across));
  parts.push(under(px, py));
  lines.forEach((line, k) => {
    const paint = color(line.color ?? k), path = (values, keep = true) => {
      let out = "", on = false;
      for (let i = 0; i < line.x.length; i++) {
        if (!fine(line.x[i], values[i])) { on = on && keep; continue; }
        out += `${on ? "L" : "M"}${px(line.x[i]).toFixed(1)} ${py(values[i]).toFixed(1)}`;
        on = true;
      }
      return out;
    };
    if (line.low && line.high) {
      const backwards = [...line.x.keys()].filter((i) => fine(line.x[i], line.low[i])).reverse().map((i) => `L${px(line.x[i]).toFixed(1)} ${py(line.low[i]).toFixed(1)}`).join("");
      parts.push(svg("path", { d: path(line.high) + backwards + "Z", fill: paint, opacity: 0.16 }));
    }
    if (!line.points) parts.push(svg("path", { d: path(line.y), fill: "none", stroke: paint, "stroke-width": 2, "stroke-linejoin": "round", "stroke-dasharray": (line.dotted ?? DASHES[k % DASHES.length]).join(" ") }));
    if (line.points || line.x.length <= 40) for (let i = 0; i < line.x.length; i++) if (fine(line.x[i], line.y[i])) parts.push(svg("circle", { cx: px(line.x[i]), cy: py(line.y[i]), r: line.points ? 3 : 2.4, fill: paint, opacity: line.points ? 0.45 : 1 }));
  });
  const named = lines.filter((line) => line.name && !line.quiet);
  return h("div", title && h("h4.small", title), svg("svg.figure", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title || across}: ${named.map((line) => `${line.name} ${number(line.y[line.y.length - 1])}`).join(", ")}` }, parts),
    legend && named.length > 1 && h("ul.legend", lines.map((line, k) => line.name && !line.quiet && h("li", sample(color(line.color ?? k), line.dotted ?? DASHES[k % DASHES.length]), line.name))));
}

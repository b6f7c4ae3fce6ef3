// Figures that are lines: regret, what was asked for and what came of it, panels of a lesson.

import { list } from "../ask.js";
import { h, note, svg } from "../dom.js";
import { t } from "../words.js";
import { axes } from "./axes.js";
import { color } from "./canvas.js";

export function regret(shown) {
  const alone = shown.curves.length === 1;
  const lines = shown.curves.map((curve, k) => ({ name: curve.name, x: list(curve.pulls), y: list(curve.mean), low: list(alone ? curve.tenth : curve.low), high: list(alone ? curve.ninetieth : curve.high), color: k }));
  if (shown.lai_robbins !== null) {
    const last = Math.max(...lines.map((line) => line.x[line.x.length - 1])), time = Array.from({ length: 80 }, (_, i) => last ** (i / 79));
    lines.push({ name: "Lai-Robbins C ln t", x: time, y: time.map((each) => shown.lai_robbins * Math.log(each)), color: 7, dotted: [6, 4] });
  }
  return h("div", h("div.grid", axes({ across: t("pulls"), title: t("cumulative regret"), lines, legend: false }), axes({ across: t("pulls, logarithmic"), title: t("the same, where logarithms are straight"), lines, logAcross: true })),
    h("p.small.quiet", alone ? t("shaded: the middle 80% of bandits") : t("shaded: 95% interval of the mean")));
}

export function asked(shown) {
  const wanted = list(shown.wanted), made = list(shown.made), each = made.length / wanted.length, recorded = list(shown.recorded);
  const mean = wanted.map((_, i) => made.slice(i * each, (i + 1) * each).reduce((a, b) => a + b, 0) / each);
  const ends = [Math.min(...wanted, ...recorded), Math.max(...wanted, ...recorded)];
  return axes({
    across: t("return that is asked for"), title: t("return that is made"), width: 560, height: 300,
    lines: [{ name: t("as asked for"), x: ends, y: ends, color: 7, dotted: [6, 4], quiet: false }, { name: t("an episode"), x: made.map((_, i) => wanted[Math.floor(i / each)]), y: made, color: 0, points: true }, { name: t("mean"), x: wanted, y: mean, color: 0, dotted: [] }],
    under: (px, py) => recorded.map((value) => svg("line", { x1: px(value), x2: px(value), y1: 288, y2: 276, stroke: color(1), opacity: 0.5 })),
  });
}

export function panels(shown) {
  return h("div.grid", shown.panels.map((panel) => {
    if (panel.lines) return axes({ title: panel.title, across: panel.across, logUp: panel.logarithmic, bounds: panel.bounds ? { up: panel.bounds } : null, lines: Object.entries(panel.lines).map(([name, [x, y]], k) => ({ name, x: list(x), y: list(y), color: k })) });
    if (panel.figures) return bars(panel);
    return ways(panel);
  }));
}

function bars(panel) {
  const series = Object.entries(panel.figures), most = Math.max(...series.flatMap(([, values]) => values), 0) || 1, wide = 440, tall = 230, each = (wide - 20) / panel.names.length;
  return h("div", h("h4.small", panel.title), svg("svg.figure", { viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": `${panel.title}: ${series.map(([name, values]) => `${name} ${values.join(", ")}`).join("; ")}` },
    panel.names.map((name, i) => [series.map(([, values], k) => {
      const width = (each * 0.8) / series.length, height = Math.max(0, (values[i] / most) * (tall - 60)), x = 10 + i * each + each * 0.1 + k * width;
      return [svg("rect", { x, y: tall - 30 - height, width: width * 0.92, height, fill: color(k) }), note(x + width / 2, tall - 35 - height, "middle", Number(values[i].toPrecision(3)))];
    }), note(10 + (i + 0.5) * each, tall - 12, "middle", name)])),
  h("ul.legend", series.map(([name], k) => h("li", svg("svg", { width: 12, height: 12, "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, fill: color(k) })), name))));
}

function ways(panel) {
  const lines = Object.entries(panel.ways).map(([name, packed], k) => {
    const points = list(packed);
    return { name, x: points.filter((_, i) => i % 2 === 0), y: points.filter((_, i) => i % 2 === 1), color: k };
  });
  const xs = list(panel.x), ys = list(panel.y);
  return axes({ title: panel.title, lines, bounds: { across: [xs[0], xs[xs.length - 1]], up: [ys[0], ys[ys.length - 1]] } });
}

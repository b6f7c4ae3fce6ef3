// Several runs: side by side, and by kind of training over seeds. A winner is named only where the intervals support one.

import { change, link, read } from "./address.js";
import { ask, list, orSay, run } from "./ask.js";
import { Chart, secondsAt, shareRange, smoothed, COLORS } from "./chart.js";
import { lookControls, looks, part, shareZoom } from "./controls.js";
import { card, count, h, heads, note, put, quiet, scroll, svg } from "./dom.js";
import { number, steps, whole } from "./numbers.js";
import { spoken } from "./run.js";
import { t } from "./words.js";

const MOST_LINES = 50;

export function mount(path, words) {
  const ids = [...new Set(words.getAll("run"))];
  let names = [], units = "steps", verdict = null, left = false, curves = null, clocks = null;
  const byKind = new Chart({ title: t("By kind of training: interquartile mean over seeds, 95% bands"), height: 300, heading: "h2" });
  const overlay = new Chart({ title: t("Every run"), height: 300, heading: "h2" });
  const profile = new Chart({ title: t("Share of trainings that reach a score"), height: 240, heading: "h2", zoom: false });
  const said = card({ "aria-live": "polite" }), sides = card(), pairs = h("div");
  const chips = h("div.row"), controls = h("div.controls"), settings = card();
  const kindCard = card(byKind.node), overlayCard = card(controls, overlay.node), profileCard = card(profile.node);
  const two = h("div.two", sides, profileCard), parallel = card({ hidden: true });

  const options = () => {
    const wanted = read().words.get("metric"), metric = names.includes(wanted) ? wanted : names.find((name) => name === verdict?.headline) || names.find((name) => name === "eval/return_mean") || names.find((name) => name.startsWith("eval/")) || names[0];
    return { metric, ...looks() };
  };

  function drawChips() {
    put(chips, ids.map((id) => h("span.chip", h("a", { href: link(["run", id]) }, id), h("button.plain", { "aria-label": t("Leave out {id}", { id }), onclick: () => { location.hash = link(["compare"], { run: ids.filter((each) => each !== id) }); } }, "✕"))), h("a", { href: link(["runs"], { pick: ids }) }, t("Pick others to compare with")));
  }

  function refuse(why) {
    put(said, h("h2", t("Which is better?")), h("p.verdict", h("span.chip.warn", t("no winner")), " ", why));
  }

  function drawVerdict() {
    if (!verdict) return;
    const { winner, why, measured, notes, level } = verdict;
    put(said, h("h2", t("Which is better?")),
      h("p.verdict", h("span", { class: "chip " + (winner ? "good" : "warn") }, winner ? t("winner") : t("no winner")), " ", winner && [h("b", winner), ": "], why),
      quiet(`${measured}; ${verdict.env}`),
      notes.map((note) => h("p.small", h("span.chip.warn", t("note")), " ", note)), pairs);
    put(pairs, verdict.pairs.length > 0 && h("div.scroll", h("table", h("caption.out-of-sight", t("One side against another")),
      heads([t("one"), t("other"), t("probability of improvement"), h("span.out-of-sight", t("interval")), t("difference of the IQMs")]),
      h("tbody", verdict.pairs.map((pair) => {
        const [low, high] = pair.improvement_interval, [down, up] = pair.difference_interval;
        const bar = h("i"), dot = h("b");
        bar.style.left = `${100 * low}%`;
        bar.style.width = `${100 * (high - low)}%`;
        dot.style.left = `${100 * pair.improvement}%`;
        return h("tr", h("td", pair.one), h("td", pair.other), h("td.number", `${pair.improvement.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`), h("td", h("div.interval", { "aria-hidden": "true" }, bar, dot)), h("td.number", `${number(pair.difference)} [${number(down)}, ${number(up)}]`));
      }))), quiet(t("Intervals of {level}%; at 0.5 neither is better.", { level: number(100 * level, 3) }))));
    put(sides, h("h2", t("Sides")), h("div.scroll", h("table", heads([t("side"), t("seeds"), "IQM", t("lowest"), t("highest")], 1),
      h("tbody", verdict.sides.map((side) => h("tr", h("td", side.name), count(side.values.length), count(number(side.iqm), side.values.length >= 5 && h("span.tell", `[${side.interval.map((end) => number(end)).join(", ")}]`)), count(number(Math.min(...side.values))), count(number(Math.max(...side.values)))))))),
    quiet(h("code", "palestra compare"), " ", t("says the same in the same words.")));
    const drawn = verdict.sides.filter((side) => side.curve);
    kindCard.hidden = drawn.length === 0;
    byKind.unit = t(verdict.unit);
    byKind.set(verdict.sides.flatMap((side, i) => (side.curve ? [{ name: `${side.name} (n = ${side.runs.length})`, x: list(side.curve.steps), y: list(side.curve.middle), low: list(side.curve.low), high: list(side.curve.high), color: i % COLORS }] : [])), { xKind: "steps" });
    const reaching = list(verdict.reaching);
    profile.set(verdict.sides.map((side, i) => ({ name: side.name, x: reaching, y: list(side.profile), color: i % COLORS, points: false })), { xKind: "score" });
  }

  async function drawOverlay() {
    const { metric, seconds, smooth, logX, logY } = options();
    if (!metric) return put(overlayCard, h("p.quiet", t("No numbers yet.")));
    const shown = ids.slice(0, MOST_LINES), found = await ask("curves", { run: shown, name: metric, points: shown.length > 24 ? 150 : shown.length > 12 ? 300 : 600, lines: 1, seconds: seconds ? 1 : null, ...part() });
    if (left) return;
    curves = found.curves;
    clocks = found.clocks;
    const lines = shown.flatMap((id, i) => {
      const steps_ = list(curves[id].steps);
      if (!steps_.length) return [];
      const clock = clocks && { steps: list(clocks[id].steps), seconds: list(clocks[id].seconds) };
      const side = verdict?.sides.findIndex((each) => each.runs.includes(id)) ?? -1;
      return [{ name: id, x: seconds ? secondsAt(steps_, clock) : steps_, y: smoothed(list(curves[id].mean), smooth), color: side >= 0 && verdict.sides.length > 1 ? side % COLORS : i % COLORS, points: smooth || steps_.length > 40 ? false : undefined }];
    });
    overlay.unit = t(units);
    overlay.set(lines, { logX, logY, xKind: seconds ? "seconds" : "steps" });
  }

  const redraw = () => orSay(drawOverlay());

  function drawControls() {
    const now = options();
    const anew = () => { drawControls(); redraw(); };
    put(controls, h("label.field", t("Metric"), h("select", { onchange: (event) => { change({ metric: event.target.value }, { back: true }); anew(); } }, names.map((name) => h("option", { value: name, selected: name === now.metric }, name)))),
      lookControls({ unit: units, now, draw: redraw, anew, zoomed }));
  }

  let zooming = 0;
  function zoomed() {
    drawControls();
    clearTimeout(zooming);
    zooming = setTimeout(() => { if (!left) redraw(); }, 160);
  }

  function drawSettings({ runs, settings: found }) {
    const rows = Object.entries(found);
    put(settings, h("h2", t("Settings that differ")), rows.length === 0 ? h("p.quiet", t("None: they are the same training, once more.")) :
      h("div.scroll", h("table", heads([t("Setting"), ...runs.map((id) => h("a", { href: link(["run", id]), title: id }, shortId(id)))]),
        h("tbody", rows.map(([name, values]) => h("tr", h("th", { scope: "row", class: "mono" }, name), values.map((value) => h("td.mono", spoken(value)))))))));
    const ends = verdict && new Map(verdict.sides.flatMap((side) => side.runs.map((id, i) => [id, side.values[i]])));
    const numeric = rows.filter(([name, values]) => name !== "training.seed" && values.every((value) => typeof value === "number"));
    const shown = ends ? runs.map((id, i) => [id, i]).filter(([id]) => ends.has(id)) : [];
    parallel.hidden = numeric.length === 0 || shown.length < 3;
    if (!parallel.hidden) put(parallel, h("h2", t("Settings and what came of them")), parallelPlot(shown, numeric, ends, verdict), importances(shown, numeric, ends));
  }

  return {
    title: t("Compare"),
    nodes: ids.length === 0 ? [h("div.head", h("h1", t("Compare"))), h("div.card.empty", h("h2", t("Nothing picked")), h("p.quiet", t("Pick runs in the list, then press Compare. Runs that differ in their seed alone are one side.")), h("a.button.first", { href: "#/runs" }, t("To the runs")))] :
      [h("div.head", h("h1", t("Compare")), chips), said, kindCard, two, overlayCard, settings, parallel],
    async begin() {
      if (ids.length === 0) return;
      drawChips();
      shareZoom(zoomed);
      put(said, h("h2", t("Which is better?")), h("p.quiet", t("Weighing {n} runs …", { n: ids.length })));
      two.hidden = kindCard.hidden = true;
      let first;
      try {
        first = await Promise.all(ids.slice(0, 8).map((id) => ask(run(id))));
      } catch (error) {  // what is not there can be left out above
        if (!left) refuse(error.message);
        overlayCard.hidden = settings.hidden = true;
        return;
      }
      if (left) return;
      names = [...new Set(first.flatMap((each) => each.names))].sort();
      units = first[0].unit;
      drawControls();
      const comparing = ask("compare", { run: ids }).then((found) => {
        if (left) return;
        if (found.refused) return refuse(found.refused);
        verdict = found;
        two.hidden = false;
        drawVerdict();
      }, (error) => { if (!left) refuse(error.message); });
      await drawOverlay();
      await comparing;
      if (left) return;
      drawControls();
      if (verdict) redraw();
      drawSettings(await ask("settings", { run: ids }));
    },
    moved(to, now) {
      const next = [...new Set(now.getAll("run"))];
      if (to[0] !== "compare" || next.join() !== ids.join() || !ids.length) return false;
      shareZoom(zoomed);
      drawControls();
      redraw();
      return true;
    },
    unmount() {
      left = true;
      for (const chart of [byKind, overlay, profile]) chart.close();
      shareRange(null);
    },
  };
}

function shortId(id) {
  const match = id.match(/-s(\d+)-(\d{8})-(\d{6})/);
  return match ? `s${match[1]} ${match[3].slice(0, 2)}:${match[3].slice(2, 4)}` : id.slice(0, 18);
}

// Each run is a line across an axis for each setting, to the score on the right.
function parallelPlot(shown, numeric, ends, verdict) {
  const columns = [...numeric.map(([name, values]) => [name.split(".").pop(), shown.map(([, i]) => values[i])]), [verdict.metric.split("/").pop(), shown.map(([id]) => ends.get(id))]];
  const wide = Math.max(420, columns.length * 150), tall = 260, scores = columns[columns.length - 1][1], worst = Math.min(...scores), best = Math.max(...scores);
  const x = (c) => 40 + (c * (wide - 80)) / (columns.length - 1), spots = columns.map(([, values]) => { const low = Math.min(...values), high = Math.max(...values); return values.map((value) => 40 + (1 - (high > low ? (value - low) / (high - low) : 0.5)) * (tall - 80)); });
  return scroll(t("Settings and what came of them"), svg("svg.figure", { viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": t("A line for each of {n} runs", { n: shown.length }) },
    shown.map(([id], k) => svg("polyline", { points: columns.map((_, c) => `${x(c)},${spots[c][k]}`).join(" "), fill: "none", stroke: "var(--c0)", "stroke-width": 1.2 + 2.2 * ((scores[k] - worst) / (best - worst || 1)), opacity: 0.25 + 0.65 * ((scores[k] - worst) / (best - worst || 1)) }, svg("title", `${id}: ${number(scores[k])}`))),
    columns.map(([name, values], c) => [svg("line", { x1: x(c), x2: x(c), y1: 40, y2: tall - 40, stroke: "var(--quiet)" }), note(x(c), 16, "middle", name), note(x(c), 33, "middle", number(Math.max(...values), 3)), note(x(c), tall - 24, "middle", number(Math.min(...values), 3))])));
}

// How well each setting alone orders the scores: Spearman's rank correlation, and of how many runs.
function importances(shown, numeric, ends) {
  const rank = (values) => { const order = [...values].sort((a, b) => a - b); return values.map((value) => (order.indexOf(value) + order.lastIndexOf(value)) / 2); };
  const rows = numeric.map(([name, values]) => {
    const a = rank(shown.map(([, i]) => values[i])), b = rank(shown.map(([id]) => ends.get(id))), mean = (a.length - 1) / 2;
    const part = (one, other) => one.reduce((sum, value, i) => sum + (value - mean) * (other[i] - mean), 0);
    return [name, part(a, b) / Math.sqrt(part(a, a) * part(b, b) || 1)];
  }).sort((one, other) => Math.abs(other[1]) - Math.abs(one[1]));
  return h("div", h("table", heads([t("Setting"), t("rank correlation with the score")], 1), h("tbody", rows.map(([name, share]) => h("tr", h("td.mono", name), count(share.toFixed(2)))))),
    quiet(t("Of {n} runs, each setting by itself; a hint where to look, and no proof.", { n: shown.length })));
}

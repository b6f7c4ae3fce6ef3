// How curves are drawn, as the address says it: across what, how smooth, on which axes.

import { change, read } from "./address.js";
import { setRange, shareRange } from "./chart.js";
import { h } from "./dom.js";
import { t } from "./words.js";

export function looks() {
  const now = read().words;
  return {
    seconds: now.get("x") === "seconds", smooth: Math.min(0.98, Math.max(0, Number(now.get("smooth")) || 0)),
    logX: now.get("logx") === "1", logY: now.get("logy") === "1", from: now.get("from"), to: now.get("to"),
  };
}

// The zoom that all charts of a page share, as its address says it, and says it from now on; `zoomed` is told of each.
export function shareZoom(zoomed) {
  const { from, to } = looks();
  const kept = (range) => {
    const [first, last] = (range || [null, null]).map((end) => end && Number(end.toPrecision(7)));
    change({ from: first, to: last });
    zoomed();
  };
  shareRange(from !== null && to !== null ? [Number(from), Number(to)] : null, kept);
}

// What is asked of the server of curves that are zoomed into.
export function part() {
  const { from, to, seconds } = looks();
  return from === null || to === null || seconds ? {} : { first: Math.floor(from), last: Math.ceil(to) };
}

// `draw` draws the curves, `anew` these controls too; `zoomed` is told of a zoom.
export function lookControls({ unit, now, draw, anew, zoomed, live }) {
  const chosen = (words) => { change(words, { back: true }); anew(); };
  const toggle = (name, label, on) => h("button", { "aria-pressed": String(on), onclick: () => chosen({ [name]: on ? null : true }) }, label);
  const smoothing = h("input", { type: "range", min: 0, max: 0.98, step: 0.01, value: now.smooth, [live ? "oninput" : "onchange"]: () => { change({ smooth: Number(smoothing.value) || null }); draw(); } });
  const pick = (event) => {
    change({ x: event.target.value === "seconds" ? "seconds" : null, from: null, to: null }, { back: true });
    shareZoom(zoomed);
    anew();
  };
  return [
    h("label.field", t("Across"), h("select", { onchange: pick }, h("option", { value: "steps", selected: !now.seconds }, t(unit)), h("option", { value: "seconds", selected: now.seconds }, t("time")))),
    h("label.field", t("Smoothing"), smoothing), toggle("logx", t("log across"), now.logX), toggle("logy", t("log up"), now.logY),
    now.from !== null && h("button", { onclick: () => setRange(null) }, t("Whole range")),
  ];
}

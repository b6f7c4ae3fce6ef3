// How curves are drawn, as the address says it: across what, how smooth, on which axes.

import { change, read } from "./address.js";
import { setRange } from "./chart.js";
import { h } from "./dom.js";
import { t } from "./words.js";

export function looks() {
  const now = read().words;
  return {
    seconds: now.get("x") === "seconds", smooth: Math.min(0.98, Math.max(0, Number(now.get("smooth")) || 0)),
    logX: now.get("logx") === "1", logY: now.get("logy") === "1", from: now.get("from"), to: now.get("to"),
  };
}

// `draw` draws the curves, `anew` these controls too; `across` is told when what they are drawn across has changed.
export function lookControls({ unit, now, draw, anew, across, live }) {
  const chosen = (words) => { change(words, { back: true }); anew(); };
  const toggle = (name, label, on) => h("button", { "aria-pressed": String(on), onclick: () => chosen({ [name]: on ? null : true }) }, label);
  const smoothing = h("input", { type: "range", min: 0, max: 0.98, step: 0.01, value: now.smooth, [live ? "oninput" : "onchange"]: () => { change({ smooth: Number(smoothing.value) || null }); draw(); } });
  const pick = (event) => { across(); chosen({ x: event.target.value === "seconds" ? "seconds" : null, from: null, to: null }); };
  return [
    h("label", { class: "field" }, t("Across"), h("select", { onchange: pick }, h("option", { value: "steps", selected: !now.seconds }, t(unit)), h("option", { value: "seconds", selected: now.seconds }, t("time")))),
    h("label", { class: "field" }, t("Smoothing"), smoothing), toggle("logx", t("log across"), now.logX), toggle("logy", t("log up"), now.logY),
    now.from !== null && h("button", { onclick: () => setRange(null) }, t("Whole range")),
  ];
}

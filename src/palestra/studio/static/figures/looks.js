// A figure with several looks: a slider over them, and a button that plays them.

import { h, put } from "../dom.js";
import { t } from "../words.js";

// paint(i) draws a look, said(i) names it. Returns what stands below the figure.
export function looks(count, paint, said) {
  if (count < 2) return h("p.small.quiet", said(0));
  const name = h("output.small.number");
  const range = h("input", { type: "range", min: 0, max: count - 1, step: 1, "aria-label": t("Look"), oninput: () => { pause(); show(Number(range.value)); } });
  let timer = null;
  const play = h("button.plain", { onclick: () => (timer ? pause() : begin()) });
  function show(i) {
    range.value = i;
    range.setAttribute("aria-valuetext", said(i));
    put(name, said(i));
    paint(i);
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    put(play, "▶ ", t("Play"));
  }
  function begin() {
    if (Number(range.value) === count - 1) show(0);
    put(play, "‖ ", t("Pause"));
    timer = setInterval(() => {
      const next = Number(range.value) + 1;
      if (next >= count || !range.isConnected) return pause();
      show(next);
    }, Math.max(120, Math.min(600, 6000 / count)));
  }
  pause();
  queueMicrotask(() => show(count - 1));
  return h("div.slider", play, range, name);
}

// States and verdicts in a word and a sign; the colour only repeats what they say.

import { h } from "./dom.js";
import { t } from "./words.js";

const STATES = {
  running: ["live", "●", "running"], finished: ["good", "✓", "finished"], interrupted: ["warn", "‖", "interrupted"],
  paused: ["warn", "‖", "paused"], stopping: ["warn", "…", "stopping"], failed: ["bad", "✕", "failed"],
};

export function stateChip(state) {
  const [kind, glyph, word] = STATES[state] || ["", "?", state];
  return h("span", { class: "chip " + kind }, h("span.glyph", { "aria-hidden": "true" }, glyph), t(word));
}

export function claimChip(reached) {
  if (reached === null || reached === undefined) return h("span.quiet", "–");
  return h("span", { class: "chip " + (reached ? "good" : "bad") }, h("span", { "aria-hidden": "true" }, reached ? "✓" : "✕"), reached ? t("reached") : t("missed"));
}

// A share as a bar.
export function bar(share, attributes) {
  const inner = h("span");
  inner.style.width = `${(100 * Math.max(0, share)).toFixed(1)}%`;
  return h("div.bar", { ...attributes }, inner);
}

export const progress = (share) => bar(share, { role: "progressbar", "aria-label": t("Progress"), "aria-valuenow": Math.round(100 * share), "aria-valuemin": 0, "aria-valuemax": 100 });

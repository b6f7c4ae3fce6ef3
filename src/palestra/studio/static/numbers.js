// Numbers as people read them, as the command line writes them.

import { t } from "./words.js";

const missing = (value) => value === null || value === undefined || Number.isNaN(value);

export function number(value, digits = 4) {
  if (missing(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(Math.max(0, digits - 2));
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(digits)));
}

export function steps(value) {
  if (missing(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e9) return number(value / 1e9, 3) + "G";
  if (size >= 1e6) return number(value / 1e6, 3) + "M";
  if (size >= 1e4) return number(value / 1e3, 3) + "k";
  return Number.isInteger(value) ? value.toLocaleString("en-US") : number(value, 3);
}

export function whole(value) {
  return missing(value) ? "–" : Math.round(value).toLocaleString("en-US");
}

export function duration(seconds) {
  if (missing(seconds)) return "–";
  if (seconds < 0) return "−" + duration(-seconds);
  if (seconds < 60) return number(seconds, 3) + " s";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export function ago(created) {
  const seconds = Math.max(0, (Date.now() - Date.parse(created)) / 1000);
  if (Number.isNaN(seconds)) return "–";
  if (seconds < 90) return t("just now");
  if (seconds < 5400) return t("{n} min ago", { n: Math.round(seconds / 60) });
  if (seconds < 129600) return t("{n} h ago", { n: Math.round(seconds / 3600) });
  return t("{n} days ago", { n: Math.round(seconds / 86400) });
}

// The page: its top, and the view that the address names.

import { read, link, change } from "./address.js";
import { ask } from "./ask.js";
import { h, put } from "./dom.js";
import { language, setLanguage, t } from "./words.js";
import * as compare from "./compare.js";
import * as learn from "./learn.js";
import * as pages from "./pages.js";
import * as play from "./play.js";
import * as run from "./run.js";
import * as runs from "./runs.js";

const VIEWS = { runs, run, compare, recipes: learn, recipe: learn, playgrounds: play, docs: pages };
const PLACES = [["runs", "Runs"], ["compare", "Compare"], ["recipes", "Recipes"], ["playgrounds", "Playgrounds"], ["docs", "Learn"]];
const ABOVE = { run: "runs", recipe: "recipes" };

export const about = { launch: false, runs: "", version: "" };

const page = document.documentElement;
let mounted = null;
let turn = 0;

function wanted(name, known) {
  const given = read().words.get(name);
  if (known.includes(given)) {
    remember(name, given);
    return given;
  }
  return remember(name);
}

function remember(name, value) {
  try {
    if (value) localStorage.setItem("palestra-" + name, value);
    return localStorage.getItem("palestra-" + name);
  } catch {
    return value || null;
  }
}

function dress() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  page.dataset.theme = wanted("theme", ["dark", "light"]) || system;
  setLanguage(wanted("lang", ["en", "zh"]) || (navigator.language.startsWith("zh") ? "zh" : "en"));
  page.lang = language() === "zh" ? "zh-CN" : "en";
}

function top() {
  const [first] = read().path, here = ABOVE[first] || first || "runs";
  const dark = page.dataset.theme === "dark", other = language() === "zh" ? "en" : "zh";
  put(document.getElementById("skip"), t("Skip to the page"));
  put(document.getElementById("top"), h("div", { class: "top-in" },
    h("a.mark", { href: "#/runs" }, h("img", { src: "static/icon.svg", alt: "" }), "Palestra"),
    h("nav", { "aria-label": t("Pages") }, PLACES.map(([path, name]) =>
      h("a", { href: link([path]), "aria-current": path === here ? "page" : null }, t(name)))),
    h("div", { class: "tools" },
      h("button.plain", { lang: other, onclick: () => choose("lang", other) }, other === "en" ? "English" : "中文"),
      h("button.plain", { "aria-label": dark ? t("Light theme") : t("Dark theme"), onclick: () => choose("theme", dark ? "light" : "dark") }, dark ? "☀" : "☾"))));
}

function choose(name, value) {
  remember(name, value);
  if (read().words.has(name)) change({ [name]: value });
  show();
}

const nothing = (title, why) => h("div.card.empty", { role: "alert" }, h("h1", t(title)), why && h("p.wrong", why), h("p", h("a", { href: "#/runs" }, t("To the runs"))));

async function show() {
  dress();
  top();
  const mine = ++turn;
  mounted?.unmount?.();
  mounted = null;
  const { path, words } = read();
  const view = VIEWS[path[0] || "runs"];
  const main = document.getElementById("main");
  if (!view) {
    put(main, nothing("No such page"));
    return;
  }
  const made = view.mount(path.slice(1), words, about, path[0] || "runs");
  document.title = `${made.title || t("Runs")} · Palestra`;
  put(main, made.nodes);
  mounted = made;
  try {
    await made.begin?.();
  } catch (error) {
    if (mine === turn) put(main, nothing("That did not work", error.message));
  }
}

function moved() {
  const { path, words } = read();
  if (!words.has("lang") && !words.has("theme") && mounted?.moved?.(path, words)) return;
  show().then(() => { if (!words.has("at")) scrollTo(0, 0); document.getElementById("main").focus({ preventScroll: true }); });
}

addEventListener("hashchange", moved);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

Object.assign(about, await ask("about"));
await show();

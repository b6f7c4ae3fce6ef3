// What can be trained: the catalogue in reading order, and a recipe with every setting, which can be started from here.

import { change, link, read } from "./address.js";
import { ask, post } from "./ask.js";
import { card, copy, h, put, quiet, say } from "./dom.js";
import { whole } from "./numbers.js";
import { chapter } from "./pages.js";
import { spoken } from "./run.js";
import { t } from "./words.js";

const PARADIGMS = { rl: "Learning from reward", supervised: "Learning from labels", unsupervised: "Learning from structure" };

export function mount(path, words, about, view) {
  return view === "recipe" ? one(path, about) : all(words);
}

function verdictChip(recipe) {
  const [kind, sign] = { held: [".good", "✓ "], "not held": [".bad", "✕ "] }[recipe.verdict] || ["", ""];
  return h("span.chip" + kind, sign, t(recipe.verdict || "no verdict"));
}

function all(words) {
  const list = h("div.stack");
  let recipes = [];
  const field = h("input", { type: "search", value: words.get("find") || "", "aria-label": t("Find a recipe"), placeholder: t("Find a recipe"), oninput: () => { change({ find: field.value || null }); draw(); } });
  function draw() {
    const sought = field.value.toLowerCase().trim();
    const meant = recipes.filter((each) => !sought || `${each.id} ${each.summary} ${each.source} ${each.learner}`.toLowerCase().includes(sought));
    put(list, meant.length === 0 && recipes.length > 0 && h("p.quiet", t("None is called so.")), Object.entries(PARADIGMS).map(([paradigm, name]) => {
      const mine = meant.filter((each) => each.paradigm === paradigm);
      return mine.length > 0 && card(h("h2", t(name), h("span.quiet.small", ` ${mine.length}`)), h("ul.recipes", mine.map((each) => h("li", {},
        h("a.mono", { href: link(["recipe", ...each.id.split("/")]) }, each.id),
        h("span", each.summary, h("span.tell", each.claim ? `${t("promises")} ${each.claim.told}; ${each.verified}` : t("promises nothing"))), verdictChip(each)))));
    }));
  }
  return {
    title: t("Recipes"),
    nodes: [h("div.head", h("div", h("h1", t("Recipes")), h("p.quiet", t("Complete trainings with a name, and what each promises."))), field), list],
    async begin() {
      ({ recipes } = await ask("recipes"));
      draw();
    },
    moved([first], now) {
      if (first !== "recipes") return false;
      field.value = now.get("find") || "";
      draw();
      return true;
    },
  };
}

function one(path, about) {
  const id = path.join("/"), changed = new Map();
  const head = h("div.head"), form = card(), start = card();
  let recipe = null;

  function command() {
    const sets = [...changed].map(([name, value]) => `--set ${/^[\w.,=:+-]+$/.test(value) ? `${name}=${value}` : `'${name}=${value.replaceAll("'", "'\\''")}'`}`);
    return ["palestra train", id, ...sets].join(" ");
  }

  function drawStart() {
    put(start, h("h2", t("Train it")), h("div.copy", h("pre", command()), h("button", { onclick: () => copy(command(), t("Copied")) }, t("Copy"))),
      h("div.row.stack-row", about.launch ? h("button.first", { onclick: launch }, t("Start")) : quiet(t("Start the studio with --allow-launch to train from this page."))));
  }

  async function launch(event) {
    const button = event.target;
    button.disabled = true;
    try {
      await post("trainings", { recipe: id, settings: Object.fromEntries(changed) });
      say(t("Starting …"));
      for (let i = 0; i < 60; i++) {
        await new Promise((done) => setTimeout(done, 700));
        const { trainings: [last] } = await ask("trainings");
        if (last.run) { location.hash = link(["run", last.run]); return; }
        if (last.stage === "failed") throw new Error(last.said || t("It ended before it began."));
      }
    } catch (error) { say(error.message); } finally { button.disabled = false; }
  }

  function drawForm() {
    const parts = [...new Set(recipe.settings.map((each) => each.part))];
    put(form, h("h2", t("Settings")), quiet(t("* chosen by this recipe; the others are the defaults.")), parts.map((part) => h("details", { open: part === "learner" }, h("summary", part),
      h("div.scroll", h("table.settings", h("tbody", recipe.settings.filter((each) => each.part === part).map((each) => {
        const place = `${part}.${each.name}`, was = told(each.value), input = h("input", { value: changed.get(place) ?? was, "aria-label": place, class: "mono", oninput: () => { if (input.value === was) changed.delete(place); else changed.set(place, input.value); change({ set: [...changed].map(([name, value]) => `${name}=${value}`) }); drawStart(); } });
        return h("tr", h("th", { scope: "row", class: "mono" }, each.name, JSON.stringify(each.value) !== JSON.stringify(each.usual) && " *"), h("td", input), h("td.small", each.help, h("span.tell", each.type)));
      })))))));
  }

  return {
    title: id,
    nodes: [head, start, form],
    async begin() {
      recipe = await ask("recipes/" + path.map(encodeURIComponent).join("/"));
      for (const text of read().words.getAll("set")) {
        const at = text.indexOf("="), name = text.slice(0, at), meant = recipe.settings.find((each) => each.name === name);
        if (at > 0) changed.set(meant ? `${meant.part}.${name}` : name, text.slice(at + 1));
      }
      put(head, h("div", h("h1", id), h("p", recipe.summary, " ", h("a", { href: chapter(recipe.learner) }, t("The chapter that explains it"))), quiet(recipe.claim ? [`${t("promises")} ${recipe.claim.told} ${t("within")} ${whole(recipe.budget)} ${recipe.unit}: ${recipe.claim.source}`, h("br"), recipe.verified] : t("promises nothing"))), verdictChip(recipe));
      drawStart();
      drawForm();
    },
  };
}

function told(value) {
  if (value === null) return "none";
  return Array.isArray(value) ? value.join(",") : typeof value === "object" ? JSON.stringify(value) : spoken(value);
}

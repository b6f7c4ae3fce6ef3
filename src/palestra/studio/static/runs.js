// The list of runs: found by a filter, in an order, in groups; live rows change where they stand.

import { change, link, read } from "./address.js";
import { ask, bringBack, listen, setAside } from "./ask.js";
import { arrange, card, h, put, say } from "./dom.js";
import { ago, duration, number, steps, whole } from "./numbers.js";
import { claimChip, progress, stateChip } from "./chips.js";
import { t } from "./words.js";

const PAGE = 200;
const COLUMNS = {
  recipe: ["Run", (row) => row.recipe + " " + String(row.seed).padStart(9, "0")],
  status: ["State", (row) => row.status],
  score: ["Score", (row) => row.headline_value],
  claim: ["Claim", (row) => (row.reached === null ? null : Number(row.reached))],
  steps: ["Steps", (row) => row.steps],
  speed: ["Steps a second", (row) => row.speed],
  seconds: ["Time", (row) => row.seconds],
  created: ["Begun", (row) => Date.parse(row.created)],
};
const NUMBERS = ["score", "steps", "speed", "seconds"];

export function mount(path, words, about) {
  const rows = new Map(), nodes = new Map(), body = h("tbody");
  let picked = new Set(words.getAll("pick")), stop = () => {}, aged = 0, known = null, typing = 0, turn = 0;

  const field = h("input", {
    type: "search", value: words.get("filter") || "", placeholder: "cartpole status=finished score>400 age<2d", spellcheck: "false",
    "aria-label": t("Filter"), autocomplete: "off",
    oninput: () => { clearTimeout(typing); typing = setTimeout(() => { change({ filter: field.value || null, shown: null }); begin(); }, 220); },
  });
  const amiss = h("p.help.wrong", { role: "alert", hidden: true });
  const count = h("p.quiet", { role: "status" });
  const grouping = h("button", { "aria-pressed": "false", onclick: () => { change({ group: words_().get("group") ? null : true }, { back: true }); draw(); } }, t("Group by recipe"));
  const all = h("input", { type: "checkbox", "aria-label": t("Pick all that are shown"), onchange: () => { for (const row of ordered()) pick(row.id, all.checked, true); settle(); } });
  const headings = Object.entries(COLUMNS).map(([name, [label]]) => {
    const node = h("th", { scope: "col", class: NUMBERS.includes(name) ? "right" : null }, h("button", { onclick: () => sort(name) }, t(label)));
    return [name, node];
  });
  const table = h("div.runs", h("table", h("caption.out-of-sight", t("Runs")),
    h("thead", h("tr", h("th", { scope: "col" }, all), headings.map(([, node]) => node))), body));
  const more = h("div.row");
  const tray = h("div.card.tray", { hidden: true });
  const nothing = h("div.empty", { hidden: true });
  const apart = h("div");

  const words_ = () => read().words;

  function sort(name) {
    const [by, way] = order(), down = by === name ? way > 0 : name === "created" || NUMBERS.includes(name);
    change({ sort: down ? "-" + name : name }, { back: true });
    draw();
  }

  function order() {
    const text = words_().get("sort") || "-created";
    const name = text.replace(/^-/, "");
    return name in COLUMNS ? [name, text.startsWith("-") ? -1 : 1] : ["created", -1];
  }

  function ordered() {
    const [name, way] = order(), value = COLUMNS[name][1];
    return [...rows.values()].sort((one, other) => {
      const a = value(one), b = value(other), noA = a === null || Number.isNaN(a), noB = b === null || Number.isNaN(b);
      if ((noA && noB) || a === b) return one.id < other.id ? 1 : -1;
      return noA || noB ? (noA ? 1 : -1) : a < b ? -way : way;
    });
  }

  function pick(id, on, quiet) {
    if (on) picked.add(id);
    else picked.delete(id);
    if (!quiet) settle();
  }

  function settle() {
    change({ pick: [...picked] });
    draw();
  }

  function fresh(row) {
    const box = h("input", { type: "checkbox", "aria-label": `${t("Pick")} ${row.id}`, onchange: () => pick(row.id, box.checked) });
    const cells = {};
    for (const name of Object.keys(COLUMNS).slice(1)) {
      const kind = name === "status" ? "state" : null;
      cells[name] = h("td", { class: [NUMBERS.includes(name) && "right number", kind].filter(Boolean).join(" ") || null, "data-label": name === "status" ? null : t(COLUMNS[name][0]) });
    }
    const who = h("td.who", h("a.name", { href: link(["run", row.id]) }, `${row.recipe} · ${t("seed")} ${row.seed}`), h("span.id", row.id));
    const node = h("tr", { "data-run": row.id }, h("td.pick", box), who, Object.values(cells));
    return { node, box, cells, row: null };
  }

  function drawRow(row) {
    if (!nodes.has(row.id)) nodes.set(row.id, fresh(row));
    const held = nodes.get(row.id);
    held.box.checked = picked.has(row.id);
    held.node.classList.toggle("picked", picked.has(row.id));
    if (held.row === row) return held.node;
    held.row = row;
    const share = row.budget ? Math.min(1, row.steps / row.budget) : null;
    put(held.cells.status, stateChip(row.status), share !== null && row.status === "running" && progress(share));
    put(held.cells.score, number(row.headline_value), row.headline_name && h("span.tell", { title: row.headline_name }, row.headline_name.split("/").pop()), row.cut > 0 && h("span.tell", t("{n} cut", { n: row.cut })));
    put(held.cells.claim, claimChip(row.reached));
    put(held.cells.steps, h("span", { title: whole(row.steps) }, steps(row.steps)));
    put(held.cells.speed, row.speed === null ? "–" : steps(Math.round(row.speed)));
    put(held.cells.seconds, duration(row.seconds));
    drawAge(held);
    return held.node;
  }

  const drawAge = ({ cells, row: { created } }) => put(cells.created, h("time", { datetime: created, title: created }, ago(created)));

  function draw() {
    const [name, way] = order(), grouped = words_().get("group") === "1";
    const most = Number(words_().get("shown")) || PAGE;
    for (const [key, node] of headings) {
      node.setAttribute("aria-sort", key !== name ? "none" : way > 0 ? "ascending" : "descending");
      put(node.firstChild, t(COLUMNS[key][0]), key === name ? (way > 0 ? " ↑" : " ↓") : "");
    }
    grouping.setAttribute("aria-pressed", String(grouped));
    const listed = ordered(), shown = [];
    if (grouped) {
      const groups = new Map();
      for (const row of listed) groups.set(row.recipe, [...(groups.get(row.recipe) || []), row]);
      for (const [recipe, members] of groups) {
        if (shown.length >= most) break;
        shown.push(groupRow(recipe, members), ...members.slice(0, most - shown.length).map(drawRow));
      }
    } else shown.push(...listed.slice(0, most).map(drawRow));
    arrange(body, shown);
    table.hidden = !listed.length;
    put(count, known === null ? "" : listed.length === known ? t("{n} runs", { n: whole(known) }) : t("{n} of {m} runs", { n: whole(listed.length), m: whole(known) }));
    put(more, listed.length > most && h("button", { onclick: () => { change({ shown: most + PAGE }); draw(); } }, t("Show {n} more", { n: Math.min(PAGE, listed.length - most) })));
    nothing.hidden = listed.length > 0 || known === null;
    if (!nothing.hidden) {
      put(nothing, known ? [h("h2", t("No run is meant")), h("p.quiet", t("Of {n} runs none is what the filter says.", { n: whole(known) }))] :
        [h("h2", t("No runs yet")), h("p.quiet", t("One is made in half a minute by")), h("pre", "palestra train cartpole/ppo"), h("p", h("a.button.first", { href: "#/recipes" }, t("See what can be trained")))]);
    }
    for (const id of picked) if (known !== null && !rows.has(id) && !field.value) picked.delete(id);
    all.checked = listed.length > 0 && listed.every((row) => picked.has(row.id));
    tray.hidden = picked.size === 0;
    const ids = [...picked];
    put(tray, h("span", t("{n} picked", { n: picked.size })), h("div", { class: "row" },
      h("button.plain", { onclick: () => { picked = new Set(); settle(); } }, t("Pick none")),
      about.launch && h("button.danger", { onclick: () => discard(ids) }, t("Delete")),
      h("a.button.first", { href: link(["compare"], { run: ids }) }, t("Compare {n}", { n: ids.length }))));
  }

  function groupRow(recipe, members) {
    const key = "group " + recipe;
    if (!nodes.has(key)) nodes.set(key, { node: h("tr.group", h("td", { colspan: 9 })) });
    const { node } = nodes.get(key);
    const best = members.map((row) => row.headline_value).filter((value) => value !== null);
    const reached = members.filter((row) => row.reached).length, tried = members.filter((row) => row.reached !== null).length;
    put(node.firstChild, h("div.row.spread", h("span", recipe, h("span", { class: "tell" },
      t("{n} runs", { n: members.length }), best.length ? ` · ${number(Math.min(...best))} … ${number(Math.max(...best))}` : "", tried ? ` · ${t("{n} of {m} reached the claim", { n: reached, m: tried })}` : "")),
      h("a", { href: link(["compare"], { run: members.slice(0, PAGE).map((row) => row.id) }) }, t("Compare"))));
    return node;
  }

  async function discard(ids) {
    for (const id of await setAside(ids, others)) {
      rows.delete(id);
      picked.delete(id);
    }
    settle();
    others();
  }

  async function others() {
    const { unreadable, aside } = await ask("others");
    put(apart, unreadable.length > 0 && card(h("h2", t("Cannot be listed")),
      unreadable.map((each) => h("p.small", h("b.mono", each.id), " ", each.why))),
    aside.length > 0 && h("details.card", h("summary", t("Deleted within a day: {n}", { n: aside.length })),
      aside.map((each) => h("div.row.spread", h("span.mono", each.id), about.launch && h("button", { onclick: () => bringBack([each.id]).then(others) }, t("Bring back"))))));
  }

  function take({ rows: changed, gone, count: n }) {
    for (const row of changed) rows.set(row.id, row);
    for (const id of gone) {
      rows.delete(id);
      nodes.delete(id);
    }
    known = n;
  }

  async function begin() {
    const mine = ++turn, filter = words_().get("filter") || "";
    stop();
    try {
      const found = await ask("runs", { filter });
      if (mine !== turn) return;
      amiss.hidden = true;
      rows.clear();
      take(found);
      draw();
      stop = listen("live/runs", { filter, cursor: found.cursor }, { runs: (news) => { take(news); draw(); } });
    } catch (error) {
      if (mine !== turn) return;
      amiss.hidden = false;
      put(amiss, error.message);
    }
  }

  const example = (text) => h("button.plain", { onclick: () => { field.value = text; change({ filter: text }); begin(); field.focus(); } }, text);
  return {
    title: t("Runs"),
    nodes: [
      h("div.head", h("div", h("h1", t("Runs")), count)),
      h("section", { class: "card" },
        h("div.row", h("div.filter", field), grouping),
        amiss, h("p.help", t("A part of a name, or"), " ", example("task=cartpole"), example("score>400"), example("claim=missed"), example("status=running"), example("age<2h"), " ", t("and any of these together."))),
      card(table, nothing, more), tray, apart,
    ],
    async begin() {
      await begin();
      others().catch(() => {});
      aged = setInterval(() => { for (const held of nodes.values()) if (held.row) drawAge(held); }, 30000);
    },
    moved([first = "runs"], now) {
      if (first !== "runs") return false;
      picked = new Set(now.getAll("pick"));
      if ((now.get("filter") || "") !== field.value) {
        field.value = now.get("filter") || "";
        begin();
      } else draw();
      return true;
    },
    unmount() {
      stop();
      clearInterval(aged);
      clearTimeout(typing);
      turn += 1;
    },
  };
}

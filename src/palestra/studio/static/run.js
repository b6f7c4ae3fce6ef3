// One run: its curves as they come, what was asked for, what happened, and what it has to show at each checkpoint.

import { change, link, read } from "./address.js";
import { ask, list, listen, orSay, post, run as at, setAside, unpack } from "./ask.js";
import { Chart, secondsAt, shareRange, smoothed } from "./chart.js";
import { claimChip, progress as progressBar, stateChip } from "./chips.js";
import { lookControls, looks, part, shareZoom } from "./controls.js";
import { card, copy, h, heads, put, quiet, say } from "./dom.js";
import { draw as drawExhibit } from "./exhibits.js";
import { ago, duration, number, steps, whole } from "./numbers.js";
import { chapter } from "./pages.js";
import { t } from "./words.js";

const MOST_CHARTS = 24;

export function mount([id], words, about) {
  const charts = new Map(), curves = new Map(), cursor = {};
  let known = null, asked = null, clock = null, state = null, ours = false, stop = () => {}, left = false;

  const head = h("div.head");
  const progress = h("div");
  const orders = h("div.row");
  const main = h("div");
  const others = h("div.grid");
  const more = h("div.row");
  const controls = h("div.controls");
  const askedFor = card();
  const happened = card();
  const shows = card({ hidden: true });
  const pictures = card({ hidden: true });
  const options = () => {
    const now = looks();
    return { ...now, seconds: now.seconds && clock && clock.steps.length > 0, all: read().words.get("all") === "1" };
  };

  function metric() {
    const claim = known.config.claim;
    const headline = asked?.headline || known.manifest.headline?.name;
    return [claim?.metric, headline, "eval/return_mean", "eval/score"].find((name) => name && known.names.includes(name)) || known.names.find((name) => name.startsWith("eval/")) || known.names[0];
  }

  // What a training calls what its evaluations call by this name.
  const twins = (name) => ["train/", "env/"].map((part) => part + name.split("/").pop()).filter((each) => known.names.includes(each));

  function shownNames() {
    const first = metric(), taken = new Set([first, ...twins(first || "")]);
    const names = [...known.names, ...known.timings.filter((name) => name !== "time/seconds")].filter((name) => !taken.has(name));
    const order = (name) => ["time", "eval", "env", "train"].indexOf(name.split("/")[0]);
    names.sort((one, other) => order(other) - order(one) || (one < other ? -1 : 1));
    return { first, taken: [...taken].filter(Boolean), names: options().all ? names.slice(0, 150) : names.slice(0, MOST_CHARTS), hidden: options().all ? 0 : Math.max(0, names.length - MOST_CHARTS) };
  }

  async function fetchCurves(names) {
    if (!names.length) return;
    const found = await ask(`${at(id)}/curves`, { name: names, points: 600, seconds: 1, ...part() });
    if (left) return;
    clock = { steps: list(found.clock.steps), seconds: list(found.clock.seconds) };
    Object.assign(cursor, found.cursor);
    for (const [name, curve] of Object.entries(found.curves)) {
      curves.set(name, {
        x: list(curve.steps), y: list(curve.mean), low: curve.low && list(curve.low), high: curve.high && list(curve.high),
      });
    }
  }

  function lineOf(name, label, color) {
    const curve = curves.get(name);
    if (!curve || !curve.x.length) return [];
    const { seconds, smooth } = options();
    const x = seconds ? secondsAt(curve.x, clock) : curve.x;
    const band = curve.low && !smooth ? { low: curve.low, high: curve.high } : {};
    const line = { name: label, x, y: smoothed(curve.y, smooth), color, ...band };
    return smooth ? [{ ...line, y: curve.y, faint: true, points: false }, { ...line, points: false }] : [line];
  }

  const ends = (name) => ["_min", "_max"].map((end) => name.replace("_mean", end));

  function spread(name) {
    const [low, high] = ends(name).map((each) => curves.get(each));
    return name.includes("_mean") && low && high && low.x.length === curves.get(name)?.x.length ? { low: low.y, high: high.y } : {};
  }

  function drawCharts() {
    const { first, names, hidden } = shownNames();
    const { seconds, logX, logY, all } = options();
    const how = { logX, logY, xKind: seconds ? "seconds" : "steps" };
    const wanted = new Set(names);
    for (const [name, chart] of charts) if (name !== first && !wanted.has(name)) { chart.close(); chart.node.remove(); charts.delete(name); }
    if (first) {
      if (!charts.has(first)) charts.set(first, new Chart({ title: first, unit: t(known.unit), height: 320, heading: "h2" }));
      const chart = charts.get(first);
      if (!chart.node.isConnected) put(main, chart.node);
      const evaluated = lineOf(first, t("evaluation"), 0).map((line) => ({ ...line, ...(options().smooth ? {} : spread(first)) }));
      const lines = [...evaluated, ...twins(first).flatMap((name) => lineOf(name, t("training"), 1))];
      const claim = known.config.claim;
      if (claim && (claim.metric || "eval/return_mean") === first) lines.push({ name: t("claim"), level: claim.threshold, color: 2 });
      chart.set(lines, how);
    } else put(main, known.damaged ? h("p.wrong", known.damaged) : h("p.quiet", t("No numbers yet.")));
    for (const name of names) {
      if (!charts.has(name)) charts.set(name, new Chart({ title: name, unit: t(known.unit) }));
      const chart = charts.get(name);
      if (chart.node.parentNode !== others) others.append(chart.node);
      chart.set(lineOf(name, t("value"), name.startsWith("eval/") ? 0 : 1).map((line) => ({ ...line, dash: [] })), how);
    }
    put(more, (hidden > 0 || all) && known.names.length > MOST_CHARTS && h("button", { onclick: async () => { change({ all: all ? null : true }, { back: true }); await load(); } }, all ? t("Show fewer") : t("Show {n} more", { n: hidden })));
  }

  async function load() {
    const { first, taken, names } = shownNames();
    const around = ends(first || "").filter((name) => known.names.includes(name));
    await fetchCurves([...new Set([...taken, ...around, ...names])]);
    if (left) return;
    drawCharts();
    follow();
  }

  function follow() {
    stop();
    const watched = Object.fromEntries(Object.entries(cursor).filter(([name]) => known.names.includes(name) && curves.has(name)));
    let redraw = 0;
    stop = listen(`live/${at(id)}`, { cursor: JSON.stringify(watched) }, {
      run(news) {
        state = { ...news, held: news.status === "running" && state?.held };
        drawHead();
        if (news.checkpoints !== known.checkpoints.length) again();
      },
      rows(news) {
        for (const [name, { steps: at_, values }] of Object.entries(news)) {
          const curve = curves.get(name), x = unpack(at_), y = unpack(values);
          if (!curve) continue;
          cursor[name] = x[x.length - 1];
          for (let i = 0; i < x.length; i++) {
            if (x[i] <= curve.x[curve.x.length - 1]) continue;
            curve.x.push(x[i]);
            curve.y.push(y[i]);
            curve.low?.push(y[i]);
            curve.high?.push(y[i]);
          }
          if (curve.x.length > 3000) thin(curve);
        }
        clearTimeout(redraw);
        redraw = setTimeout(async () => {
          if (!left && options().seconds) await fetchCurves([metric()]);  // for its clock, which has gone on
          if (left) return;
          drawCharts();
          drawProgress();
        }, 50);
      },
      anew: ({ names }) => fetchCurves(names).then(() => !left && drawCharts()),
      names: async ({ names }) => { known.names = names; await load(); },
    });
  }

  // Every second point of a curve that has grown long while it was watched; its band keeps what is left out.
  function thin(curve) {
    const half = { x: [], y: [], low: [], high: [] };
    for (let i = 0; i + 1 < curve.x.length; i += 2) {
      half.x.push(curve.x[i + 1]);
      half.y.push((curve.y[i] + curve.y[i + 1]) / 2);
      half.low.push(Math.min((curve.low || curve.y)[i], (curve.low || curve.y)[i + 1]));
      half.high.push(Math.max((curve.high || curve.y)[i], (curve.high || curve.y)[i + 1]));
    }
    Object.assign(curve, half);
  }

  async function again() {
    known = { ...(await ask(at(id))), names: known.names };
    if (left) return;
    drawHappened();
    drawPictures();
    drawShows();
  }

  function drawHead() {
    const now = { ...known.manifest, ...state }, status = now.status, pressed = orders.contains(document.activeElement) && document.activeElement.textContent;
    put(head,
      h("div", h("h1", known.recipe, h("span.quiet", ` · ${t("seed")} ${now.seed}`)),
        h("p.row.small", stateChip(status === "running" && now.held ? "paused" : status), now.claim && claimChip(now.claim.reached), h("span.quiet.mono", id))),
      h("div.row", h("a.button", { href: link(["compare"], { run: [id] }) }, t("Compare")), known.known && h("a.button", { href: another() }, t("Train another")), orders));
    drawProgress();
    drawOrders(status);
    if (pressed) [...orders.children].find((each) => each.textContent === pressed)?.focus();
  }

  function drawProgress() {
    const now = { ...known.manifest, ...state }, status = now.status, budget = known.config.training?.budget;
    const last = Math.max(now.steps, ...[...curves.values()].map((curve) => curve.x[curve.x.length - 1] || 0));
    const share = budget ? Math.min(1, last / budget) : 0;
    const rate = now.seconds > 0 ? now.steps / now.seconds : null;
    const facts = [
      [t("Score"), now.headline ? `${number(now.headline.value)}` : "–", now.headline?.name],
      [t("Claim"), now.claim ? `${number(now.claim.value)}` : "–", known.config.claim ? `${t("promised")} ${known.config.claim.direction === "down" ? "≤" : "≥"} ${number(known.config.claim.threshold)}` : t("nothing promised")],
      [t("Steps"), whole(last), budget ? `${t("of")} ${whole(budget)} ${t(known.unit)}` : t(known.unit)],
      [t("Time"), duration(now.seconds), rate ? `${whole(rate)} ${t("a second")}` : ""],
    ];
    put(progress, h("div.card", h("div.grid.figures", facts.map(([label, value, told]) =>
      h("div", h("div.quiet.small", label), h("div.figure.number", value), h("div.tell", told)))),
    status === "running" && progressBar(share)));
  }

  // The same again with the next seed.
  function another() {
    const own = (asked?.changes || []).filter((each) => each.name !== "training.seed" && each.own !== null && typeof each.own !== "object");
    return link(["recipe", ...known.recipe.split("/")], { set: [...own.map((each) => `${each.name}=${each.own}`), `training.seed=${known.manifest.seed + 1}`] });
  }

  // Until a step that was asked for is done, it is asked whether it is.
  async function heard(told) {
    ours = ours || Boolean(told);
    state = { ...state, held: told?.stage === "paused" };
    drawHead();
    if (told?.stage !== "stepping") return;
    await new Promise((done) => setTimeout(done, 300));
    if (!left) await heard((await ask("trainings")).trainings.find((each) => each.run === id));
  }

  function drawOrders(status) {
    if (!about.launch) return put(orders);
    const order = (name, label) => h("button", { onclick: () => orSay(post(`${at(id)}/orders/${name}`).then(heard)) }, label);
    put(orders,
      status === "running" && (!ours ? h("span.quiet.small", t("Started elsewhere: hold or stop it there.")) : [
        state?.held ? order("resume", t("Go on")) : order("pause", t("Pause")), order("step", t("One step")), order("stop", t("Stop and save"))]),
      status === "interrupted" && order("resume", t("Go on")),
      status !== "running" && h("button.danger", { onclick: discard }, t("Delete")));
  }

  async function discard() {
    const gone = await setAside([id], () => { location.hash = link(["run", id]); });
    if (gone.length) location.hash = "#/runs";
  }

  function drawControls() {
    put(controls, lookControls({ unit: known.unit, now: options(), draw: drawCharts, anew: () => { drawControls(); drawCharts(); }, zoomed, live: true }),
      h("span.quiet.small", t("Drag over a chart to look closer; twice clicked, or 0, shows all again.")));
  }

  let zooming = 0;
  function zoomed() {
    drawControls();
    clearTimeout(zooming);
    zooming = setTimeout(() => { if (!left && !options().seconds) orSay(load()); }, 160);
  }

  function drawAsked() {
    const rows = asked?.changes, copied = t("Copied");
    const line = (label, text) => text && h("div.copy", h("pre", text), h("button", { onclick: () => copy(text, copied) }, label));
    const settings = Object.entries(known.settings);
    put(askedFor, h("h2", t("What was asked for")), known.summary && h("p.quiet", known.summary), known.config.learner && h("p", h("a", { href: chapter(known.config.learner.name) }, t("The chapter that explains it"))),
      asked === null ? quiet(t("Looking at the recipe …")) :
      rows === null || rows === undefined ? h("p.quiet", asked.refused || t("Of no recipe that is known here.")) :
      rows.length === 0 ? h("p", t("Exactly what the recipe says.")) :
      h("div.scroll", h("table", h("caption.out-of-sight", t("Settings that differ from the recipe")), heads([t("Setting"), t("here"), known.known ? t("recipe") : t("usual")]),
        h("tbody", rows.map((row) => h("tr", h("td.mono", row.name), h("td.mono", spoken(row.own)), h("td.mono.quiet", spoken(row.usual))))))),
      h("div.stack", line(t("Copy as command"), asked?.command), line(t("Copy as Python"), asked?.python),
        h("details", h("summary", t("All settings: {n}", { n: settings.length })), h("dl.facts.mono", settings.map(([name, value]) => [h("dt", name), h("dd", spoken(value))])))));
  }

  function drawHappened() {
    const told = known.manifest, items = [];
    items.push([ago(told.created), t("Begun"), told.created]);
    for (const from of told.lineage || []) items.push([steps(0), t("Begun from {run} at step {step}", { run: from.run, step: whole(from.step) })]);
    for (const resume of told.resumes || []) {
      const changes = Object.entries(resume.changes || {}).map(([name, [old, now]]) => `${name}: ${spoken(old)} → ${spoken(now)}`);
      const inexact = resume.notes.some((note) => note.startsWith("not exact"));
      items.push([steps(resume.step), [t("Resumed"), " ", h("span", { class: "chip " + (inexact ? "warn" : "good") }, inexact ? t("not exact") : t("exact"))], [...changes, ...resume.notes].join("; ")]);
    }
    if (told.best_step !== null && told.best_step !== undefined) items.push([steps(told.best_step), t("Best evaluation: {value}", { value: number(told.headline?.value) })]);
    if (told.ending) items.push([steps(told.steps), t("Ended: {how}", { how: t(told.ending) })]);
    if (told.claim) items.push([t("then"), [t("Claim tried: {value}, promised {threshold}", { value: number(told.claim.value), threshold: number(told.claim.threshold) }), " ", claimChip(told.claim.reached)]]);
    const versions = Object.entries(told.versions || {}).filter(([, version]) => version).map(([name, version]) => `${name} ${version}`).join(", ");
    put(happened, h("h2", t("What happened")), h("ol.timeline", items.map(([when, what, more_]) => h("li", h("span.when", when), h("span", what, more_ && h("span.tell", more_))))),
      told.data?.stand_in && h("p.wrong", t("Its data are a stand-in: made, and nothing to claim a result for.")),
      h("details", h("summary", t("Made with")), quiet([versions, told.processor, told.machine, told.git_commit && `git ${told.git_commit}`].filter(Boolean).join(" · "))));
  }

  function drawPictures() {
    pictures.hidden = known.pictures.length === 0;
    put(pictures, h("h2", t("Pictures and films")), h("div.gallery", known.pictures.map(([key, name, type]) => {
      const source = `api/${at(id)}/pictures/${key}`;
      return h("figure", type.startsWith("video/") ? h("video", { src: source, controls: true, loop: true, muted: true, preload: "metadata" }) : h("a", { href: source, target: "_blank", rel: "noopener" }, h("img", { src: source, alt: name, loading: "lazy" })), h("figcaption", name));
    })));
  }

  // The exhibits, at the checkpoint of the slider.
  const exhibits = h("div.two"), said = h("p.quiet.small", { role: "status" });
  let looked = 0;
  function drawShows() {
    const saved = known.checkpoints;
    shows.hidden = saved.length === 0;
    if (shows.hidden || shows.firstChild) {
      if (shows.slider) fitSlider();
      return;
    }
    const output = h("output.number.small");
    const range = h("input", { type: "range", min: 0, step: 1, "aria-label": t("Checkpoint"), oninput: () => { change({ step: known.checkpoints[range.value] }); fitSlider(); clearTimeout(looked); looked = setTimeout(look, 200); } });
    shows.slider = { range, output };
    put(shows, h("h2", t("What it has to show")), h("p.quiet", t("At each checkpoint that was kept; move the slider to see how it came.")),
      h("div.slider", h("span.quiet.small", t("Checkpoint")), range, output), said, exhibits);
    fitSlider();
    const seen = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) { seen.disconnect(); look(); } }, { rootMargin: "200px" });
    seen.observe(shows);
  }

  function fitSlider() {
    const saved = known.checkpoints, { range, output } = shows.slider, step = read().words.get("step");
    const best = saved.indexOf(known.manifest.best_step);
    const place = step !== null && saved.includes(Number(step)) ? saved.indexOf(Number(step)) : best >= 0 && !known.config.dataset ? best : saved.length - 1;
    range.max = saved.length - 1;
    range.value = place;
    range.disabled = saved.length < 2;
    range.setAttribute("aria-valuetext", `${whole(saved[place])} ${t(known.unit)}`);
    put(output, `${whole(saved[place])} ${t(known.unit)}`, saved[place] === known.manifest.best_step && ` (${t("the best")})`);
  }

  let turn = 0;
  async function look() {
    const mine = ++turn, step = known.checkpoints[shows.slider.range.value];
    put(said, t("Loading the checkpoint …"));
    try {
      const found = await ask(`${at(id)}/exhibits`, { step });
      if (left || mine !== turn) return;
      put(said, found.exhibits.length ? found.notes.join(" ") : t("Nothing beyond its curves."));
      const kinds = new Set(found.exhibits.map((each) => each.kind)), once = found.exhibits.filter((each) => !kinds.has(each.kind + "Film"));  // a film has all looks of its sheet
      put(exhibits, once.map((each) => drawExhibit(each)));
    } catch (error) {
      if (!left && mine === turn) put(said, h("span.wrong", error.message));
    }
  }

  return {
    title: id,
    nodes: [head, progress,
      card(h("div.row.spread.top-row", controls), main),
      card(h("h2", t("All that was measured")), others, more),
      shows, h("div.two", askedFor, happened), pictures],
    async begin() {
      known = await ask(at(id));
      if (left) return;
      shareZoom(zoomed);
      drawHead();
      drawAsked();
      drawHappened();
      drawPictures();
      await load();
      if (left) return;
      drawControls();
      drawHead();
      drawShows();
      if (about.launch) {
        const { trainings } = await ask("trainings");
        if (left) return;
        const mine = trainings.find((each) => each.run === id && !["ended", "failed"].includes(each.stage));
        ours = Boolean(mine);
        if (mine?.stage === "paused") state = { ...state, held: true };
        drawHead();
      }
      ask(`${at(id)}/asked`).then((found) => { asked = found; if (found.unit) known.unit = found.unit; }, () => { asked = {}; }).then(() => { if (!left) { drawAsked(); drawControls(); drawHead(); } });
    },
    moved(path) {
      if (path[0] !== "run" || path[1] !== id || !known) return false;
      shareZoom(zoomed);
      drawControls();
      orSay(load());
      return true;
    },
    unmount() {
      left = true;
      stop();
      for (const chart of charts.values()) chart.close();
      shareRange(null);
    },
  };
}

export function spoken(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

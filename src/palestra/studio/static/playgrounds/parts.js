// What every playground is made of: elements, the frame around the picture, a plane to point at, handles, charts.
// A playground's own file draws its picture; everything it shows was computed by the learner on the other side.

import { attribute, facts, h, put, svg as shape } from "../dom.js";
import { axes } from "../figures/axes.js";
import { mix, raster, rgb } from "../figures/canvas.js";
import { number } from "../numbers.js";

export { attribute, facts, h, mix, put, raster, shape };

/** A number as people read it, short. */
export const figure = (value, digits = 3) => number(value, digits);

/** Calls a slow function with the newest arguments only, one call at a time. */
export function latest(slow) {
  let busy = false;
  let next = null;
  return async (...given) => {
    next = given;
    if (busy) return;
    busy = true;
    try {
      while (next) {
        const now = next;
        next = null;
        await slow(...now);
      }
    } finally {
      busy = false;
    }
  };
}

/** Bytes of two hexadecimal digits each. */
export function bytes(hex) {
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(hex.substr(2 * i, 2), 16);
  return out;
}

/** The colours that a canvas needs, as they are in the present theme. */
export function colours(node) {
  const style = getComputedStyle(node);
  const of = (name) => rgb(style.getPropertyValue(name).trim());
  return { low: of("--pg-low"), high: of("--pg-high"), ground: of("--pg-ground"), of: [0, 1, 2, 3].map((k) => of(`--pg-${k}`)) };
}

const FORMS = [
  (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (r) => `M0 ${-1.3 * r}L${1.25 * r} ${0.95 * r}H${-1.25 * r}z`,
  (r) => `M0 ${-1.4 * r}L${1.4 * r} 0L0 ${1.4 * r}L${-1.4 * r} 0z`,
  (r) => `M${-r} ${-r}L${r} ${r}M${r} ${-r}L${-r} ${r}`,
];

/** A mark whose form tells its kind, so that no colour has to. */
export function mark(kind, size = 1.3) {
  return shape("path", { d: FORMS[kind % 5](size), class: `pg-mark pg-kind-${kind % 5} ${kind >= 5 ? "pg-hollow" : ""}` });
}

/** Moves and reshapes a mark. */
export function remark(node, kind, x, y, size = 1.3) {
  attribute(node, {
    d: FORMS[kind % 5](size), class: `pg-mark pg-kind-${kind % 5} ${kind >= 5 ? "pg-hollow" : ""}`,
    transform: `translate(${x} ${y})`,
  });
}

/** A square of the plane with a canvas below and shapes above; it is pointed at by pointer or by arrow keys. */
export class Plane {
  constructor(reach, label) {
    this.reach = reach;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.cross = shape("path", { d: "M-3 0H3M0 -3V3", class: "pg-cross" });
    this.below = shape("g");
    this.above = shape("g");
    this.svg = shape("svg", { viewBox: "0 0 100 100", role: "application", tabindex: "0", "aria-label": label }, this.below, this.above, this.cross);
    this.node = h("div.pg-plane", this.canvas, this.svg);
    this.at = [0, 0];
    this.place(this.cross, 0, 0);
    this.svg.addEventListener("keydown", (event) => this.keyed(event));
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".pg-handle") || !this.placed) return;
      this.at = this.pointed(event);
      this.place(this.cross, ...this.at);
      this.placed(...this.at);
    });
  }

  /** Where a place of the plane is in the picture. */
  x(value) { return (50 * (value + this.reach)) / this.reach; }
  y(value) { return (50 * (this.reach - value)) / this.reach; }
  place(node, x, y) { attribute(node, { transform: `translate(${this.x(x)} ${this.y(y)})` }); }

  /** The place that a pointer is at. */
  pointed(event) {
    const [down, across] = shares(this.svg, event);
    return this.within(this.reach * (2 * across - 1), this.reach * (1 - 2 * down));
  }

  within(x, y) { return [x, y].map((value) => Number(Math.min(this.reach, Math.max(-this.reach, value)).toFixed(4))); }

  keyed(event) {
    const way = ARROWS[event.key];
    if (event.target !== this.svg) return;
    if (way) {
      const far = this.reach * (event.shiftKey ? 0.2 : 0.05);
      this.at = this.within(this.at[0] + far * way[0], this.at[1] + far * way[1]);
      this.place(this.cross, ...this.at);
      event.preventDefault();
    } else if ((event.key === "Enter" || event.key === " ") && this.placed) {
      this.placed(...this.at);
      event.preventDefault();
    }
  }

  /** Something to drag, by pointer or by arrow keys; `moved(x, y)` is told where to. */
  handle(node, label, moved) {
    const group = shape("g.pg-handle", { tabindex: "0", role: "button", "aria-label": label }, shape("circle", { r: 5, class: "pg-grip" }), node);
    group.at = [0, 0];
    const told = latest(moved);
    const to = (x, y) => {
      group.at = this.within(x, y);
      this.place(group, ...group.at);
      told(...group.at);
    };
    dragged(group, (event) => to(...this.pointed(event)));
    group.addEventListener("keydown", (event) => {
      const way = ARROWS[event.key];
      if (!way) return;
      const far = this.reach * (event.shiftKey ? 0.2 : 0.05);
      to(group.at[0] + far * way[0], group.at[1] + far * way[1]);
      event.preventDefault();
    });
    group.stand = (x, y) => {
      if (group.held) return;
      group.at = [x, y];
      this.place(group, x, y);
    };
    return group;
  }
}

export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Lets a node be dragged by mouse, pen or finger. */
export function dragged(node, moved) {
  node.addEventListener("pointerdown", (event) => {
    node.held = true;
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    node.focus?.();
  });
  node.addEventListener("pointermove", (event) => node.held && moved(event));
  for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => (node.held = false));
}

/** Where a pointer is, as shares of a node's height and width. */
export function shares(node, { clientX, clientY }) {
  const { left, top, width, height } = node.getBoundingClientRect();
  return [(clientY - top) / height, (clientX - left) / width];
}

/** Lets a picture be drawn on: `at(down, across, first)` is told where a pointer is that is held, as shares of its height and width. */
export function brushed(node, at) {
  let held = false;
  node.addEventListener("pointerdown", (event) => {
    held = true;
    node.setPointerCapture(event.pointerId);
    at(...shares(node, event), true);
  });
  node.addEventListener("pointermove", (event) => held && at(...shares(node, event), false));
  for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => (held = false));
}

/** Who drives: `drive(who)` makes a step and gives its frame; the next follows `wait(who, frame)` later, until it says null or `stop` is called. */
export function driving({ text, pause }, drive, wait) {
  let driver = null;
  let timer = null;
  const watch = h("button", { type: "button", class: "pg-wide", click: () => (driver === "agent" ? stop() : take("agent")) });
  const told = () => { watch.textContent = driver === "agent" ? text("Stop", "停") : text("Watch the agent", "看智能体来"); };
  function stop() {
    clearTimeout(timer);
    driver = timer = null;
    told();
  }
  function take(who) {
    const idle = !driver;
    pause();
    driver = who;
    told();
    if (idle) go();
  }
  async function go() {
    const frame = await drive(driver);
    const then = frame && driver ? wait(driver, frame) : null;
    if (then === null) stop();
    else timer = setTimeout(go, then);
  }
  told();
  return { watch, take, stop };
}

/** A chart of one line through points [x, y], or [x, y, low, high] with a band around it. */
export class Chart {
  constructor(title, unit) {
    this.place = h("div.pg-chart");
    this.node = h("figure", h("figcaption", title), this.place);
    Object.assign(this, { title, unit });
  }

  draw(points) {
    const [x, y, low, high] = [0, 1, 2, 3].map((at) => points.map((point) => point[at] ?? NaN));
    const all = [...y, ...low, ...high].filter(Number.isFinite), bounds = { up: [Math.min(0, ...all), Math.max(0, ...all)] };
    const line = { name: this.title, x, y, color: 0, ...(low.some(Number.isFinite) && { low, high }) };
    put(this.place, axes({ across: this.unit, lines: [line], bounds, height: 170, width: 400 }));
  }
}

/** A path through points "x y". */
export function path(points) {
  return points.length ? `M${points.join("L")}` : "";
}

/** A row of buttons of which one is chosen; `chosen(value)` is told. */
export function choice(label, options, first, chosen) {
  const name = `pg-${Math.random().toString(36).slice(2)}`;
  return h("fieldset.pg-choice", h("legend", label), ...options.map(([value, said]) =>
    h("label", h("input", { type: "radio", name, value, checked: value === first, change: () => chosen(value) }), h("span", said))));
}

const SPEEDS = [[1, 700], [1, 90], [5, 90], [25, 90], [100, 90]];

/** The frame around a picture. `picture(stage)` gives { node, draw(frame, ground, settings) } and, if it likes, `extra`, `speed`, `unmount`. */
export function playground(root, session, text, state, picture) {
  const say = (both) => text(both.en, both.zh);
  const section = h("section.playground");
  if (!document.querySelector("link[data-playgrounds]")) {
    document.head.append(h("link", { rel: "stylesheet", href: new URL("playgrounds.css", import.meta.url).href, "data-playgrounds": true }));
  }
  root.append(section);
  let about = null;
  let settings = {};
  let ground = {};
  let shown = null;
  let playing = false;
  let gone = false;
  let chain = Promise.resolve();

  const ask = (command) => {
    const answer = chain.then(() => (gone ? null : session.send(command)));
    chain = answer.catch(() => null);
    return answer.then(taken, (error) => failed(String(error?.message ?? error)));
  };
  const failed = (said) => {
    pause();
    trouble.textContent = said;
    trouble.hidden = false;
    return null;
  };
  const taken = (frame) => {
    if (!frame || gone) return null;
    if (frame.error) return failed(frame.error);
    trouble.hidden = true;
    if (frame.about && !about) build(frame.about);
    if (frame.ground) ground = frame.ground;
    if (frame.settings) {
      settings = frame.settings;
      state.set(different());
      filledIn();
    }
    shown = frame;
    see.textContent = say(frame.see);
    at.textContent = `${text("step", "步")} ${frame.position.toLocaleString()}`;
    back.disabled = frame.position === 0;
    step.disabled = frame.finished;
    play.disabled = frame.finished && !playing;
    if (frame.finished) pause();
    view.draw(frame, ground, settings);
    return frame;
  };
  const start = (given) => {
    pause();
    return ask({ do: "start", settings: given });
  };
  const edit = (command) => ask({ do: "set", ...command });
  const act = (action) => ask({ do: "act", action });
  const stage = { section, text, say, edit, act, start, ask, pause: () => pause(), settings: () => settings };

  // The controls
  const trouble = h("p.pg-error", { role: "alert", hidden: true });
  const see = h("p.pg-see");
  const at = h("span.pg-at");
  const button = (sign, en, zh, click) => h("button", { type: "button", click, "aria-label": text(en, zh), title: text(en, zh) }, h("span", { "aria-hidden": "true" }, sign));
  const anew = button("↺", "Start again", "重新开始", () => start(different()));
  const back = button("◀", "Back", "后退", () => { pause(); ask({ do: "back", count: SPEEDS[speed.value][0] }); });
  const step = button("▶❘", "One step", "前进一步", () => { pause(); ask({ do: "step", count: 1 }); });
  const play = h("button", { type: "button", class: "pg-play", click: () => (playing ? pause() : run()) }, text("▶ Play", "▶ 播放"));
  const speed = h("select", { "aria-label": text("Speed", "速度") }, ...[
    text("slowly", "慢"), "1×", "5×", "25×", "100×",
  ].map((said, i) => h("option", { value: i }, said)));

  const view = picture(stage);
  speed.value = String(view.speed ?? 1);

  function pause() {
    playing = false;
    play.textContent = text("▶ Play", "▶ 播放");
    attribute(see, { "aria-live": "polite" });
  }
  async function run() {
    playing = true;
    play.textContent = text("❚❚ Pause", "❚❚ 暂停");
    attribute(see, { "aria-live": "off" });
    while (playing && !gone) {
      const [count, wait] = SPEEDS[speed.value];
      const began = performance.now();
      const frame = await ask({ do: "step", count });
      if (!frame || frame.finished) break;
      await new Promise((resume) => setTimeout(resume, Math.max(0, wait - (performance.now() - began))));
    }
    pause();
    if (shown) play.disabled = shown.finished;
  }

  // Built once the other side has said what it offers
  const heading = h("header");
  const presets = h("div.pg-presets", { role: "group" });
  const why = h("p.pg-why", { hidden: true });
  const form = h("form.pg-settings", { submit: (event) => event.preventDefault() });
  const player = h("div.pg-player", { role: "group", "aria-label": text("Steps", "步骤") }, anew, back, play, step, speed, at);
  const fields = new Map();

  function build(told) {
    about = told;
    heading.append(h("h1", say(told.title)), h("p", say(told.what)));
    attribute(presets, { "aria-label": text("Examples", "例子") });
    for (const preset of told.presets) {
      const fails = preset.fails ? [h("span.pg-fails", text("fails on purpose", "故意失败"))] : [];
      presets.append(h("button", { type: "button", "data-preset": preset.name, click: () => start(preset.settings) }, say(preset.title), ...fails));
    }
    for (const each of told.settings) if (!each.drawn) field(each);
  }

  function different() {
    if (!about) return state.get() ?? {};
    const chosen = about.settings.filter((each) => !same(settings[each.name], each.default));
    return Object.fromEntries(chosen.map((each) => [each.name, settings[each.name]]));
  }

  function field(each) {
    const id = `pg-${each.name}`;
    const change = () => {
      const value = read(each, input);
      if (!same(value, settings[each.name])) start({ ...different(), [each.name]: value }).then((frame) => attribute(input, { "aria-invalid": frame ? null : "true" }));
    };
    const kinds = {
      choice: () => h("select", { id, change }, ...(each.choices ?? []).map((one) => h("option", { value: one.value }, say(one)))),
      boolean: () => h("input", { id, change, type: "checkbox" }),
      integers: () => h("input", { id, change, inputmode: "numeric", autocomplete: "off" }),
    };
    const input = (kinds[each.type] ?? (() => h("input", { id, change, type: "number", min: each.low, max: each.high, step: each.type === "integer" ? 1 : "any" })))();
    attribute(input, { "aria-describedby": `${id}-help` });
    const help = h("small", { id: `${id}-help` }, text(each.help.en, each.help.zh.split("：").slice(1).join("：") || each.help.zh));
    const line = h("div.pg-field", h("label", { for: id }, say(each.label)), input, help);
    form.append(line);
    fields.set(each.name, { each, input, line });
  }

  function filledIn() {
    for (const { each, input, line } of fields.values()) {
      if (each.type === "boolean") input.checked = settings[each.name];
      else input.value = Array.isArray(settings[each.name]) ? settings[each.name].join(", ") : settings[each.name];
      line.hidden = Object.entries(each.when ?? {}).some(([name, values]) => !values.includes(settings[name]));
    }
    const defaults = Object.fromEntries(about.settings.map((each) => [each.name, each.default]));
    let known = null;
    for (const preset of about.presets) {
      const is = !known && same(settings, { ...defaults, ...preset.settings });
      if (is) known = preset;
      attribute(presets.querySelector(`[data-preset="${preset.name}"]`), { "aria-pressed": is ? "true" : "false" });
    }
    why.hidden = !known;
    why.textContent = known ? say(known.why) : "";
  }

  section.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    const way = { p: play, n: step, b: back }[event.key];
    if (way && !way.disabled) way.click();
  });

  section.append(
    heading, presets, why,
    h("div", { class: "pg-body" },
      h("div.pg-picture", view.node),
      h("div.pg-side", player, h("div.pg-caption", h("h2", text("What should I see?", "该看到什么？")), see), trouble, ...(view.extra ? [view.extra] : []), h("h2", text("Settings", "设置")), form, h("p.pg-keys", text("Keys: p play or pause, n next step, b back; arrow keys move what has the focus.", "键盘：p 播放或暂停，n 下一步，b 后退；方向键移动有焦点的东西。"))),
    ),
  );
  start(state.get() ?? {}).then((frame) => frame || about || start({}));
  return {
    unmount() {
      gone = true;
      pause();
      view.unmount?.();
      section.remove();
    },
  };
}

function read(each, input) {
  if (each.type === "boolean") return input.checked;
  if (each.type === "integers") return input.value.split(/[\s,;，]+/).filter(Boolean).map(Number);
  return each.type === "choice" ? input.value : input.value === "" ? each.default : Number(input.value);
}

/** Whether two values of settings are the same. */
export function same(one, other) {
  if (one && other && typeof one === "object" && typeof other === "object") {
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
  }
  return one === other;
}

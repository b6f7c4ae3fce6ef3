// What every playground is made of: elements, the frame around the picture, a plane to point at, handles, charts.
// A playground's own file draws its picture; everything it shows was computed by the learner on the other side.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; attributes that are functions listen, those that are true or false are there or not. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  attribute(node, attributes);
  node.append(...children);
  return node;
}

/** Sets attributes, and removes those that are false or null. */
export function attribute(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === false || value === null || value === undefined) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A number as people read it. */
export function figure(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  return String(Number(value.toPrecision(digits)));
}

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
  const rgb = (name) => {
    const hex = style.getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  };
  return { low: rgb("--pg-low"), high: rgb("--pg-high"), ground: rgb("--pg-ground"), of: [0, 1, 2, 3].map((k) => rgb(`--pg-${k}`)) };
}

/** Paints a square of pixels; `colour(i)` gives red, green and blue of each, row by row. */
export function painted(canvas, side, colour) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const [red, green, blue] = colour(i);
    picture.data.set([red, green, blue, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
}

/** A colour on the way from one to another. */
export function between(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
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
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.cross = shape("path", { d: "M-3 0H3M0 -3V3", class: "pg-cross" });
    this.below = shape("g");
    this.above = shape("g");
    this.svg = shape("svg", { viewBox: "0 0 100 100", role: "application", tabindex: "0", "aria-label": label }, this.below, this.above, this.cross);
    this.node = element("div", { class: "pg-plane" }, this.canvas, this.svg);
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
    const box = this.svg.getBoundingClientRect();
    const share = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return this.within(this.reach * (2 * share[0] - 1), this.reach * (1 - 2 * share[1]));
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
    const group = shape("g", { class: "pg-handle", tabindex: "0", role: "button", "aria-label": label }, shape("circle", { r: 5, class: "pg-grip" }), node);
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

/** A chart of lines over a common axis; a line is { name, points: [[x, y], ...] }. */
export class Chart {
  constructor(title, unit) {
    this.lines = shape("g");
    this.words = shape("g", { class: "pg-words" });
    this.title = title;
    this.svg = shape("svg", { viewBox: "0 0 320 130", class: "pg-chart", role: "img", "aria-label": title }, shape("path", { d: "M44 8V104H312", class: "pg-axis" }), this.lines, this.words);
    this.node = element("figure", {}, element("figcaption", {}, title), this.svg);
    this.unit = unit;
  }

  draw(lines) {
    const known = lines.flatMap((line) => line.points).filter(([, y]) => y !== null);
    const xs = known.map(([x]) => x);
    const ys = known.map(([, y]) => y);
    const left = xs.length ? Math.min(...xs) : 0;
    const right = Math.max(...xs, left + 1);
    const low = Math.min(...ys, 0);
    const high = Math.max(...ys, low + 1e-9);
    const at = ([x, y]) => `${(44 + (268 * (x - left)) / (right - left || 1)).toFixed(1)} ${(104 - (96 * (y - low)) / (high - low)).toFixed(1)}`;
    this.lines.replaceChildren(...lines.map((line, i) => shape("path", { d: path(line.points.filter(([, y]) => y !== null).map(at)), class: `pg-line pg-line-${i}` })));
    const word = (x, y, anchor, said) => shape("text", { x, y, "text-anchor": anchor }, said);
    this.words.replaceChildren(word(40, 14, "end", known.length ? figure(high) : ""), word(40, 106, "end", figure(low)), word(44, 122, "start", figure(left)), word(312, 122, "end", `${figure(right, 4)} ${this.unit}`));
    const last = known.at(-1);
    attribute(this.svg, { "aria-label": last ? `${this.title}: ${figure(last[1])}` : this.title });
  }
}

/** A path through points "x y". */
export function path(points) {
  return points.length ? `M${points.join("L")}` : "";
}

/** A row of buttons of which one is chosen; `chosen(value)` is told. */
export function choice(label, options, first, chosen) {
  const name = `pg-${Math.random().toString(36).slice(2)}`;
  return element("fieldset", { class: "pg-choice" }, element("legend", {}, label), ...options.map(([value, said]) =>
    element("label", {}, element("input", { type: "radio", name, value, checked: value === first, change: () => chosen(value) }), element("span", {}, said))));
}

const SPEEDS = [[1, 700], [1, 90], [5, 90], [25, 90], [100, 90]];

/** The frame around a picture. `picture(stage)` gives { node, draw(frame, ground, settings) } and, if it likes, `extra`, `speed`, `unmount`. */
export function playground(root, session, text, state, picture) {
  const say = (both) => text(both.en, both.zh);
  const section = element("section", { class: "playground" });
  if (!document.querySelector("link[data-playgrounds]")) {
    document.head.append(element("link", { rel: "stylesheet", href: new URL("playgrounds.css", import.meta.url).href, "data-playgrounds": true }));
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
  const trouble = element("p", { class: "pg-error", role: "alert", hidden: true });
  const see = element("p", { class: "pg-see" });
  const at = element("span", { class: "pg-at" });
  const button = (sign, en, zh, click) => element("button", { type: "button", click, "aria-label": text(en, zh), title: text(en, zh) }, element("span", { "aria-hidden": "true" }, sign));
  const anew = button("↺", "Start again", "重新开始", () => start(different()));
  const back = button("◀", "Back", "后退", () => { pause(); ask({ do: "back", count: SPEEDS[speed.value][0] }); });
  const step = button("▶❘", "One step", "前进一步", () => { pause(); ask({ do: "step", count: 1 }); });
  const play = element("button", { type: "button", class: "pg-play", click: () => (playing ? pause() : run()) }, text("▶ Play", "▶ 播放"));
  const speed = element("select", { "aria-label": text("Speed", "速度") }, ...[
    text("slowly", "慢"), "1×", "5×", "25×", "100×",
  ].map((said, i) => element("option", { value: i }, said)));

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
  const heading = element("header");
  const presets = element("div", { class: "pg-presets", role: "group" });
  const why = element("p", { class: "pg-why", hidden: true });
  const form = element("form", { class: "pg-settings", submit: (event) => event.preventDefault() });
  const player = element("div", { class: "pg-player", role: "group", "aria-label": text("Steps", "步骤") }, anew, back, play, step, speed, at);
  const fields = new Map();

  function build(told) {
    about = told;
    heading.append(element("h1", {}, say(told.title)), element("p", {}, say(told.what)));
    attribute(presets, { "aria-label": text("Examples", "例子") });
    for (const preset of told.presets) {
      const fails = preset.fails ? [element("span", { class: "pg-fails" }, text("fails on purpose", "故意失败"))] : [];
      presets.append(element("button", { type: "button", "data-preset": preset.name, click: () => start(preset.settings) }, say(preset.title), ...fails));
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
      choice: () => element("select", { id, change }, ...(each.choices ?? []).map((one) => element("option", { value: one.value }, say(one)))),
      boolean: () => element("input", { id, change, type: "checkbox" }),
      integers: () => element("input", { id, change, inputmode: "numeric", autocomplete: "off" }),
    };
    const input = (kinds[each.type] ?? (() => element("input", { id, change, type: "number", min: each.low, max: each.high, step: each.type === "integer" ? 1 : "any" })))();
    attribute(input, { "aria-describedby": `${id}-help` });
    const help = element("small", { id: `${id}-help` }, text(each.help.en, each.help.zh.split("：").slice(1).join("：") || each.help.zh));
    const line = element("div", { class: "pg-field" }, element("label", { for: id }, say(each.label)), input, help);
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
    element("div", { class: "pg-body" },
      element("div", { class: "pg-picture" }, view.node),
      element("div", { class: "pg-side" }, player, element("div", { class: "pg-caption" }, element("h2", {}, text("What should I see?", "该看到什么？")), see), trouble, ...(view.extra ? [view.extra] : []), element("h2", {}, text("Settings", "设置")), form, element("p", { class: "pg-keys" }, text("Keys: p play or pause, n next step, b back; arrow keys move what has the focus.", "键盘：p 播放或暂停，n 下一步，b 后退；方向键移动有焦点的东西。"))),
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

// The arm: driven by hand, a press a step, or by an agent; drawn where the world on the other side says that it stands.
import { Chart, attribute, bytes, choice, driving, facts, figure, h, latest, playground, put, raster, shape } from "./parts.js";

const KEYS = { ArrowUp: [-1, 0, 0], ArrowDown: [1, 0, 0], ArrowLeft: [0, -1, 0], ArrowRight: [0, 1, 0], w: [0, 0, 1], s: [0, 0, -1], g: null };
const MOVING = 110, NEXT = 900;
const ENDS = { reached: ["arrived", "到了"], left: ["outside", "出界"], "out of time": ["too late", "超时"] };

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    const picture = scene(text("The arm at its table; arrow keys, W and S move it", "桌旁的机械臂；方向键和 W、S 移动它"));
    const counter = shape("text", { x: 16, y: 34, class: "pg-count" });
    picture.node.append(counter);
    const eye = h("canvas", { role: "img", class: "pg-eye", "aria-label": text("What the arm's camera sees", "机械臂的相机看到的") });
    const stats = h("dl.pg-stats");
    const missing = h("p.pg-error", { hidden: true });
    const practice = new Chart(text("Practice: how many of its last hundred attempts arrived (%)", "练习：最近一百局里到了百分之几"), text("steps", "步"));
    const whom = h("select", { "aria-label": text("Whom to watch", "看谁"), change: () => stage.edit({ agent: whom.value }) });
    const wheel = driving(stage, () => stage.act("agent"), (who, frame) => (frame.ended ? NEXT : 40));
    let far = 1, jaw = 1, grips = false, over = false, known = null;

    const move = latest(async (way) => {
      wheel.stop();
      stage.pause();
      const wide = way ? jaw : -jaw;
      await stage.act([...(way ?? [0, 0, 0]).map((each) => each * far), ...(grips ? [wide] : [])]);
    });
    const press = (key, said) => h("button", { type: "button", "data-key": key, click: () => move(KEYS[key]) }, said);
    const jaws = press("g", text("jaws (G)", "夹爪 (G)"));
    const pad = h("div.pg-pad",
      press("ArrowUp", text("↑ away", "↑ 远")), press("w", text("up (W)", "升 (W)")),
      press("ArrowLeft", text("← left", "← 左")), press("ArrowDown", text("↓ near", "↓ 近")), press("ArrowRight", text("right →", "右 →")), press("s", text("down (S)", "降 (S)")), jaws);
    const lengths = choice(text("A step", "一步"), [10, 5, 2].map((cm) => [cm / 10, `${cm} ${text("cm", "厘米")}`]), 1, (value) => (far = value));
    stage.section.addEventListener("keydown", (event) => {
      if (event.target.closest?.("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (!(key in KEYS) || (key === "g" && !grips)) return;
      event.preventDefault();
      if (!(event.repeat && over)) move(KEYS[key]);
    });
    picture.node.addEventListener("pointerdown", () => picture.node.focus());

    return {
      node: h("div", missing, picture.node, pad, lengths,
        h("div.pg-row", whom, wheel.watch, h("button", { type: "button", class: "pg-wide", click: () => { wheel.stop(); stage.act("anew"); } }, text("Another object", "换一个物体"))),
        h("p.pg-note", text("Play lets the student practise, at first with the expert at the wheel; then watch it.", "“播放”让学生练习，开头由专家代劳；然后再看它。")),
        h("div.pg-sight", h("figure", eye, h("figcaption", text("What its camera sees", "相机看到的"))), stats), practice.node),
      speed: 1,
      unmount: wheel.stop,
      draw(frame, ground, settings) {
        if (ground !== known) {
          known = ground;
          ({ grips } = ground);
          jaws.hidden = !grips;
          picture.ground(ground);
          put(whom, ground.agents.map((each) => h("option", { value: each.value }, stage.say(each))));
          missing.hidden = !ground.missing;
          missing.textContent = ground.missing ? stage.say(ground.missing) : "";
        }
        whom.value = settings.agent;
        over = frame.ended !== "";
        jaw = over ? 1 : frame.jaws;
        picture.show(frame.scene, frame.steps > 0);
        const greys = bytes(frame.seen), side = Math.sqrt(greys.length);
        raster(side, side, (i) => [greys[i], greys[i], greys[i]], eye);
        attribute(picture.node, { "data-ended": frame.ended });
        counter.textContent = [`${frame.steps} / 40`, `${Math.round(100 * frame.distance)} ${text("cm", "厘米")}`, ...(frame.ended ? [text(...ENDS[frame.ended])] : [])].join(" · ");
        facts(stats, [
          [text("reward", "奖励"), figure(frame.reward)],
          [text("you arrived", "你到了"), frame.score.you.join(" / ")],
          [text("agents arrived", "智能体到了"), frame.score.agent.join(" / ")],
          [text("its practice", "它练了"), `${frame.practised.toLocaleString()} / ${frame.budget.toLocaleString()}`],
        ]);
        practice.node.hidden = frame.returns.length === 0;
        if (frame.returns.length) practice.draw(frame.returns);
      },
    };
  });
}

// A picture of shapes, those far away first; from one to the next they glide, where motion is welcome.
function scene(label) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const [ground, shadow, above] = [shape("g"), shape("g", { class: "pg-shade" }), shape("g")];
  const node = shape("svg", { class: "pg-scene", tabindex: "0", role: "application", "aria-label": label }, ground, shadow, above);
  let from = [], to = [], shown = [], began = 0, going = false;

  function paint(group, shapes) {
    while (group.childNodes.length < 2 * shapes.length) group.append(shape("path"));
    while (group.childNodes.length > 2 * shapes.length) group.lastChild.remove();
    shapes.forEach(([kind, , width, ...at], i) => {
      const d = `M${at.join(" ")}${width === null ? "Z" : ""}`;
      attribute(group.childNodes[2 * i], { d: /^body|jaws/.test(kind) ? d : "M0 0", "stroke-width": width + 2, class: "pg-under" });
      attribute(group.childNodes[2 * i + 1], { d, "stroke-width": width || 1, class: `pg-part pg-is-${kind}` });
    });
  }
  function glide() {
    const share = Math.min(1, (performance.now() - began) / MOVING);
    shown = to.map((each, i) => each.map((value, k) => (k && value !== null ? from[i][k] + share * (value - from[i][k]) : value)));
    paint(shadow, shown.filter(([kind]) => kind === "shadow"));
    paint(above, shown.filter(([kind]) => kind !== "shadow").sort((one, other) => other[1] - one[1]));
    going = share < 1;
    if (going) requestAnimationFrame(glide);
  }
  return {
    node,
    ground(given) {
      attribute(node, { viewBox: `0 0 ${given.size.join(" ")}` });
      paint(ground, given.scene);
    },
    show(shapes, moves) {
      from = moves && !still.matches && shown.length === shapes.length ? shown : shapes;
      to = shapes;
      began = performance.now();
      if (!going) glide();
    },
  };
}

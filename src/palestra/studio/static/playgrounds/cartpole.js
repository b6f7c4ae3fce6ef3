// CartPole: a cart driven by hand or by the agent, which practises meanwhile.
import { Chart, attribute, driving, facts, h, playground, shape } from "./parts.js";

const SCALE = 120, FLOOR = 190, LONG = 120;

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    const pole = shape("line", { x1: 0, y1: 0, x2: 0, y2: -LONG, class: "pg-pole" });
    const cart = shape("g", shape("rect", { x: -32, y: -14, width: 64, height: 28, rx: 5, class: "pg-cart" }), pole, shape("circle", { r: 5, class: "pg-hub" }));
    const ends = [-2.4, 2.4].map((at) => shape("line", { x1: 320 + at * SCALE, x2: 320 + at * SCALE, y1: FLOOR - 18, y2: FLOOR + 22, class: "pg-track" }));
    const counter = shape("text", { x: 320, y: 34, "text-anchor": "middle", class: "pg-count" });
    const svg = shape("svg", { viewBox: "0 0 640 230", class: "pg-scene", role: "img", "aria-label": text("Cart and pole", "小车和杆子") }, shape("line", { x1: 20, x2: 620, y1: FLOOR + 16, y2: FLOOR + 16, class: "pg-track" }), ...ends, cart, counter);
    const practice = new Chart(text("Practice: how long its last hundred attempts stood", "练习：最近一百局平均立了多久"), text("steps", "步"));
    const stats = h("dl.pg-stats");
    let way = 1;
    const wheel = driving(stage, (who) => stage.act(who === "agent" ? "agent" : way), (who, frame) => (frame.fallen ? null : who === "agent" ? 25 : 70));
    const push = (to) => {
      way = to;
      wheel.take("you");
    };
    const left = h("button", { type: "button", class: "pg-wide", click: () => push(0) }, text("← push left", "← 向左推"));
    const right = h("button", { type: "button", class: "pg-wide", click: () => push(1) }, text("push right →", "向右推 →"));
    const keyed = (event) => {
      if (event.target.closest?.("input, select, textarea")) return;
      const to = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      push(to);
    };
    stage.section.addEventListener("keydown", keyed);
    return {
      node: h("div", svg, h("div.pg-row", left, right), h("div.pg-row", wheel.watch), h("p.pg-note", text("The cart goes on pushing the way you last chose, in slow motion. Play lets the agent practise; then watch it.", "小车会一直朝你最后选的方向推（慢动作）。“播放”让智能体练习，然后再看它。")), stats, practice.node),
      speed: 1,
      unmount: wheel.stop,
      draw(frame) {
        attribute(cart, { transform: `translate(${320 + frame.place * SCALE} ${FLOOR})` });
        attribute(pole, { transform: `rotate(${(frame.angle * 180) / Math.PI})` });
        counter.textContent = `${frame.stood} ${text("steps", "步")}${frame.fallen ? text(", over", "，结束") : ""}`;
        const told = [
          [text("your longest", "你的最长"), frame.best.you],
          [text("the agent's longest", "智能体的最长"), frame.best.agent],
          [text("its practice", "它练了"), `${frame.practised.toLocaleString()} / ${frame.budget.toLocaleString()}`],
        ];
        facts(stats, told);
        practice.draw(frame.returns);
      },
    };
  });
}

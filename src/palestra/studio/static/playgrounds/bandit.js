// The bandit: arms to drag, what the first gambler believes of each, and what all have lost.
import { Chart, attribute, dragged, facts, figure, h, latest, playground, shape, shares } from "./parts.js";

const HIGH = 230, TOP = 14, WIDE = 360, LEFT = 30, BARS = 60;

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    const columns = shape("g");
    const axis = shape("g.pg-words");
    const svg = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH + BARS}`, class: "pg-board", role: "group", "aria-label": text("Arms", "摇臂") }, axis, columns);
    const regret = new Chart(text("What each gambler has lost so far: mean, and its 95 % interval", "每位玩家至今的损失：平均值和 95% 区间"), text("pulls", "次"));
    const stats = h("dl.pg-stats");
    const note = h("p.pg-note", text("Drag a handle, or focus it and use the arrow keys. Dashed: what the arm really pays. Dot: what the first gambler believes; bar through it: the doubt. Below: how often it was pulled, or how likely it is.", "拖动把手，或选中后用方向键。虚线：真实均值。圆点：第一位玩家的估计；穿过它的线：怀疑的范围。下面：拉过的次数，或被拉的概率。"));
    let arms = [];
    let range = [0, 1];
    const y = (value) => TOP + ((range[1] - Math.min(range[1], Math.max(range[0], value))) / (range[1] - range[0])) * (HIGH - TOP);
    const edit = latest((arm, mean) => stage.edit({ arm, mean }));

    function built(means, reward) {
      const low = Math.min(...means, 0), high = Math.max(...means, 1);
      range = reward === "bernoulli" ? [0, 1] : [Math.floor(low - 1), Math.ceil(high + 1)];
      axis.replaceChildren(...[0, 0.5, 1].map((share) => {
        const value = range[0] + share * (range[1] - range[0]);
        return shape("text", { x: LEFT - 4, y: y(value) + 3, "text-anchor": "end" }, figure(value));
      }));
      const wide = (WIDE - LEFT) / means.length;
      arms = means.map((_, i) => {
        const x = LEFT + wide * (i + 0.5), half = Math.min(24, wide * 0.36);
        const parts = {
          rail: shape("line", { x1: x, x2: x, y1: TOP, y2: HIGH, class: "pg-rail" }),
          bar: shape("rect", { x: x - half, width: 2 * half, class: "pg-bar" }),
          count: shape("text", { x, y: HIGH + BARS - 4, class: "pg-value" }),
          line: shape("line", { x1: x - half, x2: x + half, class: "pg-arm-line" }),
          doubt: shape("line", { x1: x, x2: x, class: "pg-doubt" }),
          estimate: shape("circle", { cx: x, r: 4.5, class: "pg-estimate" }),
          grip: shape("rect", { x: x + half - 5, width: 12, height: 12, rx: 3, class: "pg-arm-grip" }),
          hit: shape("rect", { x: x - half, width: 2 * half + 10, height: 26, class: "pg-arm-hit" }),
        };
        const group = shape("g.pg-arm", { tabindex: "0", role: "slider", "aria-orientation": "vertical", "aria-valuemin": range[0], "aria-valuemax": range[1], "aria-label": `${text("arm", "摇臂")} ${i + 1}` }, parts.line, parts.hit, parts.grip);
        const to = (value) => {
          const mean = Number(Math.min(range[1], Math.max(range[0], value)).toFixed(2));
          stand(i, mean);
          edit(i, mean);
        };
        dragged(group, (event) => {
          const at = shares(svg, event)[0] * (HIGH + BARS);
          to(range[1] - ((at - TOP) / (HIGH - TOP)) * (range[1] - range[0]));
        });
        group.addEventListener("keydown", (event) => {
          const way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
          if (!way) return;
          to(group.mean + way * (range[1] - range[0]) * (event.shiftKey ? 0.1 : 0.02));
          event.preventDefault();
        });
        return { ...parts, group };
      });
      columns.replaceChildren(...arms.map((arm) => shape("g", arm.rail, arm.bar, arm.count, arm.doubt, arm.estimate, arm.group)));
    }
    function stand(i, mean) {
      const { line, grip, hit, group } = arms[i];
      group.mean = mean;
      attribute(line, { y1: y(mean), y2: y(mean) });
      attribute(grip, { y: y(mean) - 6 });
      attribute(hit, { y: y(mean) - 13 });
      attribute(group, { "aria-valuenow": mean });
    }
    function resized(change) {
      const { means } = stage.settings();
      const next = change > 0 ? [...means, 0.5] : means.slice(0, -1);
      if (next.length >= 2 && next.length <= 10) stage.start({ ...stage.settings(), means: next });
    }
    let kind = "";
    return {
      node: h("div", svg, h("div", { class: "pg-row" },
        h("button", { type: "button", click: () => resized(1) }, text("One arm more", "加一根")),
        h("button", { type: "button", click: () => resized(-1) }, text("One arm less", "减一根"))), note, stats, regret.node),
      speed: 1,
      draw(frame, _ground, settings) {
        const now = `${settings.reward} ${frame.means.length}`;
        const beyond = frame.means.some((mean) => mean < range[0] || mean > range[1]);
        if (now !== kind || beyond || frame.do === "start") built(frame.means, settings.reward);
        kind = now;
        const most = Math.max(1, ...frame.arms.map((arm) => arm.count ?? 0));
        frame.arms.forEach((arm, i) => {
          const part = arms[i];
          if (!part.group.held) stand(i, frame.means[i]);
          const share = arm.chance ?? (arm.count ?? 0) / most;
          attribute(part.bar, { y: HIGH + BARS - 16 - share * (BARS - 22), height: share * (BARS - 22) });
          part.count.textContent = arm.chance === null ? figure(arm.count, 5) : `${Math.round(100 * arm.chance)} %`;
          attribute(part.estimate, { cy: y(arm.estimate ?? 0), visibility: arm.estimate === null ? "hidden" : "visible" });
          const doubt = arm.doubt ?? 0;
          attribute(part.doubt, { y1: y((arm.estimate ?? 0) - doubt), y2: y((arm.estimate ?? 0) + doubt), visibility: arm.doubt === null ? "hidden" : "visible" });
        });
        const told = [
          [text("pulls each", "每人次数"), frame.pulls.toLocaleString()],
          [text("now pull the best", "正在拉最好的"), `${Math.round(100 * frame.recent_share)} %`],
          [text("best, so far", "至今拉最好的"), `${Math.round(100 * frame.best_share)} %`],
          [text("lost on average", "平均损失"), figure(frame.regret)],
        ];
        facts(stats, told);
        regret.draw(frame.curve);
      },
    };
  });
}

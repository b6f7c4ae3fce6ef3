// The classifier: the boundary over the points, a picture of every unit, and points of one's own.
import { Chart, Plane, bytes, choice, colours, facts, h, latest, mark, mix, playground, raster, remark, shape } from "./parts.js";

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    let label = 0;
    const plane = new Plane(1, text("Points and boundary: press Enter to put a point down at the cross", "点和分界线：按回车在十字处放一个点"));
    plane.placed = latest((x, y) => stage.edit({ point: [x, y], label }));
    const held = shape("g.pg-faint"), dots = shape("g");
    plane.below.append(held, dots);
    const names = ["●", "■", "▲", "◆"];
    const brush = choice(text("Put down", "放下"), names.map((sign, i) => [i, sign]), 0, (value) => (label = value));
    const layers = h("div.pg-layers");
    const stats = h("dl.pg-stats");
    const loss = new Chart(text("Loss, batch by batch", "损失，逐批"), text("samples", "样本"));
    const shown = h("input", { type: "checkbox", change: () => (held.toggleAttribute("hidden", !shown.checked)) });
    held.toggleAttribute("hidden", true);

    const area = h("textarea", { "aria-label": text("Points as x, y, class", "每行一个点：x, y, 类别"), placeholder: "0.1, 0.4, 0\n-0.3, 0.2, 1", spellcheck: "false" });
    const file = h("input", { type: "file", accept: ".csv,.txt,text/csv,text/plain", "aria-label": text("A CSV file", "CSV 文件"), change: async () => file.files[0] && (area.value = await file.files[0].slice(0, 200000).text()) });
    const wrong = h("p.pg-error", { role: "alert", hidden: true });
    const own = h("details.pg-own", h("summary", text("Your own points", "用自己的点")), h("p.pg-note", text("One point a line: x, y, class. They stay on this machine and are fitted into the picture; classes are numbered in their order.", "每行一个点：x, y, 类别。数据不离开本机，会缩放到图里；类别按出现的次序编号。")), area, h("div.pg-row", file, h("button", { type: "button", click: used }, text("Use these points", "使用这些点"))), wrong);

    function used() {
      const found = parsed(area.value, text);
      wrong.hidden = !found.error;
      wrong.textContent = found.error ?? "";
      if (!found.error) stage.edit({ points: found.points });
    }
    let points = null;
    let pictures = [];
    function built(ground) {
      points = ground.points;
      dots.replaceChildren(...points.map(([x, y], i) => placed(ground.labels[i], x, y, 1.35)));
      held.replaceChildren(...ground.held_out.map(([x, y], i) => placed(ground.held_out_labels[i], x, y, 0.9)));
    }
    function placed(kind, x, y, size) {
      const node = mark(kind);
      remark(node, kind, plane.x(x), plane.y(y), size);
      return node;
    }
    function layered(units) {
      pictures = units.map((layer, l) => layer.map((_, u) => h("canvas", { role: "img", "aria-label": `${text("layer", "层")} ${l + 1}, ${text("unit", "单元")} ${u + 1}` })));
      layers.replaceChildren(...pictures.map((layer, l) => h("div.pg-layer", h("p", `${text("layer", "层")} ${l + 1}`), ...layer)));
    }
    const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);
    return {
      node: h("div", plane.node, brush, h("label.pg-row", shown, text("show the points that are held out", "显示留作检验的点")), h("h2", text("What each unit makes of the plane", "每个单元眼中的平面")), layers, stats, loss.node, own),
      speed: 2,
      draw(frame, ground) {
        if (points !== ground.points) built(ground);
        if (pictures.length !== frame.units.length || frame.units.some((layer, l) => layer.length !== pictures[l].length)) layered(frame.units);
        const colour = colours(stage.section);
        const share = bytes(frame.share);
        raster(ground.side, ground.side, (i) => mix(colour.ground, colour.of[frame.class.charCodeAt(i) - 48], 0.08 + 0.5 * (Math.floor(share[i] / 32) / 8)), plane.canvas);
        frame.units.forEach((layer, l) => layer.forEach((hex, u) => {
          const value = bytes(hex);
          raster(ground.small, ground.small, (i) => mix(colour.low, colour.high, value[i] / 255), pictures[l][u]);
        }));
        const { saturated, dead, units } = frame.activity;
        const told = [
          [text("right on its points", "学过的点"), percent(frame.train)],
          [text("on points not seen", "没见过的点"), percent(frame.held_out)],
          [text("epochs", "轮"), frame.epoch.toLocaleString()],
          [text("flat activations", "饱和的激活"), units ? percent(saturated) : "–"],
          [text("units that are dead", "死掉的单元"), units ? `${dead} / ${units}` : "–"],
        ];
        facts(stats, told);
        loss.draw(frame.losses);
      },
    };
  });
}

/** Points out of lines "x, y, class": within -1 to 1, classes from 0 in the order in which they come. */
export function parsed(said, text) {
  const classes = [];
  const points = [];
  for (const [number, line] of said.split(/\r?\n/).entries()) {
    const words = line.split(/[,;\t]/).map((word) => word.trim());
    if (!line.trim()) continue;
    const [x, y] = words.slice(0, 2).map(Number);
    const good = words.length >= 3 && words[0] !== "" && words[1] !== "" && Number.isFinite(x) && Number.isFinite(y);
    if (!good && !points.length && number === 0) continue; // a heading
    if (!good) return { error: `${text("line", "第")} ${number + 1}${text("", " 行")}: ${text("expected x, y, class", "应为 x, y, 类别")}` };
    if (!classes.includes(words[2])) classes.push(words[2]);
    points.push([x, y, classes.indexOf(words[2])]);
  }
  if (classes.length < 2 || classes.length > 4) return { error: text(`${classes.length} classes; expected 2 to 4`, `${classes.length} 个类别；应为 2 到 4 个`) };
  if (points.length > 2000) return { error: text(`${points.length} points; expected at most 2,000`, `${points.length} 个点；最多 2000 个`) };
  const most = Math.max(...points.flatMap(([x, y]) => [Math.abs(x), Math.abs(y)]));
  if (most > 1) {
    const middle = [0, 1].map((a) => (Math.min(...points.map((p) => p[a])) + Math.max(...points.map((p) => p[a]))) / 2);
    const far = Math.max(...points.flatMap((p) => [0, 1].map((a) => Math.abs(p[a] - middle[a])))) || 1;
    for (const point of points) for (const a of [0, 1]) point[a] = (0.95 * (point[a] - middle[a])) / far;
  }
  for (const point of points) for (const a of [0, 1]) point[a] = Number(point[a].toFixed(4));
  return { points };
}

// Gradient descent: a surface from above, and four ways down.
import { Plane, attribute, colours, h, figure, mark, mix, path, playground, raster, shape } from "./parts.js";

const BANDS = 22;

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    const plane = new Plane(3, text("The surface from above: press Enter to begin at the cross", "从上往下看的曲面：按回车从十字处出发"));
    plane.placed = (x, y) => stage.edit({ start: [x, y] });
    const handle = plane.handle(shape("path", { d: "M-2 -2L2 2M2 -2L-2 2", class: "pg-way" }), text("start", "起点"), (x, y) => stage.edit({ start: [x, y] }));
    const names = ["sgd", "momentum", "rmsprop", "adam"];
    const ways = names.map((_, i) => ({
      casing: shape("path.pg-casing"),
      line: shape("path", { class: `pg-way pg-way-${i} pg-dash-${i}` }),
      end: shape("g.pg-big", mark(i, 1.6)),
    }));
    plane.below.append(...["casing", "line", "end"].flatMap((part) => ways.map((way) => way[part])));
    plane.above.append(handle);
    const rows = names.map((name, i) => {
      const cells = [0, 1, 2].map(() => h("td"));
      const label = h("span");
      const sample = shape("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, shape("path", { d: "M1 5H25", class: `pg-way pg-way-${i} pg-dash-${i}` }), shape("g", { transform: "translate(13 5)" }, mark(i, 2.6)));
      return { cells, label, node: h("tr", h("th", { scope: "row" }, sample, label), ...cells) };
    });
    const table = h("table", { class: "pg-table" },
      h("thead", h("tr", ...[text("way down", "方法"), text("height", "高度"), text("slope", "坡度"), text("steps", "步数")].map((said) => h("th", { scope: "col" }, said)))),
      h("tbody", ...rows.map((row) => row.node)));
    let heights = null;
    let look = null;
    function surface(ground) {
      const colour = colours(stage.section);
      const scaled = ground.height.flat().map((height) => Math.log1p(4 * height));
      const most = Math.max(...scaled);
      raster(ground.side, ground.side, (i) => mix(colour.low, colour.high, (Math.floor((BANDS * scaled[i]) / most) / BANDS) ** 0.8), plane.canvas);
    }
    return {
      node: h("div", plane.node, h("p.pg-note", text("Dark is low, and each band is as high as the next in proportion. Tap or drag to choose the start.", "深色是低处，相邻两带的高度成比例。点一下或拖动来选起点。")), table),
      speed: 1,
      draw(frame, ground, settings) {
        if (heights !== ground) {
          heights = ground;
          surface(ground);
        }
        handle.stand(...settings.start);
        look = frame.walkers;
        names.forEach((name, i) => {
          const { way, height, slope, steps, lost } = look[name];
          const d = path(way.map(([x, y]) => `${plane.x(x).toFixed(2)} ${plane.y(y).toFixed(2)}`));
          attribute(ways[i].casing, { d });
          attribute(ways[i].line, { d });
          const [x, y] = way.at(-1) ?? [99, 99];
          plane.place(ways[i].end, x, y);
          rows[i].label.textContent = ground.names[name];
          rows[i].cells[0].textContent = lost ? text("left the picture", "飞出画面") : figure(height);
          rows[i].cells[1].textContent = lost ? "–" : figure(slope);
          rows[i].cells[2].textContent = steps.toLocaleString();
        });
      },
    };
  });
}

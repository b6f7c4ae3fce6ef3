// K-means: points in the colour and form of their nearest centre, and centres to drag.
import { Chart, Plane, attribute, h, latest, mark, path, playground, remark, shape } from "./parts.js";

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    const plane = new Plane(1, text("Points and centres: press Enter to put a point down at the cross", "点和中心：按回车在十字处放一个点"));
    plane.placed = latest((x, y) => stage.edit({ point: [x, y] }));
    const dots = shape("g"), ways = shape("g");
    plane.below.append(dots, ways);
    const inertia = new Chart(text("Sum of the squared distances, pass by pass", "距离平方和，逐遍"), text("passes", "遍"));
    let points = null;
    let centres = [];
    function built(given) {
      points = given;
      dots.replaceChildren(...points.map(() => mark(0)));
    }
    function centred(count) {
      centres.forEach((centre) => centre.remove());
      centres = [...Array(count).keys()].map((i) => {
        const look = shape("g.pg-big", mark(i, 2.6));
        return plane.handle(look, `${text("centre", "中心")} ${i + 1}`, (x, y) => stage.edit({ centre: i, to: [x, y] }));
      });
      plane.above.append(...centres);
    }
    return {
      node: h("div", plane.node,
        h("div.pg-row", h("button", { type: "button", click: () => stage.edit({ clear: true }) }, text("Take all points away", "清空所有点"))),
        h("p.pg-note", text("Tap the plane to put points down; drag a centre, or focus it and use the arrow keys.", "点一下平面放点；拖动中心，或选中后用方向键。")), inertia.node),
      speed: 0,
      draw(frame, ground) {
        if (points !== ground.points) built(ground.points);
        if (centres.length !== frame.centres.length) centred(frame.centres.length);
        points.forEach(([x, y], i) => remark(dots.children[i], frame.group[i], plane.x(x), plane.y(y)));
        frame.centres.forEach(([x, y], i) => centres[i].stand(x, y));
        ways.replaceChildren(...frame.centres.map((_, i) => shape("path", { class: `pg-way pg-way-${i % 5} pg-faint`, d: path(frame.ways.map((all) => `${plane.x(all[i][0]).toFixed(2)} ${plane.y(all[i][1]).toFixed(2)}`)) })));
        inertia.draw(frame.inertias.map((value, i) => [i, value]));
        attribute(plane.node, { "data-points": points.length });
      },
    };
  });
}

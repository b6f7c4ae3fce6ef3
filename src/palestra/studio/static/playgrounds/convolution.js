// The convolution: the picture with the window on it, the kernel to edit, the products, and what comes out.
import { ARROWS, attribute, brushed, h, figure, playground, shape } from "./parts.js";

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    const image = new Pixels(text("Picture: arrow keys move, Enter paints", "图片：方向键移动，回车涂色"), false);
    const out = new Pixels(text("What comes out: arrow keys choose a number", "输出：方向键选一个数"), true);
    const frame = shape("rect.pg-frame"), chosen = shape("rect.pg-frame", { width: 1, height: 1 });
    image.svg.append(frame);
    out.svg.append(chosen);
    const kernel = h("div.pg-kernel");
    const products = h("tbody");
    const sum = h("p.pg-note");
    let inputs = [];
    let shade = 1;
    let look = null;
    image.at = (i, first) => {
      if (first) shade = look.image[i] > 0.5 ? 0 : 1;
      if (look.image[i] !== shade) {
        look.image[i] = shade;
        return stage.edit({ pixel: i, shade });
      }
    };
    out.at = (i) => i !== look.at && stage.edit({ at: i });

    function edited(count) {
      const side = Math.sqrt(count);
      inputs = [...Array(count).keys()].map((i) => h("input", { type: "number", step: "any", min: -20, max: 20, "aria-label": `${text("weight, row", "权重，行")} ${Math.floor(i / side) + 1}, ${text("column", "列")} ${(i % side) + 1}`, change: (event) => event.target.value !== "" && stage.edit({ entry: i, weight: Number(event.target.value) }) }));
      attribute(kernel, { class: `pg-kernel pg-columns-${side}` });
      kernel.replaceChildren(...inputs);
    }
    const sizes = [1, 3, 5].map((side) => h("button", { type: "button", click: () => resized(side) }, `${side} × ${side}`));
    function resized(side) {
      const old = stage.settings().kernel;
      const was = Math.sqrt(old.length);
      const shift = (was - side) / 2;
      const next = [...Array(side * side).keys()].map((i) => {
        const [row, column] = [Math.floor(i / side) + shift, (i % side) + shift];
        return row >= 0 && column >= 0 && row < was && column < was ? old[row * was + column] : 0;
      });
      stage.start({ ...stage.settings(), kernel: next, padding: (side - 1) / 2 });
    }
    const heading = (said) => h("h3", said);
    return {
      node: h("div", { class: "pg-sum" },
        h("div", heading(text("Picture (paint it)", "图片（可以涂画）")), image.svg),
        h("div", heading(text("What comes out (choose a number)", "输出（选一个数）")), out.svg),
        h("div", heading(text("Kernel (edit it)", "卷积核（可以修改）")), kernel, h("div.pg-row", ...sizes)),
        h("div", heading(text("Pixel × weight", "像素 × 权重")), h("table.pg-products", products), sum)),
      speed: 1,
      draw(told, ground, settings) {
        const side = told.inputs.length;
        if (inputs.length !== side * side) edited(side * side);
        inputs.forEach((input, i) => document.activeElement !== input && (input.value = settings.kernel[i]));
        look = { image: ground.image.flat(), at: told.at };
        image.draw(ground.image, [0, 1]);
        const all = told.out.flat();
        out.draw(told.out, [Math.min(0, ...all), Math.max(1e-9, ...all)]);
        attribute(frame, { x: told.left, y: told.top, width: side, height: side });
        attribute(chosen, { x: told.column, y: told.row });
        products.replaceChildren(...told.inputs.map((row, r) => h("tr", ...row.map((pixel, c) => h("td", { title: figure(told.products[r][c]) }, `${figure(pixel, 2)} × ${figure(ground.kernel[r][c], 2)}`)))));
        const bias = settings.bias ? ` + ${figure(settings.bias)}` : "";
        sum.textContent = `${text("sum", "和")}${bias} = ${figure(told.total)}${settings.relu ? `, ReLU: ${figure(told.shown)}` : ""}`;
      },
    };
  });
}

/** A grid of grey pixels that can be pointed at; `at(i, first)` is told, again and again while a finger moves, and while arrow keys do if it `follows` them. */
class Pixels {
  constructor(label, follows) {
    this.cells = shape("g");
    this.cursor = shape("rect.pg-cursor", { width: 1, height: 1, "stroke-width": 0.1 });
    this.svg = shape("svg.pg-pixels.pg-board", { tabindex: "0", role: "application", "aria-label": label }, this.cells, this.cursor);
    this.size = [1, 1];
    this.place = [0, 0];
    brushed(this.svg, (down, across, first) => {
      const [row, column] = [Math.floor(down * this.size[0]), Math.floor(across * this.size[1])];
      if (row >= 0 && column >= 0 && row < this.size[0] && column < this.size[1]) this.at(row * this.size[1] + column, first);
    });
    this.svg.addEventListener("keydown", (event) => {
      const way = ARROWS[event.key];
      if (way) {
        this.place = [Math.min(this.size[0] - 1, Math.max(0, this.place[0] - way[1])), Math.min(this.size[1] - 1, Math.max(0, this.place[1] + way[0]))];
        attribute(this.cursor, { x: this.place[1], y: this.place[0] });
        if (follows) this.at(this.place[0] * this.size[1] + this.place[1], true);
      } else if (event.key === "Enter" || event.key === " ") this.at(this.place[0] * this.size[1] + this.place[1], true);
      else return;
      event.preventDefault();
    });
  }

  draw(rows, [low, high]) {
    if (rows.length !== this.size[0] || rows[0].length !== this.size[1] || !this.cells.childElementCount) {
      this.size = [rows.length, rows[0].length];
      attribute(this.svg, { viewBox: `0 0 ${this.size[1]} ${this.size[0]}` });
      this.cells.replaceChildren(...rows.flatMap((row, r) => row.map((_, c) => shape("rect", { x: c, y: r, width: 1, height: 1, class: "pg-pixel" }))));
    }
    rows.flat().forEach((value, i) => {
      const grey = Math.round((255 * (value - low)) / (high - low));
      attribute(this.cells.children[i], { fill: `rgb(${grey},${grey},${grey})` });
    });
  }
}

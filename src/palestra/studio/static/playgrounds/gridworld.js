// The gridworld: a board to draw on, with the value of every cell, the best moves and the walkers.
import { ARROWS, Chart, attribute, brushed, choice, facts, figure, h, playground, shape, shares } from "./parts.js";

const SIDE = 40;
const TURNS = [0, 90, 180, 270];

export function mount(root, session, text, state) {
  return playground(root, session, text, state, (stage) => {
    let tool = "#";
    let cells = [];
    let size = [0, 0];
    let cursor = [0, 0];
    let last = "";
    let board = [];
    let winds = [];
    const svg = shape("svg.pg-board", { tabindex: "0", role: "application", "aria-label": text("Board: move with the arrow keys, draw with Enter", "棋盘：方向键移动，回车绘制") });
    const walkers = shape("g");
    const outline = shape("rect", { width: SIDE, height: SIDE, class: "pg-cursor" });
    const progress = new Chart(text("What the start is worth, sweep by sweep", "起点的价值，逐遍"), text("sweeps", "遍"));
    const told = h("dl.pg-stats");
    const spoken = h("p.pg-note", { "aria-live": "polite" });
    const tools = choice(text("Draw", "画"), [
      ["#", text("wall", "墙")], ["X", text("pit", "坑")], ["G", text("goal", "终点")], ["S", text("start", "起点")], [".", text("free", "空地")], ["wind", text("wind", "风")],
    ], "#", (value) => (tool = value));

    async function draw(row, column) {
      if (row < 0 || column < 0 || row >= size[0] || column >= size[1]) return;
      if (tool === "wind") await stage.edit({ column, wind: ((winds[column] ?? 0) + 1) % 4 });
      else if (board[row][column] !== tool) await stage.edit({ row, column, tile: tool });
      point(row, column);
    }
    const pointed = (down, across) => [down * (size[0] + 18 / SIDE), across * size[1]].map(Math.floor);
    brushed(svg, (down, across, first) => {
      const cell = pointed(down, across);
      if (first || (tool !== "wind" && cell.join() !== last)) draw(...cell);
      last = cell.join();
    });
    svg.addEventListener("pointermove", (event) => event.buttons || point(...pointed(...shares(svg, event))));
    svg.addEventListener("keydown", (event) => {
      const way = ARROWS[event.key];
      if (way) point(cursor[0] - way[1], cursor[1] + way[0]);
      else if (event.key === "Enter" || event.key === " ") draw(...cursor);
      else return;
      event.preventDefault();
    });

    let shown = null;
    function point(row, column) {
      if (!shown || row < 0 || column < 0 || row >= size[0] || column >= size[1]) return;
      cursor = [row, column];
      attribute(outline, { x: column * SIDE, y: row * SIDE });
      const at = row * size[1] + column;
      const names = { S: text("start", "起点"), G: text("goal", "终点"), X: text("pit", "坑"), "#": text("wall", "墙"), ".": text("free", "空地") };
      const moves = ["↑", "→", "↓", "←"].map((sign, i) => `${sign} ${figure(shown.q[at][i])}`).join("  ");
      spoken.textContent = `${text("row", "行")} ${row + 1}, ${text("column", "列")} ${column + 1}: ${names[board[row][column]]}; ${text("value", "价值")} ${figure(shown.values[at])} (${text("true", "真值")} ${figure(shown.truth[at])})  ${moves}`;
    }

    function built(ground) {
      size = [ground.rows, ground.columns];
      attribute(svg, { viewBox: `0 0 ${size[1] * SIDE} ${size[0] * SIDE + 18}` });
      cells = board.flatMap((line, row) => [...line].map((tile, column) => {
        const x = column * SIDE, y = row * SIDE;
        const kind = { "#": "pg-wall", G: "pg-goal", X: "pg-pit" }[tile] ?? "";
        const tint = shape("rect", { x, y, width: SIDE, height: SIDE, class: "pg-tint", "fill-opacity": 0 });
        const value = shape("text", { x: x + SIDE / 2, y: y + SIDE / 2 + 3.5, class: "pg-value" });
        const arrows = TURNS.map((turn) => shape("path", { d: "M0 -18l4.5 6h-9z", class: "pg-arrow", transform: `translate(${x + SIDE / 2} ${y + SIDE / 2}) rotate(${turn})`, visibility: "hidden" }));
        const sign = { S: "S", G: "★", X: "✕" }[tile];
        const letter = sign ? [shape("text", { x: tile === "S" ? x + 7 : x + SIDE / 2, y: tile === "S" ? y + 11 : y + SIDE / 2 + 6, class: `pg-tile ${tile === "S" ? "" : "pg-on"}`, "font-size": tile === "S" ? 10 : 17 }, sign)] : [];
        return { tile, tint, value, arrows, node: shape("g", shape("rect", { x, y, width: SIDE, height: SIDE, class: `pg-cell ${kind}` }), tint, ...arrows, ...letter, value) };
      }));
      const wind = [...Array(size[1]).keys()].filter((column) => winds[column]).map((column) => shape("text", { x: column * SIDE + SIDE / 2, y: size[0] * SIDE + 14, class: "pg-wind" }, "↑".repeat(winds[column])));
      svg.replaceChildren(...cells.map((cell) => cell.node), walkers, outline, ...wind);
    }
    function reshaped(rows, columns) {
      const { board: old, wind } = stage.settings();
      const next = old.slice(0, old.length + Math.min(rows, 0)).map((line) => (columns < 0 ? line.slice(0, -1) : line + ".".repeat(columns)));
      if (rows > 0) next.push(".".repeat(next[0].length));
      const winded = wind.length ? [...wind, 0].slice(0, next[0].length) : [];
      stage.start({ ...stage.settings(), board: next, wind: winded });
    }
    const sizes = [["+ " + text("row", "行"), 1, 0], ["− " + text("row", "行"), -1, 0], ["+ " + text("column", "列"), 0, 1], ["− " + text("column", "列"), 0, -1]];
    return {
      node: h("div", tools, svg, spoken, h("div.pg-row", ...sizes.map(([said, rows, columns]) => h("button", { type: "button", click: () => reshaped(rows, columns) }, said))), told, progress.node),
      speed: 1,
      draw(frame, ground, settings) {
        if (board !== ground.board) {
          board = ground.board;
          winds = ground.wind;
          built(ground);
        }
        shown = { ...frame, truth: ground.true };
        const most = Math.max(1e-9, ...frame.values.filter((_, i) => cells[i].tile !== "#").map((value) => Math.abs(value ?? 0)));
        cells.forEach((cell, i) => {
          const value = cell.tile === "." || cell.tile === "S" ? frame.values[i] : null;
          cell.value.textContent = value === null ? "" : figure(value, Math.abs(value) >= 100 ? 3 : 2);
          attribute(cell.tint, { "fill-opacity": value === null ? 0 : (0.05 + (0.4 * Math.abs(value)) / most).toFixed(3), class: `pg-tint ${value > 0 ? "pg-up" : ""}` });
          cell.arrows.forEach((arrow, a) => attribute(arrow, { visibility: value !== null && frame.best[i] & (1 << a) ? "visible" : "hidden" }));
        });
        walkers.replaceChildren(...frame.at.map((at, i) => shape("circle", { cx: (at % size[1]) * SIDE + SIDE * 0.78, cy: Math.floor(at / size[1]) * SIDE + SIDE * 0.25, r: i ? 3 : 5.5, class: `pg-walker ${i ? "pg-faint" : ""}` })));
        const lines = [
          [frame.unit === "sweeps" ? text("sweeps", "遍") : text("moves", "步"), frame.clock.toLocaleString()],
          [text("the start is worth", "起点价值"), figure(frame.start)],
          [text("in truth", "真值"), figure(ground.true_start)],
        ];
        if ("return" in frame) lines.push([text("mean of the last episodes", "最近几局平均"), figure(frame.return)]);
        facts(told, lines);
        progress.node.hidden = settings.method !== "value-iteration";
        if (frame.history) progress.draw(frame.history.map(([value], i) => [frame.clock - frame.history.length + i + 1, value]));
      },
    };
  });
}

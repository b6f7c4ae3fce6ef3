// A sheet to draw on that is as sharp as the screen, and says in words what is on it.

import { h } from "../dom.js";

export function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function color(i) {
  return ink("--c" + (i % 8));
}

// The marks of classes, so that colour is not the only sign of them.
export const MARKS = ["circle", "square", "triangle", "diamond", "cross", "plus", "star", "ring"];

export function mark(context, i, x, y, size) {
  const half = size / 2;
  context.beginPath();
  switch (MARKS[i % MARKS.length]) {
    case "circle": context.arc(x, y, half, 0, 7); context.fill(); return;
    case "ring": context.lineWidth = size / 4; context.arc(x, y, half * 0.8, 0, 7); context.stroke(); return;
    case "square": context.rect(x - half * 0.88, y - half * 0.88, size * 0.88, size * 0.88); context.fill(); return;
    case "triangle": context.moveTo(x, y - half * 1.1); context.lineTo(x + half * 1.1, y + half * 0.8); context.lineTo(x - half * 1.1, y + half * 0.8); break;
    case "diamond": context.moveTo(x, y - half * 1.2); context.lineTo(x + half * 1.2, y); context.lineTo(x, y + half * 1.2); context.lineTo(x - half * 1.2, y); break;
    case "star": for (let k = 0; k < 10; k++) { const r = k % 2 ? half * 0.5 : half * 1.25, a = (k * Math.PI) / 5 - Math.PI / 2; context.lineTo(x + r * Math.cos(a), y + r * Math.sin(a)); } break;
    default: {
      const turn = MARKS[i % MARKS.length] === "cross" ? Math.PI / 4 : 0;
      context.lineWidth = size / 3.2;
      for (const angle of [turn, turn + Math.PI / 2]) { context.moveTo(x - half * Math.cos(angle), y - half * Math.sin(angle)); context.lineTo(x + half * Math.cos(angle), y + half * Math.sin(angle)); }
      context.stroke();
      return;
    }
  }
  context.closePath();
  context.fill();
}

export function sheet(width, height, label, paint) {
  const scale = Math.min(3, devicePixelRatio || 1);
  const canvas = h("canvas", { role: "img", "aria-label": label });
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const context = canvas.getContext("2d");
  const again = () => {
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    paint(context, width, height);
  };
  again();
  return { canvas, again };
}

// An image of numbers, each pixel by a colour that a function gives as [red, green, blue].
export function raster(width, height, colorAt, canvas = h("canvas")) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = colorAt(i);
    image.data.set([red, green, blue, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

export function rgb(text) {
  const digits = text.replace("#", "");
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

export function mix(one, other, share) {
  return one.map((value, i) => Math.round(value + (other[i] - value) * share));
}

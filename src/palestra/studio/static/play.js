// Playgrounds: each is a file of its own, which is given a place, a program to ask, and where to keep its state.

import { change, link, read } from "./address.js";
import { ask, post, remove } from "./ask.js";
import { h, put } from "./dom.js";
import { text, t } from "./words.js";

export function mount(path) {
  return path.length ? one(path[0]) : all();
}

function all() {
  const list = h("div.grid");
  return {
    title: t("Playgrounds"),
    nodes: [h("div.head", h("div", h("h1", t("Playgrounds")), h("p.quiet", t("Small worlds to take in hand, on the same engine as every training.")))), list],
    async begin() {
      const { playgrounds } = await ask("playgrounds");
      put(list, playgrounds.length === 0 && h("p.quiet", t("There are none here.")), playgrounds.map((each) => h("a.card.offer", { href: link(["playgrounds", each.name]) }, h("h2", text(each.title.en, each.title.zh)), each.what && h("p.quiet", text(each.what.en, each.what.zh)))));
    },
  };
}

function one(name) {
  const root = h("div.playground", h("p.quiet", { role: "status" }, t("Starting …"))), chapters = h("span");
  let mounted = null, id = null, left = false;
  const state = {
    get() {
      try {
        return JSON.parse(read().words.get("state") || "{}");
      } catch {
        return {};
      }
    },
    set(value) {
      if (!left) change({ state: JSON.stringify(value) });
    },
  };
  async function begin() {
    ({ id } = await post("playgrounds/" + encodeURIComponent(name), {}));
  }
  let line = Promise.resolve();
  const session = {
    send(command) {
      const answer = line.then(() => post(`playgrounds/sessions/${id}`, command));
      line = answer.catch(() => {});
      return answer;
    },
  };
  return {
    title: name,
    nodes: [h("p", h("a", { href: "#/playgrounds" }, "← ", t("Playgrounds")), chapters), root],
    async begin() {
      const { playgrounds } = await ask("playgrounds");
      const mine = playgrounds.find((each) => each.name === name);
      if (!mine) throw new Error(t("There is no playground of this name."));
      put(chapters, mine.pages?.map((page) => [" · ", h("a", { href: link(["docs", ...page.split("/")]) }, page.split("/").pop())]));
      const [module] = await Promise.all([import(`./playgrounds/${name}.js`), begin()]);
      if (left) return close();
      put(root);
      mounted = await module.mount(root, session, text, state);
    },
    unmount() {
      left = true;
      mounted?.unmount?.();
      close();
    },
  };

  function close() {
    if (id) remove(`playgrounds/sessions/${id}`).catch(() => {});
    id = null;
  }
}

// The documentation: pages that come as trees of a few elements, with what can be tried beside each idea.

import { link } from "./address.js";
import { ask } from "./ask.js";
import { h, put, scroll } from "./dom.js";
import { language, t } from "./words.js";

const TAGS = new Set("p blockquote ul ol li table thead tbody tr th td em strong hr br h1 h2 h3 h4 h5 h6 pre code a img".split(" "));

export const chapter = (learner) => link(["docs", "algorithms", learner]);
const recipe = ({ recipe: id, set }) => link(["recipe", ...id.split("/")], { set });

function build(piece) {
  if (typeof piece === "string") return piece;
  const [tag, said, inside] = piece;
  if (!TAGS.has(tag)) return null;
  const children = inside.map(build);
  if (tag === "a") return leading(said, children);
  if (tag === "img") return h("img", { src: "api/figures/" + encodeURIComponent(said.picture), alt: said.alt, loading: "lazy" });
  if (tag === "table") return scroll(t("table"), h("table", children));
  if (tag === "pre") return [h("pre", { tabindex: 0 }, children), said.tried.length > 0 && h("p.row.small", t("Try it:"), said.tried.map((each) => h("a.try", { href: recipe(each) }, each.recipe)))];
  return h(tag, said.at ? { id: "at-" + said.at } : {}, children);
}

function leading(said, children) {
  if (said.recipe) return h("a.try", { href: recipe(said), title: t("Try it") }, children);
  if (said.page) return h("a", { href: link(["docs", ...said.page.split("/")], { at: said.at, lang: said.lang }) }, children);
  return /^https?:/.test(said.href) ? h("a", { href: said.href, target: "_blank", rel: "noopener noreferrer" }, children) : h("span", children);
}

export function mount(path, words) {
  const name = path.length ? path : ["README"], sheet = h("article.card.page");
  return {
    title: t("Learn"),
    nodes: [name[0] !== "README" && h("p", h("a", { href: "#/docs" }, "← ", t("The learning path"))), sheet],
    async begin() {
      const page = await ask("pages/" + name.map(encodeURIComponent).join("/"), { lang: language() });
      document.title = `${page.title} · Palestra`;
      sheet.lang = page.language === "zh" ? "zh-CN" : "en";
      put(sheet, page.pieces.map(build));
      const { playground, recipes: [first] } = page;
      if (playground || first) sheet.querySelector("h2")?.after(h("p", { class: "row" },
        playground && h("a.button.first", { href: link(["playgrounds", playground.name], { state: JSON.stringify(playground.settings) }) }, t("Play with it")),
        first && h("a.button", { href: recipe({ recipe: first }) }, t("Train {recipe}", { recipe: first }))));
      document.getElementById("at-" + words.get("at"))?.scrollIntoView();
    },
  };
}

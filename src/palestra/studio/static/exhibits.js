// What a learner has to show, drawn from the same data as the pictures of the command line, each with what to see in it.

import { h } from "./dom.js";
import { board, convergence, table } from "./figures/board.js";
import { boundary, codeMap, grouping } from "./figures/plane.js";
import { asked, panels, regret } from "./figures/lines.js";
import { attention, confusion, reconstructions, tiles } from "./figures/tiles.js";
import { graph, importance, layers, related, rules, samples, tree } from "./figures/words.js";
import { text } from "./words.js";

const DIVIDED = [boundary, "How the plane is divided; the paler, the less certain. Move through the looks: it begins with a straight cut and bends where points force it to. Islands around single points are learned by heart.", "平面如何划分；越淡越不确定。逐步查看：先是一刀直线，再在数据点逼迫处弯曲。围绕单个点的孤岛是死记硬背。"];
const GROUPED = [grouping, "Centres move to the middle of those who are nearest to them, again and again, until nobody changes sides. Two centres in one group means a bad start.", "中心不断移到离自己最近的点的中间，直到没有点再换边。两个中心落在同一群说明起点不好。"];
const DRAWN = {
  Board: [board, "The colour is how good it is to be in a cell, an arrow what is best there. Near the goal values are known first; follow the arrows from S and see whether they lead round what is dangerous.", "颜色表示处在该格有多好，箭头表示最优动作。离目标近的格子最先有准确的值；从 S 沿箭头走，看它是否绕开了危险。"],
  Table: [table, "Each column is a state, each row an action: the darker, the more is expected of it. Columns of one shade are states in which the choice hardly matters.", "每列是一个状态，每行是一个动作：颜色越深，期望回报越高。整列颜色一致说明在该状态下选哪个动作差别不大。"],
  Convergence: [convergence, "The residual should fall along a straight line on its logarithmic axis, by the same factor each sweep; the value of the start stops moving long before.", "在对数坐标上，残差应沿直线下降，每次扫描缩小同样的倍数；起点的价值早就不再变化。"],
  Regret: [regret, "What was lost against always pulling the best arm. A line that bends like the logarithm has learned which arm that is; a straight one has not.", "与始终拉最优臂相比损失了多少。像对数一样弯曲说明已学会哪条臂最好；直线则说明没有。"],
  Graph: [graph, "Every box was made from those left of it. The derivative is walked back along the same lines, from right to left.", "每个方框都由其左边的方框算得。求导沿同样的连线从右往左走回去。"],
  Asked: [asked, "Who makes exactly what is asked for lies on the broken line. Beyond what was recorded, it flattens: nobody can be asked for more than was ever seen.", "要多少就得多少的点落在虚线上。超出记录中见过的回报后曲线变平：没见过的要不来。"],
  AttentionMaps: [attention, "Each row is a token that is written, and where it looks in what is read. A diagonal is a translation in order; crossings are words that change places.", "每行是一个写出的词元，显示它看向所读内容的何处。对角线是按顺序翻译；交叉处是换了位置的词。"],
  Samples: [samples, "What it writes as it learns: first letters as often as they occur, then words, then something like sentences.", "学习过程中写出的文字：先是按频率出现的字母，然后是单词，再后来像句子。"],
  Reconstructions: [reconstructions, "What is left of an image that went through a narrow place. Blurred edges are what the code has no room for.", "图像通过狭窄瓶颈后还剩下什么。模糊的边缘就是编码装不下的内容。"],
  CodeMap: [codeMap, "Where each row lies in the plane of its code. Groups that come apart by themselves are what the code has found; nobody told it the classes.", "每行数据在编码平面中的位置。自行分开的群体就是编码发现的结构；没人告诉过它类别。"],
  Boundary: DIVIDED,
  BoundaryFilm: DIVIDED,
  Grouping: GROUPED,
  GroupingFilm: GROUPED,
  Confusion: [confusion, "What is right lies on the diagonal. Two classes that are often taken for each other look alike to it; open them and ask whether they do to you.", "正确的落在对角线上。经常互相混淆的两类在它看来很像；打开看看，你是否也觉得像。"],
  Layers: [layers, "Root mean squares of each layer. Gradients that shrink towards the first layers vanish, ones that grow explode; a step that changes about a thousandth of the weights is usual. Activations are of a batch that is the same at every checkpoint: flat is the share that lets hardly any gradient through, a dead unit never does. Move the slider and see what grows.", "各层的均方根。越靠前的层梯度越小是消失，越大是爆炸；每步改变权重的千分之一左右是常见的。激活来自一批在每个检查点都相同的输入：“饱和”是几乎不让梯度通过的占比，死单元则从不让梯度通过。移动滑块，看什么在变大。"],
  Panels: [panels, "The same colour is the same thing in every panel. Read them side by side: what is better in one may be worse in the next.", "同一种颜色在各图中代表同一事物。请并排阅读：在一图中更好的，在另一图中可能更差。"],
  Rules: [rules, "Lift says how much more often two things go together than by chance; at 1 they have nothing to do with each other. A high lift with little support is an accident.", "提升度表示两者同时出现比偶然多多少倍；为 1 则毫无关系。提升度高而支持度低多半是偶然。"],
  DrawnTree: [tree, "Each box asks one question; yes goes left. The strip below it says which classes its rows are of: a good question leaves strips of one colour.", "每个方框问一个问题，“是”走左边。下方色条表示各类的占比：好问题会让色条变成单色。"],
  Mistakes: [tiles, "What it gets wrong with the most confidence. Some you would get wrong too; those that you would not are what is left to learn. A wrong label looks like a mistake.", "最自信却答错的样本。有些你也会错；你不会错的才是还需学习的。错误的标签看起来也像错误。"],
  Sight: [tiles, "What the first layer looks for, what it makes of an image, and which pixels decide. Filters that look like noise have not learned; ones that are all alike are wasted.", "第一层在找什么、把图像变成什么、哪些像素起决定作用。像噪声的滤波器没学到东西；彼此雷同的是浪费。"],
  Importance: [importance, "What it went by. A column that alone decides everything is often a leak: something that is only known afterwards.", "模型依据了什么。若单独一列决定一切，往往是泄漏：事后才知道的信息。"],
  Related: [related, "Each line is an item and those that are nearest to it. Ask whether you would have put them together.", "每行是一个条目及与它最近的条目。想想你是否也会把它们放在一起。"],
};

export function draw(exhibit) {
  const [figure, en, zh] = DRAWN[exhibit.kind] || [() => h("p.quiet", text("This kind is drawn by the command line only.", "此类图目前只由命令行绘制。")), "", ""];
  return h("article.exhibit", h("h3", exhibit.title), exhibit.said && h("p.small.quiet", exhibit.said), figure(exhibit), en && h("p.caption", h("b", text("What should I see? ", "应该看到什么？")), text(en, zh)));
}

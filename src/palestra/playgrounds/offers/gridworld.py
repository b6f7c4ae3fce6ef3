"""The gridworld: a board that is drawn, and three ways to find out what its cells are worth."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.errors import require
from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting

MOST_SIDE = 24
"""Rows, or columns."""
MOST_WIND = 3

_LEARNED = {"method": ("q-learning", "sarsa")}
_CLIFF = ("............", "............", "............", "SXXXXXXXXXXG")
_WINDY = ("..........",) * 3 + ("S......G..",) + ("..........",) * 3


@dataclass(frozen=True)
class GridworldAsked(Asked):
    """Settings of the gridworld."""

    method: Literal["value-iteration", "q-learning", "sarsa"] = setting(
        "value-iteration", "方法：知道规则的规划，或靠走路来学",
        names={
            "value-iteration": Text("value iteration", "价值迭代"),
            "q-learning": Text("Q-learning", "Q 学习"),
            "sarsa": Text("SARSA", "SARSA"),
        },
    )  # fmt: skip
    """Planning by somebody who knows the rules, or learning by somebody who walks."""
    board: tuple[str, ...] = setting(_CLIFF, "棋盘：画出来的格子", most=MOST_SIDE, drawn=True)
    """Rows of S (start), G (goal), X (pit), # (wall) and . (free)."""
    wind: tuple[int, ...] = setting((), "风：每一列向上吹几格", low=0, high=MOST_WIND, most=MOST_SIDE, drawn=True)
    """For each column, cells that the wind carries up whoever moves out of it; nothing for calm."""
    slip: float = setting(0.0, "打滑：走偏的概率", low=0.0, high=1.0)
    """Probability that a move goes to one side instead."""
    gamma: float = setting(0.95, "折扣：一步之后的奖励打几折", low=0.0, high=1.0)
    """What a reward one step later counts."""
    learning_rate: float = setting(0.5, "学习率：每次朝目标走多远", low=0.01, high=1.0, when=_LEARNED)
    """Share of the way to its target that a value is moved."""
    epsilon: float = setting(0.1, "探索率：随机走的比例", low=0.0, high=1.0, when=_LEARNED)
    """Share of random moves."""
    walkers: int = setting(1, "行走者：一起学的人数", low=1, high=64, when=_LEARNED)
    """How many walk side by side and share one table."""
    goal_reward: float = setting(0.0, "终点奖励：到达时得到的", low=-1000.0, high=1000.0)
    """On reaching a goal, beside -1 for the step."""
    pit_reward: float = setting(-100.0, "深坑奖励：掉进去时得到的", low=-1000.0, high=1000.0)
    """On falling into a pit, which ends the episode."""
    limit: int = setting(0, "时限：走多少步后打断，0 为不限", low=0, high=1000, when=_LEARNED)
    """Steps after which an episode is cut; 0 for never."""
    limit_is_end: bool = setting(False, "把时限当成终点：故意犯的错", when=_LEARNED)
    """Mistake a cut for an end, after which nothing is worth anything. It is wrong on purpose."""
    seed: int = setting(0, "种子：所有的运气由它而来", low=0, high=MOST_SEED)
    """Where all luck comes from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        columns = len(self.board[0]) if self.board else 0
        require(
            len(self.board) >= 1 and columns >= 2, f"a board of {len(self.board)} rows", "a row of two cells or more"
        )
        windy = len(self.wind) in (0, columns)
        require(windy, f"wind in {len(self.wind)} columns", f"in each of {columns}, or nothing")


OFFER = Offer(
    "gridworld",
    Text("Draw a world", "画一个世界"),
    Text(
        "Draw walls, pits and wind, then watch values flow back from the goal until every cell knows the way.",
        "画上墙、坑和风，看价值从终点一步步流回来，直到每一格都知道该往哪走。",
    ),
    GridworldAsked,
    (
        Preset(
            "cliff",
            Text("The edge of the cliff", "悬崖边上"),
            Text(
                "Q-learning learns what the best policy is worth and walks along the edge, where its own random moves"
                " make it fall. Change the method to SARSA: it counts its own falls and goes round.",
                "Q 学习学的是最优策略的价值，于是贴着悬崖走，自己的随机步却会让它掉下去。换成 SARSA："
                "它把自己的失足也算进去，绕远路。",
            ),
            {"method": "q-learning", "gamma": 1.0},
        ),
        Preset(
            "windy",
            Text("The windy gridworld", "有风的网格"),
            Text(
                "The wind in the middle carries you up, so the shortest way to the goal overshoots it and comes back:"
                " fifteen steps, as Sutton and Barto have it (example 6.5).",
                "中间的风把你往上吹，所以最短的路要先走过头再折回来：十五步，与 Sutton 和 Barto 例 6.5 相同。",
            ),
            {"board": _WINDY, "wind": (0, 0, 0, 1, 1, 1, 2, 2, 1, 0), "gamma": 1.0},
        ),
        Preset(
            "slippery",
            Text("Slippery ground", "路面打滑"),
            Text(
                "A third of the moves slide to one side. Beside the cliff the best moves now point away from it: a move"
                " along the edge could fall, one away from it cannot.",
                "三分之一的步子会滑向一侧。悬崖边上最好的走法变成背对它：沿着边走可能掉下去，背着走不会。",
            ),
            {"slip": 0.33, "gamma": 0.99},
        ),
        Preset(
            "limit-as-end",
            Text("A time limit taken for an end", "把时限当成终点"),
            Text(
                "Episodes are cut after 8 steps, and the learner is told that nothing comes after a"
                " cut. So far from the"
                " goal nothing seems to cost more than the few steps until the cut, and no value can fall to the truth."
                " Untick the mistake and start again: with a cut that is no end, the values become right.",
                "每局走 8 步就打断，而学习者被告知之后什么都没有。"
                "离终点远的地方看起来最多只损失被打断前的几步，价值永远降不到真值。"
                "取消这个错误重来：打断不是终点时，价值就对了。",
            ),
            {
                "method": "q-learning", "gamma": 1.0, "epsilon": 0.5, "limit": 8, "limit_is_end": True, "walkers": 16,
                "board": ("SSSSSS", "#####S", "SSSSSS", "S#####", "SSSSSG"),
            },
            fails=True,
        ),
        Preset(
            "short-sighted",
            Text("Short-sighted", "目光短浅"),
            Text(
                "With a discount of 0.3 the goal's reward of 50 is worth less than the toll of the next"
                " steps a few cells"
                " away: values fade before they reach the start.",
                "折扣为 0.3 时，终点的 50 分在几格之外就抵不过眼前几步的代价：价值还没流到起点就消失了。",
            ),
            {"gamma": 0.3, "goal_reward": 50.0, "board": ("S.......", "........", ".......G")},
            fails=True,
        ),
    ),
)  # fmt: skip
"""What is offered."""

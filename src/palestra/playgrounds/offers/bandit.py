"""The bandit: arms whose means are set and dragged, and gamblers who find the best one."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.errors import require
from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting

LOWEST, HIGHEST = -10.0, 10.0
"""Of a mean reward."""


@dataclass(frozen=True)
class BanditAsked(Asked):
    """Settings of the bandit."""

    algorithm: Literal["epsilon-greedy", "ucb", "thompson", "gradient-bandit"] = setting(
        "epsilon-greedy", "算法：怎样选择摇臂",
        names={
            "epsilon-greedy": Text("epsilon-greedy", "ε-贪心"),
            "ucb": Text("upper confidence bound", "置信上界 UCB"),
            "thompson": Text("Thompson sampling", "汤普森采样"),
            "gradient-bandit": Text("gradient bandit", "梯度赌博机"),
        },
    )  # fmt: skip
    """How an arm is chosen."""
    reward: Literal["bernoulli", "gaussian"] = setting(
        "bernoulli", "奖励：赢或不赢，或者带噪声的数",
        names={"bernoulli": Text("win or not", "赢或不赢"), "gaussian": Text("a noisy number", "带噪声的数")},
    )  # fmt: skip
    """What an arm pays: 1 with some probability, or its mean and normal noise of deviation 1."""
    means: tuple[float, ...] = setting(
        (0.2, 0.5, 0.35, 0.65, 0.4), "均值：每根摇臂的真实均值", low=LOWEST, high=HIGHEST, most=10, drawn=True
    )
    """The true mean of each arm; of win or not, its probability."""
    epsilon: float = setting(0.1, "探索率：随机拉的比例", low=0.0, high=1.0, when={"algorithm": ("epsilon-greedy",)})
    """Share of pulls that go to any arm."""
    initial_value: float = setting(
        1.0, "初始估计：拉之前相信的均值", low=LOWEST, high=HIGHEST, when={"algorithm": ("epsilon-greedy",)}
    )
    """What is believed of an arm before its first pull; high values have every arm tried."""
    power: float = setting(4.0, "置信程度：4 是 UCB1", low=0.0, high=16.0, when={"algorithm": ("ucb",)})
    """How sure the bound is: it holds but for a probability of t to minus this. 4 is UCB1, 0 is greed."""
    step_size: float = setting(
        0.1, "步长：每次移动多少", low=0.001, high=10.0, when={"algorithm": ("gradient-bandit",)}
    )
    """How far a pull moves the preferences."""
    baseline: bool = setting(True, "基线：奖励减去平均值再学", when={"algorithm": ("gradient-bandit",)})
    """Whether a reward is compared with the mean of those before it, or with 0."""
    gamblers: int = setting(100, "玩家数：并排玩的人数", low=1, high=500)
    """How many play the same arms side by side, each alone; you see the first, and the curves are the mean of all."""
    seed: int = setting(0, "种子：所有的运气由它而来", low=0, high=MOST_SEED)
    """Where all luck comes from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(len(self.means) >= 2, f"means of {len(self.means)} arms", "2 to 10")
        likely = self.reward == "gaussian" or all(0 <= mean <= 1 for mean in self.means)
        require(likely, f"means {list(self.means)} of win or not", "probabilities, from 0 to 1")


OFFER = Offer(
    "bandit",
    Text("Slot machines", "老虎机"),
    Text(
        "Drag the arms to what they should pay, then watch gamblers who do not know it find out.",
        "把每根摇臂拖到它该付的均值，再看不知情的玩家怎样把它找出来。",
    ),
    BanditAsked,
    (
        Preset(
            "ucb",
            Text("Doubt, then choose", "先存疑，再选择"),
            Text(
                "Each estimate wears a bar of doubt that shrinks with every pull; the highest end of a bar is pulled.",
                "每个估计都带着一段“怀疑”，每拉一次就缩短；拉的是上端最高的那一根。",
            ),
            {"algorithm": "ucb", "power": 1.0},
        ),
        Preset(
            "thompson",
            Text("Believe at random", "随机地相信"),
            Text(
                "A mean is drawn from what is believed of every arm, and the highest draw is pulled: an arm is tried as"
                " often as it is probably the best. Its regret soon hardly grows.",
                "从对每根摇臂的信念里抽一个均值，抽到最高的就去拉：越可能最好，就拉得越多。它的遗憾很快就几乎不再增长。",
            ),
            {"algorithm": "thompson"},
        ),
        Preset(
            "greedy",
            Text("Never explore", "从不探索"),
            Text(
                "Without exploring, the first arm that wins a little is pulled for ever: many gamblers never find the"
                " best, and regret grows along a straight line.",
                "完全不探索时，最早赢一点的摇臂会被一直拉下去：许多人永远找不到最好的，遗憾沿直线增长。",
            ),
            {"epsilon": 0.0, "initial_value": 0.0},
            fails=True,
        ),
        Preset(
            "no-baseline",
            Text("No baseline", "没有基线"),
            Text(
                "All rewards lie near 4, so without a baseline every pull says: more of this. Preferences run wherever"
                " chance first sent them. Tick the baseline and start again: the same rule finds the best arm.",
                "奖励都在 4 附近，没有基线时每次拉都在说“再来”。偏好顺着最初的偶然跑掉。勾上基线重来："
                "同一条规则就能找到最好的。",
            ),
            {
                "algorithm": "gradient-bandit", "reward": "gaussian", "baseline": False, "step_size": 0.4,
                "means": (4.0, 4.8, 3.4, 5.5, 3.9),
            },
            fails=True,
        ),
        Preset(
            "change",
            Text("A world that changes", "会变的世界"),
            Text(
                "Let it run for 500 pulls, then drag another arm to the top. Sample means weigh the old days as much"
                " as today and turn slowly; the gradient bandit, whose step is constant, turns sooner.",
                "先运行 500 次，再把另一根拖到最高。样本均值把旧日与今日同等看待，转得很慢；"
                "步长不变的梯度赌博机转得快些。",
            ),
            {"algorithm": "gradient-bandit", "step_size": 0.2, "gamblers": 200},
        ),
    ),
)  # fmt: skip
"""What is offered."""

"""CartPole: a pole to be kept upright by hand, and an agent that learns it meanwhile."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass

from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting


@dataclass(frozen=True)
class CartPoleAsked(Asked):
    """Settings of CartPole."""

    copies: int = setting(32, "环境数：智能体同时练习的小车", low=1, high=64)
    """Carts that the agent practises on side by side."""
    learning_rate: float = setting(0.005, "学习率：每步走多远", low=0.00001, high=1.0)
    """Of the agent's optimizer, Adam."""
    num_epochs: int = setting(5, "遍数：每批经历看几遍", low=1, high=20)
    """Passes over what was lived through between two steps."""
    gamma: float = setting(0.99, "折扣：一步之后的奖励打几折", low=0.0, high=1.0)
    """What a reward one step later counts."""
    seed: int = setting(0, "种子：所有的运气由它而来", low=0, high=MOST_SEED)
    """Where all luck comes from."""


OFFER = Offer(
    "cartpole",
    Text("Keep it upright", "别让它倒"),
    Text(
        "Push the cart left and right to keep the pole upright; then let the agent practise, and watch it do the same.",
        "左右推小车，让杆子立着；然后让智能体练习，看它怎么做。",
    ),
    CartPoleAsked,
    (
        Preset(
            "practice",
            Text("PPO, as its recipe has it", "PPO，按配方设置"),
            Text(
                "Fifty iterations of a thousand steps, a few seconds, and the pole stands for the whole 500 steps.",
                "五十轮、每轮一千步，几秒钟，杆子就能立满 500 步。",
            ),
            {},
        ),
        Preset(
            "too-fast",
            Text("A learning rate too high", "学习率太大"),
            Text(
                "Each iteration throws the policy somewhere else: it soon always pushes the same way, tries nothing any"
                " more and so learns nothing any more.",
                "每一轮都把策略甩到别处：很快它只往一边推，不再尝试，也就学不到东西。",
            ),
            {"learning_rate": 0.3},
            fails=True,
        ),
        Preset(
            "short-sighted",
            Text("Short-sighted", "目光短浅"),
            Text(
                "With a discount of 0.3 only the next moments count, and a step upright is worth the same whether the"
                " pole is about to fall or not: there is hardly anything to learn from.",
                "折扣为 0.3，只看眼前：不管杆子快倒没倒，立着的一步都一样值钱，几乎没什么可学。",
            ),
            {"gamma": 0.3},
            fails=True,
        ),
    ),
)  # fmt: skip
"""What is offered."""

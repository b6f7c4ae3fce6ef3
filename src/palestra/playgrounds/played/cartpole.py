"""CartPole, played: one cart that is driven by hand or by the agent, and PPO that practises on carts of its own."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from typing import Any

import torch

from palestra.engine.seeding import derive
from palestra.envs.world import World
from palestra.errors import require
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.cartpole import CartPoleAsked
from palestra.playgrounds.playground import Playground
from palestra.recipes.cartpole import RECIPES

AGENT = "agent"
"""The action that stands for: as the agent would."""
BUDGET = 50_000
"""Steps of practice, as of its recipe; its learning rate falls to nothing on the way."""
SHOWN = 100
"""Last returns that are drawn."""


class CartPolePlayground(Playground[CartPoleAsked]):
    """A cart to be driven, and an agent."""

    saves = ("learner", "env", "obs", "stood", "best", "driver", "fallen", "returns")

    def __init__(self, asked: CartPoleAsked):
        super().__init__(asked)
        (recipe,) = (each for each in RECIPES if each.id == "cartpole/ppo")
        own = {"learning_rate": asked.learning_rate, "num_epochs": asked.num_epochs, "gamma": asked.gamma}
        self.learner = PPO(
            World("CartPole-v1", asked.copies), PPOConfig(**{**recipe.settings, **own}), seed=asked.seed, device="cpu"
        )
        self.learner.budget = BUDGET
        self.env = World("CartPole-v1").make()
        self.obs = self.env.reset(derive(asked.seed, "driven"))
        self.stood = 0
        """Steps that the pole stands."""
        self.best = {"you": 0, "agent": 0}
        """Longest."""
        self.driver = "you"
        """Who took the last step."""
        self.fallen = False
        """Whether the last step ended an attempt."""
        self.returns: list[list[float]] = []
        """Of the agent's practice: steps, and the mean of its last hundred attempts."""

    @property
    def finished(self) -> bool:
        """Whether the agent has practised enough."""
        return self.learner.clock >= BUDGET

    def step(self) -> None:
        """The agent practises: one iteration."""
        metrics = self.learner.step()
        if "train/return_mean" in metrics:
            self.returns = [*self.returns[1 - SHOWN :], [float(self.learner.clock), metrics["train/return_mean"]]]

    def act(self, action: Any) -> None:
        """Push the cart: 0 to the left, 1 to the right, or ``agent`` for whatever the agent would do."""
        known = (isinstance(action, int) and not isinstance(action, bool) and action in (0, 1)) or action == AGENT
        require(known, f"action={str(action)[:20]}", "0 (left), 1 (right) or agent")
        if action == AGENT:
            with torch.inference_mode():
                chosen = self.learner.act(self.obs)
        else:
            chosen = torch.tensor([action])
        self.driver = "agent" if action == AGENT else "you"
        result = self.env.step(chosen)
        self.stood = 1 if self.fallen else self.stood + 1
        self.best[self.driver] = max(self.best[self.driver], self.stood)
        self.fallen = bool(result.terminated[0] | result.truncated[0])
        self.obs = result.obs

    def frame(self) -> dict[str, Any]:
        """The cart, and how the agent is doing."""
        place, _, angle, _ = self.obs[0].tolist()
        return {
            "place": place, "angle": angle, "stood": self.stood, "best": self.best, "driver": self.driver,
            "fallen": self.fallen, "practised": self.learner.clock, "budget": BUDGET, "returns": self.returns,
        }  # fmt: skip

    def see(self) -> Text:
        """Who holds it how long."""
        you, agent, clock = self.best["you"], self.best["agent"], self.learner.clock
        if not you and not agent:
            return Text(
                "Take the arrow keys or the two buttons. The attempt ends when the pole leans 12 degrees or the cart"
                " leaves the track, and after 500 steps.",
                "用方向键或两个按钮。杆子倾斜 12 度、小车出轨，或者满 500 步，这一局就结束。",
            )
        if not clock:
            return Text(
                f"Your longest is {you} steps, the agent's {agent}; it has not practised yet. Press play to let it.",
                f"你最长 {you} 步，智能体 {agent} 步；它还没有练习过。按“播放”让它练。",
            )
        mean = f"{self.returns[-1][1]:.0f}" if self.returns else "-"
        return Text(
            f"Your longest is {you} steps, the agent's {agent}. In {clock:,} steps of practice its last attempts stood"
            f" {mean} steps on average.",
            f"你最长 {you} 步，智能体 {agent} 步。练了 {clock:,} 步，它最近平均能立 {mean} 步。",
        )

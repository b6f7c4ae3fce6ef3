"""The bandit, played: a bandit learner on arms that are placed by hand, one pull a step."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from typing import Any

import torch

from palestra.envs.world import World
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig
from palestra.learners.bandits.gradient import GradientBandit, GradientBanditConfig
from palestra.learners.bandits.rule import BanditRule
from palestra.learners.bandits.thompson import BetaPosterior, Thompson, ThompsonConfig
from palestra.learners.bandits.ucb import UCB, UCBConfig
from palestra.playgrounds.arguments import integer, number, only
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.bandit import HIGHEST, LOWEST, BanditAsked
from palestra.playgrounds.playground import Playground


class BanditPlayground(Playground[BanditAsked]):
    """Gamblers before the same arms; the first of them is seen."""

    saves = ("learner",)

    def __init__(self, asked: BanditAsked):
        super().__init__(asked)
        world = World(f"bandit/{asked.reward}", asked.gamblers, kwargs={"means": list(asked.means)})
        rule_type, config = _rule(asked)
        self.learner = BanditLearner(rule_type, world, config, seed=asked.seed, device="cpu")
        self._place(asked.means)

    def _place(self, means: tuple[float, ...]) -> None:
        """Every gambler's arms in the order in which they were drawn, which bandits shuffle."""
        mean_AB = torch.tensor(means)[:, None].expand(-1, self.asked.gamblers)
        self.learner.arms.load_state_dict({**self.learner.arms.state_dict(), "mean": mean_AB})

    def step(self) -> None:
        """One pull by every gambler."""
        self.learner.step()

    def edit(self, edit: Mapping[str, Any]) -> None:
        """``arm`` and ``mean``: an arm pays something else from now on; what was learned stays."""
        only(edit, "arm", "mean")
        arm = integer(edit, "arm", 0, len(self.asked.means) - 1)
        mean = number(edit, "mean", LOWEST, HIGHEST)
        means = (*self.asked.means[:arm], mean, *self.asked.means[arm + 1 :])
        self.asked = self.asking(means=means)
        self._place(means)

    def frame(self) -> dict[str, Any]:
        """The arms as the first gambler sees them, and the curves of all."""
        learner, pulls = self.learner, self.learner.clock
        best = learner.optimal_B.sum() / max(1, pulls * self.asked.gamblers)
        return {
            "pulls": pulls,
            "arms": beliefs(learner.rule, pulls),
            "means": list(self.asked.means),
            "regret": float(learner.regret_B.mean()),
            "first_regret": float(learner.regret_B[0]),
            "best_share": float(best),
            "recent_share": float(learner.recent_B.mean()),
            "curve": [row[:4] for row in learner.rows[-200:]],
        }

    def see(self) -> Text:
        """How far the gamblers are."""
        learner, pulls = self.learner, self.learner.clock
        if not pulls:
            return Text(
                "The thin lines are what the arms really pay; nobody has pulled one yet. Press play.",
                "细线是摇臂真正的均值；还没有人拉过。按“播放”。",
            )
        share, regret = float(learner.recent_B.mean()), float(learner.regret_B.mean())
        return Text(
            f"After {pulls:,} pulls {share:.0%} of the gamblers pull the best arm. They have lost {regret:.1f} each"
            " against somebody who knew it: a line that bends flat has learned, a straight one has not.",
            f"拉了 {pulls:,} 次之后，{share:.0%} 的玩家在拉最好的那根。比起知情者，每人平均少得 {regret:.1f}："
            "曲线变平说明学会了，一直笔直说明没有。",
        )


def _rule(asked: BanditAsked) -> tuple[type[BanditRule], Any]:
    match asked.algorithm:
        case "epsilon-greedy":
            return EpsilonGreedy, EpsilonGreedyConfig(
                pulls_per_step=1, epsilon=asked.epsilon, initial_value=asked.initial_value
            )
        case "ucb":
            return UCB, UCBConfig(
                pulls_per_step=1, power=asked.power, scale=1.0 if asked.reward == "bernoulli" else 2.0
            )
        case "thompson":
            return Thompson, ThompsonConfig(pulls_per_step=1)
        case "gradient-bandit":
            return GradientBandit, GradientBanditConfig(
                pulls_per_step=1, step_size=asked.step_size, baseline=asked.baseline
            )


def beliefs(rule: BanditRule, pulls: int) -> list[dict[str, float | None]]:
    """What the first gambler's rule holds of each arm, before pull ``pulls + 1``.

    ``estimate`` of the mean and how far ``doubt`` reaches above and below it, ``count`` of pulls, ``chance`` of being
    pulled next; None where a rule has no such thing.
    """
    unknown: dict[str, float | None] = dict.fromkeys(("estimate", "doubt", "count", "chance"))
    match rule:
        case EpsilonGreedy() | UCB():
            told = [
                {**unknown, "estimate": float(mean), "count": float(count)}
                for mean, count in zip(rule.means.mean_AB[:, 0], rule.means.count_AB[:, 0], strict=True)
            ]
            if isinstance(rule, UCB):
                for each, width in zip(told, rule.width_AB[:, 0], strict=True):
                    tried = each["count"] != 0
                    each["doubt"] = rule.factor(pulls + 1) * float(width) if tried else None
                    each["estimate"] = each["estimate"] if tried else None
            return told
        case Thompson():
            posterior = rule.posterior
            if isinstance(posterior, BetaPosterior):
                alpha_A, beta_A = posterior.count_2AB[:, :, 0].double()
                total_A = alpha_A + beta_A
                mean_A, var_A = alpha_A / total_A, alpha_A * beta_A / (total_A**2 * (total_A + 1))
                count_A = total_A - rule.config.prior_alpha - rule.config.prior_beta
            else:
                mean_A, var_A = posterior.mean_AB[:, 0].double(), posterior.var_AB[:, 0].double()
                count_A = (rule.config.noise_std**2 * (1 / var_A - 1 / rule.config.prior_std**2)).round()
            return [
                {**unknown, "estimate": float(mean), "doubt": float(var) ** 0.5, "count": float(count)}
                for mean, var, count in zip(mean_A, var_A, count_A, strict=True)
            ]
        case GradientBandit():
            return [{**unknown, "chance": float(chance)} for chance in rule.preference_AB[:, 0].softmax(0)]
    raise TypeError(f"the beliefs of {rule.name}; expected a rule that a case above reads")

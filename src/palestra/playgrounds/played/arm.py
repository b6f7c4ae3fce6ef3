"""The arm, played: one that is driven by hand or by an agent, and a student that practises in twins of its own."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.engine.agent import Agent
from palestra.engine.seeding import derive, generator
from palestra.envs.arm.catalogue import MAX_EPISODE_STEPS, env_id
from palestra.envs.arm.client import import_pybullet
from palestra.envs.arm.task import LATE_REWARD
from palestra.envs.world import World
from palestra.errors import UsageError, install_line, require, unknown_name
from palestra.learners.imitation.dagger import DAgger, DAggerConfig
from palestra.playgrounds.agents import load_agent, runs_in, world_of
from palestra.playgrounds.arguments import only, place
from palestra.playgrounds.driven import Driven, InPhysics, InTwin
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.arm import EXPERT, RANDOM, STUDENT, ArmAsked
from palestra.playgrounds.plain import shades
from palestra.playgrounds.playground import Playground
from palestra.playgrounds.scenery import HEIGHT, WIDTH, Scenery
from palestra.recipes.arm import HELD_OUT
from palestra.recipes.registry import get_recipe

AGENT, ANEW = "agent", "anew"
"""Actions that stand for: as the agent would, and: another object."""
AS_IT_IS = {**HELD_OUT, "drive": "none", "simulator": "pybullet", "max_episode_steps": MAX_EPISODE_STEPS}
"""Arguments of the world that is driven, whatever an agent was trained in."""
SHOWN = 100
"""Last points of the practice that are drawn."""
NAMES = {
    STUDENT: Text("the student", "学生"),
    EXPERT: Text("the scripted expert", "脚本专家"),
    RANDOM: Text("random actions", "随机动作"),
}


class ArmPlayground(Playground[ArmAsked]):
    """An arm to be driven, and who can be watched.

    Args:
        asked: its settings.
        runs: the folder in which trained agents are sought.
    """

    saves = ("learner", "returns")

    def __init__(self, asked: ArmAsked, runs: Path | None = None):
        self.missing: Text | None = None
        """What is to be installed for the world that was asked for, where that is not here."""
        if asked.world == "pybullet":
            try:
                import_pybullet()
            except UsageError:
                line = install_line("arm")
                self.missing = Text(
                    f"PyBullet is not installed, so this is the twin; for real contact: {line}",
                    f"没有安装 PyBullet，所以这里是孪生；想要真实的接触：{line}",
                )
                asked = replace(asked, world="twin")
        super().__init__(asked)
        recipe = get_recipe(f"arm-{asked.task}-state/dagger")
        self.own = {"radius": asked.radius} if asked.radius else {}
        """Arguments of the world that differ from its defaults."""
        self.runs = runs_in(runs, env_id(asked.task))
        """Trained agents by their ids, the latest first."""
        self.learner = DAgger(
            World(env_id(asked.task), recipe.num_envs or 1, kwargs={**recipe.env_kwargs, **self.own}),
            DAggerConfig(**{**recipe.settings, "learning_rate": asked.learning_rate}), seed=asked.seed, device="cpu",
        )  # fmt: skip
        self.learner.budget = recipe.budget
        self.returns: list[list[float]] = []
        """Of the student's practice: steps, and the percentage of its last hundred attempts that arrived."""
        self.luck = generator(asked.seed, "random actions")
        self.score = {"you": [0, 0], AGENT: [0, 0]}
        """Of each: episodes that arrived, and all that ended."""
        self.driver = "you"
        """Who took the last step."""
        self.jaws = 1
        """Whether they were last told to open (1) or to shut (-1)."""
        self.episode = 0
        """How many came before."""
        self.agent: Agent = self.learner
        """The student, or what was loaded of a run."""
        self.driven: Driven
        """The arm."""
        self.kwargs: dict[str, Any] = {}
        """Arguments of its world."""
        self._enter(asked.agent)

    @classmethod
    def made(cls, asked: ArmAsked, runs: Path | None) -> Self:
        """One that can show the agents of a folder."""
        return cls(asked, runs)

    @property
    def finished(self) -> bool:
        """Whether the student has practised enough."""
        return self.learner.clock >= (self.learner.budget or 0)

    def step(self) -> None:
        """The student practises: one iteration."""
        metrics = self.learner.step()
        if "train/return_mean" in metrics:  # an episode is worth 1, or what it costs to be late
            share = (metrics["train/return_mean"] - LATE_REWARD) / (1 - LATE_REWARD)
            self.returns = [*self.returns[1 - SHOWN :], [float(self.learner.clock), 100 * share]]

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Choose whom to watch: ``agent`` is one of the names, or the id of a run."""
        only(edit, "agent")
        name = edit.get("agent")
        require(isinstance(name, str), f"agent={str(name)[:40]}", "the name of an agent")
        asked = self.asking(agent=name)
        self._enter(asked.agent)
        self.asked = asked

    def act(self, action: Any) -> None:
        """Move the arm: a list of numbers from -1 to 1, ``agent`` for what the agent would do, ``anew`` for another.

        Where an episode has ended, the step is the first of the next.
        """
        chosen = None if action in (AGENT, ANEW) else self._by_hand(action)
        if self.driven.ended or action == ANEW:
            self._begin(self.episode + 1)
        if action == ANEW:
            return
        self.driver = AGENT if chosen is None else "you"
        taken = self._by_agent() if chosen is None else chosen
        self.jaws = -1 if self.driven.task.grips and taken[3] < 0 else 1
        self.driven.move(taken)
        if self.driven.ended:
            self.score[self.driver][0] += self.driven.ended == "reached"
            self.score[self.driver][1] += 1

    def frame(self) -> dict[str, Any]:
        """The arm, what its camera sees, and how everybody is doing."""
        joints, places = self.driven.arrangement()
        seen = self.driven.seen()
        return {
            "scene": self.scenery.shapes(joints, places, self.driven.box()), "seen": shades(seen / 255),
            "steps": self.driven.steps, "reward": self.driven.reward, "ended": self.driven.ended,
            "distance": self.driven.distance, "driver": self.driver, "jaws": self.jaws, "score": self.score,
            "practised": self.learner.clock, "budget": self.learner.budget, "returns": self.returns,
        }  # fmt: skip

    def ground(self) -> dict[str, Any]:
        """The table, who can be watched, and what is missing."""
        names = [{"value": name, **told._asdict()} for name, told in NAMES.items()]
        agents = [*names, *({"value": run, "en": run, "zh": run} for run in self.runs)]
        missing = self.missing and self.missing._asdict()
        return {
            "scene": self.scenery.ground(), "size": [WIDTH, HEIGHT], "grips": self.driven.task.grips,
            "agents": agents, "missing": missing,
        }  # fmt: skip

    def see(self) -> Text:
        """How this attempt is going, and how the others went."""
        told = _going(self.driven)
        for who, en, zh in (("you", "You", "你"), (AGENT, "The agents", "智能体")):
            arrived, tries = self.score[who]
            if tries:
                told = Text(
                    f"{told.en} {en} arrived in {arrived} of {tries}.", f"{told.zh}{zh} {tries} 次到了 {arrived} 次。"
                )
        return told

    def _enter(self, name: str) -> None:
        """Put the arm into a world as this agent sees it. UsageError, with nothing changed, for who is not there."""
        if name not in NAMES and name not in self.runs:
            raise unknown_name("agent", name[:40], [*NAMES, *self.runs])
        agent: Agent = self.learner
        seen = World(env_id(self.asked.task), 1, kwargs={"view": "state", **self.own})
        if name in self.runs:
            world = world_of(self.runs[name])
            seen = replace(world, num_envs=1, kwargs={**world.kwargs, **self.own})
            agent = load_agent(self.runs[name], seen)
        kwargs = {**seen.kwargs, **AS_IT_IS}
        if kwargs != self.kwargs:
            kind: Callable[[str, Mapping[str, Any]], Driven] = InPhysics if self.asked.world == "pybullet" else InTwin
            made = kind(self.asked.task, kwargs)
            if self.kwargs:
                self.driven.close()
            self.driven, self.kwargs = made, kwargs
            self.scenery = Scenery(made.robot, made.task, made.task.radius)
            self._begin(self.episode)
        if self.agent is not self.learner:
            self.agent.close()
        self.agent = agent

    def _begin(self, episode: int) -> None:
        """Begin an episode, whose seed is its number's."""
        self.episode, self.jaws = episode, 1
        self.driven.begin(derive(self.asked.seed, "driven", episode) % 2**31)

    def _by_agent(self) -> NDArray[np.float32]:
        """What whoever is watched does here."""
        if self.asked.agent == EXPERT:
            return self.driven.expert()
        if self.asked.agent == RANDOM:
            return (2 * torch.rand(self.driven.task.action_size, generator=self.luck) - 1).numpy()
        return self.driven.decided(self.agent)

    def _by_hand(self, action: Any) -> NDArray[np.float32]:
        """An action from what a page sent."""
        return np.array(place({"action": action}, "action", -1.0, 1.0, self.driven.task.action_size), np.float32)


def _going(driven: Driven) -> Text:
    """How an episode is going."""
    steps, far = driven.steps, 100 * driven.distance
    match driven.ended:
        case "reached":
            return Text(f"Arrived after {steps} steps: the reward is 1.", f"{steps} 步到了：奖励 1。")
        case "left":
            return Text(
                f"Outside after {steps} steps: the reward is {driven.reward:g}, and the attempt is over.",
                f"{steps} 步后出了界：奖励 {driven.reward:g}，这一局结束。",
            )
        case "out of time":
            return Text(
                f"Forty steps are over: the reward is {driven.reward:g}, and {far:.0f} cm are left.",
                f"四十步用完了：奖励 {driven.reward:g}，还差 {far:.0f} 厘米。",
            )
    if not steps:
        keys = Text(
            "Arrow keys, or the buttons, move the arm, a press a step; W and S lift and lower it.",
            "方向键或按钮移动机械臂，按一下走一步；W 升，S 降。",
        )
        if driven.task.grips:
            return Text(
                f"{keys.en} G opens and shuts the jaws. The block belongs into the green ball on the plinth.",
                f"{keys.zh}G 开合夹爪。把方块放进台座上的绿球里，再松开。",
            )
        return Text(
            f"{keys.en} It has arrived when the dot at its end is in the green ball: {far:.0f} cm are left.",
            f"{keys.zh}末端的圆点进了绿球，就算到了：还差 {far:.0f} 厘米。",
        )
    return Text(
        f"{far:.0f} cm are left after {steps} of 40 steps.", f"走了 {steps} 步（共 40 步），还差 {far:.0f} 厘米。"
    )

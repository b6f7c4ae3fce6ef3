"""Which learners can be trained together, as one batch of small ones, and who are of one batch.

``learn_together`` does it in memory, for learners from Python; ``palestra train R --seeds 64 --together``, and every
command that takes ``--pool together``, with a run for each.
"""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from palestra.engine.learner import Learner, Source
from palestra.engine.settings import AlgorithmConfig, TrainSettings
from palestra.engine.together import Lockstep, Together
from palestra.engine.trainer import Trainer
from palestra.engine.training import Rounds, TrainResult
from palestra.errors import UsageError, require

_TABLES = ("palestra.learners.tabular.together", "TablesTogether")
KINDS: Mapping[str, tuple[str, str]] = {
    "ppo": ("palestra.learners.on_policy.together", "PPOTogether"),
    "dqn": ("palestra.learners.off_policy.together", "DQNTogether"),
    "q-learning": _TABLES,
    "double-q-learning": _TABLES,
    "sarsa": _TABLES,
    "expected-sarsa": _TABLES,
}
"""Name of a learner to the module and class of many of it."""


def together_type(name: str) -> type[Together]:
    """What trains many learners of a name as one batch; UsageError, which says who can, for others."""
    if name not in KINDS:
        raise UsageError(
            f"{name} together with others; expected one of {', '.join(KINDS)}, or a process each, as without --together"
        )
    module, attribute = KINDS[name]
    kind: type[Together] = getattr(importlib.import_module(module), attribute)
    assert issubclass(kind, Together)
    return kind


def batch_of(name: str, source: Source, settings: AlgorithmConfig) -> str:
    """What all learners of one batch have in common: who they are, where they learn, and what is set alike for all."""
    vectors = together_type(name).vectors
    shared = {key: value for key, value in asdict(settings).items() if key not in vectors}
    return json.dumps([name, source.key, source.to_json(), shared], sort_keys=True)


def learn_together(learners: Sequence[Learner], amount: int, **settings: Any) -> list[TrainResult]:
    """Train learners this much further, all as one batch, without runs on disk: ``learner.learn(amount)`` of each.

    Args:
        learners: of one kind in one world; seeds and some settings may differ (``Together.vectors``). Each ends as it
            would alone: to the bit, or but for the rounding of larger products, as its kind says.
        amount: how much of their clocks.
        settings: those of ``TrainSettings``: ``eval_every``, ``target``, ``patience``, ...

    Returns:
        How each ended.
    """
    require(bool(learners), "no learner", "at least one")
    batches = {batch_of(each.name, each.source, each.config) for each in learners}
    first, kind = learners[0], together_type(learners[0].name)
    same = f"{first.name} and others that differ in more than seed, {', '.join(kind.vectors)}"
    require(len(batches) == 1, same, "learners of one kind, in one world, set alike")
    for learner in learners:
        kind.check(learner)

    def rounds(learner: Learner) -> Rounds[TrainResult]:
        plan = TrainSettings(budget=learner.clock + amount, seed=learner.seed, **settings)
        return Trainer(learner, plan).rounds()

    lockstep = Lockstep(kind, dict(enumerate(map(rounds, learners))))
    ended: dict[int, TrainResult] = {}
    while not lockstep.over:
        ended |= lockstep.advance()
    return [ended[i] for i in range(len(learners))]

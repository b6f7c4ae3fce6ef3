"""What is asked of a learner that fits data, whatever it has learned."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from palestra.datasets.dataset import InMemory, Split
from palestra.engine.learner import Learner
from palestra.engine.predictor import BatchConfig, Predictor
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.measure import Measure, Metrics
from palestra.ops.scores import ACCURACY, LOG_LOSS


class Same(Predictor, Learner):
    """Takes each row for its own logits."""

    name, kind = "same", "classifier"
    scores = (LOG_LOSS, ACCURACY)
    longest = 0

    def step(self) -> Metrics:
        return {}

    def outputs(self, inputs: Tensor) -> Tensor:
        self.longest = max(self.longest, len(inputs))
        return inputs


def made(rows: int = 6, **more: Split) -> Same:
    inputs = torch.arange(3 * rows).double().view(rows, 3).sin()
    splits = {"train": Split(inputs, torch.arange(rows) % 3), "validation": Split(inputs, inputs.argmax(1)), **more}
    return Same(InMemory(splits))


def test_its_first_score_is_its_headline() -> None:
    assert (Same.headline, Same.direction, Same.clock_unit) == ("eval/log_loss", "down", "samples")


def test_it_predicts_arrays_whatever_their_numbers_are() -> None:
    learner = made()
    for rows in (np.eye(3), np.eye(3, dtype=np.float32), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]):
        assert learner.predict(rows).tolist() == [0, 1, 2]
    assert learner.splits["train"].inputs.dtype is torch.float32
    assert learner.num_classes == 3
    for wrong in (np.zeros((2, 4)), np.zeros(3), np.float64(1)):
        with pytest.raises(UsageError, match=r"expected rows \(n, 3\)"):
            learner.predict(wrong)


def test_it_is_measured_on_the_rows_that_are_asked_for_a_chunk_at_a_time() -> None:
    learner = made(Same.together + 5)
    whole = learner.measured(Measure(0))
    assert whole.samples.shape == (Same.together + 5,)
    assert whole.metrics["eval/accuracy"] == 1.0
    assert whole.score == whole.metrics["eval/log_loss"] == pytest.approx(float(whole.samples.mean()))
    assert learner.longest == Same.together
    some = learner.measured(Measure(7, seed=1))
    assert torch.equal(some.samples, learner.measured(Measure(7, seed=1)).samples)
    assert set(some.samples.tolist()) <= set(whole.samples.tolist())


def test_a_split_that_is_not_there_is_refused_before_training() -> None:
    with pytest.raises(UsageError, match="unknown split of 'in memory' 'test'; nearest: train"):
        made().check_measurable(Measure(split="test"))
    made().check_measurable(Measure())


def test_a_world_is_refused() -> None:
    with pytest.raises(UsageError, match=r"Same on World\(id='CartPole-v1'.*; expected a Dataset, or the id of one"):
        Same(World("CartPole-v1"))


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batches_per_step": 0}])
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="expected at least 1"):
        BatchConfig(**wrong)


def test_shares_are_no_bytes() -> None:
    bytes_ = torch.arange(12, dtype=torch.uint8).view(4, 3)
    learner = Same(InMemory({"train": Split(bytes_, torch.arange(4) % 3)}))
    assert learner.predict(np.eye(3, dtype=np.int64)).tolist() == [0, 1, 2]
    with pytest.raises(UsageError, match="inputs of float64; expected uint8, as it was fitted to"):
        learner.predict(np.eye(3))

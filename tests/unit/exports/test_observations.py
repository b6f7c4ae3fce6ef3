"""What an environment shows, in tensors: the same as the vector contract has it, whatever the space."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.masks import ActionMask
from palestra.envs.observed import Observed
from palestra.envs.spaces import Packed, leaf_values
from palestra.errors import UsageError
from palestra.exports.observations import Input, PackedSeen, Shown, inputs_of, joined, on_numbers, stacked
from palestra.learners.off_policy.epsilon_greedy import EpsilonGreedyPolicy, LayerNoise
from palestra.nets.encoders import PackedEncoder, make_encoder
from palestra.nets.mlp import MLP
from palestra.ops.q_heads import make_q_head

PICTURES = spaces.Dict(
    {
        "left": spaces.Box(0, 255, (2, 16, 12, 3), np.uint8),  # a stack, whose pictures become channels
        "right": spaces.Box(0, 255, (16, 12), np.uint8),
        "body": spaces.Tuple((spaces.Discrete(3, start=-1), spaces.Box(-2.0, 2.0, (2,), np.float64))),
        "action_mask": spaces.MultiBinary(4),
    }
)
OWN = [
    spaces.Box(-1.0, 1.0, (3,), np.float32),
    spaces.Box(-1.0, 1.0, (), np.float64),
    spaces.Box(0, 9, (2, 3), np.int32),
    spaces.Box(0, 255, (4, 5), np.uint8),  # brightness, too small for a picture
    spaces.Box(0, 255, (12, 16, 3), np.uint8),
    spaces.Box(0, 255, (4, 16, 12, 1), np.uint8),
    spaces.Box(0, 255, (4, 3, 16, 12), np.uint8),
    spaces.Discrete(5, start=2),
    spaces.MultiDiscrete([3, 2], start=[1, 0]),
    spaces.MultiDiscrete([[3, 2], [2, 4]]),
    spaces.MultiBinary(4),
    spaces.Dict({"place": spaces.Discrete(3), "speed": spaces.Box(-1.0, 1.0, (2, 2), np.float64)}),
    spaces.Tuple((spaces.Discrete(32), spaces.Dict({"deep": spaces.MultiBinary((2, 2))}), spaces.Box(0, 9, (), int))),
]


def samples(own: gym.Space[Any], count: int = 6) -> dict[str, np.ndarray]:
    own.seed(0)
    return stacked(own, [list(leaf_values(own, own.sample())) for _ in range(count)])


@pytest.mark.parametrize("own", OWN, ids=str)
def test_it_shows_what_the_contract_has(own: gym.Space[Any]) -> None:
    observed, given = Observed(own), samples(own)
    rows, single = observed.read(joined(own, iter(given.values())))
    shown = Shown(observed)([torch.from_numpy(x) for x in given.values()])
    assert not single
    assert torch.equal(shown, torch.from_numpy(np.ascontiguousarray(rows)).to(shown.dtype))
    assert tuple(shown.shape[1:]) == observed.space.shape
    assert list(given) == [each.name for each in inputs_of(own)]


def test_inputs_have_the_names_of_their_parts() -> None:
    assert inputs_of(OWN[0]) == (Input("observation", "float32", (3,)),)
    assert [each.name for each in inputs_of(OWN[-1])] == ["observation.0", "observation.1.deep", "observation.2"]
    assert inputs_of(OWN[-1])[1].dtype == "int8"


def packed() -> tuple[Observed, PackedEncoder, list[torch.Tensor], torch.Tensor]:
    """Pictures and numbers, an encoder of them, six observations part by part, and as the contract packs them."""
    observed, given = Observed(PICTURES), samples(PICTURES)
    assert isinstance(observed.space, Packed)
    encoder = make_encoder(observed.space, torch.Generator().manual_seed(0))
    assert isinstance(encoder, PackedEncoder)
    rows, _ = observed.read(joined(PICTURES, iter(given.values())))
    return observed, encoder, [torch.from_numpy(x) for x in given.values()], torch.from_numpy(rows)


def test_packed_parts_are_seen_as_numbers_as_they_are_as_bytes() -> None:
    observed, encoder, given, rows = packed()
    assert isinstance(observed.space, Packed)
    numbers = Shown(observed)(given)
    assert numbers.dtype == torch.float32
    with torch.no_grad():
        torch.testing.assert_close(PackedSeen(encoder, observed.space).see(numbers), encoder.see(rows), rtol=0, atol=0)


def test_a_policy_and_its_mask_act_on_numbers_as_on_bytes() -> None:
    observed, encoder, given, rows = packed()
    assert isinstance(observed.space, Packed)
    start = next(part.start for part in observed.space.layout if part.name == "action_mask")
    q = MLP([encoder.num_features, 4], "relu", torch.Generator().manual_seed(1))
    generator, head = torch.Generator(), make_q_head("none", 1, (0.0, 1.0), "huber", torch.device("cpu"))
    noise = LayerNoise(q, False, generator)
    policy = EpsilonGreedyPolicy(
        q, head, 4, encoder.see, noise, lambda: 0.0, generator, ActionMask(start, 4, packed=True)
    )
    with torch.no_grad():
        action, kind, values = policy.choice(rows)
        again = on_numbers(policy, observed.space).choice(Shown(observed)(given))
    assert kind == "value"
    assert torch.equal(action, again.action)
    assert values is not None
    assert again.numbers is not None
    assert torch.equal(values, again.numbers)
    assert values.isinf().any()  # the mask forbids something
    assert policy.see == encoder.see  # the policy itself is as it was


def test_an_encoder_that_is_not_ours_is_refused_with_a_way_out() -> None:
    observed, *_ = packed()
    assert isinstance(observed.space, Packed)
    flat = make_encoder(observed.space, torch.Generator(), "flat")
    policy = type("Seeing", (), {"see": flat.see})()
    with pytest.raises(UsageError, match=r"by FlatEncoder, cannot become one file.*--to hub"):
        on_numbers(policy, observed.space)

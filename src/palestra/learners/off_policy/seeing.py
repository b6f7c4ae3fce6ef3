"""Batches as critics and actors take them: features in the place of observations."""

from typing import NamedTuple

from torch import Tensor

from palestra.data.replay import Transitions
from palestra.nets.encoders import Encoder


class Seen(NamedTuple):
    """A batch whose observations went through an encoder."""

    obs_BF: Tensor
    """Recorded where the encoder learns: the critics' loss moves it on through these, the actor takes them detached."""
    action_B: Tensor
    return_B: Tensor
    discount_B: Tensor
    next_obs_BF: Tensor
    """By the encoder: what the policy acts on."""
    slow_next_obs_BF: Tensor
    """By its slow copy: what target networks value."""


def seen(b: Transitions, encoder: Encoder, slow: Encoder) -> Seen:
    """A batch that ``to_batch`` has prepared, as critics and policy take it."""
    if not encoder.learns:  # it is what they take
        return Seen(*b, b.next_obs_BF)
    next_obs_BF, slow_next_obs_BF = encoder.encode(b.next_obs_BF), slow.encode(b.next_obs_BF)
    return Seen(encoder.encode_to_learn(b.obs_BF), *b[1:4], next_obs_BF, slow_next_obs_BF)


def seen_slowly(b: Transitions, encoder: Encoder, slow: Encoder) -> Transitions:
    """The same where only target networks look at what follows."""
    if not encoder.learns:
        return b
    return b._replace(obs_BF=encoder.encode_to_learn(b.obs_BF), next_obs_BF=slow.encode(b.next_obs_BF))

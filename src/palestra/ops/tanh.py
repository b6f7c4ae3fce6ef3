"""Actions of a deterministic actor: tanh of a recorded network's outputs, and the way back."""

from collections.abc import Sequence

from torch import Tensor

from palestra.ops.terms import Recording, without_autograd


class RecordedTanh(Recording):
    """The way back from actions tanh(u) to a network's outputs u (1, B, A)."""

    def __init__(self, out_1BA: Tensor, action_BA: Tensor):
        super().__init__([out_1BA])
        self.action_BA = action_BA

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """da/du = 1 - a^2."""
        (to_action_BA,) = to_outputs
        assert to_action_BA is not None
        return [(to_action_BA * (1.0 - self.action_BA.square()))[None]]


@without_autograd
def record_tanh(out_1BA: Tensor) -> Tensor:
    """Actions (B, A) between -1 and 1 from a recorded network's outputs, as a leaf of which a loss can be made."""
    action_BA = out_1BA[0].tanh()
    return RecordedTanh(out_1BA, action_BA.detach()).leaf(action_BA)

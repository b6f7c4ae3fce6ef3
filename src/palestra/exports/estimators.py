"""What learned from data as a file: from rows as they are in the data to what ``predict`` says of them, and why."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from palestra.engine.predictor import Predictor
from palestra.learners.labels.image_classifier import ImageClassifier
from palestra.learners.sequences.character_model import CharacterModel
from palestra.learners.structure.autoencoder import Autoencoder
from palestra.learners.structure.k_means import KMeans
from palestra.learners.structure.pca import PCA

NAMES = {
    "classifier": ("label", "probability"),
    "regressor": ("value",),
    "clusterer": ("group", "distance"),
    "transformer": ("row",),
}
"""Kind of an estimator to the names of what its file says; after them comes ``code``, of whatever has one."""


class Said(nn.Module):
    """From rows (B, ...) to the tensors of ``NAMES``.

    A classifier says labels (B,) and probabilities (B, K), a regressor values, a clusterer groups (B,) and squared
    distances (B, G), a transformer the rows again; what has codes (B, K) says them last.

    Args:
        learner: which; it is not to be trained any more.
    """

    def __init__(self, learner: Predictor):
        super().__init__()
        self.kind, self.outputs, self.code = learner.kind, outputs_of(learner), code_of(learner)
        if isinstance(learner, ImageClassifier | CharacterModel):
            learner.network.eval()

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The tensors in their order."""
        (rows,) = inputs
        out = self.outputs(rows)
        code = () if self.code is None else (self.code(rows),)
        match self.kind:
            case "classifier":
                return out.argmax(-1), out.softmax(-1), *code
            case "clusterer":
                return out.argmin(-1), out, *code
        return out, *code

    @property
    def names(self) -> tuple[str, ...]:
        """Of what it says."""
        return (*NAMES[self.kind], *(("code",) if self.code else ()))


def outputs_of(learner: Predictor) -> Callable[[Tensor], Tensor]:
    """``outputs`` of a learner without any cutting up of rows, which a file cannot follow."""
    match learner:
        case ImageClassifier():
            return learner.logits
        case CharacterModel():
            network = learner.network  # without looking whether every token is one that it knows
            return lambda rows: network(rows.long())
        case KMeans():
            centre_GF = learner.centre_GF
            return lambda rows: squared_distances(rows.flatten(1).to(centre_GF.dtype), centre_GF)
    return learner.outputs


def code_of(learner: Predictor) -> Callable[[Tensor], Tensor] | None:
    """From rows to their codes, of a learner that has any."""
    match learner:
        case PCA():
            return learner.encode
        case Autoencoder():
            return learner.code
    return None


def squared_distances(sample_BF: Tensor, centre_GF: Tensor) -> Tensor:
    """(B, G) as ``ops.lloyd.squared_distances``, in sums and squares, which every format has."""
    return torch.stack([(sample_BF - centre_F).square().sum(1) for centre_F in centre_GF.unbind()], 1)

"""What a classifier has to show: what it takes for what, its worst mistakes among images, and what it sees in them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.datasets.dataset import Split
from palestra.engine.exhibit import Exhibit
from palestra.engine.predictor import Predictor
from palestra.learners.labels.standardisation import Standardisation
from palestra.nets.evaluating import evaluating
from palestra.nets.vision.seen import feature_maps, first_filters, saliency
from palestra.pictures.confusion import MOST_CLASSES, Confusion, Pair
from palestra.pictures.tiles import COLUMNS, Mistakes, Sight, Strip, Tile

LOOKED_AT, WORST = 1_000, 3 * COLUMNS
"""Images among which the worst are looked for, and how many of them are shown."""


def mistakes(held_out: Split, logits_BK: Tensor, names: tuple[str, ...]) -> Mistakes | None:
    """Images that are named wrongly, first those whose right name is found least likely; None where there are none.

    Args:
        held_out: (B, ...) images and (B,) what they are.
        logits_BK: what was made of them.
        names: of the classes, or none.
    """
    assert held_out.targets is not None  # a classifier has labels
    wrong_B = logits_BK.argmax(1) != held_out.targets
    if not wrong_B.any():
        return None
    loss_B = F.cross_entropy(logits_BK.double(), held_out.targets, reduction="none").where(wrong_B, -torch.inf)
    worst = loss_B.topk(min(WORST, int(wrong_B.sum()))).indices
    share_BK = logits_BK[worst].double().softmax(1)
    tiles = []
    for row, share_K in zip(worst.tolist(), share_BK):
        said, is_ = int(share_K.argmax()), int(held_out.targets[row])
        caption = f"{_name(said, names)}, {float(share_K[said]):.0%}\nis {_name(is_, names)}"
        tiles.append(Tile(held_out.inputs[row].cpu().numpy(), caption))
    strips = [Strip("" if at else "the worst\nfirst", tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    found = f"{int(wrong_B.sum())} of {len(wrong_B):,} images that it did not learn from are named wrongly"
    return Mistakes(f"{found}; the {len(tiles)} whose right name it finds least likely", strips)


def looked_at(learner: Predictor) -> Split:
    """Some rows that a learner did not learn from, or did where there are no others."""
    held_out = learner.splits["validation" if "validation" in learner.splits else "train"]
    return Split(*(each[:LOOKED_AT] for each in held_out if each is not None))


def told_apart(learner: Predictor) -> list[Exhibit]:
    """What a classifier takes for what, among rows that it did not learn from."""
    some = looked_at(learner)
    with torch.inference_mode():
        found = confusion(some, learner.outputs(some.inputs), learner.dataset.class_names())
    return [] if found is None else [found]


def confusion(held_out: Split, logits_BK: Tensor, names: tuple[str, ...]) -> Confusion | None:
    """How often each class is taken for each; None for more classes than a square of them can show.

    Args:
        held_out: (B, ...) rows and (B,) what they are.
        logits_BK: what was made of them.
        names: of the classes, or none.
    """
    assert held_out.targets is not None  # a classifier has labels
    classes, truth_B, said_B = logits_BK.shape[1], held_out.targets, logits_BK.argmax(1)
    if classes > MOST_CLASSES:
        return None
    count_KK = torch.bincount(truth_B * classes + said_B, minlength=classes**2).reshape(classes, classes)
    share_B = logits_BK.double().softmax(1).amax(1)
    pairs = []
    for truth, said in (count_KK - count_KK.diag().diag()).nonzero().tolist():
        rows = ((truth_B == truth) & (said_B == said)).nonzero()[:, 0]
        surest = rows[share_B[rows].argsort(descending=True)][:COLUMNS].tolist()
        images = held_out.inputs[surest].cpu().numpy() if held_out.inputs.dim() > 2 else ()
        tiles = [Tile(image, f"{float(share_B[row]):.0%}") for row, image in zip(surest, images)]
        pairs.append(Pair(truth, said, tiles))
    pairs.sort(key=lambda pair: -int(count_KK[pair.truth, pair.said]))
    right = f"{int(count_KK.diag().sum())} of {len(truth_B):,} rows that it did not learn from are named rightly"
    shown = [_name(label, names) for label in range(classes)]
    return Confusion("What it takes for what", f"{right}: those on the diagonal", shown, count_KK.cpu().numpy(), pairs)


def sight(network: nn.Sequential, images: Tensor, standardised: Standardisation) -> Sight:
    """What a network looks for, what each block makes of one image, and which pixels of some images count.

    Args:
        network: any of ``nets/vision``.
        images: (B, ...) as they are in the data; COLUMNS of them are looked at.
        standardised: to the form that it takes.
    """
    some = images[:COLUMNS]
    seen_BCHW = standardised(some)
    with evaluating(network), torch.no_grad():
        chosen_B = network(seen_BCHW).argmax(1)
    slope_BHW = saliency(network, seen_BCHW, chosen_B)
    strips = [Strip("images", _tiles(some)), Strip("what counts", _tiles(slope_BHW))]
    if any(isinstance(module, nn.Conv2d) for module in network.modules()):
        filters = first_filters(network).mean(1)  # of colours their mean
        strips.append(Strip("first filters", [each._replace(signed=True) for each in _tiles(filters)]))
    for name, map_BCHW in feature_maps(network, seen_BCHW[:1]).items():
        strips.append(Strip(f"{name}\nof the first", _tiles(map_BCHW[0])))
    return Sight("what it looks for, what it makes of an image, and which pixels move its answer", strips)


def _tiles(images: Tensor) -> list[Tile]:
    """Of (n, H, W[, 3]) the first COLUMNS."""
    return [Tile(each.cpu().numpy()) for each in images[:COLUMNS]]


def _name(label: int, names: tuple[str, ...]) -> str:
    return names[label] if names else str(label)

"""Which films are alike: those whose factors are the nearest.

I  films
V  factors of each
Q  draws of them
R  ratings
"""

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.pictures.related import Related

SHOWN, NEAREST, OFTEN = 12, 3, 20
"""Films that are shown, the most rated ones; how many beside each; and ratings without which a film is near nothing."""


def squared_distances(factor_QIV: Tensor, chosen_L: Tensor) -> Tensor:
    """(L, I) from some films to all, the mean over Q draws, each of which may have turned its axes."""
    return torch.stack([torch.cdist(film_IV[chosen_L], film_IV).square() for film_IV in factor_QIV]).mean(0)


def related(factor_QIV: Tensor, film_R: Tensor, dataset: Dataset) -> Related:
    """The most rated films, each with those nearest to it.

    Args:
        factor_QIV: of the films, in Q draws or one.
        film_R: (R,) which film each rating is of.
        dataset: which may have words for them.
    """
    count_I = torch.bincount(film_R, minlength=factor_QIV.shape[1])
    chosen_L = count_I.argsort(descending=True, stable=True)[:SHOWN]
    apart_LI = squared_distances(factor_QIV, chosen_L)
    apart_LI[:, count_I < min(OFTEN, int(count_I.max()))] = torch.inf
    apart_LI.scatter_(1, chosen_L[:, None], torch.inf)
    nearest_LL = apart_LI.argsort(dim=1, stable=True)[:, :NEAREST]
    names = dataset.item_names()

    def named(film: int) -> str:
        return names[film] if film < len(names) else f"film {film}"

    rows = [[named(film), *map(named, near)] for film, near in zip(chosen_L.tolist(), nearest_LL.tolist())]
    said = f"the {len(rows)} most rated, and of those with {OFTEN} ratings or more the nearest to each by its factors"
    return Related("films that are alike", said, rows)

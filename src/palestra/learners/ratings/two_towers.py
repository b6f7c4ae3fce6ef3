"""Two towers that retrieve, and a network that ranks what they found (Covington et al. 2016; Yi et al. 2019).

    u = tower(user),  v = tower(film),  |u| = |v| = 1
    loss = -mean over liked pairs  log softmax_j (u_i v_j / tau - log q_j)_i          over the films of the batch
    r = ranker(user, film),  loss of r = cross-entropy of liked

A catalogue is too long to look at every film with a network that sees both sides. A dot product is quick, and a point
for every film can be kept; so towers find some dozens of candidates, and the ranker puts those in order. A film is in a
batch as often as it is popular, q_j of all liked pairs, and would be pushed away for it: log q_j takes that back
(Bengio & Senecal 2008). What is known of users and films (age, genres) goes into both; with ``own=0`` nothing else
does, and a film that nobody has rated yet can be found.

    Y  users
    I  films
    V  numbers of a point
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset, Split
from palestra.datasets.loader import Loader
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.labels.descent import DescentConfig, make_optimizer
from palestra.learners.ratings.stars import check_pairs
from palestra.measure import Evaluation, Measure, Metrics
from palestra.nets.towers import Facts, Ranker, Tower
from palestra.ops.retrieval import candidates, recall
from palestra.ops.scores import ACCURACY, LOG_LOSS


@dataclass(frozen=True)
class TwoTowersConfig(DescentConfig):
    """Settings of two towers and a ranker."""

    batch_size: int = 512
    """Pairs of a batch; the liked ones of it stand against each other."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 3e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 1e-2
    """The share of matrices and kernels that a step takes, times the learning rate."""
    own: int = 16
    """Numbers that each user and film has for itself; 0 to know them by facts alone."""
    hidden_sizes: tuple[int, ...] = (64,)
    """Width of each hidden layer of towers and ranker."""
    size: int = 16
    """Numbers of a point."""
    temperature: float = 0.1
    """Tau."""
    retrieved: int = 100
    """Films that are found for each user, or all where there are fewer."""
    shown: int = 10
    """Of those, how many the ranker puts first."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("size", "retrieved", "shown"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "1 or more")
        require(self.own >= 0, f"own={self.own}", "0 or more")
        require(self.temperature > 0, f"temperature={self.temperature:g}", "above 0")
        require(self.shown <= self.retrieved, f"shown={self.shown} of retrieved={self.retrieved}", "no more than those")


class TwoTowers(Predictor, Learner):
    """Says of pairs (user, film), inputs (B, 2) int64 from 0, whether they get on; and finds films for users."""

    name = "two-towers"
    config_type = TwoTowersConfig
    config: TwoTowersConfig
    clock_unit = "ratings"
    kind = "classifier"
    scores = (ACCURACY, LOG_LOSS)
    indexed = True
    saves = ("loader", "users", "films", "ranker", "optimizer")
    derives = ("known_YI", "log_share_I")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        config, drawn = self.config, generator(seed, "weights")
        facts = self.dataset.sides()
        self.loader = Loader(self.train, config.batch_size, seed=seed)
        self.users, self.films = (
            Tower(Facts(each, config.own, drawn), config.hidden_sizes, config.size, drawn).to(self.device)
            for each in facts
        )
        users, films = (Facts(each, config.own, drawn) for each in facts)
        self.ranker = Ranker(users, films, config.hidden_sizes, drawn).to(self.device)
        self.optimizer = make_optimizer(config, torch.nn.ModuleList((self.users, self.films, self.ranker)))

    @cached_property
    def known_YI(self) -> Tensor:
        """(Y, I) bool: the pairs that it learns from."""
        return self._table(self.train.inputs)

    @cached_property
    def log_share_I(self) -> Tensor:
        """(I,) the logarithm of each film's share of the liked pairs; of one that nobody likes, as if one did."""
        label_B = self.train.targets
        assert label_B is not None
        count_I = torch.bincount(self.train.inputs[label_B == 1, 1], minlength=self.known_YI.shape[1]).clamp(min=1)
        return (count_I / count_I.sum()).log()

    def step(self) -> Metrics:
        """Some batches."""
        config, losses = self.config, []
        for pair_B2, label_B in self.loader.take(config.batches_per_step):
            assert label_B is not None  # a classifier has labels
            self.optimizer.learning_rate = config.rate(self.budget_used)
            retrieval = self.retrieval_loss(pair_B2[label_B == 1])
            ranking = F.binary_cross_entropy_with_logits(self.ranker(pair_B2), label_B.to(torch.float32))
            self.optimizer.descend(retrieval + ranking)
            losses.append(torch.stack((retrieval.detach(), ranking.detach())))
            self.clock = self.loader.position
        retrieval, ranking = torch.stack(losses).mean(0).tolist()
        return {
            "train/retrieval_loss": retrieval,
            "train/ranking_loss": ranking,
            "train/learning_rate": self.optimizer.learning_rate,
            **self.loader.report(),
        }

    def retrieval_loss(self, pair_L2: Tensor) -> Tensor:
        """Of liked pairs, each of which has to find its film among those of all (Yi et al. 2019, equations 3 and 5)."""
        user_L, film_L = pair_L2.unbind(1)
        score_LL = self.users(user_L) @ self.films(film_L).T / self.config.temperature - self.log_share_I[film_L]
        # The same film, liked by another, is no wrong answer.
        twice_LL = (film_L[:, None] == film_L).fill_diagonal_(False)
        return F.cross_entropy(score_LL.masked_fill(twice_LL, -torch.inf), torch.arange(len(film_L)).to(film_L))

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, 2) log-odds of 0 and of 1, by the ranker."""
        found_B: Tensor = self.ranker(inputs)
        return torch.stack((torch.zeros_like(found_B), found_B), 1)

    def check_rows(self, rows: NDArray[Any]) -> None:
        """UsageError for a user or a film of whom nothing is known."""
        check_pairs(rows, *(len(each.facts.fact_LF) for each in (self.users, self.films)))

    def measured(self, measure: Measure) -> Evaluation:
        """How well the ranker tells pairs apart, and how well films are found.

        Of the films that a user likes in the split, ``eval/recall`` are among those retrieved; of as many popular ones
        it would be ``eval/recall_of_popular``. Of the films that the ranker would show if it looked at the whole
        catalogue, ``eval/recall_of_ranker`` are retrieved.
        """
        split = self._chosen(measure)
        found = self._evaluated(*split)  # type: ignore[arg-type]  # a classifier has labels
        with torch.inference_mode():
            return replace(found, metrics={**found.metrics, **self._found(split)})

    def retrieve(self) -> Tensor:
        """(Y, L) int64: for each user the films that the towers find, those that it knows left out, the best first."""
        numbers = (torch.arange(len(each.facts.fact_LF), device=self.device) for each in (self.users, self.films))
        user_YV, film_IV = (tower(which) for tower, which in zip((self.users, self.films), numbers))
        return candidates(user_YV @ film_IV.T, self.known_YI, self._count)

    def _found(self, split: Split) -> Metrics:
        pair_B2, label_B = split
        wanted_YI = self._table(pair_B2[label_B == 1])
        retrieved_YL = self.retrieve()
        popular_YL = candidates(self.log_share_I.expand_as(wanted_YI), self.known_YI, self._count)
        score_YI = torch.stack([self._ranked(user) for user in range(len(wanted_YI))])
        best_YI = torch.zeros_like(wanted_YI)
        best_YI.scatter_(1, candidates(score_YI, self.known_YI, min(self.config.shown, self._count)), True)
        shares = {
            "eval/recall": recall(retrieved_YL, wanted_YI),
            "eval/recall_of_popular": recall(popular_YL, wanted_YI),
            "eval/recall_of_ranker": recall(retrieved_YL, best_YI),
        }
        return {name: float(share_Y.nanmean()) for name, share_Y in shares.items()}

    def _ranked(self, user: int) -> Tensor:
        """(I,) what the ranker says of all films to a user."""
        film_I = torch.arange(self.known_YI.shape[1], device=self.device)
        scored_I: Tensor = self.ranker(torch.stack((torch.full_like(film_I, user), film_I), 1))
        return scored_I

    @property
    def _count(self) -> int:
        return min(self.config.retrieved, self.known_YI.shape[1])

    def _table(self, pair_B2: Tensor) -> Tensor:
        """(Y, I) bool: whether a pair is among these."""
        shape = [len(each.facts.fact_LF) for each in (self.users, self.films)]
        table_YI = torch.zeros(shape, dtype=torch.bool, device=self.device)
        table_YI[pair_B2[:, 0], pair_B2[:, 1]] = True
        return table_YI

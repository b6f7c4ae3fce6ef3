"""Two towers: the loss by hand, and what is found where it is known who likes what."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError
from palestra.learners.ratings.two_towers import TwoTowers, TwoTowersConfig
from palestra.measure import Measure

LIKED = Dataset("toy/ratings", {"liked": True})


def made(**settings: Any) -> TwoTowers:
    return TwoTowers(LIKED, TwoTowersConfig(**settings), seed=0, device="cpu")


def test_each_liked_pair_has_to_find_its_film_among_those_of_the_batch() -> None:
    learner = made(temperature=0.2)
    pairs = torch.tensor([[0, 5], [1, 7], [2, 5], [3, 9]])
    user, film = learner.users(pairs[:, 0]), learner.films(pairs[:, 1])
    by_hand = []
    for i in range(4):
        others = [j for j in range(4) if j == i or pairs[j, 1] != pairs[i, 1]]
        scores = torch.stack([user[i] @ film[j] / 0.2 - learner.log_share_I[pairs[j, 1]] for j in others])
        by_hand.append(-F.log_softmax(scores, 0)[others.index(i)])
    assert torch.allclose(learner.retrieval_loss(pairs), torch.stack(by_hand).mean())


def test_shares_of_films_are_those_of_the_liked_pairs_that_it_learns_from() -> None:
    learner = made()
    pair, label = LIKED.load()["train"]
    liked = pair[label == 1, 1]
    film = int(liked.mode().values)
    count = max(1, int((liked == film).sum()))
    total = sum(max(1, int((liked == each).sum())) for each in range(150))
    assert float(learner.log_share_I[film].exp()) == pytest.approx(count / total)
    assert int(learner.known_YI.sum()) == len(pair)


def test_it_finds_what_users_like_and_the_ranker_tells_pairs_apart() -> None:
    learner = made(own=0, retrieved=20, batch_size=256, learning_rate=0.01)
    before = learner.measured(Measure(0)).metrics
    learner.learn(15 * 6_300)
    after = learner.measured(Measure(0)).metrics
    assert after["eval/accuracy"] > 0.88 > before["eval/accuracy"] + 0.2
    assert after["eval/recall"] > 1.3 * after["eval/recall_of_popular"]
    assert after["eval/recall"] > 1.5 * before["eval/recall"]
    assert after["eval/recall_of_ranker"] > 0.5 > before["eval/recall_of_ranker"] + 0.2


def test_all_is_found_where_everything_is_looked_at() -> None:
    metrics = made(retrieved=1_000, shown=5).measured(Measure(0)).metrics
    assert metrics["eval/recall_of_ranker"] == metrics["eval/recall"] == metrics["eval/recall_of_popular"] == 1.0


def test_what_a_user_knows_is_not_found_again() -> None:
    learner = made(retrieved=30)
    found = learner.retrieve()
    assert found.shape == (200, 30)
    assert not learner.known_YI.gather(1, found).any()


def test_data_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(UsageError, match="the data set 'iris'; expected one of who rated what: movielens-100k"):
        TwoTowers("iris", device="cpu")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 0}, "size=0; expected 1 or more"),
        ({"own": -1}, "own=-1; expected 0 or more"),
        ({"temperature": 0.0}, "temperature=0; expected above 0"),
        ({"retrieved": 5, "shown": 6}, "shown=6 of retrieved=5; expected no more than those"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        TwoTowersConfig(**settings)

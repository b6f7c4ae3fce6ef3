"""Towers and ranker: what they see, and where they put it."""

import torch

from palestra.nets.towers import Facts, Ranker, Tower

FACTS = torch.arange(12.0).reshape(4, 3)


def drawn() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_what_is_known_is_what_was_given_behind_what_is_learned() -> None:
    facts = Facts(FACTS, 2, drawn())
    known = facts(torch.tensor([3, 1]))
    assert facts.width == 5
    assert torch.equal(known[:, 2:], FACTS[[3, 1]])
    assert torch.equal(known[:, :2], facts.own_LV[[3, 1]])
    assert [name for name, _ in facts.named_parameters()] == ["own_LV"]
    assert list(facts.state_dict()) == ["own_LV"]  # facts are the data set's, and not saved


def test_by_facts_alone_those_with_the_same_facts_are_at_one_point() -> None:
    tower = Tower(Facts(FACTS[[0, 1, 1]], 0, drawn()), (8,), 4, drawn())
    points = tower(torch.arange(3))
    assert torch.allclose(points.norm(dim=1), torch.ones(3))
    assert torch.equal(points[1], points[2])
    assert not torch.allclose(points[0], points[1])


def test_the_ranker_sees_both_sides() -> None:
    ranker = Ranker(Facts(FACTS, 2, drawn()), Facts(FACTS[:2], 1, drawn()), (8,), drawn())
    pairs = torch.tensor([[0, 0], [3, 0], [0, 1]])
    assert ranker(pairs).shape == (3,)
    assert len(set(ranker(pairs).tolist())) == 3
    known = torch.cat((ranker.users(pairs[:, 0]), ranker.films(pairs[:, 1])), 1)
    assert torch.equal(ranker(pairs), ranker.layers(known)[:, 0])

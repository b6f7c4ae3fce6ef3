"""Seeds derived by purpose: the values must never change, or every recorded result would."""

import torch

from palestra.engine import seeding


def test_the_values_are_these_for_ever() -> None:
    # Not from our code: the first eight bytes of `printf 0:weights | sha256sum` and so on, little-endian, halved.
    assert seeding.derive(0, "weights") == 8432303663033437212
    assert seeding.derive(1, "weights") == 2433389647448479763
    assert seeding.derive(0, "evaluation", 12_288) == 2883299998052363107
    assert seeding.derive(7) == 5135535630271676732


def test_the_first_draws_are_these_for_ever() -> None:
    assert torch.randint(1_000, (4,), generator=seeding.generator(0, "actions")).tolist() == [92, 386, 567, 647]


def test_every_purpose_and_every_seed_has_its_own() -> None:
    purposes = [("weights",), ("actions",), ("evaluation", 1), ("evaluation", 11), ("evaluation", 1, 1)]
    seeds = {seeding.derive(seed, *purpose) for seed in range(100) for purpose in purposes}
    assert len(seeds) == 500
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_generator_is_independent_of_every_other() -> None:
    before = torch.random.get_rng_state()
    alone = torch.rand(5, generator=seeding.generator(0, "a"))
    other = seeding.generator(0, "b")
    torch.rand(100, generator=other)
    assert torch.equal(torch.rand(5, generator=seeding.generator(0, "a")), alone)
    assert torch.equal(torch.random.get_rng_state(), before)

"""Around the disc: all learn from the same on one task, and those that cannot arrive promise that."""

from palestra.recipes.two_ways import ENV, RECIPES


def test_all_learn_from_what_was_shown_on_both_sides_or_all_with_a_rest() -> None:
    shown = {recipe.method: recipe.settings["data"] for recipe in RECIPES if recipe.learner != "expert"}
    assert shown == {
        "behaviour-cloning": "two-ways", "mixture": "two-ways", "diffusion": "two-ways",
        "action-chunks": "one-way-with-a-pause", "single-actions": "one-way-with-a-pause",
    }  # fmt: skip
    assert {recipe.env for recipe in RECIPES} == {ENV}


def test_who_takes_the_mean_promises_that_hardly_anybody_arrives_and_the_others_that_most_do() -> None:
    promised = {r.method: (r.claim.sign, r.claim.threshold) for r in RECIPES if r.claim}
    assert promised == {
        "behaviour-cloning": ("<=", 0.05), "mixture": (">=", 0.9), "diffusion": (">=", 0.9),
        "action-chunks": (">=", 0.9),
    }  # fmt: skip


def test_what_rests_for_good_differs_in_the_length_of_its_chunks_alone() -> None:
    pair = [recipe for recipe in RECIPES if recipe.learner == "action-chunks"]
    many, one = ({**recipe.settings} for recipe in pair)
    assert (many.pop("horizon"), one.pop("horizon")) == (10, 1)
    assert many == one
    assert pair[0].budget == pair[1].budget == pair[0].eval_every

"""Around the disc: all learn from the same, and those that take the mean promise to fail."""

from palestra.recipes.two_ways import ENV, RECIPES


def test_all_learn_from_what_was_shown_on_both_sides() -> None:
    learning = [recipe for recipe in RECIPES if recipe.learner != "expert"]
    assert {recipe.settings["data"] for recipe in learning} == {"two-ways"}
    assert {recipe.env for recipe in RECIPES} == {ENV}


def test_who_takes_the_mean_promises_that_hardly_anybody_arrives() -> None:
    promised = {r.method: (r.claim.sign, r.claim.threshold) for r in RECIPES if r.claim}
    assert promised == {"behaviour-cloning": ("<=", 0.05)}

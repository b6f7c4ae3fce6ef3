"""Another library's model as a part: its learned arrays are saved by name, and nothing else of it."""

import numpy as np
import pytest

from palestra.engine.fitted import Fitted

naive_bayes = pytest.importorskip("sklearn.naive_bayes")
LEARNED = ("classes_", "theta_", "var_", "class_prior_")


def part() -> Fitted:
    return Fitted(naive_bayes.GaussianNB(), LEARNED)


def test_what_is_learned_is_saved_and_given_back() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(2, size=40)
    fitted, other = part(), part()
    assert fitted.state_dict() == {}
    fitted.model.fit(x, y)
    assert tuple(fitted.state_dict()) == LEARNED
    other.load_state_dict(fitted.state_dict())
    np.testing.assert_array_equal(other.model.predict_proba(x), fitted.model.predict_proba(x))
    other.load_state_dict({})
    assert not hasattr(other.model, "theta_")


def test_the_state_of_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="coef_"):
        part().load_state_dict({"coef_": np.zeros(3)})

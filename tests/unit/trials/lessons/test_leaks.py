"""The lesson on leaks: its estimates are those of scikit-learn's pipelines, and the truth is what it has to be."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from palestra.trials.lessons import leaks
from palestra.trials.lessons.leaks import (
    FOLDS,
    KEPT,
    PREPARATIONS,
    ROWS,
    encoded,
    estimates,
    filled_by_class,
    lesson,
    noise,
)

FOLD = PredefinedSplit(np.arange(ROWS) // 2 % FOLDS)
THEIRS = {
    "scaled": StandardScaler,
    "filled": SimpleImputer,
    "columns chosen": lambda: SelectKBest(f_classif, k=KEPT),
}


@pytest.mark.parametrize("name", THEIRS)
def test_estimates_are_those_of_scikit_learns_pipelines(name: str) -> None:
    each = PREPARATIONS[name]
    for seed in range(3):
        x, y = each.world(ROWS, torch.Generator().manual_seed(seed))
        leaked, honest, _ = estimates(each.fit, each.world, torch.Generator().manual_seed(seed))
        neighbour, make = KNeighborsClassifier(1), THEIRS[name]
        prepared = make().fit_transform(x.numpy(), y.numpy())
        assert leaked == pytest.approx(cross_val_score(neighbour, prepared, y.numpy(), cv=FOLD).mean())
        pipeline = make_pipeline(make(), neighbour)
        assert honest == pytest.approx(cross_val_score(pipeline, x.numpy(), y.numpy(), cv=FOLD).mean())


def test_words_become_shares_and_gaps_what_their_label_has() -> None:
    x, y = torch.tensor([[0.0], [0.0], [3.0], [3.0]]), torch.tensor([0, 1, 1, 1])
    shares = encoded(x, y)(torch.tensor([[0.0], [3.0], [7.0]]), None)
    assert shares.flatten().tolist() == [0.5, 1.0, 0.75]
    x[3] = torch.nan
    fill = filled_by_class(x, y)
    assert fill(x, y).flatten().tolist() == [0.0, 0.0, 3.0, 1.5]
    assert fill(x, None)[3].item() == 1.0


def test_what_sees_labels_leaks_and_the_truth_of_noise_is_a_half(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "DRAWS", 20)
    monkeypatch.setattr(leaks, "TRIED", (100,))
    done = lesson(0)
    rows = {str(name): dict(zip(done.columns[1:], figures, strict=True)) for name, *figures in done.rows}
    for name, row in rows.items():
        assert float(row["without"]) == pytest.approx(float(row["fresh rows"]), abs=0.06)
        if row["sees labels"] == "yes":
            assert float(row["fresh rows"]) == pytest.approx(0.5, abs=0.03)
            assert float(row["low"]) > 0.03
        else:
            assert abs(float(row["leak"])) < 0.02, name
            assert float(row["fresh rows"]) > 0.7
    # Hastie, Tibshirani & Friedman 2009, section 7.10.2: an error of 3%, where it is 50%
    assert float(rows["columns chosen"]["with the leak"]) == pytest.approx(0.97, abs=0.03)


def test_where_nothing_is_left_out_nothing_leaks() -> None:
    found = estimates(PREPARATIONS["columns chosen"].fit, partial(noise, columns=KEPT), torch.Generator())
    assert found[0] == found[1]

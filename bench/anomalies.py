"""Which detector finds the shuttle's anomalies? A Gaussian a feature beside density by neighbours and scikit-learn's.

Every side is fitted to the same training rows, by its scores the threshold of the largest F1 on the same validation
rows is chosen, and it is judged once, on the same test rows. Fitted to normal rows, and to all of them unlabelled.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.metrics import f1_score, precision_score, recall_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.learners.structure.gaussian_anomaly import GaussianAnomaly, GaussianAnomalyConfig
from palestra.ops.anomalies import sweep
from report import publish

Rows = NDArray[np.float64]
Score = Callable[[Rows], Rows]
"""Low where rows are rare."""
NEIGHBOURS = 20
"""As many as scikit-learn's local outlier factor looks at where it is not told otherwise."""


def gaussian(rows: Rows) -> Score:
    """Ours: the density of a Gaussian for each feature."""
    labels = torch.arange(len(rows)) % 2  # only to choose a threshold by, which is chosen below instead
    source = InMemory({"train": Split(torch.from_numpy(rows), labels)})
    learner = GaussianAnomaly(source, GaussianAnomalyConfig(fit_to="all")).learn(len(rows))
    return lambda x: learner.log_density(torch.from_numpy(x)).numpy()


def neighbours(rows: Rows) -> Score:
    """The distance of the k-th neighbour, which is large where density is low."""
    tree = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(rows)
    return lambda x: -tree.kneighbors(x)[0][:, -1]


def of(make: Callable[[], Any]) -> Callable[[Rows], Score]:
    """A detector of scikit-learn's."""

    def fitted(rows: Rows) -> Score:
        scores: Score = make().fit(rows).score_samples
        return scores

    return fitted


def sides(seed: int) -> dict[str, Callable[[Rows], Score]]:
    """By name; what is random, by a seed."""
    return {
        "Gaussian a feature (ours)": gaussian,
        f"distance of the {NEIGHBOURS}th neighbour": neighbours,
        "isolation forest": of(lambda: IsolationForest(random_state=seed)),
        "local outlier factor": of(lambda: LocalOutlierFactor(n_neighbors=NEIGHBOURS, novelty=True)),
        "elliptic envelope": of(lambda: EllipticEnvelope(random_state=seed)),
    }


def judged(make: Callable[[Rows], Score], rows: Rows, choice: tuple[Rows, Rows], test: tuple[Rows, Rows]) -> Any:
    """F1, precision and recall on the test rows, and the seconds of fitting and of scoring them."""
    begin = time.perf_counter()
    with warnings.catch_warnings():  # the elliptic envelope says at every turn that its matrix is nearly singular
        warnings.simplefilter("ignore", RuntimeWarning)
        score = make(rows)
    fitted = time.perf_counter()
    found = sweep(*(torch.from_numpy(column) for column in (score(choice[0]), choice[1] == 1)))
    asked = time.perf_counter()
    said = score(test[0]) < float(found.threshold_L[found.best])
    scored = time.perf_counter() - asked
    figures = (each(test[1], said, zero_division=0.0) for each in (f1_score, precision_score, recall_score))
    return (*figures, fitted - begin, scored)


def main() -> None:
    """All sides, on one split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=0, help="training rows; 0 for all")
    parser.add_argument("--seeds", type=int, default=1)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    parts = {}
    for name, (inputs, targets) in Dataset("shuttle").load().items():
        assert targets is not None
        parts[name] = (inputs.double().numpy(), targets.numpy())
    known, labels = (column[: args.rows or None] for column in parts["train"])
    table = []
    for name in sides(0):
        row: dict[str, Any] = {"detector": name}
        for fit_to, rows in (("normal rows", known[labels == 0]), ("all rows", known)):
            by_seed = [
                judged(sides(seed)[name], rows, parts["validation"], parts["test"]) for seed in range(args.seeds)
            ]
            f1, precision, recall, fit, score = np.mean(by_seed, 0)
            row |= {f"F1, {fit_to}": f1, f"precision, {fit_to}": precision, f"recall, {fit_to}": recall}
            row |= {f"fit s, {fit_to}": fit, f"score s, {fit_to}": score}
        table.append({key: float(value) if key != "detector" else value for key, value in row.items()})
    ours, peers = table[0], table[1:]
    best = max(peers, key=lambda row: max(row["F1, normal rows"], row["F1, all rows"]))
    mine, theirs = (max(row["F1, normal rows"], row["F1, all rows"]) for row in (ours, best))
    publish(
        "anomalies",
        "Anomalies of the shuttle: F1 on rows that nobody looked at",
        {"ours": mine, "peer": theirs, "ratio": mine / theirs, "unit": "F1", "seeds": [*range(args.seeds)]},
        table,
        [
            f"The best of the others is {best['detector']}.",
            f"{len(known):,} training rows, of which {int((labels == 1).sum()):,} are anomalies; "
            f"{len(parts['validation'][0]):,} rows choose the threshold, {len(parts['test'][0]):,} judge.",
            f"{args.seeds} seed(s) of what is random, of which figures are means; the split is the same for all.",
        ],
    )


if __name__ == "__main__":
    main()

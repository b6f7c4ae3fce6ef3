"""A picture of what naming more rows anomalous or fewer would come to."""

import numpy as np

from palestra.ops.anomalies import Sweep
from palestra.pictures.panels import Lines, Panels


def threshold_panels(found: Sweep, below: str) -> Panels:
    """Precision, recall and F1 by the share of rows that are named, all of it and near what was chosen.

    Args:
        found: what every threshold comes to.
        below: what the rows that are named are below.
    """
    share = (found.named_L / found.named_L[-1]).cpu().numpy()
    curves = {"precision": found.precision_L, "recall": found.recall_L, "F1": found.f1_L}
    lines = {name: (share, curve_L.cpu().numpy()) for name, curve_L in curves.items()}
    near = np.searchsorted(share, min(1.0, 3 * share[found.best])) + 1
    closer = {name: (x[:near], y[:near]) for name, (x, y) in lines.items()}
    panels = [
        Lines("all thresholds", "share of rows that are named", lines, bounds=(0.0, 1.05)),
        Lines("near the one that was chosen", "share of rows that are named", closer, bounds=(0.0, 1.05)),
    ]
    best = float(found.f1_L[found.best])
    said = f"F1 of {best:.3f} where {share[found.best]:.1%} of the rows are named, those below {below}"
    return Panels("which threshold finds the anomalies", said, panels, 2)

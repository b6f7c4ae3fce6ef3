"""Success against the level of randomisation, which ``bench/arm_reach.py --levels`` measured, as a picture."""

import argparse
import json
from pathlib import Path

import numpy as np

from palestra.pictures.chart import COLORS, make_figure, save

RESULTS = Path(__file__).parent / "results" / "arm_reach.json"
DEFAULT = Path(__file__).parents[1] / "docs" / "images" / "arm-levels.png"


def main() -> None:
    """One line an agent in each world; the mean of its seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT)
    args = parser.parse_args()
    levels = json.loads(RESULTS.read_text())["levels"]
    figure = make_figure(4.5, width=10.0)
    axes = figure.add_axes((0.08, 0.13, 0.55, 0.83))
    for i, (recipe, by_level) in enumerate(levels.items()):
        for world, style in ((0, "-o"), (1, "--o")):
            shares = [100 * np.mean([pair[world] for pair in pairs]) for pairs in by_level.values()]
            label = f"{recipe}, {'the twin' if world else 'PyBullet'}"
            axes.plot(list(by_level), shares, style, color=COLORS[i], markersize=4, label=label)
    axes.set(xlabel="level of randomisation", ylabel="episodes that reach the object, %", ylim=(-3, 103))
    axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    save(figure, args.out)
    print(args.out)


if __name__ == "__main__":
    main()

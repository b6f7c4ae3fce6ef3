"""The classifier, played: the multilayer perceptron on points of the plane, one batch a step."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from palestra.datasets.dataset import InMemory, Split
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.labels.multilayer_perceptron import MultilayerPerceptron, MultilayerPerceptronConfig
from palestra.measure import Measure
from palestra.playgrounds.arguments import integer, only, place
from palestra.playgrounds.clouds import CLASSES
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.classifier import MOST_CLASSES, MOST_POINTS, REACH, ClassifierAsked
from palestra.playgrounds.plain import shades
from palestra.playgrounds.playground import Playground

COUNT, HELD_OUT = 200, 400
"""Points to learn from and to be judged on, of what is not one's own."""
SIDE, SMALL = 48, 24
"""Places of the picture of the boundary, and of those of the units, across and down."""
SHOWN = 300
"""Last losses that are drawn."""
FLAT = 0.01
"""Of the greatest derivative: an activation with less of it at a point has saturated there."""


class Seen(NamedTuple):
    """What the units make of the points that are learned from."""

    saturated: float
    """Share of units and points where the activation is flat."""
    dead: int
    """Units that give the same nothing for every point."""
    units: int


class ClassifierPlayground(Playground[ClassifierAsked]):
    """Points of some classes, and a network that tells them apart."""

    saves = ("learner", "losses")

    def __init__(self, asked: ClassifierAsked):
        super().__init__(asked)
        self._begin(asked)

    def _begin(self, asked: ClassifierAsked) -> None:
        """A network that has learned nothing yet."""
        self.asked = asked
        self.train, self.held_out = _points(asked)
        self.learner = _learner(asked, self.train, self.held_out)
        self.losses: list[list[float]] = []
        """After each step: samples seen, and the loss."""

    def step(self) -> None:
        """One batch."""
        metrics = self.learner.step()
        self.losses = [*self.losses[1 - SHOWN :], [float(self.learner.clock), metrics["train/loss"]]]

    def edit(self, edit: Mapping[str, Any]) -> None:
        """``point`` and ``label`` put one down; the network goes on from what it has learned.

        ``points`` are taken in place of all, as [x, y, class] each, and the network begins anew.
        """
        only(edit, "point", "label", "points")
        if "points" in edit:
            given = edit["points"]
            fits = isinstance(given, list) and 2 <= len(given) <= MOST_POINTS
            require(fits, "points", f"a list of 2 to {MOST_POINTS:,}")
            listed = [place({"point": each}, "point", -REACH, MOST_CLASSES - 1, 3) for each in given]
            self._begin(self.asking(data="own", points=tuple(listed)))
            return
        own = self._own()
        require(len(own) < MOST_POINTS, f"one more point than {len(own)}", f"at most {MOST_POINTS:,}")
        point = (*place(edit, "point", -REACH, REACH), float(integer(edit, "label", 0, MOST_CLASSES - 1)))
        asked = self.asking(data="own", points=(*own, point))
        train, held_out = _points(asked)
        learner = _learner(asked, train, held_out)
        if learner.num_classes == self.learner.num_classes:
            for ours, theirs in zip(learner.parameters, self.learner.parameters, strict=True):
                ours.copy_(theirs)
        self.asked, self.train, self.held_out, self.learner, self.losses = asked, train, held_out, learner, []

    def _own(self) -> tuple[tuple[float, ...], ...]:
        """The points that are learned from, as one's own; others than one's own begin as they are."""
        if self.asked.data == "own":
            return self.asked.points
        assert self.train.targets is not None
        places = (self.train.inputs / self.asked.scale).clamp(-REACH, REACH).tolist()
        return tuple((round(x, 4), round(y, 4), float(k)) for (x, y), k in zip(places, self.train.targets.tolist()))

    def ground(self) -> dict[str, Any]:
        """The points, those that are held out too."""
        held_out, wanted = self.held_out or (torch.zeros(0, 2), torch.zeros(0))
        return {
            "points": self.train.inputs / self.asked.scale, "labels": self.train.targets,
            "held_out": held_out / self.asked.scale, "held_out_labels": wanted,
            "reach": REACH, "side": SIDE, "small": SMALL, "classes": self.learner.num_classes,
        }  # fmt: skip

    def frame(self) -> dict[str, Any]:
        """The boundary, what each unit makes of the plane, weights, and how good it is."""
        learner = self.learner
        share_BK = learner.outputs(self._plane(SIDE)).softmax(1)
        share_B, class_B = share_BK.max(1)
        low = 1 / learner.num_classes
        return {
            "seen": learner.clock,
            "epoch": learner.loader.epoch,
            "class": "".join(map(str, class_B.tolist())),
            "share": shades((share_B - low) / (1 - low)),
            "units": [[shades(unit_B) for unit_B in self._shaded(layer_BF).T] for layer_BF in self._hidden(SMALL)],
            "weights": list(learner.parameters[::2]),
            "train": self._accuracy("train"),
            "held_out": self._accuracy("validation"),
            "losses": self.losses,
            "activity": self._activity()._asdict(),
        }

    def _plane(self, side: int) -> Tensor:
        """(B, 2) places row by row from the top, as the network sees them."""
        axis = torch.linspace(-REACH, REACH, side, dtype=torch.float64) * self.asked.scale
        return torch.cartesian_prod(axis.flip(0), axis).flip(1)

    def _hidden(self, side: int) -> list[Tensor]:
        return self.learner.layers_of(self._plane(side))[1:]

    def _shaded(self, layer_BF: Tensor) -> Tensor:
        """From 0 to 1: sigmoid as it is, tanh from -1 to 1, ReLU up to each unit's greatest."""
        match self.asked.activation:
            case "sigmoid":
                return layer_BF
            case "tanh":
                return (layer_BF + 1) / 2
        return layer_BF / layer_BF.amax(0).clamp(min=1e-12)

    def _activity(self) -> Seen:
        """How alive the units are on the points that are learned from."""
        layers = self.learner.layers_of(self.train.inputs)[1:]
        if not layers:
            return Seen(0.0, 0, 0)
        out_BF = torch.cat(layers, 1)
        slope_BF = {
            "sigmoid": 4 * out_BF * (1 - out_BF), "tanh": 1 - out_BF.square(), "relu": (out_BF > 0).double(),
        }[self.asked.activation]  # fmt: skip
        flat_BF = slope_BF < FLAT
        return Seen(float(flat_BF.double().mean()), int(flat_BF.all(0).sum()), out_BF.shape[1])

    def _accuracy(self, split: str) -> float | None:
        if split not in self.learner.splits:
            return None
        return self.learner.measured(Measure(0, split, 0)).score

    def see(self) -> Text:
        """How good it is, and what is amiss."""
        learner = self.learner
        if not learner.clock:
            return Text(
                "The colour of the ground is the class that the network, with chance weights, says; the small pictures"
                " are its units. Press play.",
                "底色是网络（权重还是随机的）所说的类别；小图是它的各个单元。按“播放”。",
            )
        if not all(bool(parameter.isfinite().all()) for parameter in learner.parameters):
            return Text(
                "The weights are no numbers any more: the steps were too long. Lower the learning rate"
                " and start again.",
                "权重已经不是数了：步子太大。调低学习率再来。",
            )
        good, told, activity = self._accuracy("train"), self._accuracy("validation"), self._activity()
        en, zh = f"It is right on {good:.0%} of its points", f"它答对了 {good:.0%} 的点"
        if told is not None:
            en += f" and {told:.0%} of those that it has not seen"
            zh += f"，没见过的点答对 {told:.0%}"
        flat, rest = activity.saturated, self.asked.activation != "relu"
        if activity.units and rest and flat > 0.5:
            en += f". {flat:.0%} of its activations are flat: their derivative is nothing, and they do not learn"
            zh += f"。{flat:.0%} 的激活已经饱和：导数等于零，学不动"
        elif activity.units and not rest and activity.dead:
            en += f". {activity.dead} of {activity.units} units are dead: they give nothing for any point"
            zh += f"。{activity.units} 个单元里有 {activity.dead} 个死了：对任何点都输出零"
        else:
            en += "; each unit of the first layer draws a line, and the boundary is made of them"
            zh += "；第一层的每个单元画一条线，分界线由它们拼成"
        return Text(en + ".", zh + "。")


def _points(asked: ClassifierAsked) -> tuple[Split, Split | None]:
    """What is learned from, and what is held out, which there is not of one's own."""
    if asked.data == "own":
        rows = torch.tensor(asked.points, dtype=torch.float64)
        return Split(rows[:, :2] * asked.scale, rows[:, 2].long()), None
    splits = []
    for purpose, count in (("points", COUNT), ("held out", HELD_OUT)):
        points, which = CLASSES[asked.data](count, asked.noise, generator(asked.seed, purpose))
        splits.append(Split(points * asked.scale, which))
    return splits[0], splits[1]


def _learner(asked: ClassifierAsked, train: Split, held_out: Split | None) -> MultilayerPerceptron:
    config = MultilayerPerceptronConfig(
        batch_size=asked.batch_size, batches_per_step=1, hidden_sizes=asked.hidden, activation=asked.activation,
        learning_rate=asked.learning_rate, weight_decay=asked.weight_decay,
    )  # fmt: skip
    splits = {"train": train} | ({} if held_out is None else {"validation": held_out})
    return MultilayerPerceptron(InMemory(splits), config, seed=asked.seed, device="cpu")

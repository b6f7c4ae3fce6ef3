"""Make the arm's data, ``kuka_iiwa.json``, from the URDF and the meshes that PyBullet ships.

The joints are the URDF's figures as they stand. The capsules of each link are fitted to the silhouettes of its visual
mesh, seen from many sides.
"""

import argparse
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import palestra.envs.arm

INITIAL = [0.006418, 0.413184, -0.011401, -1.589317, 0.005379, 1.137684, -0.006539]
"""Joint angles at the start of an episode (rad), and the posture towards which the redundancy is used."""
CAPSULES = (1, 2, 2, 2, 2, 3, 1, 1)
"""How many stand for each link, the base first."""
VIEWS, CELL, MARGIN = 16, 0.006, 0.03
"""Directions that silhouettes are compared in, the size of a cell of them (m), and of the empty rim around (m)."""
SOURCE = (
    "lbr_iiwa.urdf as pybullet_data ships it: Copyright (c) 2015, Robert Krug and Todor Stoyanov, AASS Research Center,"
    " Orebro University, Sweden (BSD licence)"
)


def numbers(text: str | None, default: str = "0 0 0") -> list[float]:
    """The numbers of an attribute such as xyz."""
    return [float(word) for word in (text or default).split()]


def joints(root: ElementTree.Element) -> list[dict[str, Any]]:
    """The table of a chain of revolute joints, in the order of the file."""
    table = []
    for joint in root.iter("joint"):
        origin, axis, limit = (joint.find(tag) for tag in ("origin", "axis", "limit"))
        assert joint.get("type") == "revolute"
        assert origin is not None
        assert axis is not None
        assert limit is not None
        table.append(
            {
                "name": joint.get("name"),
                "xyz": numbers(origin.get("xyz")),
                "rpy": numbers(origin.get("rpy")),
                "axis": numbers(axis.get("xyz"), "1 0 0"),
                "lower": float(limit.get("lower", "nan")),
                "upper": float(limit.get("upper", "nan")),
            }
        )
    return table


def surface(path: Path, num: int, rng: np.random.Generator) -> Tensor:
    """Points (num, 3) spread evenly over a mesh's surface."""
    vertices, faces = [], []
    for line in path.read_text().splitlines():
        kind, *words = line.split() or [""]
        if kind == "v":
            vertices.append([float(word) for word in words[:3]])
        elif kind == "f":
            corner = [int(word.split("/")[0]) - 1 for word in words]
            faces += [[corner[0], corner[i], corner[i + 1]] for i in range(1, len(corner) - 1)]
    a, b, c = (np.array(vertices, np.float32)[np.array(faces)[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = rng.choice(len(area), num, p=area / area.sum())
    u, v = rng.random((2, num, 1), np.float32)
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return torch.from_numpy(a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen])


def silhouettes(point_P3: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """What a link covers, seen from afar in VIEWS random directions.

    Returns the axes of the views (V, 3, 2), the places of a grid of cells in them (V, C, 2), and which of the cells are
    covered (V, C) bool.
    """
    views = torch.linalg.qr(torch.randn(VIEWS, 3, 3, generator=generator))[0][:, :, :2]
    seen_VP2 = point_P3 @ views
    low = seen_VP2.amin(1, keepdim=True) - MARGIN
    cells = int((((seen_VP2.amax(1, keepdim=True) + MARGIN) - low) / CELL).max()) + 1
    index = ((seen_VP2 - low) / CELL).long()
    covered = torch.zeros(VIEWS, cells * cells, dtype=torch.bool)
    covered.scatter_(1, index[..., 0] * cells + index[..., 1], True)
    grid = torch.cartesian_prod(torch.arange(cells), torch.arange(cells)) * CELL + CELL / 2
    return views, low + grid, covered


def fit(point_P3: Tensor, count: int, seed: int, steps: int) -> tuple[float, Tensor, Tensor]:
    """Mean overlap of the silhouettes (intersection over union), ends (count, 2, 3) and radii (count,) of capsules.

    From far away a capsule covers what is within its radius of a segment in the plane.
    """
    generator = torch.Generator().manual_seed(seed)
    views, grid, covered = silhouettes(point_P3, torch.Generator().manual_seed(0))
    middle, spread = point_P3.mean(0), point_P3.std(0)
    ends = (middle + spread * 2 * (torch.rand(count, 2, 3, generator=generator) - 0.5)).requires_grad_()
    log_radius = torch.full((count,), -2.8).requires_grad_()
    optimizer = torch.optim.Adam([ends, log_radius], 0.01)
    for step in range(steps + 1):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / (steps + 1))
        start, end = (ends[:, i] @ views for i in range(2))
        along = (end - start)[:, :, None]
        offset = grid[:, None] - start[:, :, None]
        share = ((offset * along).sum(-1) / along.square().sum(-1).clamp_min(1e-9)).clamp(0, 1)
        outside = (offset - share[..., None] * along).norm(dim=-1) - log_radius.exp()[None, :, None]
        inside = torch.sigmoid(-outside.amin(1) / (CELL / 2))
        overlap = torch.where(covered, inside, 0.0).sum(1) / torch.where(covered, 1.0, inside).sum(1)
        loss = 1 - overlap.mean()
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return overlap.mean().item(), ends.detach(), log_radius.detach().exp()


def main() -> None:
    """Read the URDF and the meshes, fit, write the JSON."""
    import pybullet_data  # type: ignore[import-not-found]

    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(palestra.envs.arm.__file__).parent / "kuka_iiwa.json"
    parser.add_argument("--out", type=Path, default=default)
    parser.add_argument("--starts", type=int, default=3, help="fits from different starts, of which the best is taken")
    parser.add_argument("--steps", type=int, default=150)
    args = parser.parse_args()
    folder = Path(pybullet_data.getDataPath()) / "kuka_iiwa"
    root = ElementTree.parse(folder / "model.urdf").getroot()
    palette = {
        material.get("name"): numbers(colour.get("rgba"))[:3]
        for material in root.findall("material")
        if (colour := material.find("color")) is not None
    }
    capsules = []
    for link, element in enumerate(root.iter("link")):
        mesh, material = element.find("visual/geometry/mesh"), element.find("visual/material")
        assert mesh is not None
        assert material is not None
        points = surface(folder / mesh.get("filename", ""), 30_000, np.random.default_rng(link))
        fits = [fit(points, CAPSULES[link], seed, args.steps) for seed in range(args.starts)]
        overlap, ends, radius = max(fits, key=lambda each: each[0])
        print(f"link {link}: {CAPSULES[link]} capsules overlap by {overlap:.3f}", [f"{each[0]:.3f}" for each in fits])
        capsules += [
            {
                "link": link,
                "ends": [[round(x, 4) for x in end] for end in ends[i].tolist()],
                "radius": round(radius[i].item(), 4),
                "colour": palette[material.get("name")],
            }
            for i in range(CAPSULES[link])
        ]
    robot = {"name": "kuka_iiwa", "source": SOURCE, "joints": joints(root), "initial": INITIAL, "capsules": capsules}
    args.out.write_text(json.dumps(robot, indent=1) + "\n")
    print(f"{args.out}: {len(robot['joints'])} joints, {len(capsules)} capsules")


if __name__ == "__main__":
    main()

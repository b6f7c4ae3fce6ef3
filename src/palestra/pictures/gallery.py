"""Exhibits to pictures: what each kind is drawn by, and what its file is called."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from palestra.engine.exhibit import Exhibit
from palestra.pictures.asked import Asked, draw_asked
from palestra.pictures.attention import AttentionMaps, draw_attention
from palestra.pictures.board import Board, Convergence, Table, draw_board, draw_convergence, draw_table
from palestra.pictures.boundary import Boundary, BoundaryFilm, draw_boundary, draw_boundary_film
from palestra.pictures.codes import CodeMap, Reconstructions, draw_code_map, draw_reconstructions
from palestra.pictures.confusion import Confusion, draw_confusion
from palestra.pictures.graph import Graph, draw_graph
from palestra.pictures.grouping import Grouping, GroupingFilm, draw_grouping, draw_grouping_film
from palestra.pictures.importance import Importance, draw_importance
from palestra.pictures.layers import Layers, draw_layers
from palestra.pictures.panels import Panels, draw_panels
from palestra.pictures.regret import Regret, draw_regret
from palestra.pictures.related import Related, draw_related
from palestra.pictures.rules import Rules, draw_rules
from palestra.pictures.samples import Samples, draw_samples
from palestra.pictures.tiles import Mistakes, Sight, draw_tiles
from palestra.pictures.tree import DrawnTree, draw_tree

_DRAWN: dict[type[Exhibit], tuple[str, Callable[[Path, Any], Path]]] = {
    Board: ("value-and-policy", draw_board),
    Table: ("value-and-policy", draw_table),
    Convergence: ("convergence", draw_convergence),
    Regret: ("regret", draw_regret),
    Graph: ("graph", draw_graph),
    Asked: ("asked", draw_asked),
    AttentionMaps: ("attention", draw_attention),
    Samples: ("samples", draw_samples),
    Reconstructions: ("reconstructions", draw_reconstructions),
    CodeMap: ("codes", draw_code_map),
    Boundary: ("boundary", draw_boundary),
    BoundaryFilm: ("boundary", draw_boundary_film),
    Grouping: ("groups", draw_grouping),
    GroupingFilm: ("groups", draw_grouping_film),
    Layers: ("layers", draw_layers),
    Panels: ("panels", draw_panels),
    Rules: ("rules", draw_rules),
    DrawnTree: ("tree", draw_tree),
    Mistakes: ("mistakes", draw_tiles),
    Confusion: ("confusion", draw_confusion),
    Sight: ("sight", draw_tiles),
    Importance: ("importance", draw_importance),
    Related: ("related", draw_related),
}


def draw_exhibits(exhibits: Sequence[Exhibit], folder: Path) -> list[Path]:
    """Draw each exhibit into a PNG, or a film, of a folder, which is made; returns their paths."""
    written = []
    for exhibit in exhibits:
        name, draw = _DRAWN[type(exhibit)]
        written.append(draw(folder / f"{name}.png", exhibit))
    return written

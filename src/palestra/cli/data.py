"""``palestra data``: what there is to learn from besides worlds, and where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from tyro.conf import Positional

from palestra.cli.arguments import Switch, assignments, check_writable, parse
from palestra.cli.output import NARROW, make_console, make_table, print_json
from palestra.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from palestra.datasets.card import Card

Names = Annotated[Positional[tuple[str, ...]], tyro.conf.arg(metavar="NAME")]


@dataclass(frozen=True)
class Ls:
    """List the data sets: what a row is, how large, and whether it is in the cache."""

    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Get:
    """Fetch data sets into the cache, each from the first source that has it, checked by its SHA-256."""

    names: Names
    """Data sets, as `palestra data ls` shows them."""
    from_: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A folder with the files of one, or the archive of one of its sources, downloaded by hand."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Verify:
    """Read every file in the cache and compare its SHA-256; exit status 1 if one is not as it should be."""

    names: Names = ()
    """Data sets; all that are in the cache if none is named."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Show:
    """What a data set is, and a picture of it: images and the balance of their classes, or the columns of a table."""

    name: Annotated[Positional[str], tyro.conf.arg(metavar="NAME")]
    """A data set, or the path of a folder of images, a CSV or an .npz."""
    set: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="KEY=VALUE")] = ()
    """An argument of the data set, e.g. target=price; may be repeated."""
    out: Path | None = None
    """File of the picture; NAME.png if none."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra data``; without a subcommand it lists."""
    listing = not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help"))
    args: Any = parse(_COMMANDS, ["ls", *argv] if listing else argv, "data", "The data sets; ls by itself.")
    match args:
        case Ls():
            return _list(args)
        case Get():
            return _get(args)
        case Verify():
            return _verify(args)
    return _show(args)


_KINDS = ("images", "table", "ratings", "baskets")
_COMMANDS: Any = (
    Annotated[Ls, tyro.conf.subcommand("ls")]
    | Annotated[Get, tyro.conf.subcommand("get")]
    | Annotated[Verify, tyro.conf.subcommand("verify")]
    | Annotated[Show, tyro.conf.subcommand("show")]
)


def _list(args: Ls) -> int:
    from palestra.datasets.dataset import known_cards  # imports torch: after the cheap errors
    from palestra.datasets.hub.cache import cache_root
    from palestra.datasets.hub.content import megabytes

    cards = dict(sorted(known_cards().items(), key=lambda each: (_KINDS.index(each[1].kind), each[0])))
    if args.json:
        print_json({"cache": cache_root(), "datasets": [_facts(name, card) for name, card in cards.items()]})
        return 0
    from rich.markup import escape

    console = make_console()
    narrow = console.width < NARROW
    facts = ("rows", "size", "here")
    table = make_table("data set", *(() if narrow else facts), right=facts[:2], whole=facts)
    for name, card in cards.items():
        known = _facts(name, card)
        size, here = megabytes(known["bytes"]), "yes" if known["cached"] else "-"
        text = f"[bold cyan]{escape(name)}[/]\n[dim]{escape(card.about)}[/]"
        if narrow:
            table.add_row(f"{text}\n{card.rows:,} rows, {size}{', here' if known['cached'] else ''}")
        else:
            table.add_row(text, f"{card.rows:,}", size, here)
    console.print(table)
    console.print(f"\nin {cache_root()}", style="dim", soft_wrap=True, markup=False)
    console.print("palestra data get NAME   fetches one; palestra data show NAME draws it", style="dim")
    return 0


def _get(args: Get) -> int:
    from palestra.datasets.hub.cache import Shelf
    from palestra.datasets.hub.display import make_display
    from palestra.datasets.hub.ladder import fetch

    if not args.names:
        raise UsageError("nothing to get; expected data sets (palestra data ls shows them)")
    if args.from_ is not None and len(args.names) > 1:
        raise UsageError(f"--from with {len(args.names)} data sets; expected one")
    cards = _cards(args.names)
    got = []
    for name, card in cards.items():
        resource = card.resource
        assert resource is not None
        files = fetch(resource, given=args.from_, display=make_display())
        got.append({"name": name, "folder": Shelf(name).folder, "bytes": resource.size, "files": Shelf(name).origin})
        if not args.json:
            print(f"{name}: {len(files)} files, {resource.size:,} bytes in {Shelf(name).folder}")
    if args.json:
        print_json({"datasets": got})
    return 0


def _verify(args: Verify) -> int:
    from palestra.datasets.dataset import known_cards
    from palestra.datasets.hub.cache import Shelf
    from palestra.datasets.hub.ladder import verify

    cards = _cards(args.names) if args.names else known_cards()
    found: list[dict[str, Any]] = []
    for name, card in cards.items():
        if card.resource is not None and (args.names or Shelf(name).folder.is_dir()):
            amiss = verify(card.resource)
            found.append({"name": name, "ok": not amiss, "amiss": amiss, "bytes": card.resource.size})
    broken = [each for each in found if not each["ok"]]
    if args.json:
        print_json({"ok": not broken, "datasets": found})
        return 1 if broken else 0
    if not found:
        print("nothing is in the cache; palestra data get NAME fetches a data set")
    for each in found:
        name, said = each["name"], "; ".join(f"{file} {why}" for file, why in each["amiss"].items())
        fine = f"{each['bytes']:,} bytes, every SHA-256 as published"
        print(f"{name}: {f'{said}; palestra data get {name}' if said else fine}")
    return 1 if broken else 0


def _show(args: Show) -> int:
    from palestra.datasets.arrays import named
    from palestra.datasets.dataset import known_cards
    from palestra.engine.settings import override
    from palestra.pictures.looks import draw_look

    dataset = override(named(args.name, {}), {f"kwargs.{key}": value for key, value in assignments(args.set).items()})
    stem = Path(args.name).name if dataset.id.startswith("own/") else args.name.replace("/", "-")
    path = args.out or Path(f"{stem}.png")
    check_writable(path.parent)
    splits = dataset.load()
    draw_look(path, dataset, splits)
    card, classes = known_cards().get(dataset.id), dataset.class_names()
    parts: dict[str, dict[str, Any]] = {
        name: {"rows": len(split.inputs), "inputs": [*split.inputs.shape[1:]], "dtype": str(split.inputs.numpy().dtype)}
        for name, split in splits.items()
    }
    if args.json:
        facts = _facts(args.name, card) if card else {"name": args.name}
        print_json({**facts, "splits": parts, "classes": classes, "picture": path})
        return 0
    if card:
        print(f"{card.title}: {card.about}\nfrom        {card.home}\nlicence     {card.licence}")
    for name, facts in parts.items():
        shape = " x ".join(map(str, facts["inputs"]))
        print(f"{name:12}{facts['rows']:,} rows of {shape}, {facts['dtype']}")
    if classes:
        print(f"classes     {', '.join(classes[:20])}{f', and {len(classes) - 20} more' if len(classes) > 20 else ''}")
    print(f"picture     {path}")
    return 0


def _cards(names: Sequence[str]) -> "dict[str, Card]":
    """Those of data sets that are fetched. UsageError for any other name."""
    from palestra.datasets.dataset import known_cards

    fetched = {name: card for name, card in known_cards().items() if card.resource is not None}
    for name in names:
        if name not in fetched:
            raise unknown_name("data set", name, fetched)
    return {name: fetched[name] for name in names}


def _facts(name: str, card: "Card") -> dict[str, Any]:
    from palestra.datasets.hub.cache import Shelf

    shelf, resource = Shelf(name), card.resource
    contents = resource.contents if resource else ()
    return {
        "name": name,
        "title": card.title,
        "about": card.about,
        "kind": card.kind,
        "rows": card.rows,
        "bytes": resource.size if resource else 0,
        "cached": resource is None or all(shelf.holds(content) for content in contents),
        "sources": [source.name for source in resource.sources] if resource else [],
        "sha256": {content.name: content.sha256 for content in contents},
        "stand_in": resource is not None and resource.stand_in,
        "licence": card.licence,
        "home": card.home,
    }

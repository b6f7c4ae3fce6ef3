"""The ladder: from the own cache, then from source after source, until the bytes are there that the digests promise."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from palestra.datasets.hub import transfer
from palestra.datasets.hub.cache import Shelf
from palestra.datasets.hub.content import Content, UnavailableError
from palestra.datasets.hub.display import Display, make_display, spoken
from palestra.datasets.hub.sources import ARCHIVES, Folder, LocalArchive, Source, Wanted
from palestra.errors import PalestraError


@dataclass(frozen=True)
class Resource:
    """The files of a data set, and where they can be had."""

    name: str
    """Of the data set, and of its folder in the cache."""
    contents: tuple[Content, ...]
    sources: tuple[Source, ...]
    """In the order in which they are tried."""
    stand_in: bool = False
    """Whether data of the same shape can be made in their place, for who asks for that."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(content.size for content in self.contents)


def fetch(resource: Resource, *, given: Path | None = None, display: Display | None = None) -> dict[str, bytes]:
    """Every file of a data set by name, checked; from the cache, or from the first source that has what is missing.

    Args:
        resource: which.
        given: a folder with its files, or the archive of a source, downloaded by hand; nothing else is then asked.
        display: shows what is done; what fits standard error if None.

    Raises PalestraError, in one line, if no source has it or the disk refuses. Nothing half-written is left: a
    download that was broken off is kept aside, and the next call goes on from there.
    """
    shelf = Shelf(resource.name)
    held = _held(shelf, resource)
    if len(held) == len(resource.contents):
        return held
    shown = display or make_display()
    try:
        with shelf.alone(lambda: shown.say(f"{resource.name}: another process is fetching it; waiting for that one")):
            held = _held(shelf, resource)  # that one may have brought it
            wanted = {content.name: content for content in resource.contents if content.name not in held}
            for name, content in wanted.items():
                if shelf.holds(content):
                    shown.say(f"{resource.name}: {name} in the cache is damaged, and fetched again")
            if wanted:
                held |= _climb(resource, shelf, wanted, given, shown)
    finally:
        shown.close()
    return {content.name: held[content.name] for content in resource.contents}


def verify(resource: Resource) -> dict[str, str]:
    """What is amiss with the files in the cache, by name; empty if all are as they have to be."""
    shelf = Shelf(resource.name)
    amiss = {content.name: shelf.holds(content) for content in resource.contents if shelf.read(content) is None}
    return {
        name: "has another SHA-256" if there else "is damaged" if (shelf.folder / name).exists() else "is not there"
        for name, there in amiss.items()
    }


def _held(shelf: Shelf, resource: Resource) -> dict[str, bytes]:
    read = {content.name: shelf.read(content) for content in resource.contents}
    return {name: data for name, data in read.items() if data is not None}


def _climb(resource: Resource, shelf: Shelf, wanted: Wanted, given: Path | None, display: Display) -> dict[str, bytes]:
    """Try the sources one after another, and publish each file as soon as it is there and checked."""
    sources = resource.sources if given is None else _by_hand(resource, given)
    found: dict[str, bytes] = {}
    troubles: dict[str, list[str]] = {}
    for source in sources:
        carrier = _Carrier(shelf, display, f"{resource.name} from {source.name}")
        left = {name: content for name, content in wanted.items() if name not in found}
        taken: dict[str, bytes] = {}
        try:
            for name, data in _take(source, left, carrier):
                shelf.put(wanted[name], data)
                taken[name] = data
        except UnavailableError as error:
            troubles.setdefault(str(error), []).append(source.name)
        found |= taken
        if taken:
            files = {name: {"source": source.name, "sha256": wanted[name].sha256} for name in taken}
            shelf.note_origin({**shelf.origin, **files})
            display.say(spoken(resource.name, source.name, carrier.received, sum(map(len, taken.values()))))
        if len(found) == len(wanted):
            shelf.forget_partials()
            return found
    raise PalestraError(_refusal(resource, troubles, given))


def _take(source: Source, wanted: Wanted, carrier: "_Carrier") -> Iterator[tuple[str, bytes]]:
    """What one source gives, checked. UnavailableError if not all of it is right.

    What is wrong is thrown away; if some of it was here from before, all of it is fetched once more.
    """
    left = dict(wanted)
    while left:
        try:
            for name, data in source.give(dict(left), carrier):
                left[name].check(data)
                del left[name]
                yield name, data
            if left:
                raise UnavailableError(f"it lacks {', '.join(sorted(left))}")
        except UnavailableError:
            old = carrier.arrived and carrier.resumed
            if carrier.arrived:
                carrier.forget()
            if not old:
                raise


class _Carrier:
    """Fetches addresses onto a shelf."""

    def __init__(self, shelf: Shelf, display: Display, what: str):
        self._shelf, self._display, self._what = shelf, display, what
        self._path: Path | None = None
        self.received = 0
        """Bytes that have come over the network."""
        self.arrived = False
        """Whether a file is here, whole as far as its server knows."""
        self.resumed = False
        """Whether some of it was here before."""

    def __call__(self, urls: Iterable[str], size: int, *, certificates: str | None = None) -> Path:
        troubles = []
        for url in urls:
            path = self._shelf.partial(url)
            before = path.stat().st_size if path.is_file() else 0
            self._path, self.arrived, self.resumed = path, False, before > 0
            self._display.begin(self._what)
            try:
                transfer.download(
                    url, path, limit=2 * size + (1 << 20), shows=self._display.at, certificates=certificates
                )
            except UnavailableError as error:
                troubles.append(str(error))
                continue
            self.received += max(0, path.stat().st_size - before)
            self.arrived = True
            return path
        raise UnavailableError("; ".join(troubles))

    def forget(self) -> None:
        """Remove the file."""
        if self._path is not None:
            transfer.forget(self._path)
        self.arrived = self.resumed = False


def _by_hand(resource: Resource, given: Path) -> tuple[Source, ...]:
    """What somebody fetched: a folder of the files, packed by gzip or not, or the archive of one of the sources."""
    if given.is_dir():
        names = {content.name: content.name for content in resource.contents}
        return Folder(str(given), names), Folder(str(given), {name: f"{name}.gz" for name in names})
    return tuple(LocalArchive.like(source, given) for source in resource.sources if isinstance(source, ARCHIVES))


def _refusal(resource: Resource, troubles: Mapping[str, list[str]], given: Path | None) -> str:
    """Why no source gave it, and what can be done, in one line."""
    said = "; ".join(_spoken([_short(name) for name in names], why) for why, names in troubles.items())
    if given is not None:
        names = ", ".join(content.name for content in resource.contents)
        archives = "".join(f", or {source.name}" for source in resource.sources if isinstance(source, ARCHIVES))
        why = said or "nothing that is known"
        return f"cannot take {resource.name} from {given}: {why}; expected a folder with {names}{archives} as a file"
    stand_in = "; made data in their place: stand_in=true" if resource.stand_in else ""
    return (
        f"cannot get {resource.name}: {said}; try again with a network, or give the files: "
        f"palestra data get {resource.name} --from FOLDER{stand_in}"
    )


def _spoken(names: list[str], why: str) -> str:
    """Sources and why none of them gives it; a host that names itself is not named twice."""
    return why if why.startswith(tuple(names)) else f"{', '.join(names)}: {why}"


def _short(source: str) -> str:
    """A source's name, of an address the host alone."""
    return urlsplit(source).hostname or source

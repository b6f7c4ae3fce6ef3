"""The browser that pages are tested in: the system's Chromium, by Playwright; without one of them tests are skipped."""

import importlib.util
import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = [
    name
    for name, there in (
        ("chromium (apt-get install chromium)", CHROMIUM),
        ("playwright (pip install playwright)", importlib.util.find_spec("playwright")),
    )
    if not there
]
needs_a_browser = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"), reason=f"no browser to look with: {', '.join(MISSING)} not installed"
)
"""Never skipped in continuous integration."""

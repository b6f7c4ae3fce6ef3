"""Matrices of tests of which some cells run every time, and the others with the slow tests."""

from collections.abc import Container, Iterable
from typing import Any

import pytest


def slow_but(quick: Container[Any], cases: Iterable[Any]) -> list[Any]:
    """Cases for ``parametrize``, each slow but for the quick ones; a tuple is the values of several arguments."""
    return [
        case if case in quick else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for case in cases
    ]

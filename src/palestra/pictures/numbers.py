"""Numbers as people read them: on the axes of a picture, in a table, in a sentence."""

import math


def number(value: float | None, digits: int = 4) -> str:
    """So many significant digits, thousands separated; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.{digits}g}"


def duration(seconds: float) -> str:
    """Seconds in the two largest units: ``0.84 s``, ``2 min 05 s``, ``3 h 20 min``."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"

"""The report as one page of HTML: text, tables and SVG, nothing of it fetched from anywhere."""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.pictures.numbers import number
from palestra.pictures.vector import Line, bar_chart, line_chart, matrix_chart
from palestra.trials.report.case import Case
from palestra.trials.report.diagnose import LEAKS
from palestra.trials.report.levels import shown
from palestra.trials.report.words import amount, words

if TYPE_CHECKING:
    from palestra.trials.report.report import Report

_STYLE = """
body{font:16px/1.55 system-ui,-apple-system,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;
color:#1e293b;max-width:900px;margin:2em auto;padding:0 1em;background:#fff}
h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #e2e8f0}
.quiet{color:#64748b;font-size:.9em}
.card{border-left:5px solid #2563eb;background:#f8fafc;padding:.7em 1em;margin:.8em 0}
.leak{border-color:#dc2626}.fine{border-color:#059669}.open{border-color:#64748b}.card b{font-size:1.1em}
code{display:block;background:#f1f5f9;padding:.5em .7em;overflow-x:auto;font-size:.85em;white-space:pre-wrap;
word-break:break-word}table{border-collapse:collapse;font-size:.9em;margin:.6em 0}td,th{padding:.25em .8em .25em 0;
text-align:left;border-bottom:1px solid #e2e8f0}.wide{overflow-x:auto}svg{max-width:680px;width:100%;height:auto}
figure{margin:1em 0}figure.mistake{display:inline-block;margin:.3em;text-align:center;font-size:.8em}
.mistake img{width:72px;image-rendering:pixelated;border:1px solid #e2e8f0}
"""
_COLUMNS = 6
"""Of a table that are shown beside its worst rows."""


def page(report: "Report", language: str) -> str:
    """The whole page."""
    case, told, spoken = report.case, report.to_json(language), words(language)
    title = escape(spoken["title"].format(called=case.called, data=case.data))
    text = spoken["page"]
    parts = [f"<h1>{title}</h1>", _made(report, text), *_cards(told, spoken)]
    parts += [f"<h2>{escape(text['next'])}</h2><ol>"]
    parts += [f"<li>{escape(each['try'])}<code>{escape(each['command'])}</code></li>" for each in told["next"]]
    parts += ["</ol>", *_levels(case, told, spoken), *_learning(case, told, text), *_complexity(case, told, text)]
    parts += [*_errors(case, told, text), *_skew(told, text), *_leaks(case, told, text)]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _made(report: "Report", text: dict[str, str]) -> str:
    evidence = report.evidence
    looked = 0 if report.case.test is None else 1
    facts = {name: f"{evidence[name]:,}" for name in ("rows", "columns", "folds", "seed")}
    notes = "".join(f" {note}." for note in report.case.notes)
    unit = text["unit_class" if report.case.classifies else "unit_number"]
    return f'<p class="quiet">{escape(text["made"].format(times=looked, **facts) + notes)} {escape(unit)}.</p>'


def _cards(told: dict[str, Any], spoken: dict[str, Any]) -> Iterable[str]:
    for each in told["diagnoses"]:
        name = each["name"]
        sure = f"{100 * each['confidence']:.0f}"
        look = "leak" if name in LEAKS else "fine" if name == "healthy" else "open" if "evidence" in name else ""
        yield (
            f'<div class="card {look}" id="{name}"><b>{escape(spoken["names"][name])}</b>'
            f' <span class="quiet">{name}, {escape(spoken["page"]["confidence"])} {sure}%</span>'
            f"<br>{escape(each['evidence'])}</div>"
        )


def _levels(case: Case, told: dict[str, Any], spoken: dict[str, Any]) -> list[str]:
    levels, text = told["levels"], spoken["page"]
    bars = {text["train"]: levels["train"], text["held"]: levels["cross_validation"]}
    if told["shift"] is not None and told["shift"]["test"] is not None:
        bars[text["test"]] = told["shift"]["test"]
    bars |= {spoken["references"][name]: loss for name, loss in levels["others"].items()}
    if levels["reference"]["name"] == "given":
        bars[spoken["references"]["given"]] = levels["reference"]["loss"]
    drawn = {name: (shown(case, loss[0]), shown(case, loss[1]), shown(case, loss[2])) for name, loss in bars.items()}
    return [_heading(text["levels"]), _figure(bar_chart(drawn, _write(case)), text["levels_note"])]


def _write(case: Case) -> Callable[[float], str]:
    return (lambda value: f"{100 * value:.3g}%") if case.classifies else number


def _learning(case: Case, told: dict[str, Any], text: dict[str, str]) -> list[str]:
    curve = told["learning_curve"]
    lines = _pair(case, curve["rows"], curve["train"], curve["cross_validation"], text)
    caption = text["no_law"]
    if curve["power_law"] is not None:
        law = curve["power_law"]
        along = np.geomspace(curve["rows"][0], 10 * curve["rows"][-1], 40)
        points = [(float(x), shown(case, law["a"] + law["b"] * x ** -law["c"])) for x in along]
        lines.append(Line(text["law"], points, dashed=True))
        caption = text["ten"].format(later=amount(case, curve["ten_times"]))
    sizes = [*curve["rows"], 10 * curve["rows"][-1]] if curve["power_law"] is not None else curve["rows"]
    ticks = {float(size): f"{size:,}" for size in sizes}
    drawn = line_chart(lines, text["rows"], text["error"], logarithmic=True, ticks=ticks, write=_write(case))
    return [_heading(text["learning"]), _figure(drawn, caption)]


def _complexity(case: Case, told: dict[str, Any], text: dict[str, str]) -> list[str]:
    curve = told["complexity_curve"]
    if curve is None:
        return []
    places = [float(i) for i in range(len(curve["values"]))]
    lines = _pair(case, places, curve["train"], curve["cross_validation"], text)
    ticks = {place: f"{value}" for place, value in zip(places, curve["values"])}
    marks = {float(curve["values"].index(curve["one_standard_error"])): text["choice"]}
    if curve["current"] in curve["values"] and curve["current"] != curve["one_standard_error"]:
        marks[float(curve["values"].index(curve["current"]))] = text["current"]
    drawn = line_chart(lines, curve["setting"], text["error"], ticks=ticks, marks=marks, write=_write(case))
    return [_heading(text["complexity"]), _figure(drawn, "")]


def _pair(case: Case, xs: Sequence[float], train: Any, held: Any, text: dict[str, str]) -> list[Line]:
    """The line of the training rows and that of the others, with its band."""
    ours = [(float(x), shown(case, loss)) for x, loss in zip(xs, train)]
    others = [(float(x), shown(case, loss[0])) for x, loss in zip(xs, held)]
    band = [(shown(case, max(0.0, loss[1])), shown(case, loss[2])) for loss in held]
    return [Line(text["train"], ours), Line(text["held"], others, band)]


def _errors(case: Case, told: dict[str, Any], text: dict[str, str]) -> list[str]:
    found = told["errors"]
    parts = [_heading(text["errors"])]
    if found["confusion"] is not None and len(case.classes) <= 30:
        drawn = matrix_chart(found["confusion"], case.classes, text["given"], text["predicted"])
        parts.append(_figure(drawn, text["confusion"]))
    if found["pairs"]:
        rows = [(p["given"], p["predicted"], p["rows"], f"{100 * p['share_of_errors']:.0f}%") for p in found["pairs"]]
        parts += [_small(text["pairs"]), _table((text["given"], text["predicted"], text["row"], ""), rows)]
    if found["slices"]:
        write = _write(case)
        slices = [
            (s["slice"], s["rows"], write(s["error"]), write(s["overall"]), write(s["ceiling"]))
            for s in found["slices"]
        ]
        head = (text["slice"], text["row"], text["error"], text["overall"], text["ceiling"])
        parts += [_small(text["slices"]), _table(head, slices)]
    if found["worst"]:
        parts += [_small(text["worst"]), _worst(case, found, text)]
    suspects = told["labels"]["suspects"]
    if suspects and any(each["name"] == "label-noise" for each in told["diagnoses"]):
        lines = [(each["row"], _cell(each["given"]), _cell(each["rather"])) for each in suspects[:40]]
        parts += [_small(text["suspects"]), _table((text["row"], text["given"], text["rather"]), lines)]
    return parts


def _worst(case: Case, found: dict[str, Any], text: dict[str, str]) -> str:
    """The worst mistakes: as pictures where rows are pictures, else as rows of a table."""
    inputs, shape = case.development.inputs, case.picture
    if shape:
        shown_here = zip(found["worst"], found["worst_index"])
        return "".join(
            f'<figure class="mistake"><img alt="" src="data:image/png;base64,{_picture(inputs[i].reshape(shape))}">'
            f"<figcaption>{escape(str(each['given']))} / {escape(str(each['predicted']))}</figcaption></figure>"
            for each, i in shown_here
        )
    names = case.features[:_COLUMNS]
    head = (text["row"], text["given"], text["predicted"], *names)
    rows = [
        (each["row"], _cell(each["given"]), _cell(each["predicted"]), *(_value(case, i, j) for j in range(len(names))))
        for each, i in zip(found["worst"][:20], found["worst_index"])
    ]
    return _table(head, rows)


def _value(case: Case, row: int, column: int) -> str:
    value = float(case.development.inputs[row, column])
    if column in case.levels:
        return case.levels[column][int(value)] if value == value and value >= 0 else "-"
    return number(value)


def _picture(pixels: Any) -> str:
    """A PNG of an image, as text; few levels, as of digits from 0 to 16, are stretched to all greys."""
    from PIL import Image  # comes with matplotlib

    values = np.asarray(pixels, np.float64)
    low, high = float(values.min()), float(values.max())
    grey = ((values - low) / (high - low or 1.0) * 255).astype(np.uint8)
    kept = io.BytesIO()
    Image.fromarray(grey.squeeze()).save(kept, "PNG")
    return base64.b64encode(kept.getvalue()).decode()


def _skew(told: dict[str, Any], text: dict[str, str]) -> list[str]:
    found = told["skew"]
    if found is None or not found["sweep"] or found["best_f1"] is None:
        return []
    sweep = [point for point in found["sweep"] if point["recall"] > 0]
    if len(sweep) < 2:
        return []
    lines = [
        Line(text[name], [(point["threshold"], point[name]) for point in sweep]) for name in ("precision", "recall")
    ]
    lines.append(Line("F1", [(point["threshold"], point["f1"]) for point in sweep]))
    best, cheap = found["best_f1"], found["least_cost"]
    note = text["skew_note"].format(
        ap=number(found["average_precision"], 3), f1=number(best["f1"], 3), t=number(best["threshold"], 3),
        c=number(cheap["cost"], 3), tc=number(cheap["threshold"], 3),
    )  # fmt: skip
    curve = Line(text["precision"], [(point["recall"], point["precision"]) for point in sweep])
    return [
        _heading(text["skew"].format(name=found["class"])),
        _figure(line_chart(lines, text["threshold"], ""), note),
        _figure(line_chart([curve], text["recall"], text["precision"]), ""),
    ]


def _leaks(case: Case, told: dict[str, Any], text: dict[str, str]) -> list[str]:
    leaks, shift = told["leaks"], told["shift"]
    rows = [(text["copies"], f"{leaks['copies']['rows']} ({100 * leaks['copies']['share']:.1f}%)")]
    if leaks["disguise"] is not None:
        found = leaks["disguise"]
        alone, others = amount(case, found["alone"][0]), amount(case, found["others"][0])
        rows.append((text["disguise"].format(column=found["column"], alone=alone, others=others), ""))
    traces = ", ".join(f"{trace['kind']}: {', '.join(trace['columns'][:4])}" for trace in leaks["prepared"]["traces"])
    rows.append((text["prepared"].format(looked_at=leaks["prepared"]["looked_at"]), traces or text["no_leak"]))
    for name, honest, option in (("groups", "apart", "--group"), ("times", "from_before", "--time")):
        if leaks[name] is None:
            rows.append((option, text["not_given"].format(option=option)))
        else:
            figures = {
                "honest": amount(case, leaks[name][honest][0]),
                "at_random": amount(case, leaks[name]["at_random"][0]),
            }
            rows.append((text[name].format(**figures), ""))
    if shift is None:
        rows.append(("--test", text["not_given"].format(option="--test")))
    else:
        low, high = shift["domain_auc"][1:]
        rows.append((text["auc"].format(auc=f"{shift['domain_auc'][0]:.2f}"), f"{low:.2f} - {high:.2f}"))
        if shift["test"] is not None:
            rows.append((text["test_error"].format(test=amount(case, shift["test"][0])), ""))
    return [_heading(text["leaks"]), _table((text["check"], text["found"]), rows)]


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _small(text: str) -> str:
    return f"<h3>{escape(text)}</h3>"


def _figure(drawn: str, caption: str) -> str:
    return f'<figure>{drawn}<figcaption class="quiet">{escape(caption)}</figcaption></figure>'


def _table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(str(each))}</th>" for each in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(each))}</td>" for each in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)

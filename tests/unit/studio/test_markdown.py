"""Markdown as a tree: the elements of a page, and nothing else whatever a text holds."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from typing import Any

from palestra.studio.markdown import TAGS, Meant, plain_text, read, slug

MEANT = Meant(
    lambda to: None if to.startswith("javascript") else {"page": to},
    lambda at: {"picture": at} if at.endswith(".png") else None,
    lambda command: {"recipe": command.split()[-1]} if command.startswith("palestra") else None,
)


def tags(pieces: list[Any]) -> set[str]:
    """Every tag that is there, at any depth."""
    found = set()
    for piece in pieces:
        if not isinstance(piece, str):
            found |= {piece[0]} | tags(piece[2])
    return found


def test_what_a_page_is_made_of() -> None:
    text = (
        "# A *title*\n\nOne [link](other.md) and `code`.\n\n- an item\n- [x](y) `palestra train a/b`\n\n![alt](a.png)\n"
    )
    assert read(text, MEANT) == [
        ["h1", {"at": "a-title"}, ["A ", ["em", {}, ["title"]]]],
        ["p", {}, ["One ", ["a", {"page": "other.md"}, ["link"]], " and ", ["code", {}, ["code"]], "."]],
        [
            "ul",
            {},
            [
                ["li", {}, ["an item"]],
                [
                    "li",
                    {},
                    [
                        ["a", {"page": "y"}, ["x"]],
                        " ",
                        ["a", {"recipe": "a/b"}, [["code", {}, ["palestra train a/b"]]]],
                    ],
                ],
            ],
        ],
        ["p", {}, [["img", {"picture": "a.png", "alt": "alt"}, []]]],
    ]


def test_formulas_and_programs_stand_as_they_are_written() -> None:
    block = "L(theta) = E[min(r A, clip(r, 1 - eps) A)] < 1\n    r = pi / pi_old\n"
    assert read(f"```text\n{block}```\n", MEANT) == [["pre", {"tried": []}, [block]]]
    ((tag, said, _),) = read(
        "```sh\npalestra train a/b  # first\npalestra train a/b\npalestra show c/d\nls\n```", MEANT
    )
    assert (tag, said) == ("pre", {"tried": [{"recipe": "a/b"}, {"recipe": "c/d"}]}), "each once"


def test_a_table() -> None:
    assert read("| a | b |\n|---|---:|\n| 1 | `x` |\n", MEANT) == [
        [
            "table",
            {},
            [
                ["thead", {}, [["tr", {}, [["th", {}, ["a"]], ["th", {}, ["b"]]]]]],
                ["tbody", {}, [["tr", {}, [["td", {}, ["1"]], ["td", {}, [["code", {}, ["x"]]]]]]]],
            ],
        ]
    ]


def test_html_and_what_leads_elsewhere_are_left_out() -> None:
    hostile = (
        '<script>alert(1)</script>\n\nA <img src=x onerror="alert(1)"> b [c](javascript:alert(1)) ![d](http://e/f.gif)\n'
        "\n<!-- a remark -->\n\n> quoted **strongly** \\\n> twice\n\n1. one\n\n***\n"
    )
    pieces = read(hostile, MEANT)
    assert tags(pieces) == {"p", "blockquote", "strong", "br", "ol", "li", "hr"}
    assert tags(pieces) <= TAGS
    said = plain_text(pieces)
    assert "alert(1)<" not in said
    assert "onerror" not in said
    assert "d" in said, "a picture that there is not is its words"


def test_the_name_of_a_heading() -> None:
    assert slug("The second journey: from a line, through `points`") == "the-second-journey-from-a-line-through-points"
    assert slug("第二段旅程：从一条直线") == "第二段旅程从一条直线"

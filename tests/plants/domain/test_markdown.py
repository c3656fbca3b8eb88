"""Hostile Markdown becomes text; what is meant well reads as it was meant."""

from __future__ import annotations

import re
import time

import pytest

from plants.domain.markdown import rendered
from plants.domain.runbook_text import MAX_BYTES, MAX_LINES, check_text
from registry.domain.errors import Invalid, TooLarge

_ALLOWED_TAGS = re.compile(
    r"</?(h[2-6]|p|br|hr|blockquote|pre|code|em|strong|ul|ol|li|table|thead|tbody|tr|th|td|a|"
    r"label|input)(\s[^<>]*)?/?>"
)


def test_a_runbook_reads_as_it_was_meant():
    html = rendered(
        "# Stop\n\n1. *Now* **stop**\n\n- [ ] tell Anna\n- [x] done\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n[call](tel:+433165550101)\n"
    )
    assert "<h2>Stop</h2>" in html
    assert "<em>Now</em> <strong>stop</strong>" in html
    assert html.count('type="checkbox" disabled=""') == 2
    assert html.count('checked=""') == 1
    assert "<td>1</td>" in html
    assert '<a href="tel:+433165550101" rel="noopener noreferrer">call</a>' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "[x](file:///etc/passwd)",
        "[x](ftp://host/x)",
        '[x](https://host/ "onmouseover=alert(1)")',
        '[x](<https://host/" onclick="alert(1)>)',
        "![x](https://elsewhere/pixel.png)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        '<svg onload="alert(1)">',
        "<iframe src=//host></iframe>",
        '<input type="text" autofocus onfocus=alert(1)>',
        '- [ ] <input type="image" src=x>',
        "<style>*{display:none}</style>",
        "[a]: javascript:alert(1)\n\n[a]",
        "<javascript:alert(1)>",
        "```html onclick=x\n<script>\n```",
        "# x {#id onclick=alert(1)}",
    ],
)
def test_nothing_that_is_written_can_do_anything(hostile):
    html = rendered(hostile)
    assert not _ALLOWED_TAGS.sub("", html).count("<"), html
    for tag in re.findall(r"<[^>]*>", html):
        assert not re.search(r"\son\w+=|style=|src=|id=", re.sub(r'"[^"]*"', "", tag)), tag
        for scheme in ("javascript:", "data:", "vbscript:", "file:", "ftp:"):
            assert scheme not in tag.lower()


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile",
    ["[" * 200_000, "*a" * 100_000, "> " * 100_000, "![" * 100_000, "<" * 200_000, "`" * 200_000],
    ids=["brackets", "stars", "quotes", "images", "angles", "ticks"],
)
def test_a_text_that_nests_without_end_is_rendered_within_seconds(hostile):
    begun = time.monotonic()
    rendered(hostile)
    assert time.monotonic() - begun < 15


def test_a_text_has_a_size():
    assert check_text("a" * (MAX_BYTES - 1)).endswith("a\n")
    for long in ("a" * MAX_BYTES, "ä" * (MAX_BYTES // 2), "a" * 1_000_000, "a\n" * (MAX_LINES + 1)):
        with pytest.raises(TooLarge, match="at most 200 kB") as refusal:
            check_text(long)
        assert "markdown" in refusal.value.fields


@pytest.mark.parametrize("empty", ["", " \n\t\n", "a\x00b"])
def test_a_text_says_something(empty):
    with pytest.raises(Invalid):
        check_text(empty)

"""Markdown as people at plants write it becomes HTML that can do nothing but be read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_MAX_NESTING = 20  # CommonMark's own reference takes no more; deeper text is left as it is
_DEEPEST_HEADING = 6
_BOXES = {"[ ] ": "", "[x] ": " checked", "[X] ": " checked"}
_TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "label", "input"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "input": {"disabled", "checked"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_CACHED_TEXTS = 64  # at 200 kB each, 13 MB at most


@lru_cache(maxsize=_CACHED_TEXTS)
def rendered(markdown: str) -> str:
    """Safe HTML: no HTML of the writer's, no images, no scripts; headings start at the second.

    >>> rendered("# Stop\\n\\nAsk [Anna](mailto:anna@graz.example).").splitlines()[0]
    '<h2>Stop</h2>'
    >>> rendered("<b onclick=x>no</b>")
    '<p>&lt;b onclick=x&gt;no&lt;/b&gt;</p>\\n'
    """
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    # An image would be fetched from elsewhere: its address becomes a link.
    reader.enable("table").disable("image")
    tokens = reader.parse(markdown)
    _fit(tokens)
    html = str(reader.renderer.render(tokens, reader.options, {}))
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _fit(tokens: Sequence[Token]) -> None:
    for index, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, _DEEPEST_HEADING)}"
        if token.type == "inline" and index > 1 and tokens[index - 2].type == "list_item_open":
            _box(token)


def _box(line: Token) -> None:
    """A task of a list becomes a box that cannot be ticked yet, with its words as the label."""
    children = line.children or []
    first = children[0] if children else None
    if first is None or first.type != "text" or first.content[:4] not in _BOXES:
        return
    state = _BOXES[first.content[:4]]
    first.content = first.content[4:]
    box = f'<label><input type="checkbox" disabled{state}> '
    line.children = [_raw(box), *children, _raw("</label>")]


def _raw(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)

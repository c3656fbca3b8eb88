"""The words, dates, figures and boxes that every page is made of; built into all templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry.domain import wording, zones
from registry.domain.recipe_yaml import written
from registry.selectors import own_figures
from registry.selectors import versions as reads
from registry.selectors.directory import ORDER, plants_of
from registry.selectors.jobs import may_order
from registry.templatetags.looks import LOOKS, Look

register = template.Library()

_SHORT_DIGEST = 12
_RECENT_YEAR_FORMAT, _OLDER_FORMAT = "%-d %b %H:%M", "%-d %b %Y %H:%M"


@register.inclusion_tag("components/badge.html")
def badge(state: str, note: str = "") -> dict[str, Any]:
    """A state as shape and word; `note` adds to the word, e.g. for how long."""
    look = LOOKS.get(state, Look("info", state.replace("_", " ")))
    return {"icon": look.icon, "word": look.word, "tone": look.tone, "note": note}


@register.filter
def look_word(state: str) -> str:
    """The word for a state."""
    return LOOKS[state].word if state in LOOKS else state.replace("_", " ")


@register.filter
def joined(start: str, end: Any) -> str:
    """Two pieces of a name; unlike `add` it takes what is no text."""
    return f"{start}{end}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A shape from the sprite; it says nothing to a screen reader, the word beside it does."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


# --- Figures -------------------------------------------------------------------------------------
@register.filter
def number(value: Any, form: str = "") -> str:
    """`{{ x|number }}`, `{{ x|number:"2" }}` digits, `{{ x|number:"3 ms" }}` digits and unit."""
    if value is None or value == "":
        return wording.NOTHING
    digits, _, unit = form.partition(" ") if form[:1].isdigit() else ("", "", form)
    return wording.number(value, int(digits or 3), unit)


@register.filter
def interval(metric: Mapping[str, Any] | None) -> str:
    """A metric of a report with its 95 % interval and rows, or why there is none."""
    return wording.interval(metric)


@register.filter
def size(count: int | None) -> str:
    """Bytes."""
    return wording.NOTHING if count is None else wording.size(count)


@register.filter
def duration(seconds: Any) -> str:
    """Seconds, or a timedelta, in at most two units."""
    if seconds is None:
        return wording.NOTHING
    return wording.duration(getattr(seconds, "total_seconds", lambda: seconds)())


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 in whole per cent; next to nothing is not written as nothing."""
    if share is None:
        return wording.NOTHING
    return "<1\u00a0%" if 0 < share < 0.01 else f"{share * 100:.0f}\u00a0%"


@register.filter
def counted(count: int, noun: str) -> str:
    """`{{ 2|counted:"job" }}`; an irregular plural after a comma: `"family,families"`."""
    one, _, many = noun.partition(",")
    return wording.counted(count, one, many)


@register.filter
def signed(value: float) -> str:
    """A difference with its sign; a true minus, as wide as the plus."""
    return f"{value:+.2f}".replace("-", "\u2212")


@register.filter
def primary(version: Any) -> Mapping[str, Any] | None:
    """A version's figure for the metric that counts in its family."""
    return reads.primary(version)


@register.filter
def claimed(version: Any) -> float | None:
    """An upload's own word for the metric that counts, while nobody has measured it."""
    return own_figures.claimed(version)


@register.filter
def scored(evaluation: Any) -> Mapping[str, Any]:
    """An evaluation's figure for the metric that counts."""
    return reads.scored(evaluation)


@register.filter
def as_yaml(document: Any) -> str:
    """A recipe as people write it, its sections in reading order."""
    return written(document)


@register.filter
def plainly(value: Any) -> str:
    """A recipe's value as the recipe writes it: a list in brackets, truth as yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"[{', '.join(map(plainly, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


@register.simple_tag
def took(job: Any) -> str:
    """How long a job took, or has taken until now."""
    if job.started_at is None:
        return wording.NOTHING
    return wording.duration(((job.ended_at or timezone.now()) - job.started_at).total_seconds())


@register.inclusion_tag("components/metric.html")
def metric(
    found: Mapping[str, Any] | None, norm: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A metric with its interval in words and as a bar from 0 to 1, its norm marked on it."""
    return {"metric": found, "norm": norm, "bar": _bar(found, norm)}


def _bar(found: Mapping[str, Any] | None, norm: Mapping[str, Any] | None) -> dict[str, str] | None:
    if not found or found.get("value") is None or not 0 <= found["value"] <= 1:
        return None
    low, high = found.get("low"), found.get("high")
    low, high = found["value"] if low is None else low, found["value"] if high is None else high
    return {
        "low": f"{low * 100:.1f}",
        "width": f"{max(high - low, 0.004) * 100:.1f}",
        "value": f"{found['value'] * 100 - 1:.1f}",
        "norm": f"{norm['value'] * 100 - 0.5:.1f}" if norm and norm.get("value") else "",
    }


@register.inclusion_tag("components/digest.html")
def digest(value: str, what: str = "digest", *, whole: bool = False) -> dict[str, Any]:
    """A SHA-256 shortened, the whole of it on hover and in the clipboard."""
    return {"value": value, "short": value if whole else value[:_SHORT_DIGEST], "what": what}


# --- Dates and plants ----------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def when(
    context: RequestContext, moment: datetime | None, plant: str = "", *, ago: bool = False
) -> str:
    """A moment in the plant's zone, or the reader's own; UTC on hover; `ago=True` says how long."""
    if moment is None:
        return wording.NOTHING
    local = moment.astimezone(_zone(context, plant))
    now = timezone.now()
    form = _RECENT_YEAR_FORMAT if local.year == now.year else _OLDER_FORMAT
    text = f"{local.strftime(form)} {local.tzname()}"
    title = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if ago:
        title = f"{text}, {title}"
        past = (now - moment).total_seconds()
        text = f"{wording.span(past)} ago" if past >= 1 else "just now"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        title,
        text,
    )


def _zone(context: RequestContext, plant: str) -> tzinfo:
    facts = plant_facts(context, plant) if plant else None
    request = context.get("request")
    name = facts.time_zone if facts else getattr(getattr(request, "user", None), "time_zone", "UTC")
    return zones.zone(name)


@register.simple_tag(takes_context=True)
def plant_facts(context: RequestContext, code: str) -> Any:
    """What the page may say of a plant: name, zone, address, when a worker was last seen."""
    request = context.get("request")
    return plants_of(request).get(code) if request else None


@register.simple_tag(takes_context=True)
def plant_link(context: RequestContext, code: str) -> str:
    """The plant's name, linked where the reader may see it; its code where not."""
    facts = plant_facts(context, code)
    if facts is None:
        return format_html("{}", code)
    return format_html('<a href="{}">{}</a>', facts.url, facts.name)


@register.simple_tag(takes_context=True)
def plant_name(context: RequestContext, code: str) -> str:
    """The plant's name where the reader may know it; its code where not."""
    facts = plant_facts(context, code)
    return facts.name if facts else code


@register.simple_tag(takes_context=True)
def order_link(context: RequestContext, label: str, **wish: str) -> str:
    """The way to an order, filled in as far as the page knows; for others, who may order."""
    if not may_order(context["request"].scope):
        return f"{label} (engineers of a plant and central data scientists may)"
    return format_html('<a href="{}?{}">{}</a>', reverse(ORDER), urlencode(wish), label)


# --- Boxes with content --------------------------------------------------------------------------
def _boxed(name: str, content: str, variables: dict[str, Any]) -> SafeString:
    return render_to_string(f"components/{name}.html", {"content": content, **variables})


@register.simple_block_tag
def page_header(content: str, title: str, state: str = "", up: str = "", up_url: str = "") -> str:
    """Where the page stands; its content is the answer in a sentence, and what can be done."""
    variables = {"title": title, "state": state, "up": up, "up_url": up_url}
    return _boxed("page_header", content, variables)


@register.inclusion_tag("components/action.html")
def action(
    label: str,
    *,
    allowed: bool = True,
    why: str = "",
    url: str = "",
    opens: str = "",
    look: str = "",
    icon_name: str = "",
) -> dict[str, Any]:
    """A link, or a button that opens a dialog; disabled, it says who may and how."""
    return {
        "label": label,
        "allowed": allowed,
        "why": why,
        "url": url,
        "opens": opens,
        "look": look,
        "icon_name": icon_name,
    }


@register.simple_block_tag
def card(content: str, title: str = "", note: str = "", tone: str = "", anchor: str = "") -> str:
    """A titled box."""
    return _boxed("card", content, {"title": title, "note": note, "tone": tone, "anchor": anchor})


@register.simple_block_tag
def table(content: str, caption: str, kind: str = "", *, hide_caption: bool = False) -> str:
    """A table that scrolls in its own box; `kind="stack"` turns rows into cards on a phone."""
    return _boxed(
        "table", content, {"caption": caption, "kind": kind, "hide_caption": hide_caption}
    )


@register.simple_block_tag
def notice(content: str, tone: str = "", icon_name: str = "info") -> str:
    """Something a person should know (no tone) or act on (amber, red)."""
    return _boxed("notice", content, {"tone": tone, "icon_name": icon_name})


@register.simple_block_tag
def empty(content: str, title: str) -> str:
    """Why there is nothing, and what to do next."""
    return _boxed("empty", content, {"title": title})


@register.simple_block_tag
def dialog(content: str, name: str, title: str, *, is_open: bool = False) -> str:
    """A modal question; a button with `data-opens="name"` opens it."""
    return _boxed("dialog", content, {"name": name, "title": title, "is_open": is_open})


@register.simple_block_tag(takes_context=True)
def chart(
    context: RequestContext,
    content: str,
    name: str,
    question: str,
    legend: str,
    *,
    is_table: bool = False,
    zoom: str = "",
) -> str:
    """A figure of the page that answers a question; its content is the table that says the same."""
    variables = {
        "name": name,
        "question": question,
        "legend": legend,
        "is_table": is_table,
        "zoom": zoom,
        "here": f"{address(context)}#{name}",
    }
    return _boxed("chart", content, variables)


@register.simple_tag(takes_context=True)
def address(context: RequestContext, **changes: Any) -> str:
    """This page's address with some parameters changed; an empty one is dropped."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value not in ("", None):
            parameters[name] = value
    return f"?{parameters.urlencode()}" if parameters else context["request"].path

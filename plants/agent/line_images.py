"""Measures the recent images of a line: a folder `lines/<line>/` of the data folder.

They need no labels. Nothing but counts leaves the plant, and the command prints them first.
"""

from __future__ import annotations

import argparse
import heapq
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from plants.agent import images, policy
from plants.agent.client import Portal
from plants.agent.home import Home
from plants.domain import capture_times, envelope, half_hours, image_quality
from registry.domain.envelope_section import MIN_IMAGES
from registry.domain.errors import Invalid, NotAllowed, NotFound, PlatformError

log = logging.getLogger(__name__)

FOLDER = "lines"
DAYS = 7
# A quarter of an hour's work at 5 megapixels; more images change no share by a percent.
MAX_IMAGES = 5_000
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
# A camera's clock may be in another zone than the plant's, so that it seems to be ahead.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Taken:
    """An image file and when it was taken, as its name or else its date of change says."""

    at: float
    path: Path


@dataclass(frozen=True, slots=True)
class Window:
    """The time from which images count as recent, and the zone of the clocks that name it."""

    since: datetime
    until: datetime
    zone: tzinfo | None

    def holds(self, seconds: float) -> bool:
        """Whether a moment lies in it."""
        return self.since.timestamp() <= seconds <= self.until.timestamp()

    def seconds(self, wall: datetime) -> float:
        """The moment at which the plant's clocks show this."""
        return (wall.replace(tzinfo=self.zone) if self.zone else wall).timestamp()

    def wall(self, seconds: float) -> datetime:
        """What the plant's clocks show at this moment."""
        return datetime.fromtimestamp(seconds, self.zone)


def window(days: int, zone: tzinfo | None) -> Window:
    """The last days until now."""
    now = datetime.now(UTC)
    return Window(now - timedelta(days=days), now + _AHEAD, zone)


def lines_of(data_folder: Path) -> list[str]:
    """The lines that have a folder of images here."""
    folder = data_folder / FOLDER
    if not folder.is_dir():
        return []
    return sorted(
        path.name for path in folder.iterdir() if _CODE.fullmatch(path.name) and path.is_dir()
    )


def measure(folder: Path, recent: Window, *, days: int) -> dict[str, Any]:
    """The envelope of a folder's recent images, the newest `MAX_IMAGES` of them.

    Raises:
        NotFound: there is no such folder.
        Invalid: too few images can be read.
    """
    if not folder.is_dir():
        raise NotFound(
            f"There is no folder {folder}; put the line's recent images there, or a link to them.",
            code="folder-missing",
        )
    newest = heapq.nlargest(MAX_IMAGES, _recent(folder, recent))
    figures, slots, skipped = [], [], 0
    for taken in newest:
        try:
            pixels = images.decode(taken.path).pixels
        except PlatformError as refusal:
            log.info("skipped: %s", refusal)
            skipped += 1
            continue
        figures.append(envelope.figures_of(image_quality.measure(pixels)))
        slots.append(_slot(taken, recent))
    found = envelope.build(np.array(figures).T, np.array(slots, dtype=np.int64))
    if found is None:
        unread = f", and {skipped} that cannot be read" if skipped else ""
        raise Invalid(
            f"{folder} has {len(slots)} images of the last {days} days{unread}; {MIN_IMAGES} are "
            "needed: put more there, or ask for more days with --days.",
            code="too-few-images",
        )
    return {**found, "days": days, "skipped": skipped}


def _recent(folder: Path, recent: Window) -> Iterator[Taken]:
    for where, _, names in os.walk(folder):
        for name in names:
            if Path(name).suffix.lower() in _SUFFIXES:
                path = Path(where, name)
                seconds = _seconds(path, recent)
                if seconds is not None and recent.holds(seconds):
                    yield Taken(seconds, path)


def _seconds(path: Path, recent: Window) -> float | None:
    try:
        # A copy has a new date of change; its name is still the camera's.
        named = capture_times.in_name(path.name)
        return path.stat().st_mtime if named is None else recent.seconds(named)
    except (OSError, ValueError, OverflowError):  # gone meanwhile, or no moment of this world
        return None


def _slot(taken: Taken, recent: Window) -> int:
    """The half hour by the camera's own note, unless its clock was never set."""
    stated = images.taken_at(taken.path)
    if stated is not None and recent.holds(recent.seconds(stated)):
        return half_hours.slot_of(stated)
    return half_hours.slot_of(recent.wall(taken.at))


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `measure-line`."""
    parser.add_argument("line", help="The line's code, as on its page.")
    parser.add_argument("--data", type=Path, required=True, help="The plant's data folder.")
    parser.add_argument(
        "--days", type=int, default=DAYS, help=f"How far back images count; default {DAYS}."
    )
    parser.add_argument("--gently", action="store_true", help="Let everything else go first.")


def tell(home: Home, arguments: argparse.Namespace) -> int:
    """Measure a line, print what leaves the plant, and send it."""
    line, days = str(arguments.line), int(arguments.days)
    if not _CODE.fullmatch(line):
        raise Invalid(f"{line!r:.60} is no code of a line; it is like line-2.")
    if not 1 <= days <= 366:
        raise Invalid("--days is a whole number from 1 to 366.")
    credential = home.credential()
    if not policy.read(home.policy_file).line_images:
        raise NotAllowed(
            f"{home.policy_file} says line_images: false; nothing was measured or sent."
        )
    recent = window(days, home.zone())
    document = measure(arguments.data / FOLDER / line, recent, days=days)
    print(f"This leaves the plant: {json.dumps(document)}", flush=True)  # noqa: T201
    with Portal(credential.portal, credential.token, authority=credential.authority) as portal:
        portal.envelope(line, document)
    print(f"The portal has it: {document['images']} images of {line}.")  # noqa: T201
    return 0

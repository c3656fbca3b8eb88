"""The recent images of a line: which count, what is told of them, and who may stop it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

from plants.agent import line_images
from plants.agent.__main__ import main
from plants.agent.home import Home
from plants.agent.line_images import Window, lines_of, measure
from plants.agent.line_watch import LineWatch
from plants.agent.worker import Heart
from plants.domain import envelope, protocol
from registry.domain.errors import Invalid, NotFound
from tests.plants.agent.data_folders import save_image
from tests.plants.agent.portal_server import enrolled, serving

VIENNA = ZoneInfo("Europe/Vienna")
WEEK = Window(
    datetime(2026, 6, 24, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC), zone=VIENNA
)


def folder_of(root: Path, count: int = 20, name: str = "cam_20260630_06{:02d}00.png") -> Path:
    for number in range(count):
        save_image(root / "shift" / name.format(number), seed=number)
    return root


def recent_folder(root: Path, line: str = "line-2", count: int = 20) -> Path:
    return folder_of(root / "lines" / line, count, name="{:03d}.png")


def slots(document):
    """Images of each half hour that is told by itself."""
    return {first: count for first, last, count in document["hours"] if first == last}


def dated(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_images_in_any_depth_are_counted_by_the_time_in_their_names(tmp_path):
    document = measure(folder_of(tmp_path), WEEK, days=7)
    assert (document["images"], document["skipped"], document["days"]) == (20, 0, 7)
    assert slots(document) == {12: 20}
    sent = {"line": "line-2", "envelope": document}
    assert protocol.check("envelope", sent) == sent
    envelope.check_line(document)


def test_without_a_time_in_the_name_the_date_of_the_file_counts_in_the_plants_zone(tmp_path):
    folder = folder_of(tmp_path, name="{:03d}.png")
    for path in folder.rglob("*.png"):
        dated(path, datetime(2026, 6, 30, 4, 10, tzinfo=UTC))
    assert slots(measure(folder, WEEK, days=7)) == {12: 20}


def test_the_cameras_own_note_of_the_time_counts_most_unless_its_clock_was_never_set(tmp_path):
    for number, stated in enumerate(["2026:06:30 06:05:00"] * 20 + ["2000:01:01 00:00:07"] * 20):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = stated
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(np.full((9, 9), number, dtype=np.uint8)).save(path, exif=exif)
        dated(path, datetime(2026, 6, 30, 18, 10, tzinfo=UTC))
    assert slots(measure(tmp_path, WEEK, days=7)) == {12: 20, 40: 20}


def test_older_images_do_not_count_and_broken_ones_are_counted_apart(tmp_path):
    folder = folder_of(tmp_path)
    folder_of(folder / "old", name="cam_20260501_06{:02d}00.png")
    (folder / "cut_20260630_060000.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    (folder / "notes_20260630_060000.txt").write_text("no image at all")
    document = measure(folder, WEEK, days=7)
    assert (document["images"], document["skipped"]) == (20, 1)


def test_of_very_many_images_the_newest_are_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(line_images, "MAX_IMAGES", 20)
    folder = folder_of(tmp_path)
    folder_of(folder, name="cam_20260628_18{:02d}00.png")
    assert slots(measure(folder, WEEK, days=7)) == {12: 20}


def test_too_few_images_or_no_folder_are_refused_with_the_way_out(tmp_path):
    folder = folder_of(tmp_path / "few", 19)
    (folder / "cut_20260630_060000.png").write_bytes(b"cut")
    with pytest.raises(Invalid, match=r"19 images of the last 7 days, and 1 that cannot .* --days"):
        measure(folder, WEEK, days=7)
    with pytest.raises(NotFound, match="put the line's recent images there"):
        measure(tmp_path / "none", WEEK, days=7)


def test_the_lines_of_a_data_folder_are_its_folders_that_a_code_could_name(tmp_path):
    for name in ("line-2", "line-1", "Not A Code", "-x"):
        (tmp_path / "lines" / name).mkdir(parents=True)
    (tmp_path / "lines" / "line-3").write_text("a file")
    assert lines_of(tmp_path) == ["line-1", "line-2"]
    assert lines_of(tmp_path / "elsewhere") == []


def command(home: Home, data: Path, *more: str) -> list[str]:
    return ["--home", str(home.folder), "measure-line", "line-2", "--data", str(data), *more]


def test_the_command_prints_what_leaves_the_plant_and_sends_just_that(tmp_path, capsys):
    data = tmp_path / "data"
    recent_folder(data)
    with serving(lambda heard: (201, {"line": "line-2"})) as portal:
        home, _ = enrolled(tmp_path, portal.url)
        assert main(command(home, data)) == 0
    printed = capsys.readouterr().out.splitlines()[0].removeprefix("This leaves the plant: ")
    (sent,) = portal.said("envelopes")
    assert sent == {"line": "line-2", "envelope": json.loads(printed)}


def test_the_plants_policy_keeps_it_all_at_the_plant(tmp_path, capsys):
    data = tmp_path / "data"
    recent_folder(data)
    with serving(lambda heard: (201, {})) as portal:
        home, _ = enrolled(tmp_path, portal.url)
        home.policy_file.write_text("line_images: false\n")
        assert main(command(home, data)) == 2
        assert LineWatch(home, data).once() == []
    assert "nothing was measured or sent" in capsys.readouterr().err
    assert portal.heard == []


def test_what_cannot_be_a_line_or_a_number_of_days_is_refused_in_one_line(tmp_path, capsys):
    with serving(lambda heard: (201, {})) as portal:
        home, _ = enrolled(tmp_path, portal.url)
        for days in ("0", "367"):
            assert main(command(home, tmp_path, "--days", days)) == 2
        wrong = command(home, tmp_path)
        wrong[wrong.index("line-2")] = "../other"
        assert main(wrong) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert portal.heard == []


@pytest.mark.slow
def test_the_running_worker_measures_each_line_once_a_day_and_the_rest_go_on(tmp_path):
    data = tmp_path / "data"
    recent_folder(data, "line-1", count=3)
    recent_folder(data, "line-2")
    with serving(lambda heard: (201, {"line": "line-2"})) as portal:
        home, _ = enrolled(tmp_path, portal.url)
        watch = LineWatch(home, data)
        assert watch.once() == ["line-2"], "of the other one there are too few images"
        assert watch.once() == []
        assert LineWatch(home, data).once() == [], "a new start does not measure again"
    assert [one["line"] for one in portal.said("envelopes")] == ["line-2"]


def test_outside_of_the_policys_hours_the_worker_lets_the_lines_be(tmp_path):
    data = tmp_path / "data"
    recent_folder(data)
    hour = datetime.now().astimezone().hour
    with serving(lambda heard: (201, {})) as portal:
        home, _ = enrolled(tmp_path, portal.url)
        begin, end = (hour + 2) % 24, (hour + 3) % 24
        home.policy_file.write_text(f"hours: [{begin}, {end}]\n")
        assert LineWatch(home, data).once() == []
    assert portal.heard == []


def test_the_time_zone_that_the_portal_says_is_kept_and_nonsense_is_not(tmp_path):
    home = Home(tmp_path)
    assert home.zone() is None
    for nonsense in (None, "Mars/Olympus", "../../etc/passwd", 7):
        home.keep_zone(nonsense)
    assert home.zone() is None
    home.keep_zone("Europe/Vienna")
    home.keep_zone("nowhere")
    assert home.zone() == VIENNA


def test_a_window_ends_a_day_ahead_for_clocks_that_run_before_the_plants():
    now = datetime.now(UTC)
    recent = line_images.window(7, VIENNA)
    assert recent.holds((now + timedelta(hours=2)).timestamp())
    assert not recent.holds((now + timedelta(days=2)).timestamp())
    assert not recent.holds((now - timedelta(days=8)).timestamp())
    assert recent.seconds(recent.wall(now.timestamp())) == pytest.approx(now.timestamp())


def test_a_name_with_a_date_alone_tells_no_time_of_day(tmp_path):
    document = measure(folder_of(tmp_path, name="20260630_000000_{:02d}0.png"), WEEK, days=7)
    assert document["images"] == 20
    assert document["hours"] == []


def test_a_heartbeats_answer_tells_the_plants_time_zone(tmp_path):
    answer = {"seen": True, "time_zone": "Europe/Vienna"}
    with serving(lambda heard: (200, answer)) as portal:
        home, credential = enrolled(tmp_path, portal.url)
        Heart(home, credential, tmp_path, worker="graz-1", boot="0a0b0c0d").once()
    assert home.zone() == VIENNA

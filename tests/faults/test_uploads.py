"""Models trained elsewhere reach a real fleet: over a broken link, and by an engineer's hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from registry.domain.digests import sha256
from tests.browser.conftest import chromium  # noqa: F401
from tests.factories.foreign_models import grey_model
from tests.faults.conftest import ROOT
from tests.faults.cutting_proxy import cutting

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MODEL_MB = 200
MAX_GROWTH_MB = 64
PASSWORD = "a-long-word-for-tests"


def memory_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(name)


def peaks_from_now(pids: list[int]) -> dict[int, float]:
    """Resident memory of each process; its peak counts from here."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return {pid: memory_mb(pid, "VmRSS") for pid in pids}


def behind(url: str, folder: str, home: Path) -> Path:
    """A copy of a plant's credential that reaches the portal through this address."""
    home.mkdir(mode=0o700)
    shutil.copy(Path(folder) / "credential.json", home)
    stored = json.loads((home / "credential.json").read_text())
    (home / "credential.json").write_text(json.dumps(stored | {"portal": url}))
    return home


def publish(home: Path, model: Path) -> subprocess.CompletedProcess[str]:
    said = [*("--family", "surface", "--dataset", "small", "--recipe", "small@1.0.0")]
    said += [*("--classes", "good", "scratch", "--commit", "0a1b2c3d", "--wait")]
    said += ["--notes", "Threshold on the level of grey, with much ballast."]
    command = [sys.executable, "-m", "plants.agent", "--home", str(home), "publish", str(model)]
    return subprocess.run(
        [*command, *said],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_200_mb_over_a_link_cut_three_times_arrive_whole_and_the_portals_memory_stays_flat(
    fleet, tmp_path
):
    fleet.set_policy(text="")
    fleet.start_plant()
    model = tmp_path / "ballast.onnx"
    data = grey_model(megabytes=MODEL_MB)
    model.write_bytes(data)
    digest, size = sha256(data), len(data)
    del data
    where = fleet.portal()
    assert where["pids"]
    with cutting(where["url"], [size // 5, size // 2, size * 4 // 5]) as link:
        home = behind(link.url, fleet.agent_folder(), tmp_path / "home")
        before = peaks_from_now(where["pids"])
        begun = time.monotonic()
        ended = publish(home, model)
        seconds = time.monotonic() - begun
    assert ended.returncode == 0, (ended.stdout, ended.stderr, fleet.uploaded())
    growth = max(memory_mb(pid, "VmHWM") - rss for pid, rss in before.items())
    print(
        f"\n{size / 1e6:.0f} MB sent as {link.passed / 1e6:.0f} MB over a link cut {link.made} "
        f"times, verified and evaluated in {seconds:.1f} s; the portal's peak grew by "
        f"{growth:.1f} MiB from {max(before.values()):.0f} MiB"
    )
    assert link.made == 3
    assert fleet.uploaded()["artifact"] == digest
    assert link.passed < size + 3 * 5e6, "a cut costs one part at most"
    assert growth < MAX_GROWTH_MB
    assert "balanced accuracy" in ended.stdout


@pytest.mark.browser
def test_an_engineer_uploads_a_model_and_sees_it_evaluated_by_the_plants_worker(
    fleet,
    chromium,  # noqa: F811
    tmp_path,
):
    fleet.set_policy(text="")
    fleet.start_plant()
    fleet.add_engineer(name="ines", password=PASSWORD)
    model = tmp_path / "trained-elsewhere.onnx"
    model.write_bytes(grey_model())
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    base = fleet.portal()["url"]
    page.goto(f"{base}/versions/")
    page.fill("[name=login]", "ines")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Upload a model").click()
    # The plant's worker names its data sets with its first heartbeat.
    while page.locator("select[name=dataset] option[value=small]").count() == 0:
        time.sleep(0.5)
        page.reload()
    page.select_option("select[name=dataset]", "small")
    page.wait_for_load_state("networkidle")
    page.select_option("select[name=recipe]", label="small 1.0.0")
    page.wait_for_load_state("networkidle")
    page.fill("textarea[name=classes]", "good\nscratch")
    page.fill("[name=code_commit]", "4f1c9e7a20b3")
    page.fill("[name=training_notes]", "A threshold on the level of grey, found by hand.")
    page.fill("[name='claim:balanced_accuracy']", "0.42")
    page.wait_for_load_state("networkidle")
    # Loaded whole: a file chosen before the script listens is not noticed.
    with page.expect_navigation():
        page.get_by_role("button", name="Go on to the file").click()
    page.set_input_files("[data-file]", str(model))
    page.get_by_role("heading", name="and its plant has evaluated it").wait_for(timeout=120_000)
    assert fleet.uploaded()["state"] == "registered"
    page.get_by_role("link", name="See the model card").click()
    words = page.locator("main").inner_text()
    assert "brought to Graz by upload" in words
    assert "Whether its training saw rows of this hold-out is not known" in words
    assert "Judged by small 1.0.0, not trained by it" in words
    assert "95 % intervals" in words
    assert "claimed" not in words, "our own figure has replaced the claim"
    context.close()

"""A file is dropped onto a page; a closed tab and a lost link cost one part at most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry import tasks
from registry.domain.access import Role
from registry.models import Submission
from registry.services import artifacts
from tests.factories import uploads
from tests.factories.foreign_models import grey_model

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MEGABYTES = 11  # three parts of four
_DROP = """
([data, name]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.querySelector("[data-drop]").dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }),
  );
}
"""


@pytest.fixture
def submission(shown: Any, settings: Any, tmp_path: Path) -> Submission:
    settings.ARTIFACT_ROOT = tmp_path / "artifacts"
    signature = {"kind": "images", "classes": ["good", "scratch"]}
    return uploads.submission(shown, file_name="", signature=signature)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere.onnx"
    path.write_bytes(grey_model(megabytes=MEGABYTES))
    return path


def test_a_dropped_file_arrives_and_the_page_follows_it_to_the_evaluation(
    browse, submission, tmp_path
):
    import base64

    data = grey_model()
    seen = browse()
    seen.open(submission.get_absolute_url())
    seen.page.evaluate("window.untouched = true")
    seen.page.evaluate(_DROP, [base64.b64encode(data).decode(), "dropped.onnx"])
    seen.page.get_by_role("heading", name="checks that the file is safe").wait_for()
    submission.refresh_from_db()
    assert submission.file_name == "dropped.onnx"
    assert artifacts.quarantine_path(submission.upload).read_bytes() == data
    tasks.settle_submission(str(submission.pk))
    seen.page.get_by_role("heading", name="waits for its plant's worker").wait_for()
    assert seen.page.evaluate("window.untouched"), "without a reload"
    assert seen.page.get_by_text("claimed, not measured yet").is_visible()
    assert seen.problems == []


def test_a_refused_file_is_told_with_rule_and_way_out_without_a_reload(
    browse, submission, tmp_path
):
    (tmp_path / "wrong.onnx").write_bytes(b"PK\x03\x04 an archive")
    seen = browse()
    seen.open(submission.get_absolute_url())
    seen.page.set_input_files("[data-file]", str(tmp_path / "wrong.onnx"))
    seen.page.get_by_role("heading", name="checks that the file is safe").wait_for()
    tasks.settle_submission(str(submission.pk))
    seen.page.get_by_role("heading", name="The portal refused this file").wait_for()
    assert seen.page.get_by_text("not-onnx").is_visible()
    seen.page.get_by_role("link", name="Upload a corrected file").click()
    notes = seen.page.locator("[name=training_notes]").input_value()
    assert notes == submission.training_notes
    assert seen.problems == []


def test_a_closed_tab_and_a_lost_link_cost_one_part_at_most(browse, submission, model):
    first = browse()
    first.open(submission.get_absolute_url())
    sent: list[int] = []

    def one_part_then_silence(route: Any) -> None:
        if route.request.method == "PATCH":
            if sent:
                route.abort("connectionreset")
                return
            sent.append(1)
        route.continue_()

    first.page.route("**/file/", one_part_then_silence)
    first.page.set_input_files("[data-file]", str(model))
    first.page.locator("[data-phase]", has_text="no answer; trying again").wait_for()
    # Offline first: while a page closes, nobody stands between it and the portal any more.
    first.page.context.set_offline(True)
    first.page.close(run_before_unload=False)
    submission.refresh_from_db()
    part = submission.upload.offset
    assert 0 < part < model.stat().st_size

    again = browse()
    offsets: list[str] = []
    again.page.on(
        "request",
        lambda asked: asked.method == "PATCH" and offsets.append(asked.headers["upload-offset"]),
    )
    again.open(submission.get_absolute_url())
    assert again.page.get_by_text("The same file goes on from there").is_visible()
    again.page.set_input_files("[data-file]", str(model))
    again.page.get_by_role("heading", name="checks that the file is safe").wait_for()
    assert offsets[0] == str(part)
    submission.refresh_from_db()
    assert artifacts.quarantine_path(submission.upload).read_bytes() == model.read_bytes()
    assert again.problems == []


def test_another_file_is_refused_and_may_begin_anew(browse, submission, model, tmp_path):
    upload_half(submission, model)
    other = tmp_path / "other" / model.name
    other.parent.mkdir()
    other.write_bytes(b"x" * model.stat().st_size)
    seen = browse()
    seen.open(submission.get_absolute_url())
    seen.page.set_input_files("[data-file]", str(other))
    seen.page.locator("[data-problem-text]", has_text="Another file was begun").wait_for()
    submission.refresh_from_db()
    assert submission.upload.offset == 5_000_000
    seen.page.get_by_role("button", name="Start again with this file").click()
    seen.page.get_by_role("heading", name="checks that the file is safe").wait_for()
    submission.refresh_from_db()
    assert submission.upload.size == other.stat().st_size


def test_sending_can_be_paused_and_continued_by_keyboard(browse, submission, model):
    seen = browse()
    seen.open(submission.get_absolute_url())
    seen.page.route("**/file/", lambda route: (seen.page.wait_for_timeout(150), route.continue_()))
    seen.page.set_input_files("[data-file]", str(model))
    pause = seen.page.get_by_role("button", name="Pause")
    pause.wait_for()
    seen.page.keyboard.press("Enter")
    seen.page.get_by_role("button", name="Continue").wait_for()
    seen.page.get_by_text("paused", exact=True).wait_for()
    seen.page.keyboard.press("Enter")
    seen.page.get_by_role("heading", name="checks that the file is safe").wait_for()
    assert seen.problems == []


def test_an_engineer_declares_a_model_by_page(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open("/versions/")
    seen.page.get_by_role("link", name="Upload a model").click()
    seen.page.select_option("[name=family]", shown.family.slug)
    seen.page.wait_for_load_state("networkidle")
    seen.page.fill("[name=code_commit]", "4f1c9e7a20b3")
    seen.page.fill("[name=training_notes]", "short")
    seen.page.get_by_role("button", name="Go on to the file").click()
    seen.page.get_by_text("Write at least one sentence").wait_for()
    seen.page.fill("[name=training_notes]", "Trained with a notebook on castings of Graz.")
    seen.page.get_by_role("button", name="Go on to the file").click()
    seen.page.get_by_role("heading", name="The portal waits for the file").wait_for()
    made = Submission.objects.get()
    assert (made.plant_code, made.submitted_by) == ("graz", "engineer-graz")
    assert seen.problems == []


def upload_half(submission: Submission, model: Path) -> None:
    """The first five million bytes, by another browser."""
    from registry.domain.access import Actor, ActorKind, PlantScope
    from registry.services import submission_files

    clara = Actor(ActorKind.PERSON, "clara")
    scope = PlantScope(clara, central=frozenset({Role.DATA_SCIENTIST}))
    data = model.read_bytes()
    file = submission_files.FileFacts(model.name, len(data))
    submission_files.announce(scope, submission.pk, file)
    submission_files.append(scope, submission.pk, offset=0, part=data[:5_000_000])


def test_what_is_typed_while_the_choices_are_fetched_stays(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open("/uploads/new/?plant=graz&family=surface-defects")

    def late(route: Any) -> None:
        seen.page.wait_for_timeout(400)
        route.continue_()

    seen.page.route("**/uploads/new/?*", late)
    with seen.page.expect_response("**/uploads/new/?*"):
        seen.page.locator("[name=recipe]").select_option(str(shown.recipe.pk))
        seen.page.locator("[name=classes]").fill("good\nscratch\nburr")
    seen.page.wait_for_timeout(200)
    assert seen.page.locator("[name=classes]").input_value() == "good\nscratch\nburr"
    # Left, the field asks on its own account, and both choices stand.
    with seen.page.expect_response("**/uploads/new/?*"):
        seen.page.keyboard.press("Tab")
    seen.page.wait_for_timeout(200)
    assert seen.page.locator("[name=classes]").input_value() == "good\nscratch\nburr"
    assert seen.page.locator("[name=recipe]").input_value() == str(shown.recipe.pk)
    assert seen.problems == []

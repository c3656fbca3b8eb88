"""The client for models trained elsewhere, against a live portal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from plants.agent import publishing
from plants.agent.__main__ import main
from plants.agent.home import Home
from plants.models import Worker
from plants.services import credentials, sites
from registry import tasks
from registry.domain.access import portal_scope
from registry.models import Evaluation, Job, ModelVersion, Submission, Upload
from registry.services import artifacts, evaluations, families, manifests, recipes
from tests.emptying import records_can_be_emptied  # noqa: F401
from tests.factories.agent import RECIPE, manifest, report, small_model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NOTES = "Trained on the line's own pictures with a notebook."


@pytest.fixture
def home(live_server: Any, tmp_path: Path, settings: Any, monkeypatch: Any) -> Path:
    """A machine of Graz, enrolled at a portal with one family and one recipe."""
    settings.ARTIFACT_ROOT = tmp_path / "artifacts"
    settings.SIGNING_KEY_FILE = tmp_path / "signing.key"
    scope = portal_scope()
    plant = sites.open_plant(scope, code="graz", name="Graz")
    families.declare(scope, slug="surface", title="Surface", task_kind="images")
    recipes.publish(scope, source=RECIPE)
    answer = credentials.enrol(credentials.issue_code(scope, plant)).as_json()
    folder = tmp_path / "agent"
    Home(folder).keep_credential(live_server.url, answer)
    monkeypatch.setattr(publishing, "PART_BYTES", 100)
    monkeypatch.setattr(publishing, "_ASK_EVERY_SECONDS", 0.01)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(small_model())
    return path


def command(home: Path, model: Path, *more: str) -> list[str]:
    said = ["--home", str(home), "publish", str(model), "--family", "surface"]
    said += ["--dataset", "surface", "--recipe", "small@1.0.0", "--notes", NOTES]
    return [*said, "--commit", "0a1b2c3d", "--classes", "good", "scratch", *more]


def one() -> Submission:
    return Submission.objects.select_related("upload", "version", "job").get()


def worker(monkeypatch: Any, does: Callable[[Submission], None]) -> None:
    """What the portal's worker and the plant's would do meanwhile."""
    real = publishing.time.sleep

    def sleep(seconds: float) -> None:
        real(0.01)
        does(one())

    monkeypatch.setattr(publishing.time, "sleep", sleep)


def verify_and_evaluate(submission: Submission) -> None:
    tasks.settle_submission(str(submission.pk))
    submission = one()
    if submission.version and not Evaluation.objects.exists():
        scope = portal_scope()
        data = manifests.record(scope, plant_code="graz", dataset="surface", document=manifest())
        evaluations.record(scope, submission.version, data, report=report(), job=submission.job)


def test_a_model_is_sent_verified_evaluated_and_its_figure_printed(
    home: Path, model: Path, capsys: Any, monkeypatch: Any
) -> None:
    worker(monkeypatch, verify_and_evaluate)
    assert main(command(home, model, "--claimed", "accuracy=0.97", "--wait")) == 0
    out, err = capsys.readouterr()
    assert "Registered as surface 1.0.0 (graz)" in out
    assert "balanced accuracy 1.000" in out
    assert err == "", "nobody watches: no progress bar"
    submission = one()
    assert (submission.submitted_by, submission.code_commit) == ("graz", "0a1b2c3d")
    assert submission.claimed_metrics == {"accuracy": 0.97}
    assert submission.version is not None
    assert artifacts.read(submission.version.artifact) == small_model()


def test_the_same_command_after_a_kill_goes_on_where_it_stood(
    home: Path, model: Path, capsys: Any, monkeypatch: Any
) -> None:
    real = publishing.UploadPortal.send_part
    offsets: list[int] = []

    def killed(self: Any, pk: str, path: Path, size: int, offset: int) -> Any:
        offsets.append(offset)
        if len(offsets) == 4:
            raise KeyboardInterrupt
        return real(self, pk, path, size, offset)

    monkeypatch.setattr(publishing.UploadPortal, "send_part", killed)
    assert main(command(home, model)) == publishing.INTERRUPTED
    assert "goes on where it stopped" in capsys.readouterr().err
    assert (one().upload.offset, one().state) == (300, "receiving")
    assert main(command(home, model)) == 0
    assert offsets[3:5] == [300, 300]
    assert one().state == "verifying"
    assert Upload.objects.count() == 1


def test_a_refused_model_is_one_line_with_rule_and_way_out(
    home: Path, model: Path, capsys: Any, monkeypatch: Any
) -> None:
    model.write_bytes(b"no model at all")
    worker(monkeypatch, lambda submission: tasks.settle_submission(str(submission.pk)))
    assert main(command(home, model, "--wait")) == publishing.REFUSED
    err = capsys.readouterr().err
    assert "by rule not-onnx" in err
    assert err.count("\n") == 1
    assert not ModelVersion.objects.exists()
    assert not Job.objects.exists()
    # Corrected, the same words are a new upload.
    model.write_bytes(small_model())
    assert main(command(home, model)) == 0
    assert Submission.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--claimed", "accuracy"), "write accuracy=0.97"),
        (("--claimed", "f7=0.4"), "Claim any of accuracy"),
        (("--parent", "9.9.9"), "There is no version 9.9.9"),
        (("--notes", "short"), "Write at least one sentence"),
        (("--family", "nothing"), "There is no family nothing"),
        (("--notes", "@no-such.txt"), "no-such.txt, is not there; name another"),
        (("--dataset", "No Such"), "No data set is called"),
    ],
)
def test_what_does_not_fit_is_one_line_with_its_way_out(
    home: Path, model: Path, capsys: Any, more: tuple[str, ...], sentence: str
) -> None:
    assert main(command(home, model, *more)) == publishing.REFUSED
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1
    assert not Submission.objects.exists()
    assert not (home / "publishing").exists()


def test_an_empty_file_is_refused_before_anything_is_declared(
    home: Path, model: Path, capsys: Any
) -> None:
    model.write_bytes(b"")
    assert main(command(home, model)) == publishing.REFUSED
    assert "is empty; export the model again" in capsys.readouterr().err
    assert not Submission.objects.exists()
    assert not (home / "publishing").exists()


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "cannot be read"), (b"\xff\xfe\x00", "is not text in UTF-8")]
)
def test_notes_that_cannot_be_read_say_so(
    home: Path, model: Path, capsys: Any, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    notes = tmp_path / "notes"
    if content is None:
        notes.mkdir()
    else:
        notes.write_bytes(content)
    assert main(command(home, model, "--notes", f"@{notes}")) == publishing.REFUSED
    assert sentence in capsys.readouterr().err
    assert not Submission.objects.exists()


def test_a_data_set_that_the_plants_workers_do_not_report_is_refused(
    home: Path, model: Path, capsys: Any
) -> None:
    Worker.objects.create(
        plant_id="graz",
        name="w",
        boot="0a1b2c3d",
        agent_version="1.0",
        datasets=[{"name": "surface", "kind": "images", "rows": 9}],
        last_seen_at=timezone.now(),
    )
    assert main(command(home, model, "--dataset", "sufrace")) == publishing.REFUSED
    err = capsys.readouterr().err
    assert "report no data set sufrace" in err
    assert "For images there is surface: write one of them" in err
    assert err.count("\n") == 1
    assert not Submission.objects.exists()
    assert main(command(home, model)) == 0


def test_an_evaluation_without_a_figure_has_a_code_of_its_own(
    home: Path, model: Path, capsys: Any, monkeypatch: Any
) -> None:
    def fail(submission: Submission) -> None:
        tasks.settle_submission(str(submission.pk))
        Job.objects.update(state="failed", code="dataset-missing")

    worker(monkeypatch, fail)
    assert main(command(home, model, "--wait")) == publishing.WITHOUT_FIGURE
    assert "no data set of that name" in capsys.readouterr().out


def test_what_is_remembered_holds_no_secret(home: Path, model: Path) -> None:
    assert main(command(home, model)) == 0
    (note,) = (home / "publishing").iterdir()
    assert json.loads(note.read_text()) == {"submission": str(one().pk)}

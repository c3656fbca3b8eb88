"""An upload's figure is its plant's newest evaluation; until then its word stands as a claim."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from registry.domain.access import Role, portal_scope
from registry.models import ModelVersion
from registry.selectors import own_figures
from registry.selectors import versions as reads
from registry.services import evaluations, mirror_records, submission_results
from tests.factories.agent import report
from tests.factories.world import World, client_of
from tests.registry.uploads.cast import received

pytestmark = pytest.mark.django_db


@pytest.fixture
def uploaded(world: World) -> ModelVersion:
    submission = received(world)
    submission_results.settle(submission.pk)
    submission.refresh_from_db()
    assert submission.version is not None
    return submission.version


@pytest.fixture
def ines(world: World) -> Client:
    return client_of(world.graz.people[Role.ENGINEER])


def evaluate(world: World, version: ModelVersion, site: Any = None) -> Any:
    manifest = (site or world.graz).jobs["done"].manifest
    return evaluations.record(portal_scope(), version, manifest, report=report())


def fresh(version: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_related("family").get(pk=version.pk)


def test_before_an_evaluation_there_is_a_claim_and_no_figure(uploaded: ModelVersion) -> None:
    version = fresh(uploaded)
    assert own_figures.primary(version) is None
    assert own_figures.claimed(version) == 0.96
    assert own_figures.hold_out(version) is None


def test_its_plants_evaluation_on_its_data_replaces_the_claim(
    world: World, uploaded: ModelVersion
) -> None:
    evaluate(world, uploaded, world.leipzig)
    assert own_figures.primary(fresh(uploaded)) is None, "another plant's is not its own"
    found = evaluate(world, uploaded)
    version = fresh(uploaded)
    assert own_figures.primary(version) == pytest.approx(reads.scored(found))
    assert own_figures.claimed(version) is None
    assert own_figures.hold_out(version) == found.manifest_id


def test_a_list_of_uploads_costs_no_query_each(
    world: World, uploaded: ModelVersion, django_assert_num_queries: Any
) -> None:
    evaluate(world, uploaded)
    rows = own_figures.with_own(ModelVersion.objects.select_related("family"))
    with django_assert_num_queries(1):
        found = {row.pk: own_figures.primary(row) for row in rows}
    assert found[uploaded.pk] is not None
    assert found[uploaded.pk]["n"] == 40
    assert all(found.values())


def row_of(client: Client, version: ModelVersion) -> dict[str, str]:
    answer = client.get("/versions/?format=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    return rows[str(version.pk)]


def test_the_export_keeps_claim_and_figure_apart(
    world: World, uploaded: ModelVersion, ines: Client
) -> None:
    row = row_of(ines, uploaded)
    assert (row["value"], row["low"], row["claimed"]) == ("", "", "0.96")
    evaluate(world, uploaded)
    row = row_of(ines, uploaded)
    assert (float(row["value"]), row["claimed"]) == (1.0, "")


def test_pages_say_claimed_until_it_is_measured(
    world: World, uploaded: ModelVersion, ines: Client
) -> None:
    for path in ("/versions/", f"/families/{world.family.slug}/"):
        assert "0.96 claimed" in ines.get(path).content.decode()
    card = " ".join(ines.get(uploaded.get_absolute_url()).content.decode().split())
    assert "The plant has not evaluated it yet; claimed by its uploader: accuracy 0.97" in card
    assert "trained on data that is not on record" in card
    assert "Judged by small 1.0.0, not trained by it" in card
    assert "Whether its training saw rows of this hold-out is not known" in card
    assert "by graz-engineer" in card
    evaluate(world, uploaded)
    for path in ("/versions/", uploaded.get_absolute_url()):
        assert "claimed" not in ines.get(path).content.decode()


def test_a_claim_is_never_ranked(world: World, uploaded: ModelVersion, ines: Client) -> None:
    page = ines.get(f"/families/{world.family.slug}/").context["page"]
    assert page.comparisons
    assert uploaded.pk not in {one.evaluation.version_id for one in page.comparisons}


def test_mlflow_is_told_what_it_is_and_no_figure(uploaded: ModelVersion) -> None:
    run = mirror_records.training_run(fresh(uploaded))
    assert (run.tags["what"], run.tags["dataset"], run.tags["manifest"]) == (
        "upload",
        "surface",
        "",
    )
    assert run.metrics == {}


def test_the_api_says_who_made_it(uploaded: ModelVersion, ines: Client) -> None:
    said = ines.get(f"/api/v1/versions/{uploaded.pk}/").json()
    assert (said["made_by"], said["dataset"], said["metrics"]) == ("upload", "surface", {})
    assert said["claimed_metrics"]["balanced_accuracy"] == 0.96
    assert (said["manifest"], said.get("manifest_digest")) == (None, None)

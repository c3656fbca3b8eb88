"""What a manifest's page says of leakage."""

from __future__ import annotations

import pytest

from registry.domain.leakage_section import Pairs, Rule
from registry.models import DatasetManifest
from tests.governance.domain.gate_cast import trained

pytestmark = pytest.mark.django_db

PNG = Rule("file type", 1, 70, 0, "PNG")


def page(client, who, document) -> str:
    client.force_login(who)
    manifest = DatasetManifest.objects.create(
        plant_code="graz", dataset="strip", digest="d" * 64, rows=300, document=document
    )
    answer = client.get(manifest.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_answer_comes_before_what_was_found(client, shown, vera):
    text = page(client, vera, trained(copies=Pairs(9, 0), rules=[PNG]))
    answer = text.index("The file type alone tells most of scratch from the others.")
    assert answer < text.index("9 pairs of identical images, all kept on one side of the split.")
    assert "scratch: 70 of 100 images are PNG, of the other classes none." in text


def test_a_manifest_from_before_says_that_nobody_looked(client, shown, vera):
    document = trained()
    del document["leakage"]
    text = page(client, vera, document)
    assert "It was reported before anyone looked for rows on both sides of the split." in text
    assert "No two images are identical" not in text


def test_a_class_is_text_and_never_markup(client, shown, vera):
    document = trained(rules=[PNG])
    document["classes"][1]["name"] = "<b>dent</b>"
    document["leakage"]["giveaways"][0]["class"] = "<b>dent</b>"
    text = page(client, vera, document)
    assert "&lt;b&gt;dent&lt;/b&gt;: 70 of 100" in text
    assert "<b>dent" not in text

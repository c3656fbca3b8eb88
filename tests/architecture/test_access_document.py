"""The document of the access matrix says what the suite asks."""

from __future__ import annotations

import os

from tests.architecture.access_document import DOCUMENT, text


def test_the_document_is_what_the_table_says() -> None:
    """`LINEWARD_WRITE_ACCESS=1 pytest THIS_FILE` writes it anew after a change."""
    if os.environ.get("LINEWARD_WRITE_ACCESS"):
        DOCUMENT.write_text(text())
    assert DOCUMENT.read_text() == text()


def test_every_line_is_in_words() -> None:
    rows = [line for line in text().splitlines() if line.startswith("| ")]
    said = {cell.strip() for row in rows for cell in row.split("|")[2:-2]}
    columns = {cell.strip() for row in rows if "| what |" in row for cell in row.split("|")[2:-2]}
    assert said - columns <= {"yes", "no", "form", "sign in", "not visible", "---", "-"}

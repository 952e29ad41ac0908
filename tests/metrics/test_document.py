"""docs/metrics.md says what the catalogue says."""

import re
from pathlib import Path

from app.metrics.catalogue import KPIS
from app.metrics.document import document

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_the_written_page_is_what_the_catalogue_says() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == document(), "run `make docs`"


def test_every_kpi_has_a_place_in_the_contents_and_a_part_of_its_own() -> None:
    page = document()

    assert re.findall(r"\]\(#(\w+)\)", page) == re.findall(r'<a id="(\w+)">', page)
    assert sorted(re.findall(r'<a id="(\w+)">', page)) == sorted(KPIS)


def test_every_kpi_tells_its_formula_its_question_and_whether_it_is_measured() -> None:
    parts = dict(re.findall(r'<a id="(\w+)"></a>(.*?)(?=<a id|\Z)', document(), re.DOTALL))

    for kpi in KPIS.values():
        part = parts[kpi.key]
        assert kpi.question in part
        assert " ".join(kpi.formula.split()).replace("|", "\\|") in part
        assert ("not measured yet" in part) is not kpi.measured
        assert ("| interval |" in part) is kpi.measured


def test_no_cell_breaks_its_table() -> None:
    for line in document().splitlines():
        if line.startswith("| ") and not line.startswith("| |"):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (4, 5), line

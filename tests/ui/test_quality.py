"""The quality list in words: what is odd, what the numbers make of it, what to do."""

import pytest

from app.store.quality import Example, Finding
from app.ui import quality
from tests.filled import text

KINDS = (
    ("unknown_link", "incidents", "services"),
    ("unknown_link", "pages", "team"),
    ("unknown_link", "incidents", "caused_by"),
    ("backwards", "pages", "acknowledged_at"),
    ("no_end", "incidents", "resolved_at"),
    ("impact_no_end", "impacts", "end"),
    ("no_start", "incidents", "started_at"),
    ("no_service", "incidents", "services"),
    ("slo_no_data", "slos", "slo"),
    ("slo_silent", "slos", "slo"),
    ("no_slo", "services", "service"),
    ("future", "incidents", "detected_at"),
    ("differs", "services", "tier"),
    ("no_result", "dr_tests", "result"),
)


def finding(kind: str, entity: str, column: str, facts: int) -> Finding:
    examples = tuple(Example("file", f"id-{at}", "said") for at in range(facts))
    return Finding(kind, entity, column, facts, examples, "triggered_at" if kind == "backwards" else None)


@pytest.mark.parametrize(("kind", "entity", "column"), KINDS)
@pytest.mark.parametrize("facts", [1, 3])
def test_each_says_how_many_what_it_means_and_what_to_do(kind: str, entity: str, column: str, facts: int) -> None:
    said = quality.told(finding(kind, entity, column, facts))

    assert said.title.startswith(f"{facts} {quality.noun(entity, facts)}")
    assert said.effect.endswith(".")
    assert said.mend.endswith(".")
    assert "None" not in " ".join((said.title, said.effect, said.mend))


def test_no_two_kinds_are_told_alike() -> None:
    titles = {quality.told(finding(*kind, 2)).title for kind in KINDS}

    assert len(titles) == len(KINDS)


def test_names_from_files_stay_text() -> None:
    odd = finding("no_service", "incidents", "services", 1)._replace(
        examples=(Example("<b>", "<img src=x>", "<script>alert(1)</script>"),)
    )

    markup = quality.listed([odd])

    assert "<script>" not in markup
    assert "<img" not in markup
    assert "<script>alert(1)</script>" in text(markup)


@pytest.mark.parametrize(
    ("entity", "count", "words"),
    [
        ("incidents", 1, "1 incident"),
        ("sli", 2, "2 SLI rows"),
        ("dr_tests", 1_204, "1,204 DR tests"),
        ("services", 1, "1 service"),
    ],
)
def test_facts_are_called_by_their_noun(entity: str, count: int, words: str) -> None:
    assert quality.counted(entity, count) == words

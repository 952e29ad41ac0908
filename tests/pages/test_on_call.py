"""The On-call page on full, empty and almost empty stores."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, read_by_pages, text

ON_CALL = "../pages/on_call.py"


def page(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(ON_CALL).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


@pytest.mark.usefixtures("full")
def test_the_question_is_answered_with_eight_tiles() -> None:
    at = page()

    assert not at.exception
    first = boards(at)["oncall_first"]
    assert first.count('class="card tile"') == 8
    assert "interruptions a person-week" in text(first)
    print(told(at))

"""What the Overview says where nothing stands out: only as much as is known."""

import pytest

from app.policy import default
from app.ui import overview_parts as parts
from app.ui.overview import Second


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"slos_met", "customer_impact_minutes"}, parts.NOBODY),
        ({"slos_met"}, parts.UNTOUCHED),
        ({"customer_impact_minutes"}, parts.UNSPENT),
        (set(), parts.UNJUDGED),
    ],
)
def test_no_worst_service_is_good_news_only_where_it_was_measured(known: set[str], said: str) -> None:
    shown = Second((), (), (), frozenset(known), True, True, {}, {}, default())

    assert parts.nobody(shown) == said

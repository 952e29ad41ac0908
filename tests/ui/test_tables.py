"""Tables sort, search, page and open."""

import json

from streamlit.testing.v1 import AppTest

from app.ui import tables
from tests.filled import boards, text


def script(count: int, order: str | None) -> None:
    from app.ui.tables import ACT, URL, Column, table

    rows = [
        {"name": f"row {n}", "size": None if n == 3 else float(n), ACT: {"do": "open", "id": n},
         URL: "https://example.com/x" if n == 1 else "javascript:alert(1)"}
        for n in range(count)
    ]  # fmt: skip
    table("t", [Column("name", "Name"), Column("size", "Size", number=True)], rows, sort=order, down=True, file="t")


def shown(at: AppTest) -> str:
    return text(boards(at)["t_table"])


def test_it_opens_in_the_given_order_with_blanks_last() -> None:
    at = AppTest.from_function(script, args=(5, "size")).run()

    assert not at.exception
    assert [word for word in shown(at).split() if word.isdigit()] == ["4", "2", "1", "0", "3"]


def test_it_shows_a_page_of_rows() -> None:
    at = AppTest.from_function(script, args=(45, "size")).run()

    assert shown(at).count("row") == tables.PAGE_ROWS
    assert "Rows 1 to 20 of 45" in [caption.value for caption in at.caption]


def test_it_searches_all_rows_whatever_the_case() -> None:
    at = AppTest.from_function(script, args=(45, "size")).run()

    at.text_input(key="t_search").set_value("ROW 44").run()

    assert shown(at).count("row") == 1


def test_nothing_found_is_said() -> None:
    at = AppTest.from_function(script, args=(45, None)).run()

    at.text_input(key="t_search").set_value("<nothing>").run()

    assert "Nothing holds “<nothing>”" in shown(at)


def test_only_web_addresses_become_links() -> None:
    at = AppTest.from_function(script, args=(3, None)).run()

    markup = boards(at)["t_table"]
    assert markup.count("<a ") == 1
    assert "javascript" not in markup


def test_a_click_on_a_heading_sorts_by_it_and_a_second_turns_it() -> None:
    order = tables._Order("t", None, False)
    sort = {"do": "sort", "by": "size"}

    assert json.loads(json.dumps(sort)) == sort
    rows = [{"size": 2.0}, {"size": None}, {"size": 1.0}]
    order.by, order.down = "size", False
    assert [row["size"] for row in order.ordered(rows)] == [1.0, 2.0, None]
    order.down = True
    assert [row["size"] for row in order.ordered(rows)] == [2.0, 1.0, None]


def test_values_that_do_not_compare_are_sorted_as_text() -> None:
    order = tables._Order("t", "a", False)

    assert [row["a"] for row in order.ordered([{"a": "x"}, {"a": 1}])] == [1, "x"]

"""Tables sort, search, page and open."""

from collections.abc import Sequence

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
    at = AppTest.from_function(script, args=(5, None))
    at.session_state["t_order"] = ("size", False)

    at.run()

    assert [word for word in shown(at).split() if word.isdigit()] == ["0", "1", "2", "4", "3"]
    order = tables._Order("t", "size", False)
    rows = [{"size": 2.0}, {"size": None}, {"size": 1.0}]
    assert [row["size"] for row in tables.in_order(rows, order.by, order.down)] == [1.0, 2.0, None]
    assert [row["size"] for row in tables.in_order(rows, order.by, not order.down)] == [2.0, 1.0, None]


def test_values_that_do_not_compare_are_sorted_as_text() -> None:
    assert [row["a"] for row in tables.in_order([{"a": "x"}, {"a": 1}], "a", False)] == [1, "x"]


def fetched(count: int) -> None:
    import streamlit as st

    from app.ui.tables import Column, Found, Slice, paged

    def fetch(part: Slice) -> Found:
        st.session_state.setdefault("asked", []).append(tuple(part))
        there = [n for n in range(count) if part.search in f"row {n}"]
        if part.down:
            there.reverse()
        stop = None if part.limit is None else part.offset + part.limit
        return Found([{"name": f"row {n}"} for n in there[part.offset : stop]], len(there))

    paged("t", [Column("name", "Name")], fetch, sort="name", down=True, file="t")


def test_a_long_table_asks_for_the_rows_that_it_shows_alone() -> None:
    at = AppTest.from_function(fetched, args=(45,))
    at.session_state["t_page"] = 3

    at.run()

    assert not at.exception
    assert at.session_state["asked"] == [("", "name", True, 40, 20)]
    assert [word for word in shown(at).split() if word.isdigit()] == ["4", "3", "2", "1", "0"]


def test_a_page_that_a_search_has_left_empty_gives_way_to_the_first() -> None:
    at = AppTest.from_function(fetched, args=(45,))
    at.session_state["t_page"] = 3
    at.session_state["t_search"] = "ROW 44"

    at.run()

    assert at.session_state["asked"] == [("row 44", "name", True, 40, 20), ("row 44", "name", True, 0, 20)]
    assert shown(at).count("row") == 1


def test_rows_are_ticked_one_by_one_or_all_that_are_shown_and_nothing_else_gets_in() -> None:
    def script() -> None:
        import streamlit as st

        from app.ui import tables

        for act in st.session_state.get("clicks", []):
            tables._tick("rows", ["a", "b"], act)

    def after(*clicks: dict[str, object], held: Sequence[str] = ()) -> list[str]:
        at = AppTest.from_function(script)
        at.session_state["rows_picked"] = list(held)
        at.session_state["clicks"] = list(clicks)
        at.run()
        assert not at.exception
        return list(at.session_state["rows_picked"])

    pick = {"do": "pick", "row": "b"}
    assert after(pick) == ["b"]
    assert after(pick, pick, held=["of another page"]) == ["of another page"]
    assert after({"do": "pick", "row": "nonsense"}, {"do": "pick"}) == []
    assert after({"do": "pick_all"}, held=["b", "of another page"]) == ["of another page", "a", "b"]
    assert after({"do": "pick_all"}, held=["b", "a"]) == []

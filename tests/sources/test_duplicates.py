"""A key that comes twice in one import is found, whatever lies between."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from data_sources.duplicates import Earlier, Keys


def table(rows: list[tuple[str, int | None]]) -> pa.Table:
    return pa.table({"key": pa.array([key for key, _ in rows]), "n": pa.array([n for _, n in rows], pa.int64())})


def test_a_repeated_key_names_the_first_line_and_whether_it_is_the_same() -> None:
    keys = Keys()

    first = keys.repeated(table([("a", 1), ("b", 1), ("a", 1), ("a", 2)]), ["key"], 0, [2, 3, 4, 5])
    second = keys.repeated(table([("b", None), ("c", 1)]), ["key"], 7, [2, 3])

    assert first == {2: Earlier(0, 2, True), 3: Earlier(0, 2, False)}
    assert second == {0: Earlier(0, 3, False)}


def test_blank_is_not_the_same_as_another_value() -> None:
    found = Keys().repeated(table([("a", None), ("a", 0), ("a", None)]), ["key", "n"], 0, [2, 3, 4])

    assert found == {2: Earlier(0, 2, True)}


@given(st.lists(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2)), max_size=6), max_size=6))
def test_batches_find_what_a_dictionary_finds(batches: list[list[tuple[str, int | None]]]) -> None:
    keys, seen = Keys(), {}
    for file, batch in enumerate(batches):
        lines = list(range(2, 2 + len(batch)))
        expected = {}
        for at, (key, n) in enumerate(batch):
            if key in seen:
                of, line, held = seen[key]
                expected[at] = Earlier(of, line, held == n)
            else:
                seen[key] = (file, lines[at], n)

        assert keys.repeated(table(batch), ["key"], file, lines) == expected

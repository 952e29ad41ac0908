"""What an audit entry says was changed, field by field."""

import pytest

from app.ui.audit_changes import Change, changes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [Change("b", "2", "3")]),
        ({"a": 1}, {"a": 1}, []),
        (None, {"role": "admin", "limit": None}, [Change("role", None, "admin")]),
        ({"role": "admin"}, None, [Change("role", "admin", None)]),
        ({"x": {"due_on": "a"}}, {"x": {"due_on": "b"}}, [Change("x, due on", "a", "b")]),
        (None, {"pages": {"seen": 1500, "new": 0}}, [Change("pages", None, "seen 1,500")]),
        ({"ok": True, "n": 0.25}, None, [Change("ok", "yes", None), Change("n", "0.25", None)]),
        ({"l": ["a", "b"]}, {"l": ["a"]}, [Change("l", "a, b", "a")]),
        ("zone: UTC\nunit: EUR\n", "zone: UTC\nunit: USD\n", [Change("line 2", "unit: EUR", "unit: USD")]),
        ("one", "two", [Change("", "one", "two")]),
        (["a", {"b": None}], None, [Change("", "a, b: –", None)]),
        (None, None, []),
    ],
)
def test_only_what_differs_is_told(old: object, new: object, said: list[Change]) -> None:
    assert changes(old, new) == said


def test_long_texts_are_compared_line_by_line() -> None:
    text = "\n".join(f"line {n}" for n in range(300))

    found = changes({"text": text}, {"text": text.replace("line 7\n", "") + "\nmore"})

    assert found == [Change("text, line 8", "line 7", None), Change("text, line 300", None, "more")]

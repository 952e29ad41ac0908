"""Everything that goes into markup is escaped, unless it is markup."""

import json
from html import unescape

from app.ui.board import read_act
from app.ui.markup import Markup, button, el, join


def test_text_and_attributes_are_escaped() -> None:
    made = el("p", "<b>&</b>", title='"><script>')

    assert made == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&lt;/b&gt;</p>'


def test_markup_inside_markup_stays() -> None:
    assert el("p", el("b", "x"), None, "y") == "<p><b>x</b>y</p>"


def test_attributes_without_a_value_are_left_out_or_stand_alone() -> None:
    assert el("td", hidden=True, title=None, lang=False, aria_label="x", colspan=2) == (
        '<td hidden aria-label="x" colspan="2"></td>'
    )


def test_a_click_travels_as_it_was_given() -> None:
    act = {"do": "narrow", "service": "a\"b'<c>"}

    made = button("x", act=act)
    carried = unescape(made.split('data-act="')[1].split('"')[0])

    assert json.loads(carried) == act
    assert read_act(carried) == act


def test_junk_from_the_browser_is_no_click() -> None:
    for said in (None, 7, "", "{", "[]", '{"kpi": "x"}', '{"do": 1}', {"do": "x"}):
        assert read_act(said) is None


def test_joining_escapes_plain_text_alone() -> None:
    assert join("<", Markup("<br>"), None) == "&lt;<br>"

"""The top of a page: the sentence that answers its question, and the headings of its parts."""

from app.ui.choices import Asked
from app.ui.markup import Markup, Part, el


def lead(finding: str, asked: Asked, *more: Part) -> Markup:
    """What a page that answers for the filters says first."""
    meta = f"{'Not over yet · ' if asked.partial else ''}Dates in {asked.zone}"
    return el("header", el("p", finding), *more, el("p", meta, cls="meta"), cls="lead")


def heading(title: str, sub: str = "") -> Markup:
    """What stands over a table or a group of charts."""
    return el("div", el("h2", title), el("p", sub, cls="sub") if sub else None, cls="heading apart")

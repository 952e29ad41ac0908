"""The top of a page: the sentence that answers its question, and what that is compared with."""

from app.ui import choices
from app.ui.choices import Asked
from app.ui.markup import Markup, Part, el


def lead(finding: str, asked: Asked, *more: Part) -> Markup:
    """What a page that answers for the filters says first."""
    said = [asked.scoped] if asked.scoped else []
    said += ["not over yet"] if asked.partial else []
    said += [f"compared with {choices.period_words(asked.against)}", f"dates in {asked.zone}"]
    meta = " · ".join(said)
    return el("header", el("p", finding), *more, el("p", meta[:1].upper() + meta[1:], cls="meta"), cls="lead")


def heading(title: str, sub: str = "") -> Markup:
    """What stands over a table or a group of charts."""
    return el("div", el("h2", title), el("p", sub, cls="sub") if sub else None, cls="heading apart")

"""The pack of a review in each of its forms, from its snapshot alone: the same snapshot gives the same bytes."""

from typing import Literal

from app.review.snapshot import Frozen

FORMS = ("pptx", "pdf", "xlsx", "html")
Paper = Literal["a4", "letter"]


def make(frozen: Frozen, form: str, *, paper: Paper = "a4") -> bytes:
    """One form of the pack; the paper is that of the PDF alone. Raises ValueError for a form that is none of FORMS."""
    match form:
        case "pptx":
            from app.review.slides import slides

            return slides(frozen)
        case "xlsx":
            from app.review.workbook import workbook

            return workbook(frozen)
        case "pdf":
            from app.review.paper import document

            return document(frozen, paper)
        case "html":
            from app.review.page import page

            return page(frozen)
    raise ValueError(f"{form} is none of {', '.join(FORMS)}")


def file_name(frozen: Frozen, form: str) -> str:
    """ "review-2026-10.pptx"."""
    return f"review-{frozen.snapshot.period}.{form}"

"""What became of one try to send something, in words that hold no secret."""

from typing import Literal, NamedTuple

Became = Literal["sent", "later", "failed", "unsure"]
"""Taken; not taken, and worth another try; refused for good; handed over, and nobody said whether it was taken."""


class Answer(NamedTuple):
    """What became of one try."""

    became: Became
    said: str = ""
    """Why it was not sent, one sentence."""
    after: float | None = None
    """In how many seconds the other side wants the next try; None: it did not say."""

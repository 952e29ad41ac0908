"""One risk's story as the store tells it."""

from functools import lru_cache

from app.metrics.risk_records import RiskKey
from app.store import register_reads
from app.store.engine import reading
from app.store.register_reads import Story
from app.ui import read
from app.ui.choices import Asked
from app.ui.read import State
from app.ui.risk import Shown


def told(page: Shown, asked: Asked) -> Story | None:
    """The story of the risk of a page; None where it went meanwhile."""
    one = page.standing.risk
    return _told(read.state(), RiskKey(one.source, one.risk), asked)


@lru_cache(maxsize=32)
def _told(of: State, key: RiskKey, asked: Asked) -> Story | None:
    with reading(read.opened(of.url)) as conn:
        return register_reads.story(conn, key, asked.as_of)

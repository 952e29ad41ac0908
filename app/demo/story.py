"""The incidents that the story needs, at fixed days before today."""

from typing import NamedTuple

from app.demo.organisation import FROZEN
from app.demo.stage import Stage
from app.demo.timeline import HOUR, back, micros


class Told(NamedTuple):
    title: str
    at: int
    service: str
    severity: int
    cause: str
    detect: float
    """Minutes from start to detection."""
    restore: float
    """Minutes from detection to mitigation."""
    share: float | None = None
    outage: bool = True
    also: tuple[str, ...] = ()
    chain: str | None = None
    by_release: bool = False
    open: bool = False
    """Not resolved yet."""
    running: bool = False
    """Not even mitigated yet."""


def told(stage: Stage) -> tuple[Told, ...]:
    """Two chains in the bad quarter, a supplier's outage, checkout's spent budget, and what is open now."""
    launch = micros(back(stage.last, 8))
    day = 24 * HOUR
    return (
        Told(
            "Express checkout: payment confirmations time out",
            launch + 6 * day + 9 * HOUR,
            FROZEN,
            1,
            "capacity",
            11,
            96,
            0.7,
            also=("payments-api",),
            chain="pool",
            by_release=True,
        ),
        Told(
            "Checkout: connection pool exhausted again",
            launch + 17 * day + 17 * HOUR,
            FROZEN,
            1,
            "capacity",
            7,
            74,
            0.6,
            also=("payments-api",),
            chain="pool",
        ),
        Told(
            "Checkout: connection pool exhausted a third time",
            launch + 38 * day + 18 * HOUR,
            FROZEN,
            1,
            "capacity",
            5,
            118,
            0.8,
            also=("payments-api", "cart"),
            chain="pool",
        ),
        Told(
            "Orders lost between cart and orders during express checkout",
            launch + 52 * day + 12 * HOUR,
            "orders",
            1,
            "database",
            22,
            143,
            0.5,
            also=("cart",),
        ),
        Told(
            "Search index stale after failover",
            launch + 20 * day + 3 * HOUR,
            "search-indexer",
            3,
            "database",
            25,
            160,
            0.2,
            False,
            ("search-api",),
            "index",
        ),
        Told(
            "Search index stale after failover, again",
            launch + 41 * day + 2 * HOUR,
            "search-indexer",
            3,
            "database",
            18,
            140,
            0.2,
            False,
            ("search-api",),
            "index",
        ),
        Told(
            "Search index stale after failover, third time",
            launch + 69 * day + 4 * HOUR,
            "search-indexer",
            3,
            "database",
            15,
            95,
            0.15,
            False,
            chain="index",
        ),
        Told("Card network down for all shops", stage.ago(96, 13), "payments-api", 2, "third party", 3, 88, 0.35, True),
        Told(
            "Checkout: one in two payments declined by a wrong limit",
            stage.ago(11, 15),
            FROZEN,
            1,
            "configuration",
            6,
            41,
            0.8,
            True,
            by_release=True,
        ),
        Told(
            "Checkout: saved cards missing for some customers",
            stage.ago(5, 10),
            FROZEN,
            3,
            "configuration",
            9,
            48,
            0.12,
            False,
        ),
        Told(
            "Shipping: labels of one carrier come late",
            stage.ago(1, 17),
            "shipping",
            2,
            "third party",
            8,
            74,
            0.25,
            False,
            open=True,
        ),
        Told(
            "Data warehouse: nightly load behind",
            stage.ago(1, 21),
            "data-warehouse",
            3,
            "capacity",
            12,
            600,
            open=True,
            running=True,
        ),
    )

"""Two questions that machines ask: does the process answer, and can it serve?"""

import logging

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.store.engine import MIGRATIONS

LOG = logging.getLogger("nines")
_FRESH = {"Cache-Control": "no-store"}


def routes(engine: Engine) -> list[Route]:
    """`/healthz` and `/readyz`."""

    def ready(_: Request) -> PlainTextResponse:
        trouble = unready(engine)
        return PlainTextResponse(f"{trouble or 'ready'}\n", status_code=503 if trouble else 200, headers=_FRESH)

    return [Route("/healthz", _alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]


async def _alive(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n", headers=_FRESH)


def unready(engine: Engine) -> str | None:
    """Why pages cannot be served, in a sentence without any secret; None when they can. Blocks: call it in a thread."""
    try:
        with engine.connect() as conn:
            found = set(MigrationContext.configure(conn).get_current_heads())
    except (SQLAlchemyError, OSError) as cause:
        LOG.warning("the store cannot be reached: %s", type(cause).__name__)
        return "The store cannot be reached."
    if found != set(ScriptDirectory(str(MIGRATIONS)).get_heads()):
        return "The store has the tables of another release of Nines: restart it on this one."
    return None

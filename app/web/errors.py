"""What a reader sees when something breaks: a plain sentence and a number to quote; the trace is in the log alone."""

import html
import logging
import secrets
from http import HTTPStatus

import streamlit as st
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Scope

LOG = logging.getLogger("nines")
NOT_FOUND = "There is nothing at this address."
FAILED = "Something went wrong on our side, and it has been written down as {number}."

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Nines</title><link rel="icon" href="/favicon.png">
<style>
:root {{ color-scheme: light dark; --page: #f7f8fa; --text: #1a2030; --accent: #4650c0 }}
@media (prefers-color-scheme: dark) {{ :root {{ --page: #0f141d; --text: #e8ecf4; --accent: #98a2ff }} }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--text);
  font: 17px/1.5 "Source Sans", "Source Sans 3", system-ui, sans-serif }}
main {{ max-width: 32rem; padding: 2rem }} h1 {{ font-size: 1.9rem; margin: 0 0 .5rem }} a {{ color: var(--accent) }}
</style></head><body><main><h1>{title}</h1><p>{sentence}</p>
<p><a href="/">Back to the overview</a></p></main></body></html>
"""


def on_script_error(cause: Exception) -> bool:
    """Streamlit's hook for an exception in a page: logs it under a number and shows a sentence with that number."""
    number = _written_down(cause)
    st.error(
        f"This page could not be shown. The error is written down as **{number}**: quote that to whoever runs Nines.",
        icon=":material/error:",
    )
    return True


async def on_http_error(request: Request, cause: Exception) -> Response:
    """The answer to a refused request."""
    status = cause.status_code if isinstance(cause, HTTPException) else 500
    headers = dict(cause.headers or {}) if isinstance(cause, HTTPException) else {}
    sentence = NOT_FOUND if status == 404 else f"{HTTPStatus(status).phrase}."
    return _answer(request, status, sentence, headers)


async def on_crash(request: Request, cause: Exception) -> Response:
    """The answer where the server itself failed."""
    return _answer(request, 500, FAILED.format(number=_written_down(cause)), {})


def page(scope: Scope, status: int, title: str, sentence: str, headers: dict[str, str]) -> Response:
    """A sentence as an answer: a page to a browser that opens one, else plain text."""
    if "text/html" not in Headers(scope=scope).get("accept", ""):
        return PlainTextResponse(f"{sentence}\n", status_code=status, headers=headers)
    shown = _PAGE.format(title=html.escape(title), sentence=html.escape(sentence))
    return HTMLResponse(shown, status_code=status, headers=headers)


def _answer(request: Request, status: int, sentence: str, headers: dict[str, str]) -> Response:
    if status in {204, 304}:
        return Response(status_code=status, headers=headers)
    title = "Not found" if status == 404 else "This did not work"
    return page(request.scope, status, title, sentence, headers)


def _written_down(cause: Exception) -> str:
    number = secrets.token_hex(4)
    LOG.error("error %s", number, exc_info=cause)
    return number

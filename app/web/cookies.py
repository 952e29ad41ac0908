"""The cookies of sign-in: what Streamlit puts into them, read and written with its own functions.

Streamlit reads who is signed in from one cookie when a page connects. Nines leaves there a random word alone; all that
the provider told stays on the server (`app/store/sessions.py`).
"""

import json
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import (
    TOKENS_COOKIE_NAME,
    USER_COOKIE_NAME,
    XSRF_COOKIE_NAME,
)

PROVIDER = "default"
"""What Streamlit calls the one provider."""
KEPT_PLACE = "nines_place"
_PLACE_SECONDS = 900
_SCRIPTED = (XSRF_COOKIE_NAME,)
"""Streamlit's frontend reads these: they cannot be kept from scripts."""


def of_request(headers: Headers) -> dict[str, str]:
    """The cookies that a browser sent."""
    found: dict[str, str] = {}
    for part in ";".join(headers.getlist("cookie")).split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found[name] = value
    return found


def of_answer(headers: Headers) -> dict[str, str]:
    """The cookies that an answer sets, the last of each name."""
    found: dict[str, str] = {}
    for line in headers.getlist("set-cookie"):
        try:
            found.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        except CookieError:
            continue
    return found


def told(cookies: Mapping[str, str], secret: str, name: str = USER_COOKIE_NAME) -> dict[str, Any]:
    """What one of Streamlit's signed cookies tells; empty where there is none, or somebody else made it."""
    signed = get_cookie_with_chunks(
        lambda part: decode_signed_value(secret, part, cookies[part]) if part in cookies else None, name
    )
    try:
        found = json.loads(signed) if signed else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def word(cookies: Mapping[str, str], secret: str) -> str | None:
    """What names the session of a browser; None for a cookie that was not made here."""
    found = told(cookies, secret).get("session")
    return found if isinstance(found, str) else None


def user(word: str, origin: str, secret: str) -> str:
    """The cookie, signed, of which Streamlit makes `st.user`."""
    text = json.dumps({"origin": origin, "is_logged_in": True, "provider": PROVIDER, "session": word})
    return f"{USER_COOKIE_NAME}={create_signed_value(secret, USER_COOKIE_NAME, text).decode()}"


def tokens(id_token: str, secret: str) -> str:
    """The cookie in which Streamlit's sign-out looks for the provider's token."""
    text = json.dumps({"id_token": id_token})
    return f"{TOKENS_COOKIE_NAME}={create_signed_value(secret, TOKENS_COOKIE_NAME, text).decode()}"


def attributes(max_age: int) -> str:
    return f"; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}"


def of_sign_in(name: str) -> bool:
    """Whether a cookie is one of those that tell who is signed in."""
    return name.startswith(USER_COOKIE_NAME)


def without_sign_in(headers: Headers) -> str:
    """What a browser sent as Cookie, but for the cookies that tell who is signed in."""
    return "; ".join(f"{name}={value}" for name, value in of_request(headers).items() if not of_sign_in(name))


def harden(headers: MutableHeaders, secure: bool) -> None:
    """Makes every cookie of an answer SameSite and HttpOnly, but those that scripts must read; and Secure."""
    lines = headers.getlist("set-cookie")
    if not lines:
        return
    del headers["set-cookie"]
    for line in lines:
        flags = {part.strip().partition("=")[0].lower() for part in line.split(";")[1:]}
        if secure and "secure" not in flags:
            line += "; Secure"
        if "samesite" not in flags:
            line += "; SameSite=Lax"
        if "httponly" not in flags and not line.startswith(tuple(f"{name}=" for name in _SCRIPTED)):
            line += "; HttpOnly"
        headers.append("set-cookie", line)


def place(path: str, secret: str) -> str:
    """The cookie that keeps, while somebody signs in, which page they wanted."""
    return f"{KEPT_PLACE}={_places(secret).dumps(path)}{attributes(_PLACE_SECONDS)}"


def kept_place(cookies: Mapping[str, str], secret: str) -> str:
    """The page wanted before sign-in, as a path with query; "/" where none was kept or it leads elsewhere."""
    try:
        path = _places(secret).loads(cookies.get(KEPT_PLACE, ""), max_age=_PLACE_SECONDS)
    except BadData:
        return "/"
    return path if isinstance(path, str) and is_place(path) else "/"


def is_place(path: str) -> bool:
    """Whether it is one of our own pages, and no address of somebody else in disguise."""
    shaped = path.startswith("/") and not path.startswith(("//", "/auth/", "/oauth2callback")) and len(path) <= 2000
    return shaped and path.isascii() and path.isprintable() and "\\" not in path


def _places(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=KEPT_PLACE)

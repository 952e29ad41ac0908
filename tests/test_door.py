"""Who may pass, asked over ASGI: forged and stolen cookies, other sites, too many tries, uploads, the way back."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from app.settings import Settings, load
from app.store import sessions
from app.web import cookies
from app.web.admission import Refused, admitted
from app.web.door import Door
from app.web.headers import Guard
from app.web.rate import Rate, client
from app.web.sockets import Sockets
from app.web.uploads import Uploads

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "0123456789abcdef0123456789abcdef"
HOME = "https://nines.example.com"
CLAIMS = {"email": "ada@example.com", "groups": ["staff"], "iat": int(NOW.timestamp())}
CONFIDENTIAL = ("/media/abc.csv", "/_stcore/upload_file/s/f", "/component/x/y.js", "/_stcore/anything", "/a/b")


def settings(**more: Any) -> Settings:
    chosen = {
        "public_url": HOME,
        "oidc_issuer": "https://login.example.com",
        "oidc_client_id": "nines",
        "oidc_client_secret": "hush",
        "cookie_secret": SECRET,
        **more,
    }
    return load(**chosen)


def signed(name: str, told: object, secret: str = SECRET) -> str:
    return create_signed_value(secret, name, json.dumps(told)).decode()


def behind(claims: dict[str, Any] | None = None, token: str = "the token") -> Starlette:
    """What stands behind the door: Streamlit's routes of sign-in as they answer, and everything else."""

    async def callback(_: Request) -> Response:
        answer = RedirectResponse("/", status_code=302)
        if claims is not None:
            answer.set_cookie("_streamlit_user", signed("_streamlit_user", claims), httponly=True)
            answer.set_cookie("_streamlit_user_tokens", signed("_streamlit_user_tokens", {"id_token": token}))
        answer.set_cookie("_streamlit_session", "x")
        return answer

    async def logout(request: Request) -> Response:
        told = cookies.told(request.cookies, SECRET, cookies.TOKENS_COOKIE_NAME)
        return RedirectResponse(f"https://login.example.com/end?id_token_hint={told.get('id_token', '')}")

    async def rest(request: Request) -> Response:
        await request.body()
        return PlainTextResponse("inside")

    return Starlette(
        routes=[
            Route("/oauth2callback", callback),
            Route("/auth/logout", logout),
            Route("/auth/login", lambda _: RedirectResponse("https://login.example.com/authorize")),
            Route("/{path:path}", rest, methods=["GET", "PUT", "POST"]),
        ]
    )


def ask(app: ASGIApp, path: str, method: str = "GET", jar: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    async def get() -> httpx.Response:
        wire = httpx.ASGITransport(app)
        headers = {**more.pop("headers", {})}
        if jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        async with httpx.AsyncClient(transport=wire, base_url=HOME) as asking:
            return await asking.request(method, path, headers=headers, **more)

    return asyncio.run(get())


def jar_of(word: str, secret: str = SECRET) -> dict[str, str]:
    name, _, value = cookies.user(word, HOME, secret).partition("=")
    return {name: value}


def begun(engine: Engine, issued_at: datetime = NOW) -> dict[str, str]:
    word, _ = sessions.begin(engine, "ada@example.com", ("staff",), issued_at, "the token")
    return jar_of(word)


@pytest.mark.parametrize("path", CONFIDENTIAL)
def test_what_is_confidential_wants_a_live_session(sqlite_engine: Engine, path: str) -> None:
    door = Door(behind(), settings(), sqlite_engine)
    word, _ = sessions.begin(sqlite_engine, "ada@example.com", (), NOW)

    assert ask(door, path).status_code == 403
    assert ask(door, path, jar=jar_of(word)).text == "inside"
    assert ask(door, path, jar=jar_of("a guess")).status_code == 403, "signed, but nobody's session"
    assert ask(door, path, jar=jar_of(word, "f" * 32)).status_code == 403, "signed by somebody else"
    assert ask(door, path, jar={"_streamlit_user": word}).status_code == 403, "not signed"


@pytest.mark.parametrize("path", ["/", "/incidents", "/static/js/index.js", "/_stcore/health", "/healthz"])
def test_what_holds_no_fact_is_open(sqlite_engine: Engine, path: str) -> None:
    assert ask(Door(behind(), settings(), sqlite_engine), path).text == "inside"


def test_a_session_ends_by_age_and_by_sign_out(sqlite_engine: Engine) -> None:
    door = Door(behind(), settings(session_hours=1), sqlite_engine)
    old, left = begun(sqlite_engine, NOW - timedelta(minutes=61)), begun(sqlite_engine)
    assert ask(door, CONFIDENTIAL[0], jar=old).status_code == 403
    assert ask(door, CONFIDENTIAL[0], jar=left).status_code == 200

    answer = ask(door, "/auth/logout", jar=left)

    assert answer.headers["location"].endswith("id_token_hint=the%20token")
    assert ask(door, CONFIDENTIAL[0], jar=left).status_code == 403
    again = ask(door, "/auth/logout", jar=left)
    assert again.headers["location"].endswith("id_token_hint="), "the provider's token is forgotten"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_signs_nobody_out(sqlite_engine: Engine, site: str) -> None:
    door = Door(behind(), settings(), sqlite_engine)
    jar = begun(sqlite_engine)

    assert ask(door, "/auth/logout", jar=jar, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert ask(door, CONFIDENTIAL[0], jar=jar).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": HOME, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_another_site_changes_nothing(headers: dict[str, str], status: int) -> None:
    app = Guard(behind(), ("nines.example.com",), ())

    assert ask(app, "/anything", "POST", headers=headers).status_code == status
    assert ask(app, "/anything", headers=headers).status_code == 200


def test_a_session_of_three_hundred_groups_is_one_small_cookie_and_leads_back(sqlite_engine: Engine) -> None:
    claims = {**CLAIMS, "groups": [f"{number:036d}" for number in range(300)]}
    door = Door(behind(claims), settings(), sqlite_engine)
    came = ask(door, "/auth/login", headers={"Referer": f"{HOME}/slos?team=a%20b"})
    name, _, value = came.headers["set-cookie"].split(";")[0].partition("=")

    answer = ask(door, "/oauth2callback?code=1&state=2", jar={name: value, "_streamlit_user_1": "old"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/slos?team=a%20b")
    lines = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    assert sum(map(len, lines.values())) < 1500
    assert all("; Secure" in line and "HttpOnly" in line and "samesite=lax" in line.lower() for line in lines.values())
    assert "Max-Age=0" in lines["_streamlit_user_1"]
    assert "Max-Age=0" in lines["_streamlit_user_tokens"]
    assert "Max-Age=0" in lines["nines_place"]
    word = cookies.word({"_streamlit_user": lines["_streamlit_user"].split(";")[0].partition("=")[2]}, SECRET)
    assert word is not None
    found = sessions.live(sqlite_engine, word, NOW, timedelta(hours=12))
    assert found is not None
    assert (found.name, len(found.groups)) == ("ada@example.com", 300)


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example.com/slos",
        f"{HOME}//evil.example.com",
        f"{HOME}/auth/logout",
        f"{HOME}/\\evil",
        "",
        "/slos",
    ],
)
def test_sign_in_leads_back_to_our_own_pages_alone(sqlite_engine: Engine, referer: str) -> None:
    door = Door(behind(CLAIMS), settings(), sqlite_engine)

    assert "set-cookie" not in ask(door, "/auth/login", headers={"Referer": referer}).headers
    forged = {cookies.KEPT_PLACE: cookies.place("/slos", "f" * 32).partition("=")[2].split(";")[0]}
    assert ask(door, "/oauth2callback?code=1", jar=forged).headers["location"] == "/"


def test_whom_the_provider_does_not_confirm_gets_no_session(sqlite_engine: Engine) -> None:
    door = Door(behind(), settings(), sqlite_engine)

    failed = ask(door, "/oauth2callback?error=access_denied&state=1", headers={"Accept": "text/html"})
    returned = ask(door, "/oauth2callback")

    assert failed.status_code == 403
    assert "did not confirm who you are" in failed.text
    assert (returned.status_code, returned.headers["location"]) == (302, "/"), "back from the provider's sign-out"


@pytest.mark.parametrize(("token", "hint"), [("t" * 4096, "t" * 4096), ("t" * 4097, "")])
def test_the_provider_gets_its_token_back_unless_no_address_holds_it(
    sqlite_engine: Engine, token: str, hint: str
) -> None:
    door = Door(behind(CLAIMS, token), settings(), sqlite_engine)
    came = ask(door, "/oauth2callback?code=1")
    name, _, value = came.headers["set-cookie"].split(";")[0].partition("=")

    left = ask(door, "/auth/logout", jar={name: value})

    assert left.headers["location"].partition("id_token_hint=")[2] == hint


def test_signing_in_anew_ends_the_session_before(sqlite_engine: Engine) -> None:
    door = Door(behind(CLAIMS), settings(), sqlite_engine)
    before = begun(sqlite_engine)

    ask(door, "/oauth2callback?code=1", jar=before)

    assert ask(door, CONFIDENTIAL[0], jar=before).status_code == 403


@pytest.mark.parametrize(
    ("claims", "more", "told"),
    [
        ({"email": None}, {}, "told no email"),
        ({"email": "ada\n@example.com"}, {}, "told no email"),
        ({"email_verified": False}, {}, "not verified"),
        ({}, {"oidc_domains": "example.org"}, "does not belong"),
        ({"iss": "https://accounts.google.com"}, {"oidc_domains": "example.com"}, "does not belong"),
        ({"iat": None}, {}, "when it signed you in"),
        ({"iat": True}, {}, "when it signed you in"),
        ({"iat": 1e30}, {}, "when it signed you in"),
        ({"iat": NOW.timestamp() + 600}, {}, "clocks"),
        ({"iat": NOW.timestamp() - 13 * 3600}, {}, "clocks"),
    ],
)
def test_who_may_not_come_in_is_told_why(claims: dict[str, Any], more: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        admitted({**CLAIMS, **claims}, settings(**more), NOW)

    assert "ada" not in str(refused.value)


def test_names_and_groups_come_from_the_claims_that_the_settings_name() -> None:
    claims = {"upn": "Ada", "iat": CLAIMS["iat"], "realm_access": {"roles": ["a", "b", "a", 7, ""]}, "a.b": "one"}

    deep = admitted(claims, settings(oidc_name_claim="upn", oidc_groups_claim="realm_access.roles"), NOW)
    flat = admitted(claims, settings(oidc_name_claim="upn", oidc_groups_claim="a.b"), NOW)
    none = admitted(claims, settings(oidc_name_claim="upn"), NOW)
    google = {"iss": "https://accounts.google.com", "hd": "Example.com"}

    assert (deep.name, deep.groups, flat.groups, none.groups) == ("Ada", ("a", "b"), ("one",), ())
    assert admitted({**CLAIMS, **google}, settings(oidc_domains="example.com"), NOW).name == "ada@example.com"


def test_too_many_tries_wait_and_others_do_not(sqlite_engine: Engine) -> None:
    door = Door(behind(), settings(sign_ins_a_minute=2, proxies="127.0.0.1"), sqlite_engine)

    def tried(address: str) -> httpx.Response:
        return ask(door, "/auth/login", headers={"X-Forwarded-For": address})

    answers = [tried("192.0.2.1") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [307, 307, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 30
    assert tried("192.0.2.2").status_code == 307


def test_tries_come_back_with_time_and_memory_is_bounded() -> None:
    clock = [0.0]
    rate = Rate(2, lambda: clock[0])
    assert [rate.wait("a") for _ in range(3)] == [0, 0, 30]

    clock[0] += 30
    assert [rate.wait("a") for _ in range(2)] == [0, 30]
    for number in range(20_000):
        rate.wait(str(number))
    assert len(rate._left) == 10_000


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "unknown"),
        ("2001:db8::1", "", "2001:db8::/64"),
    ],
)
def test_only_our_own_proxies_say_who_asks(peer: str, forwarded: str, found: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []

    assert client({"type": "http", "client": (peer, 1), "headers": headers}, [ip_network("10.0.0.0/8")]) == found


@pytest.mark.parametrize(
    ("name", "size", "status"),
    [
        ("facts.csv", 10, 200),
        ("FACTS.XLSX", 10, 200),
        ("facts.csv.exe", 10, 415),
        ("page.html", 10, 415),
        ("", 10, 415),
        ("facts.csv", 200_000, 413),
    ],
)
def test_uploads_are_bounded_in_type_and_size(name: str, size: int, status: int) -> None:
    app = Uploads(behind(), 100_000)
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'

    answer = ask(app, "/_stcore/upload_file/s/f", "PUT", content=head.encode() + b"x" * size)

    assert answer.status_code == status


class Wire:
    """A connection of a page, without a network."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def page(self, _: Any, receive: Callable[[], Any], send: Callable[[Message], Any]) -> None:
        """As Streamlit does: accepts, and takes messages until the connection ends."""
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "bytes": b"drawn"})


def closes(most: timedelta, leave: str) -> list[str]:
    """What a connection says when its session ends by age, at this server or at another."""
    word, session = "word", sessions.Session(sessions.digest("word"), "ada", (), datetime.now(UTC))
    alive = [True]

    async def live(_: str) -> sessions.Session | None:
        return session if alive[0] else None

    async def run() -> list[str]:
        wire, sockets = Wire(), Sockets(live, most, look_seconds=0.05)
        running = asyncio.create_task(
            sockets.serve(wire.page, word, session, {"type": "websocket"}, wire.incoming.get, wire.send)
        )
        await wire.incoming.put({"type": "websocket.receive", "bytes": b"click"})
        await asyncio.sleep(0.1)
        assert sockets.count == 1
        if leave == "here":
            sockets.close(session.key)
        elif leave == "elsewhere":
            alive[0] = False
        await asyncio.wait_for(running, 5)
        assert sockets.count == 0
        return [message["type"] for message in wire.sent]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("most", "leave"),
    [(timedelta(hours=1), "here"), (timedelta(hours=1), "elsewhere"), (timedelta(seconds=0.5), "by age")],
)
def test_an_open_page_is_called_back_when_its_session_ends(most: timedelta, leave: str) -> None:
    said = closes(most, leave)

    assert said == ["websocket.accept", "websocket.send", "websocket.send", "websocket.close"]

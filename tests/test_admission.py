"""Who is admitted by what the provider claims, how often an address may try, is the provider the right one."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Thread
from typing import Any

import pytest

from app.web import provider
from app.web.admission import Refused, admitted
from app.web.rate import Rate, client
from tests.entering import CLAIMS, NOW, settings


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
    ("told", "complaint"),
    [
        ({"issuer": "{issuer}/", "scopes_supported": ["openid", "profile", "email"]}, None),
        ({"issuer": "{issuer}"}, None),
        ({"issuer": "https://other.example.com"}, "calls itself https://other.example.com"),
        ({"issuer": "{issuer}", "scopes_supported": ["openid", "email"]}, "does not know the scope profile"),
        ({"welcome": "page"}, "no description of a sign-in provider"),
        (["a list"], "no description of a sign-in provider"),
    ],
)
def test_a_provider_that_is_not_the_one_meant_is_told_at_the_start(told: Any, complaint: str | None) -> None:
    class Describing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(told).replace("{issuer}", issuer).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Describing) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever).start()
        found = provider.complaint(settings(oidc_issuer=issuer))
        server.shutdown()

    assert (found is None) if complaint is None else (found is not None and complaint in found)
    gone = provider.complaint(settings(oidc_issuer=issuer))
    assert gone is not None
    assert "does not describe itself" in gone

"""Settings of an installation that signs people in, and what its provider says of one of them."""

from datetime import UTC, datetime
from typing import Any

from app.settings import Settings, load

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "0123456789abcdef0123456789abcdef"
HOME = "https://nines.example.com"
CLAIMS = {"email": "ada@example.com", "groups": ["staff"], "iat": int(NOW.timestamp())}


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

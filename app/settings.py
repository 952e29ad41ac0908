"""What an installation can choose: NINES_ variables of the environment, one frozen model. Refuses nonsense by name."""

import getpass
import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "NINES_"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingsError(ValueError):
    """A setting that cannot be; its text is one sentence that names the variable and says what it may be."""


def data_folder() -> Path:
    """Where this user's data live by the customs of the platform, whether or not the folder exists yet."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "nines"


def file_url(path: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{path.as_posix()}"


def demo_url() -> str:
    """The store of the demo organisation, apart from the real one so that they never mix."""
    return file_url(data_folder() / "demo.db")


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _each_host(rest: str) -> list[str]:
    """A PostgreSQL URL for each of its hosts: `user@h1:5432,h2:5432/nines` names a primary and its replicas."""
    place, slash, path = rest.partition("/")
    user, at, hosts = place.rpartition("@")
    return [f"postgresql://{user}{at}{host}{slash}{path}" for host in hosts.split(",")]


def _store(url: str) -> str:
    scheme, colon, rest = url.strip().partition("://")
    if scheme == "sqlite" and colon:
        if rest in {"", "/", "/:memory:"} or "mode=memory" in rest:
            raise ValueError(
                "keeps its tables in memory and would forget everything; name a file: sqlite:////path/to/nines.db"
            )
        return url.strip()
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and colon:
        try:
            complete = all(
                bool(named.path.strip("/")) and (named.port or 1) > 0 for named in map(urlsplit, _each_host(rest))
            )
        except ValueError:
            complete = False
        if not complete:
            raise ValueError("must name a database, like postgresql://user:password@host:5432/nines")
        return f"postgresql://{rest}"
    raise ValueError("must be sqlite:////path/to/nines.db or postgresql://user:password@host/nines")


def _host(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError as cause:
        raise ValueError("must be an address of this machine, like 127.0.0.1 or 0.0.0.0") from cause


def _name(host: str) -> str:
    plain = host.removeprefix("*.").strip("[]")
    if not plain or any(c in plain for c in "/@?#* ") or (plain.count(":") == 1):
        raise ValueError("must be names of hosts without scheme and port, with ; between them, like nines.example.com")
    return host.lower().strip("[]").rstrip(".")


class Settings(BaseSettings):
    """Every setting, with its default. A variable that is empty counts as not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    database_url: Annotated[str, AfterValidator(_store)] = Field(
        default_factory=lambda: file_url(data_folder() / "nines.db"), description="the store", repr=False
    )
    host: Annotated[str, AfterValidator(_host)] = Field(default="127.0.0.1", description="where the server listens")
    port: Annotated[int, Ge(0), Le(65_535)] = Field(default=8501, description="and on which port; 0 takes a free one")
    allowed_hosts: Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], NoDecode] = Field(
        default=(), description="names under which browsers may reach it, besides localhost, with ; between them"
    )
    trusted_proxy: bool = Field(
        default=False,
        description="true: only a proxy that signs people in reaches it, so it may listen beyond loopback",
    )
    user: str = Field(default_factory=_account, max_length=200, description="who signs changes made here")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="how much is logged")
    demo: bool = Field(default=False, description="true while the demo organisation is shown")

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(";") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return ip_address(self.host).is_loopback

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name under which a browser may reach the server."""
        return tuple(dict.fromkeys((*LOOPBACK, self.host, *self.allowed_hosts)))

    @property
    def store_name(self) -> str:
        """The store as it may be shown: without user and password."""
        scheme, _, rest = self.database_url.partition("://")
        return (
            f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
            if scheme == "postgresql"
            else rest.removeprefix("/")
        )


WORDS: Mapping[str, str] = {
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be from 0 to 65535",
    "less_than_equal": "must be from 0 to 65535",
    "string_too_long": "must be at most 200 characters",
    "literal_error": "must be debug, info, warning or error",
}


def load(**chosen: object) -> Settings:
    """The settings of the environment, overridden by those given that are not None. Raises SettingsError."""
    _refuse_misspelt(os.environ)
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as refused:
        first = refused.errors(include_url=False)[0]
        name = str(first["loc"][0])
        why = WORDS.get(first["type"]) or first["msg"].removeprefix("Value error, ")
        shown = "" if name == "database_url" else f" is {first['input']!r} but"
        raise SettingsError(f"{PREFIX}{name.upper()}{shown} {why}.") from None


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            meant = get_close_matches(name, known, n=1, cutoff=0.85)
            if meant:
                raise SettingsError(f"{name} is no setting of Nines; {meant[0]} is.")

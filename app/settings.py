"""What an installation can choose: NINES_ variables of the environment, one frozen model. Refuses nonsense by name."""

import getpass
import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.addresses import Hook, Mail, MailServer, local_name

PREFIX = "NINES_"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SECRET_CHARACTERS = 32
SECRETS = (
    "database_url", "oidc_client_secret", "cookie_secret", "metrics_token", "smtp_url", "slack_webhook",
    "teams_webhook",
)  # fmt: skip
"""Never shown, not even where they are refused."""


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


def _url(url: str) -> str:
    named = urlsplit(url.strip())
    if named.scheme not in {"http", "https"} or not named.hostname or named.username or named.query or named.fragment:
        raise ValueError("must be an address like https://login.example.com")
    if named.scheme == "http" and not local_name(named.hostname):
        raise ValueError("must start with https://: without it, whoever listens on the way could sign in as others")
    return url.strip().rstrip("/")


def _public(url: str) -> str:
    if urlsplit(_url(url)).path.strip("/"):
        raise ValueError("must be an address without a path, like https://nines.example.com")
    return _url(url)


def _metadata(url: str) -> str:
    if "login.microsoftonline.com" in url and url.split("/")[3:4] in (["common"], ["organizations"], ["consumers"]):
        raise ValueError("must name your own tenant: with `common` anybody with a Microsoft account could sign in")
    return _url(url)


def _long(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SECRET_CHARACTERS:
        raise ValueError(
            f"must be at least {SECRET_CHARACTERS} random characters, like those of `openssl rand -hex 32`"
        )
    return secret


def _network(text: Any) -> Any:
    try:
        return ip_network(text.strip()) if isinstance(text, str) else text
    except ValueError as cause:
        raise ValueError("must be addresses of proxies or networks of them, like 10.0.0.7;10.1.0.0/16") from cause


Web = Annotated[str, AfterValidator(_url)]
Provider = Annotated[str, AfterValidator(_metadata)]
Secret = Annotated[SecretStr, AfterValidator(_long)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


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
    user: str = Field(default_factory=_account, max_length=200, description="who signs changes made here")
    public_url: Annotated[str, AfterValidator(_public)] | None = Field(
        default=None, description="the address under which people open it, once they sign in"
    )
    oidc_issuer: Provider | None = Field(default=None, description="who signs people in: the issuer of ID tokens")
    oidc_metadata_url: Provider | None = Field(
        default=None, description="where the provider describes itself, if not at the issuer's usual place"
    )
    oidc_client_id: str | None = Field(default=None, description="what the provider calls Nines")
    oidc_client_secret: SecretStr | None = Field(default=None, description="how Nines proves that to the provider")
    oidc_scopes: str = Field(default="openid profile email", description="what the provider is asked for")
    oidc_prompt: Literal["select_account", "login", "consent", "provider"] = Field(
        default="select_account", description="what the provider asks people each time; provider: what it likes"
    )
    oidc_groups_claim: str = Field(default="groups", description="the claim with a person's groups")
    oidc_name_claim: str = Field(default="email", description="the claim that the audit trail knows a person by")
    oidc_domains: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="the only domains of e-mail addresses that may come in, with ; between them"
    )
    oidc_title: str | None = Field(default=None, max_length=80, description="the provider's name on the button")
    cookie_secret: Secret | None = Field(default=None, description="what signs the cookies; the same on each server")
    session_hours: Annotated[float, Gt(0), Le(720)] = Field(default=12, description="after which one signs in again")
    admins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="who is an admin whatever the policy says, with ; between them"
    )
    contact: str | None = Field(default=None, max_length=200, description="whom to ask for access")
    sign_ins_a_minute: Annotated[int, Ge(1)] = Field(default=30, description="how often one address may try")
    proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(), description="proxies that say truly who asks, in X-Forwarded-For, with ; between them"
    )
    metrics_token: Secret | None = Field(default=None, description="what opens /metrics to other machines")
    smtp_url: MailServer | None = Field(default=None, description="the mail server that digests of reviews go through")
    mail_from: Mail | None = Field(default=None, description="who they come from")
    digest_to: Annotated[tuple[Mail, ...], NoDecode] = Field(
        default=(), description="who gets them by mail, with ; between the addresses"
    )
    digest_attach: Literal["pdf"] | None = Field(default=None, description="pdf: the mail brings the pack as PDF")
    slack_webhook: Hook | None = Field(default=None, description="the channel of Slack that digests go to")
    teams_webhook: Hook | None = Field(default=None, description="the workflow of Microsoft Teams that posts them")
    sources: Path | None = Field(default=None, description="the file that names the live sources")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="how much is logged")
    log_format: Literal["text", "json"] = Field(default="text", description="json: one object a line")
    demo: bool = Field(default=False, description="true while the demo organisation is shown")

    @field_validator("allowed_hosts", "oidc_domains", "admins", "proxies", "digest_to", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(";") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", "log_format", "digest_attach", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @property
    def sources_file(self) -> Path:
        """The file that names the live sources: beside the store's file, or where this user's data live."""
        if self.sources is not None:
            return self.sources
        scheme, _, rest = self.database_url.partition(":///")
        folder = Path(rest.partition("?")[0]).expanduser().parent if scheme == "sqlite" else data_folder()
        return folder / "sources.yaml"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return ip_address(self.host).is_loopback

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name under which a browser may reach the server."""
        public = [urlsplit(self.public_url).hostname or ""] if self.public_url else []
        return tuple(dict.fromkeys((*LOOPBACK, self.host, *public, *self.allowed_hosts)))

    @property
    def signs_in(self) -> bool:
        """Whether people sign in; without, whoever reaches the server is the account it runs under."""
        return self.oidc_client_id is not None

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https alone, so that cookies may say so."""
        return bool(self.public_url and self.public_url.startswith("https:"))

    @property
    def metadata_url(self) -> str:
        """Where the provider describes itself."""
        return self.oidc_metadata_url or f"{self.oidc_issuer}/.well-known/openid-configuration"

    @property
    def provider(self) -> str:
        """What the provider is called on the button that leads there."""
        return self.oidc_title or urlsplit(self.metadata_url).hostname or "the provider"

    @property
    def kept_secret(self) -> tuple[str, ...]:
        """Values that must not be logged."""
        urls = (self.database_url, self.smtp_url.get_secret_value() if self.smtp_url else "")
        passwords = [word for url in urls if (held := urlsplit(url).password) for word in {held, unquote(held)}]
        hooks = [hook for hook in (self.slack_webhook, self.teams_webhook) if hook]
        secrets = (self.oidc_client_secret, self.cookie_secret, self.metrics_token, self.smtp_url, *hooks)
        return tuple(filter(None, (*passwords, *(secret.get_secret_value() for secret in secrets if secret))))

    @property
    def sends(self) -> bool:
        """Whether there is any place that digests of reviews go to."""
        return bool(self.smtp_url or self.slack_webhook or self.teams_webhook)

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
    "float_parsing": "must be a number",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must be at most {max_length} characters",
    "literal_error": "must be {expected}",
}
GONE: Mapping[str, str] = {
    "NINES_TRUSTED_PROXY": "people sign in to Nines itself now: see docs/sign-in.md",
}
MAIL_NEEDED = ("smtp_url", "mail_from", "digest_to")
NEEDED = ("public_url", "oidc_client_id", "oidc_client_secret", "cookie_secret")


def load(**chosen: object) -> Settings:
    """The settings of the environment, overridden by those given that are not None. Raises SettingsError."""
    return _loaded(frozenset(os.environ.items()), frozenset(one for one in chosen.items() if one[1] is not None))


@lru_cache(maxsize=4)
def _loaded(environment: frozenset[tuple[str, str]], chosen: frozenset[tuple[str, object]]) -> Settings:
    """Remembered for as long as the environment is the same: every run of a page asks several times."""
    _refuse_misspelt(dict(environment))
    try:
        found = Settings(**dict(chosen))  # type: ignore[arg-type]
    except ValidationError as refused:
        first = refused.errors(include_url=False)[0]
        name = str(first["loc"][0])
        why = WORDS.get(first["type"], first["msg"].removeprefix("Value error, ")).format(**first.get("ctx", {}))
        shown = "" if name in SECRETS else f" is {_shown(first['input'])} but"
        raise SettingsError(f"{PREFIX}{name.upper()}{shown} {why}.") from None
    _refuse_half(found)
    _refuse_half_mail(found)
    return found


def _shown(value: Any) -> str:
    return repr("; ".join(map(str, value)) if isinstance(value, tuple | list) else value)


def _refuse_half(found: Settings) -> None:
    """Sign-in is configured whole or not at all."""
    told = [name for name in ("oidc_issuer", "oidc_metadata_url", *NEEDED) if getattr(found, name)]
    if not told:
        return
    if not found.oidc_issuer and not found.oidc_metadata_url:
        raise SettingsError(
            f"{PREFIX}OIDC_ISSUER is not set, but {PREFIX}{told[0].upper()} is: people can sign in only where the "
            "provider is known (docs/sign-in.md)."
        )
    for name in NEEDED:
        if not getattr(found, name):
            raise SettingsError(
                f"{PREFIX}{name.upper()} is not set, but {PREFIX}{told[0].upper()} is: sign-in needs both "
                "(docs/sign-in.md)."
            )
    if "openid" not in found.oidc_scopes.split():
        raise SettingsError(f"{PREFIX}OIDC_SCOPES is {found.oidc_scopes!r} but must contain openid.")
    if urlsplit(found.metadata_url).hostname == "accounts.google.com" and not found.oidc_domains:
        raise SettingsError(
            f"{PREFIX}OIDC_DOMAINS is not set, but Google signs in anybody with an account: name your domain."
        )


def _refuse_half_mail(found: Settings) -> None:
    """Mail is configured whole or not at all."""
    told = [name for name in MAIL_NEEDED if getattr(found, name)]
    for name in MAIL_NEEDED if told else ():
        if not getattr(found, name):
            raise SettingsError(
                f"{PREFIX}{name.upper()} is not set, but {PREFIX}{told[0].upper()} is: mail needs both "
                "(docs/operate.md)."
            )


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(environment):
        if name in GONE and environment[name]:
            raise SettingsError(f"{name} is gone: {GONE[name]}.")
        if name.startswith(PREFIX) and name not in known:
            meant = get_close_matches(name, known, n=1, cutoff=0.85)
            if meant:
                raise SettingsError(f"{name} is no setting of Nines; {meant[0]} is.")

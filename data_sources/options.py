"""What `sources.yaml` may say of a source; each kind adds its own. Secrets are names of environment variables."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints

from data_sources.answers import Answers
from data_sources.http import Client, SourceError

EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$", max_length=64)]
"""The name of an environment variable, like PROMETHEUS_TOKEN: a secret itself does not look like that."""
Mapped = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


def _url(text: str) -> str:
    named = urlsplit(text.strip())
    if named.scheme not in {"http", "https"} or not named.hostname:
        raise ValueError("must be an address like https://prometheus.example.com")
    if named.username or named.password or named.query or named.fragment:
        raise ValueError("must be an address without user, password and query: name variables that hold those")
    return text.strip().rstrip("/")


Url = Annotated[str, AfterValidator(_url)]


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


Since = Annotated[datetime, BeforeValidator(_moment)]
"""How far back the first reading goes: a day, from its beginning in UTC, or a moment."""


class Maps(BaseModel):
    """What a system's own values mean here: its value → ours. What is in no map is listed on Data health."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Mapping[str, Annotated[int, Ge(1), Le(5)]] = Field(default_factory=dict)
    services: Mapping[str, Mapped] = Field(default_factory=dict)
    teams: Mapping[str, Mapped] = Field(default_factory=dict)
    customer_impact: Mapping[str, bool] = Field(default_factory=dict)
    causes: Mapping[str, Mapped] = Field(default_factory=dict)


class Webhook(BaseModel):
    """Where a system tells by itself what happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: EnvName
    """The variable with the secret by which it signs."""


class Options(BaseModel):
    """Of every kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: str
    every_minutes: Annotated[float, Ge(1)] | None = None
    """How often the server reads it by itself."""
    expected_hours: Annotated[float, Gt(0)] | None = None
    """How old its data may get before it is late."""
    map: Maps = Maps()
    webhook: Webhook | None = None


class Wired(Options):
    """Of every kind that is asked by HTTP."""

    scheme: ClassVar[str] = "Bearer {}"
    """How the token stands in the Authorization header."""
    accept: ClassVar[str] = "*/*"
    """What the Accept header asks for: the version of an API, where it stands there."""

    url: Url
    token: EnvName | None = None
    user: str | None = None
    password: EnvName | None = None
    headers: Mapping[str, EnvName] = Field(default_factory=dict)
    """Header → the variable with its value: X-Scope-OrgID of Mimir."""
    timeout_seconds: Annotated[float, Gt(0), Le(600)] = 30
    since: Since | None = None
    """How far back the first reading goes; 90 days without."""
    keep_answers_days: Annotated[float, Gt(0), Le(400)] | None = None
    """How long what it answered is kept, word for word; without, not at all."""


def client(
    name: str, options: Options, environment: Mapping[str, str], folder: Path | None = None, at: datetime | None = None
) -> Client | None:
    """The wire to a source; None where its kind has none. What it answers at that moment is kept in the folder, where
    its options say so. Raises SourceError for a variable that is not set."""
    if not isinstance(options, Wired):
        return None

    def secret(variable: str | None, field: str) -> SecretStr | None:
        if variable is None:
            return None
        if not environment.get(variable):
            raise SourceError(
                "configuration", f"{name}: the environment variable {variable}, which {field} names, is not set."
            )
        return SecretStr(environment[variable])

    headers = {header: secret(variable, f"headers {header}") for header, variable in options.headers.items()}
    return Client(
        options.url,
        name=name,
        token=secret(options.token, "token"),
        scheme=options.scheme,
        user=options.user,
        password=secret(options.password, "password"),
        headers={header: value for header, value in headers.items() if value is not None},
        accept=options.accept,
        timeout=options.timeout_seconds,
        heard=Answers(folder, name, options.keep_answers_days, at)
        if folder and at and options.keep_answers_days
        else None,
    )

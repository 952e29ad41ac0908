"""Settings: defaults that suit one person's machine, and refusals that name the variable."""

import sys
import tomllib
from pathlib import Path

import pytest

from app.charts.theme import streamlit_theme
from app.settings import SettingsError, data_folder, demo_url, load

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("NINES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")


def test_without_a_word_the_store_is_a_file_of_the_user_and_nobody_else_can_come_in(tmp_path: Path) -> None:
    settings = load()

    assert settings.database_url == f"sqlite:///{tmp_path}/nines/nines.db"
    assert settings.host == "127.0.0.1"
    assert settings.loopback
    assert not settings.signs_in


def test_the_demo_has_a_store_of_its_own() -> None:
    assert demo_url() != load().database_url
    assert demo_url().endswith("/nines/demo.db")


@pytest.mark.parametrize(
    ("platform", "variable", "tail"),
    [
        ("darwin", "", "Library/Application Support/nines"),
        ("win32", "LOCALAPPDATA", "nines"),
        ("linux", "XDG_DATA_HOME", "nines"),
        ("linux", "", ".local/share/nines"),
    ],
)
def test_data_live_where_the_platform_keeps_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, tail: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))

    assert data_folder() == tmp_path / tail


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("NINES_PORT", "http", "NINES_PORT is 'http' but must be a whole number."),
        ("NINES_PORT", "99999", "NINES_PORT is '99999' but must be at most 65535."),
        ("NINES_HOST", "everywhere", "must be an address of this machine"),
        ("NINES_DEMO", "perhaps", "NINES_DEMO is 'perhaps' but must be true or false."),
        ("NINES_TRUSTED_PROXY", "true", "NINES_TRUSTED_PROXY is gone: people sign in to Nines itself"),
        ("NINES_LOG_FORMAT", "xml", "NINES_LOG_FORMAT is 'xml' but must be 'text' or 'json'."),
        ("NINES_PUBLIC_URL", "nines.example.com", "must be an address like https://"),
        ("NINES_PUBLIC_URL", "http://nines.example.com", "must start with https://"),
        ("NINES_PUBLIC_URL", "https://example.com/nines", "without a path"),
        ("NINES_OIDC_ISSUER", "https://login.microsoftonline.com/common/v2.0", "must name your own tenant"),
        ("NINES_OIDC_PROMPT", "none", "must be 'select_account', 'login', 'consent' or 'provider'"),
        ("NINES_SESSION_HOURS", "0", "must be more than 0"),
        ("NINES_SESSION_HOURS", "1000", "must be at most 720"),
        ("NINES_SIGN_INS_A_MINUTE", "0", "must be at least 1"),
        ("NINES_PROXIES", "10.0.0.7; proxy", "NINES_PROXIES is 'proxy' but must be addresses of proxies"),
        ("NINES_LOG_LEVEL", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
        ("NINES_ALLOWED_HOSTS", "https://nines.example.com", "without scheme and port"),
        ("NINES_ALLOWED_HOSTS", "nines.example.com:443", "without scheme and port"),
        ("NINES_DATABASE_URL", "mysql://root@host/nines", "NINES_DATABASE_URL must be sqlite:"),
        ("NINES_DATABASE_URL", "postgresql://host", "must name a database"),
        ("NINES_DATABASE_URL", "postgresql://host:port/nines", "must name a database"),
        ("NINES_DATABASE_URL", "postgresql://h1:5432,h2:port/nines", "must name a database"),
        ("NINES_DATABASE_URL", "sqlite://", "name a file"),
        ("NINES_DATABASE_URL", "sqlite:///:memory:", "name a file"),
        ("NINES_SMTP_URL", "mail.example.com", "NINES_SMTP_URL must be like smtps://"),
        ("NINES_SMTP_URL", "smtp://u:wörd@mail.example.com", "in plain ASCII"),
        ("NINES_MAIL_FROM", "Nines", "NINES_MAIL_FROM is 'Nines' but must be plain mail addresses"),
        ("NINES_DIGEST_TO", "a@example.com;b c@example.com", "NINES_DIGEST_TO is 'b c@example.com' but must be plain"),
        ("NINES_DIGEST_ATTACH", "pptx", "must be 'pdf'"),
        ("NINES_SLACK_WEBHOOK", "hooks.slack.com/services/x", "must be the address that Slack or Teams gave out"),
        ("NINES_TEAMS_WEBHOOK", "http://flows.example.com/x", "must start with https://"),
        ("NINES_PROT", "8501", "NINES_PROT is no setting of Nines; NINES_PORT is."),
    ],
)
def test_nonsense_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as refused:
        load()

    assert told in str(refused.value)
    assert str(refused.value).startswith(name)


def test_a_password_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", "postgresql://nines:hush@db.example.com:5432/nines?sslmode=require")
    settings = load()

    assert "hush" not in f"{settings!r} {settings} {settings.store_name}"
    assert settings.store_name == "postgresql://db.example.com:5432/nines"

    monkeypatch.setenv("NINES_DATABASE_URL", "postgresql://nines:hush@db.example.com")
    with pytest.raises(SettingsError) as refused:
        load()
    assert "hush" not in str(refused.value)


SIGN_IN = {
    "NINES_PUBLIC_URL": "https://nines.example.com",
    "NINES_OIDC_ISSUER": "https://login.example.com/",
    "NINES_OIDC_CLIENT_ID": "nines",
    "NINES_OIDC_CLIENT_SECRET": "hush",
    "NINES_COOKIE_SECRET": "hush" * 8,
}


@pytest.mark.parametrize("missing", SIGN_IN)
def test_sign_in_is_configured_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in SIGN_IN.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.signs_in
    assert settings.secure
    assert settings.metadata_url == "https://login.example.com/.well-known/openid-configuration"
    assert "nines.example.com" in settings.hosts

    monkeypatch.delenv(missing)

    with pytest.raises(SettingsError, match=f"^{missing} is not set, but NINES_"):
        load()


def test_secrets_are_told_neither_whole_nor_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SIGN_IN, "NINES_METRICS_TOKEN": "hush" * 8}.items():
        monkeypatch.setenv(name, value)
    settings = load()

    assert "hush" not in f"{settings!r} {settings} {settings.model_dump_json(exclude={'database_url'})}"
    assert set(settings.kept_secret) == {"hush", "hush" * 8}
    for name in ("NINES_COOKIE_SECRET", "NINES_METRICS_TOKEN"):
        monkeypatch.setenv(name, "hush")
        with pytest.raises(SettingsError, match=f"^{name} must be at least 32 random characters") as refused:
            load()
        assert "hush" not in str(refused.value)
        monkeypatch.delenv(name)


def test_with_google_the_domain_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SIGN_IN, "NINES_OIDC_ISSUER": "https://accounts.google.com"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"^NINES_OIDC_DOMAINS is not set"):
        load()

    monkeypatch.setenv("NINES_OIDC_DOMAINS", "example.com; example.org")

    assert load().oidc_domains == ("example.com", "example.org")


def test_a_provider_on_this_machine_needs_no_https(monkeypatch: pytest.MonkeyPatch) -> None:
    local = {"NINES_PUBLIC_URL": "http://127.0.0.1:8501", "NINES_OIDC_ISSUER": "http://localhost:9400"}
    for name, value in {**SIGN_IN, **local}.items():
        monkeypatch.setenv(name, value)

    assert not load().secure


def test_postgres_is_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", "postgres://db/nines")

    assert load().database_url == "postgresql://db/nines"


def test_a_primary_and_its_replica_are_one_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "NINES_DATABASE_URL", "postgresql://u:hush@h1:5432,h2:5433/nines?target_session_attrs=read-write"
    )

    assert load().store_name == "postgresql://h1:5432,h2:5433/nines"


def test_an_empty_variable_counts_as_not_set_and_a_choice_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NINES_PORT", "")
    monkeypatch.setenv("NINES_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("NINES_USER", "ada")

    settings = load(port=None, user="grace")

    assert settings.port == 8501
    assert settings.log_level == "warning"
    assert settings.user == "grace"


def test_hosts_are_the_loopback_names_and_those_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_ALLOWED_HOSTS", "Nines.example.com; *.corp.example.com")

    assert load().hosts == ("localhost", "127.0.0.1", "::1", "nines.example.com", "*.corp.example.com")


def test_the_theme_has_the_colours_of_the_charts_and_exactly_ten_categories() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]

    for name, section in streamlit_theme().items():
        assert {key: theme[name][key] for key in section} == section
        assert len(theme[name]["chartCategoricalColors"]) == 10


def test_the_documentation_names_every_setting() -> None:
    from app.settings import Settings

    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")

    for name in Settings.model_fields:
        assert f"NINES_{name.upper()}" in text


MAIL = {
    "NINES_SMTP_URL": "smtps://nines:hu%40sh@mail.example.com",
    "NINES_MAIL_FROM": "nines@example.com",
    "NINES_DIGEST_TO": "ana@example.com;bo@example.com",
}


@pytest.mark.parametrize("missing", MAIL)
def test_mail_is_configured_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in MAIL.items():
        monkeypatch.setenv(name, value)
    assert load().sends
    assert load().digest_to == ("ana@example.com", "bo@example.com")

    monkeypatch.delenv(missing)

    with pytest.raises(SettingsError, match=f"^{missing} is not set, but NINES_"):
        load()


def test_webhooks_and_the_password_of_mail_are_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = {name: f"https://hooks.example.com/hush-{name}" for name in ("NINES_SLACK_WEBHOOK", "NINES_TEAMS_WEBHOOK")}
    for name, value in {**MAIL, **hooks}.items():
        monkeypatch.setenv(name, value)
    settings = load()

    assert "hush" not in f"{settings!r} {settings}"
    assert "hu%40sh" not in f"{settings!r} {settings}"
    assert {"hu@sh", "hu%40sh", *hooks.values()} <= set(settings.kept_secret)
    for name in hooks:
        monkeypatch.setenv(name, "ftp://hush.example.com/hush")
        with pytest.raises(SettingsError, match=f"^{name} must be") as refused:
            load()
        assert "hush" not in str(refused.value)
        monkeypatch.delenv(name)

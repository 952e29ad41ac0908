"""A folder of fact files, and `nines` on an empty store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app import cli

FILES = {
    "teams": "team,timezone\npay,UTC\n",
    "services": "service,name,tier,team,product\ncheckout,Checkout,0,pay,shop\nsearch,Search,1,pay,\n",
    "deployments": "deployment,service,deployed_at,status\n"
    + "".join(
        f"d{n},{'search' if n % 2 else 'checkout'},2026-10-{n:02}T10:00:00Z,{'rolled_back' if n < 3 else 'succeeded'}\n"
        for n in range(1, 6)
    ),
    "incidents": "incident,title,severity,detected_at,resolved_at,services\n"
    "i1,Down,1,2026-10-05T09:00:00Z,2026-10-05T10:00:00Z,checkout\n"
    "i2,Slow,3,2026-11-03T09:00:00Z,,search\n",
}
BAD = "i3,Odd,9,2026-10-05T09:00:00Z,,search\n"


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Nines = Callable[..., Said]


@pytest.fixture
def nines(store_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Nines:
    """Runs a command on an empty store, once on each database."""
    monkeypatch.setenv("NINES_DATABASE_URL", store_url)

    def call(*arguments: Any) -> Said:
        code = cli.run([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def sqlite_nines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Nines:
    """Runs a command where the database makes no difference."""
    monkeypatch.setenv("NINES_DATABASE_URL", f"sqlite:///{tmp_path}/store.db")

    def call(*arguments: Any) -> Said:
        code = cli.run([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """A folder of good fact files."""
    folder = tmp_path / "facts"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.csv").write_text(content)
    return folder


@pytest.fixture
def odd_facts(facts: Path) -> Path:
    """The same with one bad row: severity 9 on line 4 of the incidents."""
    (facts / "incidents.csv").write_text(FILES["incidents"] + BAD)
    return facts

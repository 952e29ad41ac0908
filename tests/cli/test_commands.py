"""The command line: what it prints, where errors go, and its exit codes."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.cli.errors import unforeseen
from app.store.engine import open_store, writing

Nines = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


def objects(said: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


def test_help_lists_every_command_without_loading_what_they_need() -> None:
    heavy = {"sqlalchemy", "pyarrow", "pandas", "numpy", "streamlit", "plotly", "scipy", "openpyxl", "rich", "pydantic"}
    code = f"import sys; from app import cli; cli.run(['--help']); print(sorted({heavy!r} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for command in (
        "serve",
        "demo",
        "import",
        "rejects",
        "kpi",
        "rows",
        "export",
        "policy",
        "check",
        "backup",
        "restore",
    ):
        assert f"\n  {command} " in said
    assert said.splitlines()[-1] == "[]"


def test_an_import_prints_counts_and_ends_in_0(nines: Nines, facts: Path) -> None:
    said = nines("import", facts)

    assert said.code == 0
    assert said.out.splitlines()[0].split() == ["entity", "seen", "new", "changed", "unchanged", "set", "aside"]
    assert "deployments     5    5        0          0          0" in said.out
    assert said.err == ""


def test_rows_set_aside_end_in_3_and_are_told_on_stderr(nines: Nines, odd_facts: Path) -> None:
    said = nines("import", odd_facts)

    assert said.code == 3
    assert "incidents.csv line 4: severity is above 5 (9)" in said.err
    assert nines("kpi", "major_incidents", "--from", "2026-10", "--to", "2026-10").code == 0


def test_a_refused_file_ends_in_1_and_changes_nothing(nines: Nines, facts: Path) -> None:
    (facts / "sli.csv").write_text("slo;start;minutes;good;total\n")

    said = nines("import", facts)

    assert said == (1, "", "sli.csv is separated by semicolons: save it with commas between the cells.\n")
    assert nines("export", "teams").out == "team,name,timezone,manager,source\n"


def test_strict_refuses_the_import(nines: Nines, odd_facts: Path) -> None:
    assert nines("import", odd_facts, "--strict")[::2] == (1, "incidents.csv line 4: severity is above 5.\n")


def test_a_dry_run_says_so_and_changes_nothing(nines: Nines, facts: Path) -> None:
    said = nines("import", facts, "--dry-run")

    assert said.code == 0
    assert "This was a dry run: nothing was changed." in said.out
    assert nines("export", "teams").out == "team,name,timezone,manager,source\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import"], "Missing argument 'PATH…'."),
        (["import", "absent.csv"], "absent.csv does not exist: name files, folders or zips that do."),
        (["import", ".", "--timezone", "Mars"], "--timezone Mars is no time zone of the IANA database"),
        (["import", ".", "--source", " "], "--source must be a name, like pagerduty."),
        (["import", ".", "--nonsense"], "No such option: --nonsense"),
        (["nonsense"], "No such command 'nonsense'."),
        (["kpi", "major_incident"], "There is no KPI major_incident: did you mean major_incidents?"),
        (["kpi", "--from", "2026-13"], "--from '2026-13' names no period: write 2026-10 (month)"),
        (["kpi", "--from", "2026-10", "--to", "2026-09"], "--to 2026-09 is before --from 2026-10: turn them round."),
        (["kpi", "--by", "month,planet"], "--by planet is not possible: choose from month, quarter, week, year, day"),
        (["kpi", "--as-of", "soon"], "--as-of soon is not a time: write 2026-11-01T00:00:00Z or 2026-11-01."),
        (["kpi", "--as-of", "2026-11-01T00:00:00"], "--as-of 2026-11-01T00:00:00 has no offset"),
        (["kpi", "--tier", "4"], "Invalid value for '--tier': Input should be less than or equal to 3"),
        (["rows", "nothing"], "There is no KPI nothing: "),
        (["export", "incident"], "There is no entity incident: did you mean incidents?"),
        (["export", "all"], "Name with --out where to write: a folder, a .zip or a workbook."),
        (["policy", "set", "absent.yaml"], "absent.yaml does not exist"),
    ],
)
def test_wrong_usage_ends_in_2_with_one_sentence(sqlite_nines: Nines, arguments: list[str], said: str) -> None:
    found = sqlite_nines(*arguments)

    assert found.code == 2
    assert found.out == ""
    assert found.err.startswith(said)
    assert found.err.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://host/x", "NINES_DATABASE_URL must be sqlite:////path/to/nines.db or postgresql://"),
        (
            "postgresql://u:secret@127.0.0.1:1/x",
            "The store at postgresql+psycopg://u:***@127.0.0.1:1/x cannot be opened",
        ),
        ("sqlite:////proc/nothing/x.db", "The folder of the store cannot be made"),
    ],
)
def test_a_store_that_cannot_be_opened_ends_in_1(
    sqlite_nines: Nines, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", url)

    found = sqlite_nines("kpi")

    assert found.code == 1
    assert found.err.startswith(said)
    assert found.err.count("\n") == 1


def test_a_fault_of_ours_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    unforeseen(KeyError, KeyError("x"), None)

    said = capsys.readouterr().err
    assert said.startswith("Nines failed in a way nobody foresaw (KeyError: 'x'); nothing was changed.")
    assert "Traceback" not in said


def test_rejects_can_be_mended_and_imported_again(nines: Nines, odd_facts: Path, tmp_path: Path) -> None:
    nines("import", odd_facts, "--source", "pagerduty")

    assert "severity is above 5" in nines("rejects").out
    (one,) = csv.DictReader(io.StringIO(nines("rejects", "--format", "csv").out))
    assert [one[name] for name in ("entity", "file", "line", "column", "value")] == [
        *("incidents", "incidents.csv", "4", "severity", "9")
    ]
    assert objects(nines("rejects", "--format", "json"))[0]["row"]["incident"] == "i3"
    assert nines("rejects", "--out", tmp_path / "mend").code == 0
    path = tmp_path / "mend" / "incidents-rejects.csv"
    assert nines("rejects", "--entity", "incidents", "--format", "csv").out == path.read_text()
    path.write_text(path.read_text().replace("Odd,9,", "Odd,3,"))

    again = nines("import", path)

    assert (again.code, again.err) == (0, "")
    assert nines("rejects").out == "No row is set aside.\n"
    assert "i3,Odd,3" in nines("export", "incidents").out


def test_an_export_comes_in_again_unchanged(nines: Nines, facts: Path, tmp_path: Path) -> None:
    nines("import", facts)
    (tmp_path / "incidents.csv").write_text(nines("export", "incidents").out)
    nines("export", "all", "--format", "xlsx", "--out", tmp_path / "all.xlsx")

    for path in (tmp_path / "incidents.csv", tmp_path / "all.xlsx"):
        said = nines("import", path)
        assert said.code == 0
        assert all(line.split()[2:] in (["0", "0", line.split()[1], "0"],) for line in said.out.splitlines()[1:])
    assert objects(nines("export", "teams", "--format", "json"))[0]["team"] == "pay"


def test_a_policy_can_be_shown_changed_and_refused(nines: Nines, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(nines("policy", "show").out.replace("currency: EUR", "currency: CHF"))

    assert nines("policy", "set", path, "--why", "we moved").code == 0
    assert "currency: CHF" in nines("policy", "show").out
    path.write_text(path.read_text().replace("timezone: UTC", "timezone: Mars"))
    refused = nines("policy", "set", path)
    assert (refused.code, refused.out) == (1, "")
    assert "timezone: 'Mars' is not a time zone of the IANA database, like Europe/London" in refused.err
    path.write_text("a: [")
    assert nines("policy", "set", path).code == 1


def test_the_demo_refuses_a_store_that_holds_facts(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines("demo")

    assert said.code == 1
    assert said.err.startswith("The store holds teams already")


def test_a_check_ends_in_1_when_something_needs_a_person(nines: Nines, facts: Path, store_url: str) -> None:
    assert nines("check").code == 0
    nines("import", facts)
    assert nines("check").code == 0

    store = open_store(store_url)
    with writing(store) as conn:
        conn.execute(sa.text("UPDATE deployment_days SET deployments = deployments + 1"))
    store.dispose()
    assert "The daily sums differ from the facts" in nines("check").out
    assert nines("check").code == 1
    assert nines("check", "--rebuild").code == 0

    incidents = facts / "incidents.csv"
    incidents.write_text(incidents.read_text() + "i3,Odd,9,2026-10-05T09:00:00Z,,search\n")
    nines("import", facts)
    said = nines("check")
    assert said.code == 1
    assert said.out.splitlines()[0] == "! Of incidents, 1 row is set aside: `nines rejects` says why."


def test_serving_beyond_this_machine_is_refused(sqlite_nines: Nines) -> None:
    said = sqlite_nines("serve", "--host", "0.0.0.0")

    assert said.code == 1
    assert said.err.startswith("Nobody would have to sign in, so Nines does not listen on 0.0.0.0")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data are not beside the checkout")
def test_the_jenkins_journey_in_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "NINES_DATABASE_URL": f"sqlite:///{tmp_path}/jenkins.db"}

    def nines(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    imported = nines("import", str(SHARED / "real" / "jenkins"), "--timezone", "UTC")
    assert (imported.returncode, imported.stderr.count("Traceback")) == (3, 0)
    expected = json.loads((SHARED / "real" / "jenkins" / "expected.json").read_text())
    found = json.loads(
        nines(*("kpi", "customer_impact_minutes", "--from", "2020-01", "--to", "2026-06", "--format", "json")).stdout
    )
    shown = {one["period"]: one["value"] for one in found if one["value"]}
    assert shown == pytest.approx(expected["customer_impact_minutes"], abs=1e-6)
    assert nines("kpi", "nonsense").returncode == 2

"""The command line: what it prints, where errors go, and its exit codes."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from app import cli
from app.cli.errors import unforeseen
from app.cli.shapes import as_json
from app.metrics.numbers import Group, Number
from app.store.engine import open_store, writing

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
KEYS = [
    *("kpi", "period", "tier", "team", "service", "value", "unit", "numerator", "denominator", "n", "n_excluded"),
    *("coverage", "low", "high", "mean", "p90", "target", "verdict", "certain", "signal", "partial", "as_of", "extra"),
]
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
def facts(tmp_path: Path) -> Path:
    """A folder of good fact files."""
    folder = tmp_path / "facts"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.csv").write_text(content)
    return folder


def objects(said: Said) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


def test_help_lists_every_command_without_loading_what_they_need() -> None:
    heavy = {"sqlalchemy", "pyarrow", "pandas", "numpy", "streamlit", "plotly", "scipy", "openpyxl", "rich", "pydantic"}
    code = f"import sys; from app import cli; cli.run(['--help']); print(sorted({heavy!r} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for command in ("serve", "demo", "import", "rejects", "kpi", "rows", "export", "policy", "check"):
        assert f"\n  {command} " in said
    assert said.splitlines()[-1] == "[]"


def test_an_import_prints_counts_and_ends_in_0(nines: Nines, facts: Path) -> None:
    said = nines("import", facts)

    assert said.code == 0
    assert said.out.splitlines()[0].split() == ["entity", "seen", "new", "changed", "unchanged", "set", "aside"]
    assert "deployments     5    5        0          0          0" in said.out
    assert said.err == ""


def test_rows_set_aside_end_in_3_and_are_told_on_stderr(nines: Nines, facts: Path) -> None:
    (facts / "incidents.csv").write_text(FILES["incidents"] + BAD)

    said = nines("import", facts)

    assert said.code == 3
    assert "incidents.csv line 4: severity is above 5 (9)" in said.err
    assert nines("kpi", "major_incidents", "--from", "2026-10", "--to", "2026-10").code == 0


def test_a_refused_file_ends_in_1_and_changes_nothing(nines: Nines, facts: Path) -> None:
    (facts / "sli.csv").write_text("slo;start;minutes;good;total\n")

    said = nines("import", facts)

    assert said == (1, "", "sli.csv is separated by semicolons: save it with commas between the cells.\n")
    assert nines("export", "teams").out == "team,name,timezone,manager,source\n"


def test_strict_refuses_the_import(nines: Nines, facts: Path) -> None:
    (facts / "incidents.csv").write_text(FILES["incidents"] + BAD)

    assert nines("import", facts, "--strict")[::2] == (1, "incidents.csv line 4: severity is above 5.\n")


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


@pytest.fixture
def sqlite_nines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Nines:
    """Runs a command where the database makes no difference."""
    monkeypatch.setenv("NINES_DATABASE_URL", f"sqlite:///{tmp_path}/store.db")

    def call(*arguments: Any) -> Said:
        code = cli.run([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return call


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


def test_numbers_have_the_keys_of_the_contract_in_its_order(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines(
        *("kpi", "change_failure_rate", "major_incidents", "--from", "2026-10", "--to", "2026-10"),
        *("--as-of", "2026-11-01T00:00:00Z", "--format", "json"),
    )

    failures, major = objects(said)
    assert list(failures) == KEYS
    assert (failures["kpi"], failures["period"], failures["value"]) == ("change_failure_rate", "2026-10", 0.4)
    assert (failures["numerator"], failures["denominator"], failures["n"]) == (2, 5, 5)
    assert failures["as_of"] == "2026-11-01T00:00:00Z"
    assert failures["extra"]["inferred"] == 0.6
    assert (major["value"], major["unit"], major["tier"], major["partial"]) == (1, "count", None, False)


def test_without_periods_all_that_hold_facts_are_printed(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    months = objects(nines("kpi", "major_incidents", "--as-of", "2026-12-24", "--format", "json"))
    quarters = objects(nines("kpi", "major_incidents", "--as-of", "2026-12-24", "--by", "quarter", "--format", "json"))

    assert [(one["period"], one["value"]) for one in months] == [("2026-10", 1), ("2026-11", 0)]
    assert [(one["period"], one["partial"]) for one in quarters] == [("2026-Q4", True)]


def test_numbers_are_split_and_narrowed(nines: Nines, facts: Path) -> None:
    nines("import", facts)
    october = ("--from", "2026-10", "--to", "2026-10", "--format", "json")

    tiers = objects(nines("kpi", "deployment_frequency", "--by", "month,tier", *october))
    shop = objects(nines("kpi", "rollback_rate", "--product", "shop", *october))
    severities = objects(nines("kpi", "time_to_restore", "--by", "severity", *october))

    assert {one["tier"]: one["n"] for one in tiers} == {0: 2, 1: 3}
    assert [(one["n"], one["period"]) for one in shop] == [(2, "2026-10")]
    assert list(severities[0]) == [*KEYS[:5], "severity", *KEYS[5:]]
    assert {one["severity"]: one["value"] for one in severities}[1] == 60


def test_several_months_without_a_calendar_are_one_span(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    (one,) = objects(
        nines(*("kpi", "major_incidents", "--by", "", "--from", "2026-09", "--to", "2026-10", "--format", "json"))
    )

    assert (one["period"], one["value"]) == ("2026-09-01..2026-10-31", 1)


def test_an_empty_store_prints_nothing_and_says_why(nines: Nines) -> None:
    said = nines("kpi", "--format", "json")

    assert said[:2] == (0, "[]\n")
    assert said.err == "The store holds no facts then: import some, or name periods with --from and --to.\n"


def test_the_whole_catalogue_on_an_empty_store_has_no_data(nines: Nines) -> None:
    found = objects(nines(*("kpi", "--from", "2026-09", "--to", "2026-10", "--by", "month,tier", "--format", "json")))

    assert all(one["value"] is None and one["verdict"] == "no_data" for one in found)


def test_a_csv_of_numbers_reads_back(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines("kpi", "change_failure_rate", "--from", "2026-10", "--to", "2026-10", "--format", "csv")

    (one,) = csv.DictReader(io.StringIO(said.out))
    assert (one["value"], one["numerator"], one["tier"], one["certain"]) == ("0.4", "2", "", "false")


def test_a_table_of_numbers_agrees_with_its_verdict(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines("kpi", "change_failure_rate", "--from", "2026-10", "--to", "2026-10")

    head, row = said.out.splitlines()
    assert head.split()[:4] == ["kpi", "period", "value", "range"]
    assert "40 %" in row
    assert "cannot tell" in row


def test_rows_add_up_to_their_number(nines: Nines, facts: Path) -> None:
    nines("import", facts)
    october = ("--from", "2026-10", "--to", "2026-10", "--format", "json")

    (number,) = objects(nines("kpi", "change_failure_rate", *october))
    found = objects(nines("rows", "change_failure_rate", *october))

    assert sum(row["n"] for row in found) == number["n"]
    assert sum(row["part"] for row in found) == number["numerator"]
    assert sum(row["whole"] for row in found) == number["denominator"]
    assert {row["id"] for row in found} == {f"d{n}" for n in range(1, 6)}
    table = nines("rows", "change_failure_rate", *october[:4]).out
    assert len(table.splitlines()) == 6
    assert nines("rows", "change_failure_rate", *october[:4], "--format", "csv").out.count("\n") == 6


def test_rejects_can_be_mended_and_imported_again(nines: Nines, facts: Path, tmp_path: Path) -> None:
    (facts / "incidents.csv").write_text(FILES["incidents"] + BAD)
    nines("import", facts, "--source", "pagerduty")

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

    (facts / "incidents.csv").write_text(FILES["incidents"] + BAD)
    nines("import", facts)
    said = nines("check")
    assert said.code == 1
    assert said.out.splitlines()[0] == "! 1 rows of incidents are set aside: `nines rejects` says why."


def test_serving_beyond_this_machine_is_refused(sqlite_nines: Nines) -> None:
    said = sqlite_nines("serve", "--host", "0.0.0.0")

    assert said.code == 1
    assert said.err.startswith("Nobody signs in to Nines yet, so it does not listen on 0.0.0.0")


def test_json_keeps_shares_as_shares_and_other_whole_numbers_whole() -> None:
    number = Number(
        "x", "2026-10", Group(slo="s1"), 1.0, "share", 3.0, 3.0, 3, 2, {"no tier": 2}, extra={"a": float("nan")}
    )

    found = as_json(number)

    assert (found["slo"], repr(found["value"]), repr(found["numerator"])) == ("s1", "1.0", "3")
    assert found["extra"] == {"a": None, "excluded": {"no tier": 2}}
    assert repr(as_json(replace(number, unit="minutes"))["value"]) == "1"


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

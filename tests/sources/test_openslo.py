"""OpenSLO files: strict as its own SDK, lenient with every departure located."""

import csv
import subprocess
from pathlib import Path

import pytest

from data_sources import openslo
from data_sources.brought import Brought, Part
from data_sources.http import Slice, SourceError
from data_sources.openslo_documents import Text, documents
from data_sources.openslo_objects import departures
from data_sources.openslo_reading import read, version_of
from tests.sources.live import AT

OWN = Path(__file__).parent / "openslo"
SHARED = Path(__file__).parents[3] / "shared" / "openslo"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the OpenSLO project's files are not beside this checkout")


def brought(*paths: Path, **said: object) -> Brought:
    options = openslo.OpenSlo.model_validate({"kind": "openslo", "paths": paths, **said})
    whole = Slice(AT, AT)
    return openslo.parse(openslo.fetch(None, options, Part(""), whole), options, Part(""), whole)


def kept(found: Brought, entity: str) -> dict[str, dict[str, object]]:
    key = {"slos": "slo", "services": "service"}[entity]
    rows = (row for of, _, batch in found.batches if of.name == entity for row in batch.table.to_pylist())
    return {row[key]: row for row in rows}


@shared
def test_strict_gives_the_verdict_of_the_sdk_on_every_file() -> None:
    with (SHARED / "verdicts.csv").open(encoding="utf-8") as listed:
        verdicts = {row["file"]: row["sdk_head_verdict"] for row in csv.DictReader(listed)}
    ours = {}
    for name in verdicts:
        found, broken = documents(Text(name, (SHARED / name).read_bytes()))
        refused = broken or any(list(departures(one)) for one in found)
        ours[name] = "invalid" if refused else "valid"

    assert len(verdicts) > 50
    assert ours == verdicts


@shared
def test_lenient_reads_every_slo_there_is_and_locates_each_departure() -> None:
    wanted, read_slos, silent = 0, 0, []
    for path in sorted(file for file in SHARED.rglob("*") if file.suffix in (".yaml", ".yml", ".json")):
        found = openslo.judged([Text(path.name, path.read_bytes())])
        slos = [one for one in found.documents if one.value["kind"] == "SLO"]
        said = read(found.documents, openslo.Labels().model_dump())
        wanted += len(slos)
        read_slos += len({(one.file, str(one.values["slo"]).split("/")[0]) for one in said.slos})
        strict = any(list(departures(one)) for one in found.documents)
        if strict and not all(one.line > 0 and one.reason for one in found.departures):
            silent.append(path.name)

    assert wanted >= 20
    assert read_slos == wanted
    assert not silent


def test_services_and_slos_come_with_their_team_tier_and_promise() -> None:
    found = brought(OWN / "checkout.yaml")

    service = kept(found, "services")["checkout"]
    assert (service["name"], service["tier"], service["team"]) == ("Checkout", 0, "pay")
    slo = kept(found, "slos")["checkout-up"]
    assert (slo["service"], slo["kind"], slo["objective"], slo["window"], slo["method"]) == (
        "checkout",
        "availability",
        0.999,
        "28d",
        "occurrences",
    )
    assert not found.notes


def test_each_departure_is_told_with_file_line_and_reason() -> None:
    found = brought(OWN / "departing.yaml")

    assert any(note.startswith("departing.yaml line 4: metadata.name 'Search_Latency' is not") for note in found.notes)
    assert any("line 30: spec.objectives[0].op is forbidden" in note for note in found.notes)
    assert any(
        "line 22: its time window is 1m, shorter than a day (a month is 1M): read as 1d" in n for n in found.notes
    )


def test_each_objective_of_an_slo_is_an_slo() -> None:
    slos = kept(brought(OWN / "departing.yaml"), "slos")

    assert {name: row["objective"] for name, row in slos.items()} == {
        "Search_Latency/good": 0.999,
        "Search_Latency/contract": 0.99,
    }
    assert slos["Search_Latency/good"]["kind"] == "latency"
    assert slos["Search_Latency/good"]["slice_minutes"] == 5


def test_an_slo_without_an_objective_is_set_aside_never_guessed() -> None:
    (bad,) = (bad for _, _, batch in brought(OWN / "departing.yaml").batches for bad in batch.bad)

    assert (bad.line, bad.column) == (38, "objective")
    assert "objective is missing" in bad.reason


def test_strict_refuses_with_places() -> None:
    with pytest.raises(SourceError, match=r"would refuse these files: departing.yaml line 4: metadata.name"):
        brought(OWN / "departing.yaml", strict=True)

    assert kept(brought(OWN / "checkout.yaml", strict=True), "slos")


def test_names_are_mapped_and_what_has_no_tier_is_told(tmp_path: Path) -> None:
    text = (OWN / "checkout.yaml").read_text(encoding="utf-8").replace('tier: "0"', "zone: a")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")

    bare = brought(tmp_path, map={"services": {"checkout": "shop"}})
    filled = brought(tmp_path, map={"services": {"checkout": "shop"}}, defaults={"tier": 1})

    assert kept(bare, "slos")["checkout-up"]["service"] == "shop"
    assert any("No tier and team are known of checkout" in note for note in bare.notes)
    assert kept(filled, "services")["shop"]["tier"] == 1


def test_of_a_git_checkout_only_what_git_tracks_is_read(tmp_path: Path) -> None:
    for name in ("kept.yaml", "scratch.yaml", "ci.yml"):
        (tmp_path / name).write_text((OWN / "checkout.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "ci.yml").write_text("jobs: {}\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "kept.yaml", "ci.yml"], check=True)

    found = openslo.judged(openslo.gather([tmp_path]))

    assert {one.file for one in found.documents} == {"kept.yaml"}
    assert not found.departures


@pytest.mark.parametrize("text", ["a: [1", "apiVersion: openslo/v1\nkind: [", "\x00", "- - -\n", "openslo", "&a [*a]"])
def test_what_is_no_openslo_breaks_nothing(text: str) -> None:
    found = openslo.judged([Text("x.yaml", text.encode())])

    assert all(version_of(one) for one in found.documents)

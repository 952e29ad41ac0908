"""`nines backup`, `nines restore` and what `nines check` says of the audit trail."""

from pathlib import Path

from tests.cli.conftest import Nines


def test_a_backup_is_restored_and_the_check_finds_it_whole(nines: Nines, facts: Path, tmp_path: Path) -> None:
    file = tmp_path / "nines.zip"
    nines("import", facts)

    made = nines("backup", file)
    refused = nines("restore", file)
    done = nines("restore", file, "--replace")

    assert (made.code, made.err) == (0, "")
    assert f"{file} holds " in made.out
    assert "the audit trail to entry 1, whose hash is " in made.out
    assert (refused.code, refused.out) == (1, "")
    assert "The store holds 10 facts and 1 audit entries" in refused.err
    assert (done.code, done.err) == (0, "")
    assert "audit trail to entry 1." in done.out
    assert "The audit trail is whole: 2 entries" in nines("check").out
    assert nines("kpi", "major_incidents", "--from", "2026-10", "--to", "2026-10", "--format", "csv").out.count(",1,")


def test_what_cannot_be_done_is_said_in_a_sentence_with_exit_code_1(sqlite_nines: Nines, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("x")

    said = [
        sqlite_nines("backup", tmp_path / "there.zip"),
        sqlite_nines("backup", tmp_path / "no" / "such" / "folder.zip"),
        sqlite_nines("restore", tmp_path / "there.zip"),
        sqlite_nines("restore", tmp_path / "nothing.zip"),
    ]

    assert [one.code for one in said] == [1, 1, 1, 1]
    assert "exists already" in said[0].err
    assert "no such file or directory; nothing was changed" in said[1].err
    assert "is no backup, or is damaged or cut off" in said[2].err
    assert "does not exist: name a file that `nines backup` wrote" in said[3].err

"""Which deployment undid which is told by their order and their commits, and the same whatever slice one looks at."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_sources.deployed import WINDOW, Deployed, judged, part_of, strategy, undone

SHA = "4f3c2b1a99d03678b90d914dbb1b109132516d71"


def deployed(commits: str, **messages: str) -> list[Deployed]:
    """One deployment a letter, numbered from 1; each of that commit."""
    return [Deployed(str(at), letter, messages.get(letter, "")) for at, letter in enumerate(commits, 1)]


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        ("", {}),
        ("ab", {}),
        ("aba", {"2": "3"}),
        # The same once more is no way back; going back further undoes what ran until then.
        ("aab", {}),
        ("abbc", {}),
        ("abca", {"3": "4"}),
        ("abaca", {"2": "3", "4": "5"}),
        ("abcba", {"3": "4", "4": "5"}),
    ],
)
def test_going_back_undoes_what_ran_until_then(commits: str, expected: dict[str, str]) -> None:
    assert undone(deployed(commits)) == expected


@pytest.mark.parametrize(
    ("reverted", "message"),
    [
        ("Search by name", f'Revert "Search by name"\n\nThis reverts commit {SHA}.'),
        ("Search by name", f"Undo the search\n\nThis reverts commit {SHA[:9]}, reversing\nchanges made to abc."),
        ("Search by name (#122)", 'Revert "Search by name" (#123)\n\nReverts acme/shop#122'),
        ("Search by name (#122)\r\n\r\nMore words", 'Revert "Search by name" (#123)\r\n\r\nReverts #122\r\n'),
        (
            "Merge pull request #122 from acme/search\n\nSearch by name",
            'Merge pull request #123 from acme/revert-122-search\n\nRevert "Search by name"',
        ),
        (
            "Merge branch 'search' into 'main'\n\nSearch\n\nSee merge request acme/shop!12",
            "Revert \"Merge branch 'search' into 'main'\"\n\nThis reverts merge request !12",
        ),
    ],
)
def test_a_revert_undoes_the_deployment_of_what_it_reverts(reverted: str, message: str) -> None:
    found = undone([Deployed("1", SHA, reverted), Deployed("2", "b"), Deployed("3", "c", message)])

    assert found == {"1": "3"}


@pytest.mark.parametrize(
    "message",
    [
        f'Reapply "Search by name"\n\nThis reverts commit {SHA}.',
        f'Revert "Revert "Search by name""\n\nThis reverts commit {SHA}.',
        "This reverts commit 0123456789.",
        "Merge pull request #12 from acme/search\n\nNot what reverts #1",
    ],
)
def test_bringing_back_and_reverting_something_else_undo_nothing(message: str) -> None:
    assert undone([Deployed("1", SHA, "Search (#1)"), Deployed("2", "b", message)]) == {}


def test_nobody_goes_back_further_than_the_window() -> None:
    between = [Deployed(f"b{at}", f"b{at}") for at in range(WINDOW - 1)]

    assert undone([Deployed("1", "a"), *between, Deployed("2", "a")]) == {between[-1].id: "2"}
    assert undone([Deployed("1", "a"), *between, Deployed("c", "c"), Deployed("2", "a")]) == {}


@given(st.lists(st.sampled_from("abcdef"), max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_slice_after_slice_gives_what_reading_everything_gives(commits: list[str], cuts: list[int]) -> None:
    every = [
        Deployed(str(at), letter * 8, f"This reverts commit {commits[max(at - 3, 0)] * 8}." if letter == "f" else "")
        for at, letter in enumerate(commits)
    ]
    edges = sorted({0, *(cut for cut in cuts if cut < len(every)), len(every)})
    kept: dict[str, str] = {}

    for start, end in pairwise(edges):
        kept |= judged(every[max(start - WINDOW, 0) : end], {one.id for one in every[start:end]})

    assert kept == judged(every, {one.id for one in every})


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("canary", "canary"),
        ("Blue-Green", "blue_green"),
        ("blueGreen", "blue_green"),
        ("feature_flag", "feature_flag"),
        ("RollingUpdate", "rolling"),
        ("all at once", "all_at_once"),
        ("deploy:canary", "canary"),
        ("shadow", None),
        (None, None),
    ],
)
def test_a_strategy_is_known_by_its_word(said: str | None, ours: str | None) -> None:
    assert strategy(said) == ours


def test_another_question_is_another_part() -> None:
    assert part_of("shop", "production") == part_of("shop", "production")
    assert part_of("shop", "production").name != part_of("shop", "staging").name

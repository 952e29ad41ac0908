"""What the policy takes of money, and what it refuses, each by name."""

import pytest
import yaml

from app.policy import default, dump, parse


def changed(**risk: object) -> str:
    said = yaml.safe_load(dump(default()))
    return yaml.safe_dump(said | {"risk": said["risk"] | risk})


def test_a_tolerance_is_kept_in_the_order_of_amounts() -> None:
    found = parse(changed(tolerance=[{"probability": 0.01, "loss": 9e6}, {"probability": 0.2, "loss": 1e6}]))

    assert [(point.probability, point.loss) for point in found.risk.tolerance] == [(0.2, 1e6), (0.01, 9e6)]
    assert parse(dump(found)) == found


@pytest.mark.parametrize(
    ("risk", "told"),
    [
        ({"tolerance": [{"probability": 0.1, "loss": 1e6}, {"probability": 0.2, "loss": 9e6}]}, "the less likely"),
        ({"tolerance": [{"probability": 1.0, "loss": 1e6}]}, "less than 1"),
        ({"events_per_year": [0.1, 0.3, 0.2, 1, 3]}, "each level must lie above"),
        ({"loss": [0, 1, 2, 3, 4]}, "greater than 0"),
    ],
)
def test_what_is_no_scale_and_no_tolerance_is_refused(risk: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(changed(**risk))


def test_a_policy_from_before_there_was_money_in_it_still_reads() -> None:
    said = yaml.safe_load(dump(default()))
    for name in ("events_per_year", "loss", "tolerance"):
        said["risk"].pop(name, None)

    assert parse(yaml.safe_dump(said)).risk.tolerance == ()

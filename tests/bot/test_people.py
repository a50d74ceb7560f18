"""Who may decide what stands in two files; what they leave open is refused at load."""

from pathlib import Path

import pytest

from approvals.person import Role
from approvals.policy import PROTECTED_ACTIONS, SOLO_ACTIONS
from bot.errors import ConfigError
from bot.people import check_people, load_policy, load_roster, load_rules

SHIPPED = Path(__file__).resolve().parents[2] / "config"

DESK = """
[[people]]
name = "Olivia"
slack = ["T00000001/U00000001", "T00000001/U00000009"]
roles = ["owner"]
timezone = "Europe/Berlin"
contact = "+49 30 5550100"

[[people]]
name = "Otto"
slack = ["T00000001/U00000002"]
roles = ["operator"]

[[people]]
name = "Rita"
slack = ["T00000001/U00000003"]
roles = ["risk_officer"]

[[people]]
name = "Sam"
slack = ["T00000001/U00000004"]
"""


def people(tmp_path: Path, text: str = DESK) -> Path:
    """A folder with this people file and the shipped policy."""
    (tmp_path / "people.toml").write_text(text, "utf-8")
    (tmp_path / "policy.toml").write_text((SHIPPED / "policy.toml").read_text("utf-8"), "utf-8")
    return tmp_path


def policy(tmp_path: Path, old: str, new: str) -> Path:
    """A folder with the shipped policy, changed once, and the desk's people."""
    text = (SHIPPED / "policy.toml").read_text("utf-8")
    assert old in text
    people(tmp_path)
    (tmp_path / "policy.toml").write_text(text.replace(old, new, 1), "utf-8")
    return tmp_path


def test_the_shipped_policy_suits_a_desk_of_three(tmp_path: Path) -> None:
    """With an owner, an operator and a risk officer every protected act can be agreed."""
    folder = people(tmp_path)
    check_people(folder, load_policy(folder), load_roster(folder))


def test_the_shipped_policy_names_every_protected_act() -> None:
    """No protected act is left to chance, and going live asks for two with an owner among them."""
    policy = load_policy(SHIPPED)
    assert {rule.action for rule in policy.rules} == PROTECTED_ACTIONS
    assert {rule.action for rule in policy.solo} == SOLO_ACTIONS
    step_up = {"live.activate", "live.resume", "rearm", "factor.change"}
    assert {rule.action for rule in policy.rules if rule.step_up} == step_up
    live = policy.rule("live.activate")
    assert (live.persons, live.among, live.expires_s, live.grant_s) == (2, frozenset({Role.OWNER}), 900, 600)
    assert live.ask == set(Role)
    assert policy.rule("rearm").cooldown_s == 300


def test_the_shipped_people_file_is_nobody() -> None:
    """A fresh clone knows no one, so nothing protected can pass until the desk fills itself in."""
    assert load_roster(SHIPPED).persons == ()
    with pytest.raises(ConfigError, match=r"people\.toml: \[\[people\]\] = \(nobody active\)"):
        check_people(SHIPPED, load_policy(SHIPPED), load_roster(SHIPPED))


def test_a_person_keeps_every_account(tmp_path: Path) -> None:
    """Two accounts stay one person; a person without a role is still a person."""
    roster = load_roster(people(tmp_path))
    olivia, sam = roster.persons[0], roster.persons[3]
    assert [str(account) for account in olivia.accounts] == ["T00000001/U00000001", "T00000001/U00000009"]
    assert olivia.contact == "+49 30 5550100"
    assert sam.roles == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'roles = ["owner"]',
            'role = ["owner"]',
            "people[1].role = ['owner'] is refused; no such key; did you mean roles?",
        ),
        (
            'roles = ["owner"]',
            'roles = ["boss"]',
            "people[1].roles = ['boss'] is refused; it must be a list of roles",
        ),
        ('roles = ["owner"]', 'roles = "owner"', "people[1].roles"),
        ("T00000001/U00000002", "otto@example.com", "people[2].slack"),
        ("T00000001/U00000002", "T00000001/U00000001", "stands for both Olivia and Otto"),
        ('name = "Otto"', 'name = "olivia"', "stands for both Olivia and olivia"),
        ('name = "Otto"', 'name = "***"', 'people[2] = "***" is refused; the name has no letter or digit'),
        ('name = "Otto"', 'name = "Ot\\u202eto"', "people[2]"),
        ('name = "Otto"', "name = 7", "people[2].name = 7"),
        ('name = "Otto"', 'name = "Peak-Ops"', 'people[2].name = "Peak-Ops" is refused; the record calls'),
        ('name = "Otto"', 'name = "the schedule"', "people[2].name"),
        ('name = "Otto"', 'name = "root at the shell"', "people[2].name"),
        ("T00000001/U00000002", "U00000002/T00000001", "a team's begins with T or E, a user's with U or W"),
        ('contact = "+49 30 5550100"', 'contact = "+49 30\\n5550100"', "people[1].contact"),
        (
            'timezone = "Europe/Berlin"',
            'timezone = "Mars"',
            'people[1].timezone = "Mars" is refused; it must be a zone',
        ),
        ("[[people]]", "[[persons]]", "persons"),
    ],
)
def test_a_mistake_in_people_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    """The entry is counted from one and the key is named."""
    assert old in DESK
    with pytest.raises(ConfigError) as caught:
        load_roster(people(tmp_path, DESK.replace(old, new, 1)))
    assert told in str(caught.value)
    assert "people.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "persons = 2",
            "person = 2",
            "live.activate.person = 2 is refused; no such key; did you mean persons?",
        ),
        ("persons = 2", "persons = true", "live.activate.persons = true"),
        ("persons = 2", "persons = 2.0", "live.activate.persons = 2.0"),
        ("persons = 2", "", "live.activate.persons = (not set)"),
        ("expires_s = 900", "expires_s = -0", "live.activate.expires_s = 0"),
        ('among = ["owner"]', 'among = ["ownr"]', "live.activate.among"),
        ("step_up = true", 'step_up = "no"', "live.activate.step_up"),
        ("[session.pause]\npersons = 1", "[session.pause]\npersons = 2", "session.pause.persons = 2"),
        ('ask = ["anybody"]', 'ask = ["owner"]', "nobody on the roster can be kept from halting"),
        ('ask = ["anybody"]', "ask = []", "nobody on the roster can be kept from halting"),
        (
            "[live.activate]",
            "[live.activat]",
            "live.activat = (a table) is refused; no such act; did you mean live.activate?",
        ),
        ("[rearm]", "[rearmed]", "rearmed = (a table) is refused; no such act; did you mean rearm?"),
        ("[rearm]", "[[rearm]]", "it must be a table: a line [rearm] with its keys below it"),
        ("cooldown_s = 300", "", "rearm.cooldown_s = (not set)"),
        (
            "grant_s = 600",
            "grant_s = 600\ncooldown_s = 5",
            "live.activate.cooldown_s = 5 is refused; no such key",
        ),
    ],
)
def test_a_mistake_in_the_policy_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    """The act and the key are named as they stand in the file."""
    with pytest.raises(ConfigError) as caught:
        load_policy(policy(tmp_path, old, new))
    assert told in str(caught.value)
    assert "policy.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("persons = 2", "persons = 1", "[live.activate].*two different persons"),
        ('among = ["owner"]', "among = []", "[live.activate].*among is empty"),
        ('ask = ["operator", "owner", "risk_officer"]', "ask = []", "[live.activate].*ask is empty"),
        ("persons = 2", "persons = 5", "[live.activate].*needs 5 persons"),
    ],
)
def test_a_policy_that_one_person_could_pass_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    """Fewer than two persons, no role, or more persons than there are: the bot does not start."""
    folder = policy(tmp_path, old, new)
    with pytest.raises(ConfigError) as caught:
        check_people(folder, load_policy(folder), load_roster(folder))
    for part in told.split(".*"):
        assert part in str(caught.value)


@pytest.mark.parametrize("action", sorted(PROTECTED_ACTIONS | SOLO_ACTIONS | {"halt"}))
def test_a_policy_with_a_missing_table_is_refused_by_its_name(tmp_path: Path, action: str) -> None:
    """A forgotten row leaves nothing to chance, nor does it take a halt from anybody."""
    folder = policy(tmp_path, f"[{action}]", f"[{action}]")
    path = folder / "policy.toml"
    head, _, tail = path.read_text("utf-8").partition(f"[{action}]")
    path.write_text(head + tail[tail.find("\n[") + 1 :] if "\n[" in tail else head, "utf-8")

    with pytest.raises(ConfigError, match=rf"{action}.*the row is missing"):
        load_rules(folder)

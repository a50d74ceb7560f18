"""Everybody as they are now: the persons of the workspace, and what has become of them since."""

from dataclasses import replace

from bot.practice.people import HOME_TEAM, PEOPLE, STRANGE_TEAM, Kind, Person


class Staff:
    """Persons by id; an account may be deactivated, or become a guest's or another team's."""

    def __init__(self) -> None:
        self._persons = {person.id: person for person in PEOPLE}
        self._deactivated: set[str] = set()

    def all(self) -> list[Person]:
        """Give everybody, the deactivated too."""
        return list(self._persons.values())

    def find(self, person_id: object) -> Person | None:
        """Give a person by id."""
        return self._persons.get(person_id) if isinstance(person_id, str) else None

    def is_active(self, person_id: str) -> bool:
        """Whether an account can be used."""
        return person_id not in self._deactivated

    def deactivate(self, person: Person) -> None:
        """Close an account."""
        self._deactivated.add(person.id)

    def become(self, person: Person, kind: Kind) -> None:
        """Change how somebody belongs to the workspace; a stranger comes from another team."""
        team = STRANGE_TEAM if kind is Kind.STRANGER else HOME_TEAM
        self._persons[person.id] = replace(person, kind=kind, team=team)

    def became(self, kind: Kind) -> bool:
        """Whether somebody is of this kind who was not."""
        return any(self._persons[each.id].kind is kind is not each.kind for each in PEOPLE)

    def has_deactivated(self) -> bool:
        """Whether any account is closed."""
        return bool(self._deactivated)

    def mend(self) -> None:
        """Let everybody be as at the start."""
        self._persons = {person.id: person for person in PEOPLE}
        self._deactivated.clear()

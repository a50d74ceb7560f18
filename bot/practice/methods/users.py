"""auth.test, users.*, team.info, bots.info: who is who."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.practice.errors import ApiError
from bot.practice.identifiers import Clock
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Body, Method, page_of
from bot.practice.people import APP, HOME_TEAM, Kind, Person
from bot.practice.rates import Tier
from bot.practice.staff import Staff

USERS_PAGE = 200


class UserMethods:
    """Tells about people, the team and the app itself."""

    def __init__(self, app_name: str, clock: Clock, staff: Staff) -> None:
        self._staff = staff
        self._app_name = app_name
        self._clock = clock

    def table(self) -> dict[str, Method]:
        """Give the methods by name."""
        return {
            "auth.test": Method(self._auth, Tier.SPECIAL),
            "users.info": Method(self._user, Tier.FOUR, ("users:read",)),
            "users.list": Method(self._users, Tier.TWO, ("users:read",)),
            "bots.info": Method(self._bot, Tier.THREE, ("users:read",)),
            "team.info": Method(self._team, Tier.THREE, ("team:read",)),
        }

    def _auth(self, arguments: Arguments) -> Body:
        return {
            "url": arguments.base_url + "/",
            "team": HOME_TEAM.name,
            "user": self._app_name.lower().replace(" ", "_"),
            "team_id": HOME_TEAM.id,
            "user_id": APP.user_id,
            "bot_id": APP.bot_id,
            "is_enterprise_install": False,
        }

    def _user(self, arguments: Arguments) -> Body:
        asked = arguments.need("user")
        if asked == APP.user_id:
            return {"user": self._bot_user()}
        person = self._staff.find(asked)
        if person is None:
            raise ApiError("user_not_found")
        return {"user": self._person(person, self._clock())}

    def _users(self, arguments: Arguments) -> Body:
        now = self._clock()
        members = [*(self._person(each, now) for each in self._staff.all()), self._bot_user()]
        page, cursor = page_of(members, arguments, USERS_PAGE)
        return {"members": page, "response_metadata": {"next_cursor": cursor}}

    def _bot(self, arguments: Arguments) -> Body:
        if arguments.text("bot", APP.bot_id) != APP.bot_id:
            raise ApiError("bot_not_found")
        return {
            "bot": {
                "id": APP.bot_id,
                "name": self._app_name,
                "app_id": APP.app_id,
                "user_id": APP.user_id,
                "deleted": False,
            }
        }

    def _team(self, arguments: Arguments) -> Body:
        return {"team": {"id": HOME_TEAM.id, "name": HOME_TEAM.name, "domain": HOME_TEAM.domain}}

    def _person(self, person: Person, now: datetime) -> Body:
        return {**_user(person, now), "deleted": not self._staff.is_active(person.id)}

    def _bot_user(self) -> Body:
        return {
            "id": APP.user_id,
            "team_id": HOME_TEAM.id,
            "name": self._app_name.lower().replace(" ", "_"),
            "real_name": self._app_name,
            "deleted": False,
            "is_bot": True,
            "is_app_user": False,
            "profile": {"real_name": self._app_name, "bot_id": APP.bot_id, "api_app_id": APP.app_id},
        }


def _user(person: Person, now: datetime) -> Body:
    offset = now.astimezone(ZoneInfo(person.timezone)).utcoffset()
    guest = person.kind is Kind.GUEST
    return {
        "id": person.id,
        "team_id": person.team.id,
        "name": person.name.lower(),
        "real_name": person.name,
        "is_bot": False,
        "is_app_user": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": guest,
        "is_ultra_restricted": False,
        "is_stranger": person.kind is Kind.STRANGER,
        "tz": person.timezone,
        "tz_label": person.timezone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {
            "real_name": person.name,
            "display_name": person.name,
            "title": person.title,
            "team": person.team.id,
        },
    }

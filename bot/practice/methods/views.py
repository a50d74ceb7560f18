"""views.*: the app shows forms and homes."""

from bot.practice.content import view_parts
from bot.practice.errors import ApiError
from bot.practice.files import Files
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Body, Method
from bot.practice.rates import Tier
from bot.practice.staff import Staff
from bot.practice.tickets import Tickets
from bot.practice.views import View, Views


class ViewMethods:
    """Opens, stacks, rewrites modals, and publishes homes."""

    def __init__(self, views: Views, tickets: Tickets, files: Files, staff: Staff) -> None:
        self._staff = staff
        self._views = views
        self._tickets = tickets
        self._files = files

    def table(self) -> dict[str, Method]:
        """Give the methods by name."""
        return {
            "views.open": Method(self._open, Tier.FOUR),
            "views.push": Method(self._push, Tier.FOUR),
            "views.update": Method(self._update, Tier.FOUR),
            "views.publish": Method(self._publish, Tier.FOUR),
        }

    def _open(self, arguments: Arguments) -> Body:
        parts = view_parts(arguments.json("view"), self._files, ("modal",))
        person, _ = self._tickets.redeem(_trigger(arguments))
        return {"view": self._views.open(person, parts).to_slack()}

    def _push(self, arguments: Arguments) -> Body:
        parts = view_parts(arguments.json("view"), self._files, ("modal",))
        person, view_id = self._tickets.redeem(_trigger(arguments))
        if view_id is None:
            raise ApiError("invalid_trigger_id", ["views.push needs a trigger that came from a modal"])
        return {"view": self._views.push(person, parts).to_slack()}

    def _update(self, arguments: Arguments) -> Body:
        parts = view_parts(arguments.json("view"), self._files, ("modal", "home"))
        view = self._views.find(arguments.text("view_id"), arguments.text("external_id"))
        _same_hash(view, arguments)
        self._views.update(view, parts)
        return {"view": view.to_slack()}

    def _publish(self, arguments: Arguments) -> Body:
        person = arguments.need("user_id")
        if self._staff.find(person) is None or not self._staff.is_active(person):
            raise ApiError("user_not_found")
        parts = view_parts(arguments.json("view"), self._files, ("home",))
        home = self._views.home_of(person)
        if home is not None:
            _same_hash(home, arguments)
        return {"view": self._views.publish(person, parts).to_slack()}


def _trigger(arguments: Arguments) -> str:
    return arguments.text("trigger_id") or arguments.need("interactivity_pointer")


def _same_hash(view: View, arguments: Arguments) -> None:
    given = arguments.text("hash")
    if given and given != view.hash:
        raise ApiError("hash_conflict")

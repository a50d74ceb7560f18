"""Keeps other web pages in the same browser from acting in the workspace."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request

from bot.practice.errors import DeskError


def refuse_other_sites(request: Request) -> None:
    """Refuse a post that a page of another site could send: raises DeskError."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise DeskError("The content type must be application/json.")
    if not is_same_origin(request):
        raise DeskError("This page is of another site; the workspace listens to its own.")


def is_same_origin(connection: HTTPConnection) -> bool:
    """Whether a connection comes from our own page, or from no page at all."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")

"""The small shapes of Block Kit, texts, options and pictures: what each must and may have.

What is not named is refused and nothing is converted, as at Slack.
"""

import re
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

TEXT_MAX = 3_000
URL_MAX = 3_000
ALT_TEXT_MAX = 2_000

_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)


class Shape(BaseModel):
    """An object of Block Kit."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _a_url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise ValueError("must be a valid http or https URL")
    return text


def _a_date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("must be a date such as 2026-11-20")
    date.fromisoformat(text)
    return text


def _a_time(text: str) -> str:
    if not re.fullmatch(r"\d{2}:\d{2}", text):
        raise ValueError("must be a time such as 09:30")
    time.fromisoformat(text)
    return text


def _a_number(text: str) -> str:
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise ValueError("must be a number in a string")
    return text


Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Url = Annotated[str, StringConstraints(max_length=URL_MAX), AfterValidator(_a_url)]
Date = Annotated[str, AfterValidator(_a_date)]
Time = Annotated[str, AfterValidator(_a_time)]
Moment = Annotated[int, Field(ge=10**9, lt=10**10)]
Number = Annotated[str, AfterValidator(_a_number)]
AltText = Annotated[str, StringConstraints(max_length=ALT_TEXT_MAX)]
Style = Literal["primary", "danger"]


class PlainText(Shape):
    """Text as it stands."""

    type: Literal["plain_text"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX)]
    emoji: bool | None = None


class Mrkdwn(Shape):
    """Text in Slack's markup."""

    type: Literal["mrkdwn"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX)]
    verbatim: bool | None = None


AnyText = Annotated[PlainText | Mrkdwn, Field(discriminator="type")]


def at_most(most: int) -> AfterValidator:
    """Limit the length of a text object."""

    def short(text: PlainText | Mrkdwn) -> PlainText | Mrkdwn:
        if len(text.text) > most:
            raise ValueError(f"must be less than {most + 1} characters")
        return text

    return AfterValidator(short)


class Confirm(Shape):
    """The question before an act."""

    title: Annotated[PlainText, at_most(100)]
    text: Annotated[AnyText, at_most(300)]
    confirm: Annotated[PlainText, at_most(30)]
    deny: Annotated[PlainText, at_most(30)]
    style: Style | None = None


class Option(Shape):
    """One choice; only an overflow menu's may have a url, only checkboxes and radio buttons take mrkdwn."""

    text: Annotated[PlainText, at_most(75)]
    value: Annotated[str, StringConstraints(max_length=150)]
    description: Annotated[PlainText, at_most(75)] | None = None


class MarkedOption(Shape):
    """A choice of checkboxes or radio buttons."""

    text: Annotated[AnyText, at_most(75)]
    value: Annotated[str, StringConstraints(max_length=150)]
    description: Annotated[AnyText, at_most(75)] | None = None


class LinkOption(Option):
    """A choice of an overflow menu."""

    url: Url | None = None


class OptionGroup(Shape):
    """Options under one label."""

    label: Annotated[PlainText, at_most(75)]
    options: Annotated[list[Option], Field(min_length=1, max_length=100)]


class SlackFile(Shape):
    """A file of the workspace, by its id or by its address."""

    id: str | None = None
    url: Url | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.url is None):
            raise ValueError("must have one of id and url")
        return self


class Picture(Shape):
    """What an image has, as an element and as a block."""

    type: Literal["image"]
    alt_text: AltText
    image_url: Url | None = None
    slack_file: SlackFile | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.image_url is None) == (self.slack_file is None):
            raise ValueError("must have one of image_url and slack_file")
        return self

"""The interactive elements of Block Kit, each with the keys that it may and must have."""

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from bot.practice.composition import (
    Confirm,
    Date,
    Id,
    LinkOption,
    MarkedOption,
    Moment,
    Mrkdwn,
    Number,
    Option,
    OptionGroup,
    Picture,
    PlainText,
    Shape,
    Style,
    Time,
    Url,
    at_most,
)

Chooser = TypeVar("Chooser")


def _known_choices(chooser: Chooser, chosen: list[Any], options: list[Any]) -> Chooser:
    if any(option not in options for option in chosen):
        raise ValueError("initial option must match one of the options")
    return chooser


class Acting(Shape):
    """What every interactive element may have."""

    action_id: Id | None = None


class Asking(Acting):
    """An element that may ask before it acts."""

    confirm: Confirm | None = None


class Focusing(Acting):
    """An element that the form may begin at."""

    focus_on_load: bool | None = None


class Prompting(Focusing):
    """An element that says what it is for while it is empty."""

    placeholder: Annotated[PlainText, at_most(150)] | None = None


class Button(Asking):
    """A button, or a link that looks like one."""

    type: Literal["button"]
    text: Annotated[PlainText, at_most(75)]
    value: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    url: Url | None = None
    style: Style | None = None
    accessibility_label: Annotated[str, StringConstraints(max_length=75)] | None = None


class Overflow(Asking):
    """A menu behind three dots."""

    type: Literal["overflow"]
    options: Annotated[list[LinkOption], Field(min_length=1, max_length=5)]


class RadioButtons(Asking, Focusing):
    """One of up to ten."""

    type: Literal["radio_buttons"]
    options: Annotated[list[MarkedOption], Field(min_length=1, max_length=10)]
    initial_option: MarkedOption | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        return _known_choices(self, [self.initial_option] if self.initial_option else [], self.options)


class Checkboxes(Asking, Focusing):
    """Any of up to ten."""

    type: Literal["checkboxes"]
    options: Annotated[list[MarkedOption], Field(min_length=1, max_length=10)]
    initial_options: Annotated[list[MarkedOption], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        return _known_choices(self, self.initial_options or [], self.options)


class DatePicker(Asking, Prompting):
    """A day."""

    type: Literal["datepicker"]
    initial_date: Date | None = None


class TimePicker(Asking, Prompting):
    """A time of day."""

    type: Literal["timepicker"]
    initial_time: Time | None = None
    timezone: str | None = None


class DateTimePicker(Asking, Focusing):
    """A moment, in seconds since 1970."""

    type: Literal["datetimepicker"]
    initial_date_time: Moment | None = None


class _Choosing(Asking, Prompting):
    """A select of options, in groups or not."""

    options: Annotated[list[Option], Field(min_length=1, max_length=100)] | None = None
    option_groups: Annotated[list[OptionGroup], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.options is None) == (self.option_groups is None):
            raise ValueError("must have one of options and option_groups")
        return self

    def _all(self) -> list[Option]:
        return [
            *(self.options or []),
            *(each for group in self.option_groups or [] for each in group.options),
        ]


class StaticSelect(_Choosing):
    """One option out of a list."""

    type: Literal["static_select"]
    initial_option: Option | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        return _known_choices(self, [self.initial_option] if self.initial_option else [], self._all())


class MultiStaticSelect(_Choosing):
    """Any options out of a list."""

    type: Literal["multi_static_select"]
    initial_options: Annotated[list[Option], Field(min_length=1)] | None = None
    max_selected_items: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        return _known_choices(self, self.initial_options or [], self._all())


class UsersSelect(Asking, Prompting):
    """One person."""

    type: Literal["users_select"]
    initial_user: str | None = None


class ConversationsSelect(Asking, Prompting):
    """One conversation."""

    type: Literal["conversations_select"]
    initial_conversation: str | None = None
    default_to_current_conversation: bool | None = None
    response_url_enabled: bool | None = None
    filter: dict[str, Any] | None = None


class ChannelsSelect(Asking, Prompting):
    """One public channel."""

    type: Literal["channels_select"]
    initial_channel: str | None = None
    response_url_enabled: bool | None = None


class _ChoosingMany(Asking, Prompting):
    max_selected_items: Annotated[int, Field(ge=1)] | None = None


class MultiUsersSelect(_ChoosingMany):
    """Some persons."""

    type: Literal["multi_users_select"]
    initial_users: list[str] | None = None


class MultiConversationsSelect(_ChoosingMany):
    """Some conversations."""

    type: Literal["multi_conversations_select"]
    initial_conversations: list[str] | None = None
    default_to_current_conversation: bool | None = None
    filter: dict[str, Any] | None = None


class MultiChannelsSelect(_ChoosingMany):
    """Some public channels."""

    type: Literal["multi_channels_select"]
    initial_channels: list[str] | None = None


class DispatchConfig(Shape):
    """When a text input tells the app what is in it."""

    trigger_actions_on: Annotated[
        list[Literal["on_enter_pressed", "on_character_entered"]], Field(min_length=1)
    ]


class _Writing(Prompting):
    initial_value: str | None = None
    dispatch_action_config: DispatchConfig | None = None


class PlainTextInput(_Writing):
    """Free text."""

    type: Literal["plain_text_input"]
    multiline: bool | None = None
    min_length: Annotated[int, Field(ge=0, le=3_000)] | None = None
    max_length: Annotated[int, Field(ge=1, le=3_000)] | None = None


class NumberInput(_Writing):
    """A number, which travels as a string."""

    type: Literal["number_input"]
    is_decimal_allowed: bool
    initial_value: Number | None = None
    min_value: Number | None = None
    max_value: Number | None = None


class EmailInput(_Writing):
    """An e-mail address."""

    type: Literal["email_text_input"]


class UrlInput(_Writing):
    """A web address."""

    type: Literal["url_text_input"]


_Everywhere = (
    RadioButtons | Checkboxes | DatePicker | TimePicker
    | StaticSelect | UsersSelect | ConversationsSelect | ChannelsSelect
)  # fmt: skip
_Many = MultiStaticSelect | MultiUsersSelect | MultiConversationsSelect | MultiChannelsSelect

ActionsElement = Annotated[
    Button | Overflow | DateTimePicker | _Everywhere,
    Field(discriminator="type"),
]
SectionElement = Annotated[Button | Overflow | Picture | _Everywhere | _Many, Field(discriminator="type")]
InputElement = Annotated[
    PlainTextInput | NumberInput | EmailInput | UrlInput | DateTimePicker | _Everywhere | _Many,
    Field(discriminator="type"),
]
ContextElement = Annotated[PlainText | Mrkdwn | Picture, Field(discriminator="type")]

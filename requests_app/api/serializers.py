"""What the API takes and what it gives: only what is declared here comes in or goes out."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from dsar.core.errors import DomainError
from dsar.core.rights import RIGHT_CHOICES
from requests_app.addresses import address_checked
from requests_app.correspondence import LONGEST
from requests_app.forms import LONG_TEXT
from requests_app.vocabulary import AddressKind, Capacity, Channel, Direction, Outcome, Stage

CASE_STATUSES = ("open", "answered", "closed", "any")
PAGE = 50  # requests, unless the caller asks for another number
LONGEST_PAGE = 100
_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})")


class Strict(serializers.Serializer[Any]):
    """Refuses a name that it does not know: a misspelt field would else be lost without a word."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            refusal = serializers.ErrorDetail(str(_("This field does not exist here.")), "unknown_field")
            raise serializers.ValidationError({str(name): [refusal] for name in unknown})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text, and no number that looks like one."""

    def __init__(self, limit: int, **options: Any) -> None:
        super().__init__(max_length=limit, **{"required": False, "allow_blank": True, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(Text, serializers.EmailField):
    """An e-mail address."""


class Instant(serializers.DateTimeField):
    """An instant that says its time zone: without one an hour, and so a day, could be wrong."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise serializers.ValidationError(
                _("Write the instant with its offset, such as 2026-03-05T18:42:00+01:00."), "offset_missing"
            )
        return super().enforce_timezone(value)


# ---- in -------------------------------------------------------------------------------------------------------------


class RightIn(Strict):
    """One right that the person invokes, with their words for it."""

    code = serializers.ChoiceField(choices=RIGHT_CHOICES, help_text="Code of the right.")
    detail = Text(LONG_TEXT, help_text="What exactly, in the person's own words.")


class RequestIn(Strict):
    """A request as the person makes it. Nothing is compulsory but to say what is asked: a right, or words."""

    rights = RightIn(many=True, required=False, help_text="Without any, `text` is taken as a question.")
    text = Text(LONGEST, help_text="Whatever else the person says.")
    name = Text(300, help_text="Of whoever asks.")
    email = Email(254, help_text="A mail is sent there that asks to confirm the address.")
    phone = Text(40)
    postal = Text(500, help_text="Postal address, with line breaks.")
    identifier = Text(200, help_text="Customer, order or contract number of the data subject.")
    language = serializers.ChoiceField(
        choices=[code for code, _name in settings.LANGUAGES],
        required=False,
        help_text="In which we write to the person; by default the one that Accept-Language asks for.",
    )
    capacity = serializers.ChoiceField(choices=Capacity.choices, default=Capacity.DATA_SUBJECT)
    subject_name = Text(300, help_text="The data subject, where somebody else asks for them.")
    subject_email = Email(254, help_text="The data subject's address, where somebody else asks for them.")
    country = serializers.RegexField(
        "^[A-Z]{2}$", required=False, help_text="Where the person lives or works (ISO 3166), for the authority to name."
    )
    received_at = Instant(
        required=False, help_text="With a token only: when the request arrived, where that was earlier than now."
    )

    def validate_phone(self, value: str) -> str:
        """Any way of writing a number, as long as there is one."""
        if value:
            try:
                address_checked(AddressKind.PHONE, value)
            except DomainError as error:
                raise serializers.ValidationError(str(error), "phone_wrong") from error
        return value

    def validate_received_at(self, value: datetime) -> datetime:
        """Only staff know of an earlier arrival, and nobody of a later one."""
        if not self.context["is_staff"]:
            raise serializers.ValidationError(_("Only a member of staff says when a request arrived."), "staff_only")
        if value > datetime.now(UTC):
            raise serializers.ValidationError(_("A request cannot have arrived in the future."), "received_in_future")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("rights") and not attrs.get("text"):
            raise serializers.ValidationError(_("Say at least what you ask for."), "no_right")
        if attrs["capacity"] == Capacity.DATA_SUBJECT and (attrs.get("subject_name") or attrs.get("subject_email")):
            raise serializers.ValidationError(
                {"capacity": [_("Say as what the person acts for somebody else, or leave out who that is.")]},
                "capacity_missing",
            )
        codes = [right["code"] for right in attrs.get("rights") or ()]
        if attrs["capacity"] == Capacity.DATA_SUBJECT and "post_mortem" in codes:
            raise serializers.ValidationError(
                {"capacity": [
                    _("Say as what you act for the person who has died; one request is about one person.")
                ]},
                "capacity_missing",
            )  # fmt: skip
        return attrs


class MessageIn(Strict):
    """What is written on a request: by the person, or to the person by a member of staff."""

    body = Text(LONGEST, required=True, allow_blank=False)


class Cursor(Text):
    """Where the next page begins, as the last one said it."""

    def to_internal_value(self, data: Any) -> Any:
        found = _CURSOR.fullmatch(super().to_internal_value(data))
        try:
            return (date.fromisoformat(found[1]), int(found[2])) if found else self._refuse()
        except ValueError:
            self._refuse()

    def _refuse(self) -> None:
        raise serializers.ValidationError(_("Take the address of the next page from “next”."), "cursor_wrong")


class ListIn(Strict):
    """What narrows the list."""

    stage = serializers.ChoiceField(choices=Stage.choices, required=False, help_text="Some right is at this stage.")
    right = serializers.ChoiceField(choices=RIGHT_CHOICES, required=False, help_text="This right is among them.")
    status = serializers.ChoiceField(
        choices=CASE_STATUSES, required=False, help_text="By default all that are not closed."
    )
    received_since = Instant(required=False, help_text="Arrived at this instant or later.")
    updated_since = Instant(required=False, help_text="Something happened at this instant or later.")
    limit = serializers.IntegerField(min_value=1, max_value=LONGEST_PAGE, default=PAGE)
    cursor = Cursor(40, required=False, help_text="From `next` of the page before.")


class MessagesIn(Strict):
    """Which messages."""

    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0, help_text="Those after this id.")


# ---- out ------------------------------------------------------------------------------------------------------------


class StepOut(serializers.Serializer[Any]):
    """One step of "Why this date", in the language that the caller accepts."""

    text = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]  # the framework takes declared fields off the class
        help_text="The provision or guideline it rests on."
    )


class RightOut(serializers.Serializer[Any]):
    """One right with its own clock."""

    right = serializers.ChoiceField(choices=RIGHT_CHOICES)
    name = serializers.CharField(help_text="In the language that the caller accepts.")
    article = serializers.CharField()
    stage = serializers.ChoiceField(
        choices=Stage.choices, help_text="The person is told of review and decision when the answer is released."
    )
    outcome = serializers.ChoiceField(choices=Outcome.choices, allow_null=True)
    received_at = serializers.DateTimeField()
    due_on = serializers.DateField(allow_null=True, help_text="The last day by law; null while a question is open.")
    prudent_due_on = serializers.DateField(help_text="Never moved by a pause or a day off.")
    paused_days = serializers.IntegerField(allow_null=True, help_text="Days that remain once a question is answered.")
    answered_at = serializers.DateTimeField(allow_null=True)
    explanation = StepOut(many=True)


class LinksOut(serializers.Serializer[Any]):
    """Where to go on: the first two are of the API, the others are pages for the person."""

    self = serializers.URLField()
    messages = serializers.URLField()
    track = serializers.URLField()
    notice = serializers.URLField(help_text="What is done with the data of the request itself (GDPR art. 13).")


class RequestOut(serializers.Serializer[Any]):
    """A request as it stands."""

    reference = serializers.CharField()
    organisation = serializers.SlugField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    language = serializers.CharField()
    status = serializers.ChoiceField(choices=CASE_STATUSES[:-1])
    received_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    rights = RightOut(many=True)
    links = LinksOut()


class RequestOneOut(RequestOut):
    """A request read by itself."""

    messages_count = serializers.IntegerField()


class RequestOpenedOut(RequestOut):
    """A request that was just received."""

    tracking_key = serializers.CharField(
        help_text="Opens this request, here and on the tracking page. It is shown now and never mailed: give it to the "
        "person. Only the same call with the same Idempotency-Key shows it again."
    )


class RequestRowOut(RequestOut):
    """A request in the list of a member of staff."""

    next_on = serializers.DateField(help_text="The nearest date that matters: the order of the list.")
    updated_at = serializers.DateTimeField(help_text="When something last happened on it.")


class RequestListOut(serializers.Serializer[Any]):
    """One page of requests."""

    results = RequestRowOut(many=True)
    next = serializers.URLField(allow_null=True, help_text="The next page; null on the last one.")


class MessageOut(serializers.Serializer[Any]):
    """One message, without its files: those are opened on the tracking page or at the desk."""

    id = serializers.IntegerField()
    direction = serializers.ChoiceField(
        choices=[Direction.INBOUND.value, Direction.OUTBOUND.value], help_text="inbound: written by the person."
    )
    channel = serializers.ChoiceField(choices=Channel.choices)
    at = serializers.DateTimeField()
    subject = serializers.CharField()
    body = serializers.CharField()
    files = serializers.IntegerField(help_text="How many files are attached.")


class MessageListOut(serializers.Serializer[Any]):
    """Messages in the order in which they were filed, at most 100."""

    results = MessageOut(many=True)
    next = serializers.URLField(allow_null=True, help_text="The next page; null on the last one.")


class PlaceOut(serializers.Serializer[Any]):
    """One mistake and where it is."""

    pointer = serializers.CharField(required=False, help_text="Into the body or the query (RFC 6901).")
    parameter = serializers.CharField(required=False, help_text="Name of a header.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemOut(serializers.Serializer[Any]):
    """Problem details (RFC 9457), in the language that the caller accepts."""

    type = serializers.CharField(help_text="about:blank: the status says the kind.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What to do.")
    code = serializers.CharField(help_text="A stable word for programs.")
    errors = PlaceOut(many=True, required=False)  # type: ignore[assignment]  # as `source` of a step

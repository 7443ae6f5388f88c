"""Closed vocabularies of a case: stages, outcomes, channels, capacities and the kinds of what hangs on it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """The door through which a request came."""

    FORM = "form", _("form")
    EMAIL = "email", _("e-mail")
    POST = "post", _("post")
    PHONE = "phone", _("phone")
    API = "api", _("API")


class Stage(TextChoices):
    """Where the work on one right stands (DESIGN §2)."""

    TO_DO = "to_do", _("To do")
    IN_PROGRESS = "in_progress", _("In progress")
    AWAITING_PERSON = "awaiting_person", _("Awaiting the person")
    IN_REVIEW = "in_review", _("In review")
    DECIDED = "decided", _("Decided")
    ANSWERED = "answered", _("Answered")


class Outcome(TextChoices):
    """What was decided on one right."""

    GRANTED = "granted", _("Granted")
    GRANTED_PARTLY = "granted_partly", _("Granted in part")
    REFUSED = "refused", _("Refused")
    NO_DATA = "no_data", _("No data held")
    NOT_IDENTIFIED = "not_identified", _("Not identified")
    FORWARDED = "forwarded", _("Forwarded")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ANSWERED = "answered", _("Answered")
    MERGED = "merged", _("Merged")


class Capacity(TextChoices):
    """As what somebody takes part in a case."""

    DATA_SUBJECT = "data_subject", _("data subject")
    REPRESENTATIVE = "representative", _("representative")


class AddressKind(TextChoices):
    EMAIL = "email", _("e-mail address")
    PHONE = "phone", _("phone number")
    POSTAL = "postal", _("postal address")
    IDENTIFIER = "identifier", _("customer number")


class TaskKind(TextChoices):
    """Kinds of CaseTask. The first four are closed by the machine, the others by a person."""

    PLAN_COLLECTION = "plan_collection", _("Plan the collection")
    COLLECT = "collect", _("Collect from a source")
    BUILD_PACKAGE = "build_package", _("Build the data package")
    COLLECT_BY_HAND = "collect_by_hand", _("Search by hand")
    STOP_MARKETING = "stop_marketing", _("Stop the advertising and keep a suppression entry")
    TELL_PROCESSORS = "tell_processors", _("Tell the processors")
    OTHER = "other", _("Other work")


class TaskState(TextChoices):
    OPEN = "open", _("open")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


class ItemState(TextChoices):
    """State of a checklist item: an answer needs each done or justified."""

    OPEN = "open", _("open")
    DONE = "done", _("done")
    JUSTIFIED = "justified", _("justified")


class Direction(TextChoices):
    INBOUND = "inbound", _("received")
    OUTBOUND = "outbound", _("sent")
    NOTE = "note", _("internal note")


class DeliverableKind(TextChoices):
    LETTER = "letter", _("Letter (PDF)")
    LETTER_HTML = "letter_html", _("Letter (web page)")
    PACKAGE = "package", _("Data package")


class FileKind(TextChoices):
    """What a stored file is that was not made to leave."""

    MAIL = "mail", _("E-mail as it arrived")
    ATTACHMENT = "attachment", _("Attachment of a message")
    COLLECTED = "collected", _("Found in a data source")


class DeliverableState(TextChoices):
    PREPARED = "prepared", _("prepared")
    RELEASED = "released", _("released")
    SUPERSEDED = "superseded", _("superseded")
    REVOKED = "revoked", _("revoked")


class Delivery(TextChoices):
    """How a released answer reaches the person (DESIGN §2, two channels)."""

    TWO_CHANNELS = "two_channels", _("portal, with a code by another channel")
    SINGLE_CHANNEL = "single_channel", _("encrypted, passphrase told by phone or post")


class OutgoingState(TextChoices):
    PENDING = "pending", _("waiting")
    CLAIMED = "claimed", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("not delivered")


class MailOutcome(TextChoices):
    """What became of an incoming e-mail (DESIGN §12)."""

    CASE_OPENED = "case_opened", _("case opened")
    FILED = "filed", _("filed on its case")
    TRIAGE = "triage", _("waits for a person")
    MACHINE = "machine", _("automatic message, filed")
    ALREADY_FILED = "already_filed", _("already filed")

"""Closed vocabularies of a case: stages, outcomes, channels, capacities and the kinds of what hangs on it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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


UNDECIDED = (Stage.TO_DO, Stage.IN_PROGRESS, Stage.AWAITING_PERSON)


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


class Review(TextChoices):
    """What the second person said of something written (DESIGN §2)."""

    WAITING = "waiting"
    NOT_NEEDED = "not_needed"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    SINGLE_HANDED = "single_handed"
    OVERTAKEN = "overtaken"  # the right ended, or became another one, before anybody had said anything


class Capacity(TextChoices):
    """As what somebody takes part in a case."""

    DATA_SUBJECT = "data_subject", _("data subject")
    REPRESENTATIVE = "representative", _("representative")
    PARENT = "parent", _("parent or guardian")
    HEIR = "heir", _("heir, executor or designated person")


ACTING = (Capacity.REPRESENTATIVE, Capacity.PARENT, Capacity.HEIR)  # for somebody else


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
    MESSAGE_AFTER_ANSWER = "message_after_answer", _("A message after the answer: decide what it is")
    REVIEW_RESTRICTION = "review_restriction", _("See whether the restriction must go on")
    ATTACH_STATEMENT = "attach_statement", _("Put the person’s statement beside the data")
    TRACK_FORWARDING = "track_forwarding", _("Follow what was forwarded")
    FIND_CONSENT = "find_consent", _("Find the record of the consent")
    STOP_PROCESSING = "stop_processing", _("Stop this use of the data in every system and on every list")
    VERIFY_ACCURACY = "verify_accuracy", _("Verify what is said to be wrong")
    CORRECT = "correct", _("Correct the data in every system, at the processors too")
    CHECK_RETENTION = "check_retention", _("Find the ground of erasure, and what must be kept")
    WARN_BEFORE_ERASURE = "warn_before_erasure", _("Warn the person of what erasure makes impossible")
    ERASE = "erase", _("Erase in every system, at the processors too, and note what backups must not bring back")
    FREEZE = "freeze", _("Mark or lock the data in every system, at the processors too")
    WEIGH_INTERESTS = "weigh_interests", _("Weigh our reasons against the situation of the person, in writing")
    FIND_DECISION = "find_decision", _("Find the decision, what it rests on and how it was made")
    HUMAN_REVIEW = "human_review", _("Have a person review the decision, with power to change it")
    REGISTER_DIRECTIVES = "register_directives", _("Register, change or revoke the directives")
    CHECK_ENTITLEMENT = "check_entitlement", _("Check who is entitled, and look for directives")
    CARRY_OUT_AFTER_DEATH = "carry_out_after_death", _("Do what the directives say, or what the heirs may ask")
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
    CLIENT = "client", _("from the controller")  # to whom the request was passed on; never shown to the person


NEWS = (Direction.INBOUND, Direction.CLIENT)  # what somebody here has to read


class DeliverableKind(TextChoices):
    LETTER = "letter", _("Letter (PDF)")
    LETTER_HTML = "letter_html", _("Letter (web page)")
    PACKAGE = "package", _("Data package")
    NOTICE = "notice", _("Notice of extension (PDF)")
    NOTICE_HTML = "notice_html", _("Notice of extension (web page)")
    # Stored, and written into the journal for ever, as "receipt".
    CERTIFICATE = "receipt", _("Certificate of receipt (PDF)")
    CERTIFICATE_HTML = "receipt_html", _("Certificate of receipt (web page)")
    LIFTING = "lifting", _("Letter before a restriction is lifted (PDF)")
    LIFTING_HTML = "lifting_html", _("Letter before a restriction is lifted (web page)")


# Each document is a PDF and a web page.
LETTER_KINDS = (DeliverableKind.LETTER, DeliverableKind.LETTER_HTML)
EXTENSION_KINDS = (DeliverableKind.NOTICE, DeliverableKind.NOTICE_HTML)
LIFTING_KINDS = (DeliverableKind.LIFTING, DeliverableKind.LIFTING_HTML)
CERTIFICATE_KINDS = (DeliverableKind.CERTIFICATE, DeliverableKind.CERTIFICATE_HTML)


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
    STOPPED = "stopped", _("not sent any more")


class MailOutcome(TextChoices):
    """What became of an incoming e-mail (DESIGN §12)."""

    CASE_OPENED = "case_opened", _("case opened")
    FILED = "filed", _("filed on its case")
    TRIAGE = "triage", _("waits for a person")
    MACHINE = "machine", _("automatic message, filed")
    ALREADY_FILED = "already_filed", _("already filed")


class SuspensionReason(TextChoices):
    """What may suspend a clock (law.md §2.4); a fee, a missing form or a slow processor never does."""

    IDENTITY = "identity", _("we must know who asks")
    CLARIFY = "clarify", _("we must know what is asked for")


class SuspensionEnd(TextChoices):
    ANSWERED = "answered", pgettext_lazy("a question", "answered")
    GIVEN_UP = "given_up", _("we go on without the answer")


class ClockCause(TextChoices):
    """Why dates were computed anew: the first word of each line of a clock's history."""

    RECEIVED = "received", _("request received")
    SUSPENDED = "suspended", _("question sent")
    RESUMED = "resumed", _("answer received")
    GIVEN_UP = "given_up", _("gone on without an answer")
    CONTINUED = "continued", _("message found to be no answer")
    EXTENDED = "extended", _("extension announced")
    CORRECTED = "corrected", _("day of arrival corrected")
    REOPENED = "reopened", _("work taken up again after a message")
    CALENDAR = "calendar", _("rule or calendar changed")
    RECLASSIFIED = "reclassified", _("read as another right")
    MERGED = "merged", _("joined with another request")


class Way(TextChoices):
    """How a question or a notice leaves."""

    PAGE = "page", _("on the tracking page, and by e-mail where there is a mailbox")
    POST = "post", _("by a letter that leaves by post")


class ExtensionReason(TextChoices):
    """The reasons that EDPB Guidelines 01/2022 §162-164 accept (GDPR art. 12(3)); effort alone is none."""

    VOLUME = "volume", _("a large quantity of data")
    RETRIEVAL = "retrieval", _("data that are hard to retrieve")
    REDACTION = "redaction", _("data of others that must be masked")
    INTELLIGIBILITY = "intelligibility", _("data that must be explained to be understood")
    NUMBER = "number", _("several requests by this person")
    INFLUX = "influx", _("an exceptional, temporary influx of requests")


class ReminderKind(TextChoices):
    """What staff are reminded of (DESIGN §5); thresholds and conditions are in `reminder_rules`."""

    PRUDENT = "prudent", _("prudent date")
    DUE = "due", _("due date")
    TARGET = "target", _("our own target")
    ACKNOWLEDGEMENT = "acknowledgement", _("acknowledgement not sent")
    EXTENSION_NOTICE = "extension_notice", _("last days for an extension notice")
    REFUSAL_NOTICE = "refusal_notice", _("refusal to be told")
    SUSPENSION = "suspension", _("question without an answer")
    UNASSIGNED = "unassigned", _("nobody handles it")
    UNREAD = "unread", _("message not read")
    REVIEW = "review", _("review not done")


class Overtaken(TextChoices):
    """Why a line of the ledger was not told, or not told any more."""

    MORE_URGENT = "more_urgent", _("a more urgent one was told")
    ANSWERED = "answered", _("the right was answered")
    DATE_CHANGED = "date_changed", _("the date changed")
    SUSPENDED = "suspended", _("a question suspends the clock")
    DONE = "done", _("it was done meanwhile")
    HANDED_ON = "handed_on", _("somebody else handles it")


class DigestState(TextChoices):
    WAITING = "waiting"
    CLAIMED = "claimed"  # being sent: whoever dies now leaves it unknown whether it left
    SENT = "sent"
    EMPTY = "empty"  # everything in it was done meanwhile
    LOST = "lost"  # claimed and never finished: its reminders go with the next one
    FAILED = "failed"


class NoticeState(TextChoices):
    """What became of telling one recipient (GDPR art. 19); the last two need words."""

    TO_NOTIFY = "to_notify", _("to be told")
    NOTIFIED = "notified", _("told")
    ACKNOWLEDGED = "acknowledged", _("told, and confirmed")
    IMPOSSIBLE = "impossible", _("impossible to tell")
    DISPROPORTIONATE = "disproportionate", _("disproportionate effort")


class RestrictionGround(TextChoices):
    """The letters of GDPR art. 18(1)."""

    ACCURACY = "a", _("accuracy is contested, while we verify")
    UNLAWFUL = "b", _("processing is unlawful and the person wants no erasure")
    CLAIMS = "c", _("the person needs the data for legal claims")
    OBJECTION = "d", _("an objection is examined")


class HumanOutcome(TextChoices):
    """What a person with power to change an automated decision made of it (GDPR art. 22(3))."""

    MAINTAINED = "maintained", _("maintained")
    CHANGED = "changed", _("changed")


class DirectiveKind(TextChoices):
    """Loi 78-17 art. 85: directives held by the controller, or by a trusted third party."""

    PARTICULAR = "particular", _("particular, kept by us")
    GENERAL = "general", _("general, kept by a trusted third party")


class DirectiveEnd(TextChoices):
    REVOKED = "revoked", _("revoked")
    REPLACED = "replaced", _("replaced by newer ones")
    CARRIED_OUT = "carried_out", _("carried out after the death")


class EntitledAs(TextChoices):
    """Who may act after a death (loi 78-17 art. 85)."""

    HEIR = "heir", _("heir")
    EXECUTOR = "executor", _("executor of the directives")
    DESIGNATED = "designated", _("designated person")


class EntitlementProof(TextChoices):
    """What was seen and not kept: décret 2019-536 art. 124 for heirs; for others the directives themselves."""

    NOTORIETY = "notoriety", _("acte de notoriété")
    FAMILY_BOOK = "family_book", _("livret de famille")
    DIRECTIVES = "directives", _("named in the directives")


class ForwardedTo(TextChoices):
    """To whom a request was handed on."""

    CLIENT = "client", _("a client that decides on the processing")
    ORGANISATION = "organisation", _("another organisation of this desk")


class HandOver(TextChoices):
    """What lets a request be given to another organisation, with the personal data in it."""

    AGREED = "agreed", _("the person agrees, or asked for it")
    JOINT = "joint", _("it is jointly responsible with us (article 26)")


class BreachRisk(TextChoices):
    """What a personal data breach means for the persons (GDPR arts. 33(1) and 34(1))."""

    NONE = "none", _("no risk for anybody is likely")
    RISK = "risk", _("a risk for the persons")
    HIGH = "high", _("a high risk for the persons")


class BreachAlert(TextChoices):
    """When whoever answers for data protection is told of a breach: each once, the latest that is reached."""

    REPORTED = "reported", _("reported")
    DAY_LEFT = "day_left", _("24 hours left")
    OVER = "over", _("hours over")


class SpamSign(TextChoices):
    """Why a request of a public door waits for a look before any automatic mail leaves; it is accepted all the same."""

    HONEYPOT = "honeypot", _("a field that people do not see was filled in")
    RATE = "rate", _("very many requests came from the same place")
    NO_WORK = "no_work", _("the automatic check of the browser was not done")


class WebhookEvent(TextChoices):
    """What a webhook tells."""

    CASE_OPENED = "case.opened", _("a request was received")
    RIGHT_MOVED = "right.moved", _("the work on a right moved")
    RIGHT_ANSWERED = "right.answered", _("a right was answered")
    TEST = "webhook.test", _("a test from the desk")  # told to one endpoint when somebody asks for it

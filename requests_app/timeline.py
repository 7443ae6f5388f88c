"""The timeline of a case: every event of its journal in words, with the messages where they belong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dsar.core.events import EVENTS
from dsar.core.models import AuditEvent
from dsar.core.rights import RIGHTS
from dsar.core.roles import Role
from dsar.core.templatetags.dsar_format import day, instant, number
from dsar.core.texts import listed
from requests_app.clock_history import change_words
from requests_app.models import Case, Message
from requests_app.rights_table import checklist_label
from requests_app.vocabulary import (
    NEWS,
    AddressKind,
    BreachRisk,
    Capacity,
    Channel,
    DeliverableKind,
    Delivery,
    Direction,
    DirectiveKind,
    EntitledAs,
    EntitlementProof,
    ExtensionReason,
    FileKind,
    HandOver,
    HumanOutcome,
    ItemState,
    NoticeState,
    Outcome,
    RestrictionGround,
    SpamSign,
    Stage,
    SuspensionReason,
    TaskKind,
)

FILTERS = {
    "all": gettext_lazy("all"),
    "messages": gettext_lazy("messages"),
    "notes": gettext_lazy("notes"),
    "law": gettext_lazy("legal steps"),
}
_LAW = (
    "case.", "case_right.added", "clock.", "address.", "identity.", "decision.", "release.", "right.", "answer.",
    "deliverable.downloaded", "message_file.", "suspension.", "extension.", "receipt.", "restriction.", "lifting.",
    "recipient",    "safeguards.", "statement.", "human_review.", "directive", "entitlement.",
    "intake.", "case_right.reclassified", "forwarding.", "hold.", "complaint.", "breach.",
)  # fmt: skip
_MESSAGES = ("message.", "mail.")
LONG = 600  # characters
OF_STAFF = (Direction.NOTE, Direction.CLIENT)  # not in the language of the person
NAMED = 3  # recipients
# Which value of an event is shown as a person's words.
_WORDS = ("body", "note", "reason", "reasons", "reasoning", "motive", "single_channel_reason", "scope", "why", "text")


@dataclass(frozen=True)
class Line:
    """One line. `body` is what somebody wrote, in `language` where that is known."""

    at: datetime
    label: str | Promise
    detail: str
    who: str
    group: str
    body: str = ""
    language: str = ""
    is_unread: bool = False
    subject: str = ""

    @property
    def is_long(self) -> bool:
        """Whether the words stand folded away: long ones that are no news."""
        return len(self.body) > LONG and not self.is_unread


def is_news(message: Message) -> bool:
    """Whether it came in, later than the request itself, and nobody has read it yet (`Message.objects.unread`)."""
    is_later = message.at > message.case.received_at
    return message.direction in NEWS and message.read_at is None and is_later


def timeline(case: Case, messages: Iterable[Message], show: str = "all") -> list[Line]:
    """The lines of a case, newest first: two queries, whatever the length. `messages` are those of the case."""
    events = list(
        AuditEvent.objects.filter(chain__key=case.chain).select_related("actor").prefetch_related("values").order_by("seq")
    )
    by_id = {message.pk: message for message in messages}
    by_message_id = {message.message_id: message for message in by_id.values() if message.message_id}
    lines, told, joined = [], set(), set()
    for event in events:
        message = by_id.get(event.facts.get("message", 0)) or by_message_id.get(event.facts.get("message_id", ""))
        if event.kind == "case.opened":
            message = next((found for found in by_id.values() if _is_request(found)), None)
        joined.update(event.facts.get("messages", ()))
        if message is not None:
            told.add(message.pk)
        lines.append(_event_line(event, case, message))
    # What is filed without an event of its own: mails that wait to be sent, and messages of a case that joined.
    rest = [message for message in by_id.values() if message.pk not in told]
    lines += [_message_line(message, case, has_left=message.pk in joined) for message in rest]
    lines.reverse()
    lines.sort(key=lambda line: line.at, reverse=True)
    return lines if show == "all" else [line for line in lines if line.group == show]


def _is_request(message: Message) -> bool:
    return message.direction == Direction.INBOUND and message.at <= message.case.received_at


def _event_line(event: AuditEvent, case: Case, message: Message | None) -> Line:
    values = {value.field: value.value for value in event.values.all()}
    body = message.body if message else next((str(values[name]) for name in _WORDS if values.get(name)), "")
    return Line(
        at=event.at,
        label=EVENTS.get(event.kind, event.kind),
        detail=facts_words(event.kind, event.facts, values),
        who=_who(event),
        group=_group(event.kind),
        body=body,
        subject=message.subject if message else "",
        language=case.language if message and message.direction not in OF_STAFF else "",
        is_unread=message is not None and is_news(message),
    )


def _message_line(message: Message, case: Case, *, has_left: bool) -> Line:
    label = {
        Direction.INBOUND: EVENTS["message.received"],
        Direction.OUTBOUND: EVENTS["message.sent"] if has_left else gettext_lazy("Message waits to be sent"),
        Direction.NOTE: EVENTS["note.added"],
        Direction.CLIENT: EVENTS["forwarding.replied"],
    }[Direction(message.direction)]
    return Line(
        at=message.at,
        label=label,
        detail=str(Channel(message.channel).label),
        who=str(message.author) if message.author else "",
        group="notes" if message.direction == Direction.NOTE else "messages",
        body=message.body,
        subject=message.subject,
        language=case.language if message.direction not in OF_STAFF else "",
        is_unread=is_news(message),
    )


def _group(kind: str) -> str:
    if kind == "note.added":
        return "notes"
    if kind.startswith(_MESSAGES):
        return "messages"
    return "law" if kind.startswith(_LAW) else "work"


def _who(event: AuditEvent) -> str:
    if event.actor is not None:
        role = Role(event.actor_role).label if event.actor_role in Role.values else event.actor_role
        return _("%(name)s, %(role)s") % {"name": event.actor.name, "role": role}
    return _("the person") if event.actor_role == "data_subject" else _("automatic")


def facts_words(kind: str, facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """The facts of an event in the active language, without those that are missing; empty when its name says it all."""
    parts = [part for name in _PARTS.get(kind, ("right",)) if (part := _FACTS[name](facts, values))]
    return ", ".join(parts)


Fact = Callable[[Mapping[str, Any], Mapping[str, Any]], str]


def _right(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    codes = [facts["right"]] if facts.get("right") else facts.get("rights", [])
    return ", ".join(str(RIGHTS[code].name) if code in RIGHTS else str(code) for code in codes)


def _signs(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    return ", ".join(str(SpamSign(sign).label) for sign in facts.get("signs", facts.get("spam_signs", [])))


def _due(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    changes = facts.get("changes")
    if changes:
        told = [(change, change_words(facts.get("cause", ""), change)) for change in changes]
        return " ".join(f"{_right(change, {})}, {words}" for change, words in told if words)
    shown = facts.get("target_on") or facts.get("due_on")
    return _("due %(day)s") % {"day": _date(shown)} if shown else ""


def _date(text: str | None) -> str:
    try:
        return day(date.fromisoformat(text or ""))
    except ValueError:
        return "–"


def _label(fact: str, *vocabularies: Any) -> Fact:
    def words(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
        code = facts.get(fact, "")
        known = (str(vocabulary(code).label) for vocabulary in vocabularies if code in vocabulary.values)
        return next(known, str(code or ""))

    return words


def _reasons(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Why a release was refused."""
    return listed(_REASONS[code] for code in facts.get("reasons", []) if code in _REASONS)


def _instant(name: str) -> Fact:
    """An instant of the facts as the reader's local date and time."""

    def words(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
        try:
            return instant(datetime.fromisoformat(facts.get(name, "")))
        except ValueError:
            return ""

    return words


def _subject(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    name = str(facts.get("subject", "")).partition(":")[2]
    return "" if name.isdigit() else name  # the number of a row says nothing


def _item(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    right = str(facts.get("right", ""))
    codes = [facts["item"]] if facts.get("item") else facts.get("items", [])
    if len(codes) == 1 and right in RIGHTS:
        return f"{codes[0]} {checklist_label(right, codes[0])}"
    return " ".join(codes)


def _move(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    target = facts.get("target", "")
    return str(Stage(target).label) if target in Stage.values else ""


def _result(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    result = facts.get("result") or facts
    if result.get("nothing_found"):
        return _("nothing found")
    records = result.get("records", result.get("record_count"))
    if records is None:
        return ""
    return ngettext("%(count)s record", "%(count)s records", records) % {"count": number(records)}


def _source(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    return str(facts.get("source") or values.get("source") or "")


def _basis(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    return str(basis_words({**values, "code": facts.get("basis", "")}))


def _check(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    method, result = str(facts.get("method", "")), facts.get("result", "")
    outcome = {"established": _("established"), "doubt": _("doubt remains")}.get(result, "")
    return ", ".join(filter(None, (str(BASES.get(method, method)), outcome)))


def _on(name: str, sentence: str | Promise) -> Fact:
    """A local date of the facts, in a sentence that shows it as `%(day)s`."""

    def words(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
        return str(sentence) % {"day": _date(facts[name])} if facts.get(name) else ""

    return words


def _recipients(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Their names; the first ones and a count where there are many: all of them stand on a page of their own."""
    names = list(facts.get("recipients", ()))
    if len(names) <= NAMED + 1:
        return listed(names)
    rest = len(names) - NAMED
    words = ngettext("%(names)s and %(count)d other", "%(names)s and %(count)d others", rest)
    return words % {"names": listed(names[:NAMED]), "count": rest}


def _directives(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """How many directives agreed with a person who died."""
    count = len(facts.get("directives", ()))
    return ngettext("%(count)d found", "%(count)d found", count) % {"count": count} if count else _("nothing found")


def _files(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    count = len(facts.get("files", ()))
    return ngettext("%(count)d file", "%(count)d files", count) % {"count": count} if count else ""


def _value(name: str) -> Fact:
    return lambda facts, values: str(values.get(name, ""))


FIELDS = {
    "name": gettext_lazy("name"),
    "capacity": gettext_lazy("capacity"),
    "language": gettext_lazy("language"),
    "channel": gettext_lazy("channel"),
    "country": gettext_lazy("country"),
    "subject_name": gettext_lazy("name of the data subject"),
}


def _fields(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """What was corrected, old → new where the values still stand."""
    both = {**values, **facts}
    return listed(_field(name, both) for name in facts.get("fields", []))


def _field(name: str, both: Mapping[str, Any]) -> str:
    kind = name.rpartition("_")[0]  # "email_17", "email_added"
    label = FIELDS.get(name) or (AddressKind(kind).label if kind in AddressKind.values else name)
    vocabulary = {"capacity": Capacity, "channel": Channel}.get(name)
    old, new = (
        str(vocabulary(code).label) if vocabulary and code in vocabulary.values else str(code)
        for code in (both.get(f"{name}_before", ""), both.get(f"{name}_after", ""))
    )
    shown = " → ".join(part for part in (old, new or ("–" if old else "")) if part)
    return _("%(field)s: %(values)s") % {"field": label, "values": shown} if shown else str(label)


def _reclassified(facts: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    return f"{_right({'right': facts.get('before')}, {})} → {_right(facts, {})}"


def _fact(name: str) -> Fact:
    return lambda facts, values: str(facts.get(name) or "")


def _day(name: str) -> Fact:
    return lambda facts, values: _date(facts[name]) if facts.get(name) else ""


BASES = {
    "address_on_file": gettext_lazy("the confirmed address is on file"),
    "authenticated": gettext_lazy("request from an account they were signed in to"),
    "on_file": gettext_lazy("the confirmed address is on file"),
    "call_back": gettext_lazy("called back on the number on file"),
    "knowledge": gettext_lazy("answered a question on data already held"),
    "viewed": gettext_lazy("identity document viewed, no copy kept"),
    "mandate": gettext_lazy("authority to act shown: mandate, profession of lawyer, judgment"),
    "parental": gettext_lazy("parental authority or guardianship shown"),
    "heirship": gettext_lazy("heir, executor or designated person: shown"),
}


def basis_words(basis: Mapping[str, Any]) -> str:
    """How identity was established, in words: the rung, and where the proof is (law.md §4.1)."""
    code = str(basis.get("code", ""))
    where = str(basis.get("source") or basis.get("where") or "")
    words = str(BASES.get(code, code))
    return _("%(basis)s: %(where)s") % {"basis": words, "where": where} if where else words


_REASONS = {
    "identity_not_established": gettext_lazy("identity is not established"),
    "package_missing": gettext_lazy("the data package is not built"),
    "letter_missing": gettext_lazy("the letter is not written"),
    "not_decided": gettext_lazy("a right is not decided"),
    "nothing_decided": gettext_lazy("nothing is decided"),
}

_FACTS: dict[str, Fact] = {
    "reasons": _reasons,
    "right": _right,
    "signs": _signs,
    "due": _due,
    "channel": _label("channel", Channel),
    "kind_of_address": _label("kind", AddressKind),
    "document": _label("kind", DeliverableKind, FileKind),
    "delivery": _label("delivery", Delivery),
    "outcome": _label("outcome", Outcome),
    "task": _label("task", TaskKind),
    "state": _label("state", ItemState),
    "subject": _subject,
    "item": _item,
    "move": _move,
    "result": _result,
    "source": _source,
    "basis": _basis,
    "check": _check,
    "question": _label("question", SuspensionReason),
    "because": _label("because", ExtensionReason),
    "asked_at": _instant("asked_at"),
    "answered_at": _instant("answered_at"),
    "sent_at": _instant("sent_at"),
    "received_at": _instant("received_at"),
    "ground_of_restriction": _label("restriction_ground", RestrictionGround),
    "review_on": _on("review_on", gettext_lazy("look again on %(day)s")),
    "on": _on("on", gettext_lazy("on %(day)s")),
    "notified_on": _on("notified_on", gettext_lazy("on %(day)s")),
    "recipients": _recipients,
    "notice": _label("notice_state", NoticeState),
    "human_outcome": _label("human_outcome", HumanOutcome),
    "kind_of_directive": _label("directive_kind", DirectiveKind),
    "directives": _directives,
    "entitled_as": _label("entitled_as", EntitledAs),
    "proof": _label("proof", EntitlementProof),
    "files": _files,
    "fields": _fields,
    "reclassified": _reclassified,
    "to": _fact("name"),
    "from": _fact("organisation"),
    "reference": _fact("reference"),
    "hand_over": _label("because", HandOver),
    "received_there_on": _day("received_there_on"),
    "answered_on": _day("answered_on"),
    "lodged_on": _day("lodged_on"),
    "ended_on": _day("ended_on"),
    "notify_by": _instant("notify_by"),
    "told_at": _instant("told_at"),
    "risk": _label("risk", BreachRisk),
    "address": _value("address"),
    "where": _value("where"),
}
_PARTS: dict[str, tuple[str, ...]] = {
    "case.opened": ("channel", "right", "signs"),
    "case.vouched": ("signs",),
    "case.assigned": (),
    "case_right.added": ("right", "due"),
    "case_right.moved": ("right", "move"),
    "clock.computed": ("right", "due"),
    "case.suspended": ("question", "right"),
    "suspension.begun": ("question", "right", "asked_at"),
    "suspension.answered": ("question", "right", "answered_at"),
    "suspension.continued": ("question", "right"),
    "suspension.ended": ("question", "right"),
    "extension.submitted": ("right", "because"),
    "extension.approved": ("right",),
    "extension.sent_back": ("right",),
    "extension.single_handed": ("right",),
    "extension.left": ("right", "sent_at"),
    "extension.announced": ("right", "sent_at"),
    "receipt.corrected": ("right", "received_at"),
    "restriction.begun": ("right", "ground_of_restriction", "review_on"),
    "restriction.prolonged": ("right", "review_on"),
    "restriction.lifted": ("right",),
    "lifting.announced": ("right",),
    "lifting.left": ("right", "sent_at"),
    "recipient_notices.planned": ("right", "recipients"),
    "recipient_notice.set": ("right", "recipients", "notice", "notified_on"),
    "recipients.told": ("recipients",),
    "safeguards.sent": ("files",),
    "statement.added": ("right", "received_at"),
    "statement.attached": ("where", "on"),
    "human_review.recorded": ("human_outcome", "on"),
    "directive.registered": ("kind_of_directive",),
    "directive.replaced": ("kind_of_directive",),
    "directive.revoked": (),
    "directive.carried_out": (),
    "directives.looked_for": ("directives",),
    "entitlement.recorded": ("entitled_as", "proof"),
    "intake.corrected": ("fields",),
    "case_right.reclassified": ("reclassified",),
    "case.forwarded": ("to", "right", "files"),
    "forwarding.received": ("to", "received_there_on"),
    "forwarding.answered": ("to", "answered_on"),
    "forwarding.chased": ("to",),
    "forwarding.stopped": ("to",),
    "case.transferred": ("to", "reference", "right", "hand_over", "files"),
    "case.taken_over": ("from", "reference", "right", "hand_over"),
    "case.merged": ("reference", "right"),
    "case.joined": ("reference", "right"),
    "complaint.recorded": ("lodged_on",),
    "complaint.ended": ("ended_on",),
    "breach.reported": ("notify_by",),
    "breach.assessed": ("risk",),
    "breach.authority_told": ("told_at",),
    "breach.persons_told": ("told_at",),
    "identity.withdrawn": ("basis",),
    "address.confirmed": ("kind_of_address", "address"),
    "address.added": ("kind_of_address", "address"),
    "address.ended": ("kind_of_address", "address"),
    "address.found_on_file": ("kind_of_address", "source"),
    "identity.established": ("basis",),
    "identity.checked": ("check", "where"),
    "task.added": ("task", "subject", "right"),
    "task.taken": ("task", "subject", "right"),
    "task.finished": ("task", "subject", "result"),
    "task.reopened": ("task", "subject", "right"),
    "checklist.set": ("item", "state"),
    "decision.submitted": ("right", "outcome"),
    "decision.approved": ("right", "outcome"),
    "decision.sent_back": ("right", "outcome"),
    "decision.single_handed": ("right", "outcome"),
    "deliverable.registered": ("document", "right"),
    "release.refused": ("right", "reasons"),
    "deliverable.downloaded": ("document",),
    "file.opened": ("document",),
    "right.answered": ("right", "delivery"),
    "right.withdrawn": ("right",),
    "right.reopened": ("right",),
    "message.received": ("channel",),
    "message.sent": ("channel",),
    "collection.finished": ("source", "result"),
    "collection.doubted": ("source",),
    "collection.failed": ("source",),
}

"""What a mail to staff says of each reminder, in the active language; never the name of a data subject."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dsar.core.templatetags.dsar_format import day
from requests_app.clock_words import due_words
from requests_app.correspondence import absolute
from requests_app.models import Reminder
from requests_app.reminder_rules import URGENCY
from requests_app.vocabulary import ReminderKind

# What is missed once its date has passed; the prudent date warns and is never late.
LATE = (ReminderKind.DUE, ReminderKind.REFUSAL_NOTICE, ReminderKind.TARGET)


@dataclass(frozen=True)
class LineWords:
    """One line of the mail: which case, which right, what about it."""

    reference: str
    right: str | Promise
    what: str
    url: str
    is_late: bool
    is_escalation: bool


@dataclass(frozen=True)
class Part:
    """The lines of one organisation, the most urgent first."""

    name: str
    lines: list[LineWords]


def digest_parts(lines: Sequence[Reminder], today: date) -> list[Part]:
    """The lines by organisation, as seen on the reader's local day. `case_right__case__organisation` must be loaded."""
    parts: dict[str, list[LineWords]] = defaultdict(list)
    for line in _by_urgency(lines):
        case_right = line.case_right
        parts[case_right.case.organisation.name].append(
            LineWords(
                reference=case_right.case.reference,
                right=case_right.definition.verb,
                what=reminder_words(line, today),
                url=absolute("case-detail", case_right.case.reference),
                is_late=line.target_on < today and line.kind in LATE,
                is_escalation=line.is_escalation,
            )
        )
    return [Part(name, parts[name]) for name in sorted(parts)]


def digest_subject(lines: Sequence[Reminder], today: date) -> str:
    """"Due tomorrow: DSR-…, and 2 more" where something is urgent, else how many dates there are to watch."""
    first = _by_urgency(lines)[0]
    if not first.is_urgent:
        told = ngettext("%(count)s date to watch", "%(count)s dates to watch", len(lines))
        return told % {"count": len(lines)}
    named = {"what": _alert(first, today), "reference": first.case_right.case.reference, "others": len(lines) - 1}
    if len(lines) == 1:
        return _("%(what)s: %(reference)s") % named
    told = ngettext(
        "%(what)s: %(reference)s, and %(others)s more", "%(what)s: %(reference)s, and %(others)s more", len(lines) - 1
    )
    return told % named


def reminder_words(line: Reminder, today: date) -> str:
    """What is reached, with its date, in one sentence without a full stop."""
    match ReminderKind(line.kind):
        case ReminderKind.DUE:
            return due_words(line.target_on, "running", today, "due").line
        case ReminderKind.TARGET:
            return due_words(line.target_on, "running", today, "target").line
        case ReminderKind.PRUDENT:
            return due_words(line.target_on, "running", today, "prudent").line
        case kind:
            return _sentence(kind, line, today) % {"day": day(line.target_on, today)}


def _sentence(kind: ReminderKind, line: Reminder, today: date) -> str:
    is_past = line.target_on < today
    open_days = (today - line.target_on).days
    match kind:
        case ReminderKind.EXTENSION_NOTICE if is_past:
            return _("The prudent date for announcing an extension passed on %(day)s: announce it today or answer")
        case ReminderKind.EXTENSION_NOTICE:
            return _("Last days to announce an extension: until %(day)s. The answer itself is due then, too")
        case ReminderKind.REFUSAL_NOTICE if is_past:
            return _("The refusal had to be told by %(day)s (GDPR art. 12(4))")
        case ReminderKind.REFUSAL_NOTICE:
            return _("The refusal must be told by %(day)s (GDPR art. 12(4))")
        case ReminderKind.SUSPENSION if line.threshold <= -60:
            told = ngettext(
                "Our question has had no answer for %(days)s day: close it with a letter of reasons and remedies"
                " (GDPR art. 12(4))",
                "Our question has had no answer for %(days)s days: close it with a letter of reasons and remedies"
                " (GDPR art. 12(4))",
                open_days,
            )
            return told % {"days": open_days}
        case ReminderKind.SUSPENSION:
            told = ngettext(
                "Our question has had no answer for %(days)s day",
                "Our question has had no answer for %(days)s days",
                open_days,
            )
            return told % {"days": open_days}
        case ReminderKind.ACKNOWLEDGEMENT:
            return _("Received %(day)s: the acknowledgement has not been sent")
        case ReminderKind.UNASSIGNED:
            return _("Received %(day)s: nobody handles it")
        case ReminderKind.UNREAD:
            return _("The person wrote on %(day)s: nobody has read it")
        case ReminderKind.REVIEW if is_past:
            return _("The review is not done; the prudent date passed on %(day)s")
        case _unnamed:
            return _("The review is not done; the prudent date is %(day)s")


def _alert(line: Reminder, today: date) -> str:
    """The first words of the subject: the date is tomorrow, today or past."""
    left = (line.target_on - today).days
    match ReminderKind(line.kind):
        case ReminderKind.DUE:
            return _("Overdue") if left < 0 else _("Due today") if left == 0 else _("Due tomorrow")
        case ReminderKind.TARGET:
            return _("Our own target is missed") if left < 0 else _("Our own target is today")
        case ReminderKind.PRUDENT:
            passed = _("Prudent date passed") if left < 0 else _("Prudent date today")
            return _("Prudent date tomorrow") if left > 0 else passed
        case ReminderKind.EXTENSION_NOTICE:
            return _("Last days to announce an extension")
        case ReminderKind.REFUSAL_NOTICE:
            return _("Refusal to be told")
        case _unnamed:
            return _("Review not done")


def _by_urgency(lines: Sequence[Reminder]) -> list[Reminder]:
    return sorted(
        lines, key=lambda line: (not line.is_urgent, URGENCY[ReminderKind(line.kind)], line.target_on, line.pk)
    )

"""What became of telling each recipient (GDPR art. 19), and telling the person who they are, when they ask."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import transaction
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from dsar.core.templatetags.dsar_format import day_full
from dsar.core.texts import listed, localised
from requests_app.case_journal import case_journal
from requests_app.deadlines import local_date
from requests_app.models import Case, CaseRight, ChecklistItem, Message, RecipientNotice
from requests_app.services.cases import case_touch_open
from requests_app.services.messages import message_send
from requests_app.services.recipients import CHECKLIST_ITEMS, recipient_lines_add, recipients_waiting, tells_recipients
from requests_app.services.work import CHECKLIST_CLOSED, checklist_item_set, checklist_items_done
from requests_app.vocabulary import ItemState, NoticeState

TOLD = (NoticeState.NOTIFIED, NoticeState.ACKNOWLEDGED)
NOT_TOLD = (NoticeState.IMPOSSIBLE, NoticeState.DISPROPORTIONATE)


@transaction.atomic
def recipient_notices_plan(*, case_right: CaseRight, actor: Actor, version: int | None = None) -> int:
    """Add lines for recipients that came into the record after the work began; returns how many.

    Raises DomainError `no_notices_here` for a right that art. 19 does not name, or `case_closed`.
    """
    case = case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    if not tells_recipients(case_right):
        raise DomainError("no_notices_here", _("The law asks to tell no recipient of this right (article 19)."))
    added = recipient_lines_add(case_right=case_right)
    _item_follow(case_right)
    return added


@transaction.atomic
def recipient_notice_set(
    *,
    case_right: CaseRight,
    notices: Sequence[RecipientNotice],
    state: str,
    notified_on: date | None = None,
    means: str = "",
    why: str = "",
    actor: Actor,
    version: int | None = None,
) -> None:
    """Say of one recipient, or of several at once, what became of telling them.

    Told or confirmed: on which local date and by what means. Impossible or disproportionate: why. Once every line is
    settled the machine marks the checklist item done; a line that is open again opens it again. Raises DomainError
    `notices_missing`, `notified_on_missing`, `notified_on_impossible`, `means_missing`, `why_missing` or `case_closed`.
    """
    case = case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    if not notices:
        raise DomainError("notices_missing", _("Tick at least one recipient."))
    means, why = means.strip(), why.strip()
    if state in TOLD:
        _told_check(case_right, notified_on, means)
    if state in NOT_TOLD and not why:
        raise DomainError("why_missing", _("Write why: the burden of proof is ours (article 19)."))
    told_on = notified_on if state in TOLD else None
    RecipientNotice.objects.filter(case_right=case_right, pk__in=[notice.pk for notice in notices]).update(
        state=NoticeState(state),
        notified_on=told_on,
        means=means if state in TOLD else "",
        why=why if state in NOT_TOLD else "",
        set_by=member,
        set_at=datetime.now(UTC),
    )
    _set_journal(case_right, notices, state, told_on, means if state in TOLD else why, actor)
    _item_follow(case_right)


def _told_check(case_right: CaseRight, notified_on: date | None, means: str) -> None:
    if notified_on is None:
        raise DomainError("notified_on_missing", _("Give the day on which they were told."))
    zone = case_right.case.organisation.time_zone
    first = local_date(case_right.received_at, zone)
    if not first <= notified_on <= local_date(datetime.now(UTC), zone):
        words = _("Give a day from %(first)s to today.") % {"first": day_full(first)}
        raise DomainError("notified_on_impossible", words)
    if not means:
        raise DomainError("means_missing", _("Say by what means they were told."))


def _set_journal(
    case_right: CaseRight,
    notices: Sequence[RecipientNotice],
    state: str,
    told_on: date | None,
    words: str,
    actor: Actor,
) -> None:
    case = case_right.case
    case_journal(
        case=case,
        kind="recipient_notice.set",
        actor=actor,
        facts={
            "right": case_right.right,
            "recipients": [notice.name for notice in notices],
            "notice_state": str(state),
            "notified_on": told_on.isoformat() if told_on else "",
        },
        values={"note": words} if words else {},
    )


def _item_follow(case_right: CaseRight) -> None:
    """The checklist item says what the lines say, as long as the right is not decided."""
    code = CHECKLIST_ITEMS.get(case_right.right)
    item = ChecklistItem.objects.filter(case_right=case_right, code=code).first()
    case_right.refresh_from_db(fields=["stage"])
    if item is None or case_right.stage in CHECKLIST_CLOSED:
        return
    states = list(case_right.recipient_notices.values_list("state", flat=True))
    if states and not recipients_waiting(case_right):
        with language_override(case_right.case.organisation.language):
            checklist_items_done(case_right=case_right, notes={item.code: _states_words(states)})
    elif item.state == ItemState.DONE:
        item.case_right = case_right
        checklist_item_set(item=item, state=ItemState.OPEN, actor=Actor.SYSTEM)


def _states_words(states: Sequence[str]) -> str:
    """How many recipients were told, and what became of the others."""
    counted = ngettext("%(count)d recipient", "%(count)d recipients", len(states)) % {"count": len(states)}
    kinds = listed(f"{NoticeState(state).label} {count}" for state, count in sorted(Counter(states).items()))
    return gettext("%(recipients)s: %(kinds)s") % {"recipients": counted, "kinds": kinds}


@transaction.atomic
def recipients_tell(*, case: Case, actor: Actor, version: int | None = None) -> Message:
    """Tell the person which recipients were told, and how, because they asked (GDPR art. 19, last sentence).

    By name where names are known. It is a message on the tracking page. Raises DomainError `no_recipients`.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    lines = list(
        RecipientNotice.objects.filter(case_right__case=case).select_related("recipient", "case_right").order_by("pk")
    )
    if not lines:
        raise DomainError("no_recipients", _("This case has no recipient to name."))
    with language_override(case.language):
        body = _recipients_words(lines)
    message = message_send(case=case, body=body, actor=actor, version=version)
    case_journal(
        case=case,
        kind="recipients.told",
        actor=actor,
        facts={
            "rights": sorted({line.case_right.right for line in lines}),
            "recipients": sorted({line.name for line in lines if line.state in TOLD}),
        },
    )
    return message


def _recipients_words(lines: Sequence[RecipientNotice]) -> str:
    """The lines of each right, in the active language."""
    rights: dict[str, list[str]] = {}
    for line in lines:
        rights.setdefault(str(line.case_right.definition.verb), []).append(f"– {_line_words(line)}")
    parts = [gettext("You asked whom we told about what we did with your data. These are the recipients:")]
    parts += ["\n".join([gettext("%(request)s:") % {"request": verb}, *told]) for verb, told in rights.items()]
    return "\n\n".join(parts)


def _line_words(line: RecipientNotice) -> str:
    known = line.recipient
    name = localised(known.category) if known is not None and not known.name else line.name
    if line.state in TOLD and line.notified_on is not None:
        told = gettext("%(name)s, told on %(day)s (%(means)s)")
        return told % {"name": name, "day": day_full(line.notified_on), "means": line.means}
    words = {
        NoticeState.TO_NOTIFY: gettext("%(name)s, not told yet"),
        NoticeState.IMPOSSIBLE: gettext("%(name)s, whom it is impossible to tell"),
        NoticeState.DISPROPORTIONATE: gettext("%(name)s, not told because that takes a disproportionate effort"),
    }
    return words[NoticeState(line.state)] % {"name": name}

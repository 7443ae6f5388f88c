"""The ledger of the reminders: who is to be told which threshold of which date, and what has overtaken what.

Whoever writes it takes a turn, so that a mail is made of all that is due and never of half of it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from django.db import connection, transaction

from requests_app.models import CaseRight, Digest, Reminder
from requests_app.reminder_rules import RULES, URGENCY, Target, following_on, is_urgent
from requests_app.services.watching import Roster, Watch, rosters_of, watches
from requests_app.vocabulary import DigestState, Overtaken, ReminderKind

logger = logging.getLogger(__name__)

_TURN = 0x72656D696E64  # any number that nothing else in this database locks


def turn_take() -> None:
    """Wait until no other transaction writes the ledger; ends with ours. Writers of SQLite take turns anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


@transaction.atomic
def ledger_write(rights: Sequence[int], now: datetime) -> None:
    """Write what is reached and not yet in the ledger of these rights, and overtake what no longer holds.

    A right that somebody is changing at this moment is left to the next sweep. `now` is an aware instant.
    """
    turn_take()
    locked = (
        CaseRight.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .filter(pk__in=rights).select_related("case__organisation").order_by("pk")
    )  # fmt: skip
    watched = watches(list(locked), now)
    lines = list(Reminder.objects.filter(case_right__in=watched).select_related("digest"))
    changed = _gone_overtake(lines, watched)
    changed += _returned(lines, watched)
    written = {_key(line) for line in lines}
    new = [line for watch in watched.values() for line in _lines(watch, now) if _key(line) not in written]
    changed += [line for line in _overtake_by_urgency([*lines, *new]) if line.pk]
    # First those that are told, so that the others can name what has overtaken them.
    Reminder.objects.bulk_create(line for line in new if not line.superseded_because)
    Reminder.objects.bulk_create(line for line in new if line.superseded_because)
    _update(changed)
    _following_write(watched.values())


def lines_escalate(digest: Digest, now: datetime) -> bool:
    """Have whoever answers for the organisation told of the lines of a mail that its reader will never get.

    Must run in the transaction that gives the mail up, after `turn_take`. The next sweep makes their mails. False
    where nobody is left to hear of some line.
    """
    lost = list(digest.reminders.filter(superseded_because="").select_related("case_right__case__organisation"))
    rosters = rosters_of({line.case_right.case.organisation for line in lost})
    heard = [list(_escalations(line, rosters[line.case_right.case.organisation_id], now)) for line in lost]
    of_rights = Reminder.objects.filter(case_right__in=[line.case_right_id for line in lost])
    written = {_key(line): line for line in of_rights.select_related("digest")}
    new, returned = [], []
    for line in (line for lines in heard for line in lines):
        known = written.get(_key(line))
        if known is None:
            new.append(line)
        elif _is_overtaken(known):
            _wait_again(known, is_urgent=line.is_urgent, is_escalation=True)
            returned.append(known)
    Reminder.objects.bulk_create(new)
    _update(returned)
    unheard = {key for key, line in written.items() if line.digest and line.digest.state == DigestState.FAILED}
    return all(any(_key(line) not in unheard for line in lines) for lines in heard)


def lines_overtake(lines: Iterable[Reminder], watched: Mapping[int, Watch]) -> list[Reminder]:
    """Mark, without saving, the lines that are not to be told any more; returns them."""
    overtaken = []
    for line in lines:
        why = _overtaken(line, watched[line.case_right_id])
        if why is not None:
            line.superseded_because = why
            overtaken.append(line)
    return overtaken


def lines_revive(overtaken: Iterable[Reminder]) -> None:
    """What was not told for the sake of lines that are not told either waits again; the next sweep weighs it anew."""
    held_back = Reminder.objects.filter(superseded_by__in=list(overtaken))
    held_back.update(digest=None, superseded_by=None, superseded_because="")


def _overtaken(line: Reminder, watch: Watch) -> Overtaken | None:
    """Why a line is not to be told any more; an escalation is while its reader answers for the organisation."""
    why = watch.overtaken(ReminderKind(line.kind), line.threshold, line.target_on, line.user_id)
    is_answerable = line.is_escalation and line.user_id in watch.roster.answerable
    return None if why == Overtaken.HANDED_ON and is_answerable else why


def _gone_overtake(lines: Sequence[Reminder], watched: Mapping[int, Watch]) -> list[Reminder]:
    """Mark the unsent lines that no longer hold, and revive what was held back for their sake; returns all of them."""
    changed: list[Reminder] = []
    gone = lines_overtake(_unsent(lines), watched)
    while gone:
        ids = {line.pk for line in gone}
        revived = [line for line in lines if line.superseded_by_id in ids]
        for line in revived:
            line.digest, line.superseded_by, line.superseded_because = None, None, ""
        changed += [*gone, *revived]
        gone = lines_overtake(revived, watched)
    return changed


def _returned(lines: Iterable[Reminder], watched: Mapping[int, Watch]) -> list[Reminder]:
    """Have the lines wait again that were overtaken, thus never told, and hold again; returns them."""
    returned = []
    for line in filter(_is_overtaken, lines):
        watch, kind = watched[line.case_right_id], ReminderKind(line.kind)
        if _overtaken(line, watch) is None:
            _wait_again(
                line,
                is_urgent=is_urgent(Target(kind, line.target_on), watch.watched.today),
                is_escalation=watch.told(kind, line.threshold).get(line.user_id, True),
            )
            returned.append(line)
    return returned


def _is_overtaken(line: Reminder) -> bool:
    """Whether a line did not hold any more; one held back for a more urgent line waits until that one goes."""
    return line.superseded_because not in ("", Overtaken.MORE_URGENT)


def _wait_again(line: Reminder, *, is_urgent: bool, is_escalation: bool) -> None:
    """Not saved. It goes with its mail where nobody is sending that yet, else with the next one."""
    line.superseded_because, line.is_urgent, line.is_escalation = "", is_urgent, is_escalation
    line.digest = line.digest if _is_unsent(line) else None


def _update(lines: Iterable[Reminder]) -> None:
    """Save what becomes of lines."""
    fields = ["digest", "is_urgent", "is_escalation", "superseded_by", "superseded_because"]
    Reminder.objects.bulk_update(set(lines), fields, batch_size=500)


def _lines(watch: Watch, now: datetime) -> Iterator[Reminder]:
    for target, threshold in watch.lines:
        for user_id, is_escalation in watch.told(target.kind, threshold).items():
            yield Reminder(
                case_right=watch.case_right,
                kind=target.kind,
                threshold=threshold,
                target_on=target.on,
                user_id=user_id,
                is_urgent=is_urgent(target, watch.watched.today),
                is_escalation=is_escalation,
                created_at=now,
            )


def _escalations(line: Reminder, roster: Roster, now: datetime) -> Iterator[Reminder]:
    """The same line for everybody else who answers for the organisation."""
    for user_id in roster.answerable - {line.user_id}:
        yield Reminder(
            case_right=line.case_right,
            kind=line.kind,
            threshold=line.threshold,
            target_on=line.target_on,
            user_id=user_id,
            is_urgent=line.is_urgent,
            is_escalation=True,
            created_at=now,
        )


def _key(line: Reminder) -> tuple[int, str, int, date, int]:
    return line.case_right_id, str(line.kind), line.threshold, line.target_on, line.user_id


def _unsent(lines: Iterable[Reminder]) -> Iterator[Reminder]:
    """Lines that can still be kept from being told: no mail carries them, or one that nobody is sending yet."""
    return (line for line in lines if _is_unsent(line) and not line.superseded_because)


def _is_unsent(line: Reminder) -> bool:
    return line.digest is None or line.digest.state == DigestState.WAITING


def _overtake_by_urgency(lines: Iterable[Reminder]) -> list[Reminder]:
    """Of the unsent lines about one right that compete for one reader, mark all but the most urgent; returns them."""
    rivals = defaultdict(list)
    for line in _unsent(lines):
        kind = ReminderKind(line.kind)
        group = () if RULES[kind].competes else (kind, line.target_on)
        rivals[(line.case_right_id, line.user_id, group)].append(line)
    overtaken = []
    for group_lines in rivals.values():
        first, *others = sorted(group_lines, key=lambda line: (URGENCY[ReminderKind(line.kind)], line.threshold))
        for line in others:
            line.superseded_by, line.superseded_because = first, Overtaken.MORE_URGENT
        overtaken += others
    return overtaken


def _following_write(watched: Iterable[Watch]) -> None:
    """When the sweep looks at each right again; while there is nobody to tell, each time."""
    changed, lonely = [], set()
    for watch in watched:
        case_right = watch.case_right
        is_heard = all(watch.told(target.kind, threshold) for target, threshold in watch.lines)
        if not is_heard:
            lonely.add(case_right.case.organisation.slug)
        following = following_on(watch.watched) if is_heard else watch.watched.today
        if following != case_right.remind_on:
            case_right.remind_on = following
            changed.append(case_right)
    CaseRight.objects.bulk_update(changed, ["remind_on"], batch_size=500)
    if lonely:
        logger.warning("Reminders reach nobody in: %s", ", ".join(sorted(lonely)))

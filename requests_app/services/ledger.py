"""The ledger of the reminders: who is to be told which threshold of which date, and what has overtaken what.

Whoever writes it takes a turn, so that a mail is made of all that is due and never of half of it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from django.db import connection, transaction

from requests_app.models import CaseRight, Reminder
from requests_app.reminder_rules import RULES, URGENCY, following_on, is_urgent
from requests_app.services.watching import Watch, watches
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
    written = {_key(line) for line in lines}
    new = [line for watch in watched.values() for line in _lines(watch, now) if _key(line) not in written]
    changed += [line for line in _overtake_by_urgency([*lines, *new]) if line.pk]
    # First those that are told, so that the others can name what has overtaken them.
    Reminder.objects.bulk_create(line for line in new if not line.superseded_because)
    Reminder.objects.bulk_create(line for line in new if line.superseded_because)
    Reminder.objects.bulk_update(set(changed), ["digest", "superseded_by", "superseded_because"], batch_size=500)
    _following_write(watched.values())


def lines_overtake(lines: Iterable[Reminder], watched: Mapping[int, Watch]) -> list[Reminder]:
    """Mark, without saving, the lines that are not to be told any more; returns them."""
    overtaken = []
    for line in lines:
        why = watched[line.case_right_id].overtaken(
            ReminderKind(line.kind), line.threshold, line.target_on, line.user_id
        )
        if why is not None:
            line.superseded_because = why
            overtaken.append(line)
    return overtaken


def lines_revive(overtaken: Iterable[Reminder]) -> None:
    """What was not told for the sake of lines that are not told either waits again; the next sweep weighs it anew."""
    held_back = Reminder.objects.filter(superseded_by__in=list(overtaken))
    held_back.update(digest=None, superseded_by=None, superseded_because="")


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


def _key(line: Reminder) -> tuple[int, str, int, date, int]:
    return line.case_right_id, str(line.kind), line.threshold, line.target_on, line.user_id


def _unsent(lines: Iterable[Reminder]) -> Iterator[Reminder]:
    """Lines that can still be kept from being told: no mail carries them, or one that nobody is sending yet."""
    for line in lines:
        is_unsent = line.digest is None or line.digest.state == DigestState.WAITING
        if is_unsent and not line.superseded_because:
            yield line


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

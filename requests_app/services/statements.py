"""The person's own statement, put beside data that we did not correct (GDPR art. 16, last sentence)."""

from datetime import UTC, date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.correspondence import body_checked
from requests_app.deadlines import local_date
from requests_app.models import CaseRight, CaseTask, Statement
from requests_app.services.cases import case_touch_open
from requests_app.services.work import case_task_add, case_task_finish
from requests_app.vocabulary import TaskKind


@transaction.atomic
def statement_add(
    *, case_right: CaseRight, text: str, received_at: datetime, actor: Actor, version: int | None = None
) -> Statement:
    """Note what the person states about their data, and have somebody put it beside them.

    `received_at` is an aware instant. Raises DomainError `statement_not_here` for any right but rectification,
    `message_empty`, `message_too_long`, `received_in_future`, `received_before_request` or `case_closed`.
    """
    case = case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    if case_right.right != "rectification":
        raise DomainError("statement_not_here", _("A statement belongs to a rectification (article 16)."))
    text = body_checked(text)
    if received_at > datetime.now(UTC):
        raise DomainError("received_in_future", _("A statement cannot have arrived in the future."))
    if received_at < case_right.received_at:
        raise DomainError("received_before_request", _("A statement cannot have arrived before the request."))
    statement = Statement.objects.create(case_right=case_right, text=text, received_at=received_at, set_by=member)
    case_task_add(
        case_right=case_right, kind=TaskKind.ATTACH_STATEMENT, subject_key=_subject_key(statement), blocking=False
    )
    _journal(statement, "statement.added", actor, {"body": text}, received_at=received_at.astimezone(UTC).isoformat())
    return statement


@transaction.atomic
def statement_attach(
    *, statement: Statement, where: str, on: date, actor: Actor, version: int | None = None
) -> None:
    """The statement stands beside the data: where, and since which local date. Once.

    Raises DomainError `statement_attached`, `where_missing`, `on_impossible` or `case_closed`.
    """
    case_right = statement.case_right
    case = case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    if not where.strip():
        raise DomainError("where_missing", _("Say where the statement stands now, so that anybody finds it."))
    zone = case.organisation.time_zone
    if not local_date(statement.received_at, zone) <= on <= local_date(datetime.now(UTC), zone):
        raise DomainError("on_impossible", _("Give a day from the arrival of the statement to today."))
    attached = Statement.objects.filter(pk=statement.pk, attached_on=None)
    if not attached.update(attached_on=on, attached_where=where.strip(), set_by=member):
        raise DomainError("statement_attached", _("This statement is attached already."))
    statement.refresh_from_db(fields=["attached_on", "attached_where", "set_by"])
    task = CaseTask.objects.filter(
        case_right=case_right, kind=TaskKind.ATTACH_STATEMENT, subject_key=_subject_key(statement)
    ).first()
    if task is not None:
        case_task_finish(task=task, actor=actor, note=where.strip())
    _journal(statement, "statement.attached", actor, {"where": where.strip()}, on=on.isoformat())


def _subject_key(statement: Statement) -> str:
    return f"statement:{statement.pk}"


def _journal(statement: Statement, kind: str, actor: Actor, values: dict[str, str], **facts: str) -> None:
    case = statement.case_right.case
    case_journal(
        case=case,
        kind=kind,
        actor=actor,
        facts={"right": statement.case_right.right, "statement": statement.pk, **facts},
        values=values,
    )

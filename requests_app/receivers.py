"""News becomes work for a worker: a task is queued, or a row marked; sweeps find it by state if the broker lost it."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from dsar.core.broker import task_queue
from dsar.core.models import User
from requests_app.models import CaseRight, Extension, Restriction, Suspension
from requests_app.models.cases import LOOK_NOW
from requests_app.signals import case_right_moved, outgoing_sent
from requests_app.vocabulary import Stage


@receiver(case_right_moved)
def letter_queue(case_right_id: int, target: Stage, **_kwargs: Any) -> None:
    """Ask a worker for the letter on everything that is decided in this case."""
    if target in (Stage.DECIDED, Stage.ANSWERED):
        case_id = CaseRight.objects.values_list("case_id", flat=True).get(pk=case_right_id)
        task_queue("requests_app.letter_prepare", case_id)


@receiver(outgoing_sent)
def notice_left_queue(outgoing_id: int, **_kwargs: Any) -> None:
    """Have the clocks know of a question or a notice that has just left, and a restriction of its letter."""
    if any(kind.objects.filter(mail=outgoing_id).exists() for kind in (Suspension, Extension, Restriction)):
        task_queue("requests_app.notice_left", outgoing_id)


@receiver(post_save, sender=User)
def handler_gone(instance: User, **_kwargs: Any) -> None:
    """A closed account is reminded of nothing: the next sweep tells the others what its cases have reached."""
    if not instance.is_active:
        CaseRight.objects.awaited().filter(case__assignee=instance).update(remind_on=LOOK_NOW)

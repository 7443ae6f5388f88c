"""A decided right wants its letter: queue the task; the sweep finds the same work by state if the broker lost it."""

from typing import Any

from django.dispatch import receiver

from dsar.core.broker import task_queue
from requests_app.models import CaseRight
from requests_app.signals import case_right_moved
from requests_app.vocabulary import Stage


@receiver(case_right_moved)
def letter_queue(case_right_id: int, target: Stage, **_kwargs: Any) -> None:
    """Ask a worker for the letter on everything that is decided in this case."""
    if target in (Stage.DECIDED, Stage.ANSWERED):
        case_id = CaseRight.objects.values_list("case_id", flat=True).get(pk=case_right_id)
        task_queue("requests_app.letter_prepare", case_id)

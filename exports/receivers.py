"""A right has moved: where its work begins and data must be collected, ask a worker for the plan."""

from typing import Any

from django.dispatch import receiver

from dsar.core.broker import task_queue
from requests_app.models import CaseRight
from requests_app.rights_table import RULES
from requests_app.signals import case_right_moved
from requests_app.vocabulary import Stage


@receiver(case_right_moved)
def collection_plan_queue(case_right_id: int, target: Stage, **_kwargs: Any) -> None:
    """The sweep finds the same work by its open task, should the broker be away."""
    if target == Stage.IN_PROGRESS:
        right = CaseRight.objects.values_list("right", flat=True).get(pk=case_right_id)
        if RULES[right].collects_data:
            task_queue("exports.collection_plan", case_right_id)

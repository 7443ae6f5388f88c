"""The closed vocabulary of roles, and the one table that says which acts each role includes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    HANDLER = "handler", _("Case handler")
    REVIEWER = "reviewer", _("Reviewer")
    DPO = "dpo", _("Data protection officer")
    CONTRIBUTOR = "contributor", _("Contributor")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Act(TextChoices):
    """What a role may do inside its organisation; views name one of these and nothing else."""

    CASE_READ = "case_read", _("read cases")
    CASE_WORK = "case_work", _("work on cases")
    CASE_REVIEW = "case_review", _("review decisions")
    TASK_WORK = "task_work", _("do assigned tasks")
    SOURCE_APPROVE = "source_approve", _("approve data sources")
    ORGANISATION_EDIT = "organisation_edit", _("change the organisation's settings")


ACTS: dict[Role, frozenset[Act]] = {
    Role.HANDLER: frozenset({Act.CASE_READ, Act.CASE_WORK, Act.TASK_WORK}),
    Role.REVIEWER: frozenset({Act.CASE_READ, Act.CASE_WORK, Act.CASE_REVIEW, Act.TASK_WORK, Act.SOURCE_APPROVE}),
    Role.DPO: frozenset({Act.CASE_READ, Act.CASE_WORK, Act.CASE_REVIEW, Act.TASK_WORK, Act.SOURCE_APPROVE}),
    Role.CONTRIBUTOR: frozenset({Act.TASK_WORK}),
    Role.AUDITOR: frozenset({Act.CASE_READ}),
    Role.ADMINISTRATOR: frozenset({Act.ORGANISATION_EDIT}),
}


def roles_with(act: Act) -> list[Role]:
    """The roles that include `act`."""
    return [role for role, acts in ACTS.items() if act in acts]

"""What happens on a case is written in the case's own chain of the journal."""

from collections.abc import Mapping
from typing import Any

from dsar.core.actors import Actor
from dsar.core.journal import journal_append
from dsar.core.models import AuditEvent
from requests_app.models import Case


def case_journal(
    *,
    case: Case,
    kind: str,
    actor: Actor,
    facts: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event at the end of the chain of `case`, in the caller's transaction; see `journal_append`.

    `facts`: codes, dates, references and counts, kept as long as the chain. `values`: personal values and free text,
    erased with the case; an empty one is left out.
    """
    said = {name: value for name, value in (values or {}).items() if value not in (None, "")}
    return journal_append(
        chain=case.chain, organisation=case.organisation, kind=kind, actor=actor, facts=facts, values=said
    )

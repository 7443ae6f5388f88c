"""Which team gets a piece of work: the first matching line of the organisation's routing table."""

from dsar.core.models import Organisation
from requests_app.models import RoutingRule


def route(organisation: Organisation, *, right: str, kind: str = "", subject_key: str = "") -> RoutingRule | None:
    """The first rule that matches, None where nobody wrote one; an empty field of a rule matches everything.

    For a whole case `kind` is empty, so that rules for one kind of task do not catch it.
    """
    rules = RoutingRule.objects.filter(organisation=organisation).select_related("team", "assignee")
    for rule in rules:
        if rule.right in ("", right) and rule.kind in ("", kind) and subject_key.startswith(rule.subject_prefix):
            return rule
    return None

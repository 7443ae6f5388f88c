"""What the API says of a request: to the person what is theirs to know, to a member of staff also what is prepared."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from dsar.core.models import AuditEvent
from requests_app.api.serializers import LONGEST_PAGE, PAGE
from requests_app.clock_words import explanation_words
from requests_app.correspondence import absolute
from requests_app.models import ApiToken, Case, CaseRight, Message
from requests_app.vocabulary import Direction, Stage

# The person learns of these when the answer is released: until then it may still change.
UNTOLD = (Stage.IN_REVIEW, Stage.DECIDED)


def request_shown(case: Case, *, is_staff: bool) -> dict[str, Any]:
    """The fields of `RequestOut`; reads the rights through the prefetch cache."""
    slug = case.organisation.slug
    return {
        "reference": case.reference,
        "organisation": slug,
        "channel": case.channel,
        "language": case.language,
        "status": case.status,
        "received_at": case.received_at,
        "closed_at": case.closed_at,
        "rights": [_right_shown(right, is_staff=is_staff) for right in case.rights.all()],
        "links": {
            "self": absolute("api-request", case.reference),
            "messages": absolute("api-messages", case.reference),
            "track": absolute("public-track", slug),
            "notice": absolute("public-notice", slug),
        },
    }


def _right_shown(right: CaseRight, *, is_staff: bool) -> dict[str, Any]:
    tells_all = is_staff or right.is_answered
    return {
        "right": right.right,
        "name": str(right.definition.name),
        "article": right.definition.article,
        "stage": Stage.IN_PROGRESS if right.stage in UNTOLD and not is_staff else right.stage,
        "outcome": (right.outcome or None) if tells_all else None,
        "received_at": right.received_at,
        "due_on": right.due_on,
        "prudent_due_on": right.prudent_due_on,
        "paused_days": right.paused_days,
        "answered_at": right.answered_at,
        "explanation": [
            {"text": step.text, "source": step.source} for step in explanation_words(right.clock_explanation)
        ],
    }


# ---- the list of a member of staff ----------------------------------------------------------------------------------


def requests_page(token: ApiToken, asked: dict[str, Any]) -> dict[str, Any]:
    """One page of what the token's member sees, nearest date first: three queries, however many rows.

    `asked` are the validated fields of `ListIn`.
    """
    limit = asked["limit"]
    cases = _filtered(Case.objects.visible_to(token.user).filter(organisation=token.organisation), asked)
    if cursor := asked.get("cursor"):
        # The first condition repeats what the second says, in the form that an index on (next_on, id) serves.
        cases = cases.filter(Q(next_on__gte=cursor[0]), Q(next_on__gt=cursor[0]) | Q(pk__gt=cursor[1]))
    rows = cases.select_related("organisation").defer("text", "search_text").prefetch_related("rights")
    found = list(rows.annotate(updated_at=_last_event("at")).order_by("next_on", "id")[: limit + 1])
    shown = found[:limit]
    following = None
    if len(found) > limit:
        cursor_text = f"{shown[-1].next_on.isoformat()}.{shown[-1].pk}"
        following = _next_address(token, asked, cursor_text)
    return {
        "results": [
            {
                **request_shown(case, is_staff=True),
                "next_on": case.next_on,
                "updated_at": case.updated_at,
            }
            for case in shown
        ],
        "next": following,
    }


def _filtered(cases: QuerySet[Case], asked: dict[str, Any]) -> QuerySet[Case]:
    of_right = {name: asked[name] for name in ("right", "stage") if name in asked}
    if of_right:
        cases = cases.filter(Exists(CaseRight.objects.filter(case=OuterRef("pk"), **of_right)))
    unanswered = Exists(CaseRight.objects.awaited().filter(case=OuterRef("pk")))
    match asked.get("status"):
        case None:
            cases = cases.filter(closed_at=None)
        case "open":
            cases = cases.filter(unanswered, closed_at=None)
        case "answered":
            cases = cases.filter(~unanswered, closed_at=None)
        case "closed":
            cases = cases.exclude(closed_at=None)
    if since := asked.get("received_since"):
        cases = cases.filter(received_at__gte=since)
    if since := asked.get("updated_since"):
        cases = cases.alias(last_at=_last_event("at")).filter(last_at__gte=since)
    return cases


def _last_event(field: str) -> Subquery:
    """A field of the last event in the case's chain: whatever happens on a case is journaled."""
    events = AuditEvent.objects.filter(
        chain__key=Concat(Value("case:"), OuterRef("reference")), seq=F("chain__seq")
    ).order_by()
    return Subquery(events.values(field)[:1])


def _next_address(token: ApiToken, asked: dict[str, Any], cursor: str) -> str:
    same = {name: value for name, value in asked.items() if (name, value) != ("limit", PAGE)} | {"cursor": cursor}
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in same.items()}
    return f"{absolute('api-requests', token.organisation.slug)}?{urlencode(told)}"


# ---- messages -------------------------------------------------------------------------------------------------------


def messages_told(case: Case) -> QuerySet[Message]:
    """What the person wrote and what staff wrote to them; no note, and no automatic mail: it may hold a code."""
    return Message.objects.filter(
        Q(direction=Direction.INBOUND) | Q(direction=Direction.OUTBOUND, author__isnull=False), case=case
    )


def messages_page(case: Case, after: int) -> dict[str, Any]:
    """A hundred messages behind the one with that id."""
    rows = messages_told(case).filter(pk__gt=after).annotate(files_count=Count("files")).order_by("pk")
    found = list(rows[: LONGEST_PAGE + 1])
    shown = found[:LONGEST_PAGE]
    more = len(found) > LONGEST_PAGE
    address = f"{absolute('api-messages', case.reference)}?after={shown[-1].pk}" if more else None
    return {"results": [message_shown(message, message.files_count) for message in shown], "next": address}


def message_shown(message: Message, files: int = 0) -> dict[str, Any]:
    """The fields of `MessageOut`."""
    return {
        "id": message.pk,
        "direction": message.direction,
        "channel": message.channel,
        "at": message.at,
        "subject": message.subject,
        "body": message.body,
        "files": files,
    }

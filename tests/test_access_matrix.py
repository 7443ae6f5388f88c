"""Every staff URL and every role: who gets the page, who is told why not, and who learns that nothing is there.

The list comes from the URL resolver: a URL without an entry below fails the suite, so that nobody adds a door unseen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dsar.core.files import file_store
from dsar.core.models import Organisation, User
from dsar.core.roles import Role
from exports.models import Collection, DataSource, SourceMap
from requests_app.models import (
    ApiToken,
    Case,
    CaseRight,
    CaseTask,
    Complaint,
    Directive,
    Forwarding,
    InboundMail,
    Statement,
    Suspension,
    WebhookEndpoint,
)
from requests_app.services import (
    api_token_add,
    breach_report,
    case_forward,
    case_suspend,
    case_task_add,
    complaint_record,
    webhook_add,
)
from requests_app.services.calendars import calendar_feed_add
from tests.factories import OrganisationFactory, TeamFactory, UserFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db

NOT_HERE, REFUSED = 404, 403
READERS = (Role.HANDLER, Role.REVIEWER, Role.DPO, Role.AUDITOR)
WORKERS = (Role.HANDLER, Role.REVIEWER, Role.DPO)
REVIEWERS = (Role.REVIEWER, Role.DPO)
SOURCE_READERS = (*REVIEWERS, Role.ADMINISTRATOR)
STRANGERS = ("elsewhere", "nowhere")  # a DPO of another organisation; an account without any role
EVERYBODY = (*Role, *STRANGERS)


@dataclass(frozen=True)
class Door:
    """One URL: its method, what stands in it, who passes, and what the others get.

    `reads`: the roles that see the thing itself; whoever does not gets `otherwise` (404 wherever the URL has an id).
    `allowed`: of those, the roles whose act it is; the others are told why not (403).
    """

    method: str
    kind: str  # what its id names: "", "case", "right", "item", "source", "data_source", "version", "task", "mail" …
    reads: tuple[str, ...]
    allowed: tuple[str, ...]
    otherwise: int = NOT_HERE

    def expected(self, who: str) -> int | None:
        """The status for that role; None where it passes, whatever the form then says."""
        if who not in self.reads:
            return self.otherwise
        return None if who in self.allowed else REFUSED


PAGE = Door("get", "case", READERS, READERS)
CASE_ACT = Door("post", "case", READERS, WORKERS)
RIGHT_ACT = Door("post", "right", READERS, WORKERS)
DIRECTIVE_ACT = Door("post", "directive", READERS, WORKERS)
QUESTION_ACT = Door("post", "question", READERS, WORKERS)
REVIEW = Door("post", "right", READERS, REVIEWERS)
TASK_READERS = (*READERS, Role.CONTRIBUTOR)
TASK_ACT = Door("post", "task", TASK_READERS, (*WORKERS, Role.CONTRIBUTOR))
MAIL_ACT = Door("post", "mail", READERS, WORKERS)
FORWARDING_ACT = Door("post", "forwarding", READERS, WORKERS)
BREACH_ACT = Door("post", "breach", READERS, REVIEWERS)
WEBHOOK_ACT = Door("post", "webhook", (Role.ADMINISTRATOR,), (Role.ADMINISTRATOR,))



def a_list(*roles: str) -> Door:
    """A page that names nothing: a member of another organisation sees their own there."""
    return Door("get", "", (*roles, "elsewhere"), (*roles, "elsewhere"), REFUSED)


DOORS: dict[str, Door] = {
    # A contributor is led from the queue to their tasks.
    "desk-queue": a_list(*READERS, Role.CONTRIBUTOR),
    "desk-triage": a_list(*READERS),
    "desk-tasks": a_list(*WORKERS, Role.CONTRIBUTOR),
    "desk-language": Door("post", "", EVERYBODY, EVERYBODY),
    "desk-calendar": a_list(*READERS),
    "calendar-feed-add": Door("post", "", (*READERS, "elsewhere"), (*READERS, "elsewhere"), REFUSED),
    "calendar-feed-revoke": Door("post", "feed", (Role.DPO,), (Role.DPO,)),  # the DPO's own
    "desk-tokens": a_list(*READERS),
    "api-token-add": Door("post", "", (*READERS, "elsewhere"), (*READERS, "elsewhere"), REFUSED),
    "api-token-revoke": Door("post", "token", (Role.DPO,), (Role.DPO,)),  # the DPO's own
    "desk-webhooks": Door("get", "", (Role.ADMINISTRATOR,), (Role.ADMINISTRATOR,), REFUSED),
    "webhook-add": Door("post", "", (Role.ADMINISTRATOR,), (Role.ADMINISTRATOR,), REFUSED),
    "webhook-rotate": WEBHOOK_ACT,
    "webhook-disable": WEBHOOK_ACT,
    "webhook-enable": WEBHOOK_ACT,
    "webhook-test": WEBHOOK_ACT,
    "webhook-retry": WEBHOOK_ACT,
    "mail-open-case": MAIL_ACT,
    "mail-file-on-case": MAIL_ACT,
    "mail-set-aside": MAIL_ACT,
    "case-task-take": TASK_ACT,
    "case-task-finish": TASK_ACT,
    "message-after-answer": Door("get", "written", READERS, READERS),
    "right-reopen": Door("post", "written", READERS, WORKERS),
    "message-right-add": Door("post", "written", READERS, WORKERS),
    "message-note": Door("post", "written", READERS, WORKERS),
    "file-download": Door("get", "file", READERS, READERS),
    "case-detail": PAGE,
    "letter-preview": PAGE,
    "identity-check-add": CASE_ACT,
    "case-take": CASE_ACT,
    "case-close": CASE_ACT,
    "receipt-correct": CASE_ACT,
    "case-vouch": CASE_ACT,
    "case-suspend": CASE_ACT,
    "suspension-answer": QUESTION_ACT,
    "suspension-continue": QUESTION_ACT,
    "suspension-end": QUESTION_ACT,
    "extension-submit": RIGHT_ACT,
    "extension-approve": REVIEW,
    "extension-send-back": REVIEW,
    "extension-single-handed": RIGHT_ACT,
    "extension-post": RIGHT_ACT,
    "extension-letter": Door("get", "right", READERS, READERS),
    "restriction-begin": RIGHT_ACT,
    "restriction-prolong": RIGHT_ACT,
    "lifting-announce": RIGHT_ACT,
    "lifting-post": RIGHT_ACT,
    "lifting-letter": Door("get", "right", READERS, READERS),
    "restriction-lift": RIGHT_ACT,
    "recipient-notice-set": RIGHT_ACT,
    "recipient-notices-plan": RIGHT_ACT,
    "recipients-tell": CASE_ACT,
    "safeguards-send": CASE_ACT,
    "statement-add": RIGHT_ACT,
    "statement-attach": Door("post", "statement", READERS, WORKERS),
    "human-review-record": RIGHT_ACT,
    "directive-register": RIGHT_ACT,
    "directive-replace": DIRECTIVE_ACT,
    "directive-revoke": DIRECTIVE_ACT,
    "directive-carry-out": DIRECTIVE_ACT,
    "directives-looked-for": RIGHT_ACT,
    "entitlement-record": RIGHT_ACT,
    "case-right-add": CASE_ACT,
    "case-right-start": RIGHT_ACT,
    "checklist-item-set": Door("post", "item", READERS, WORKERS),
    "decision-submit": RIGHT_ACT,
    "decision-approve": REVIEW,
    "decision-send-back": REVIEW,
    "decision-single-handed": RIGHT_ACT,
    "answer-release": CASE_ACT,
    "answer-reseal": CASE_ACT,
    "message-send": CASE_ACT,
    "messages-read": CASE_ACT,
    "note-add": CASE_ACT,
    "case-acts": Door("get", "case", READERS, WORKERS),
    "intake-correct": CASE_ACT,
    "case-right-reclassify": RIGHT_ACT,
    "case-forward": CASE_ACT,
    "forwarding-detail": Door("get", "forwarding", READERS, READERS),
    "forwarding-received": FORWARDING_ACT,
    "forwarding-answered": FORWARDING_ACT,
    "forwarding-chase": FORWARDING_ACT,
    "forwarding-stop": FORWARDING_ACT,
    "forwarding-letter": Door("get", "forwarding", READERS, READERS),
    "case-transfer": CASE_ACT,
    "case-merge": CASE_ACT,
    "hold-begin": CASE_ACT,
    "hold-end": CASE_ACT,
    "complaint-record": CASE_ACT,
    "complaint-end": Door("post", "complaint", READERS, WORKERS),
    "breach-report": CASE_ACT,
    "desk-breaches": a_list(*READERS),
    "desk-policies": a_list(*READERS),
    "breach-detail": Door("get", "breach", READERS, READERS),
    "breach-assess": BREACH_ACT,
    "breach-authority-told": BREACH_ACT,
    "breach-persons-told": BREACH_ACT,
    "breach-close": BREACH_ACT,
    "collection-by-hand": Door("get", "task", TASK_READERS, (*WORKERS, Role.CONTRIBUTOR)),
    "package-preview": Door("get", "right", READERS, READERS),
    "collection-admit": Door("post", "source", READERS, WORKERS),
    "collection-retry": Door("post", "source", READERS, WORKERS),
    "source-list": a_list(*SOURCE_READERS),
    "source-detail": Door("get", "data_source", SOURCE_READERS, SOURCE_READERS),
    "source-map-approve": Door("post", "version", SOURCE_READERS, REVIEWERS),
}


@cache
def desk_urls() -> dict[str, str]:
    """Name and route of every URL under /desk/, from the resolver."""
    return dict(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif route.startswith("desk/"):
            yield pattern.name or route, route


@dataclass
class House:
    """One organisation with a member in each role, a case and all that hangs on it; and two strangers."""

    people: dict[str, User]
    arguments: dict[str, list[object]]


@pytest.fixture(scope="module")
def house(database_kept: None) -> House:
    case = a_case()
    organisation = case.organisation
    team = TeamFactory.create(organisation=organisation)
    people = {str(role): member(organisation, role, team=team) for role in Role}
    people["elsewhere"] = member(OrganisationFactory.create(), Role.DPO)
    people["nowhere"] = UserFactory.create()
    task = case_task_add(case_right=right_of(case, "access"), kind="collect_by_hand", subject_key="source:crm")
    case.tasks.filter(pk=task.pk).update(team=team)
    source = DataSource.objects.create(organisation=organisation, code="crm", name={"en": "CRM"}, kind="manual")
    Collection.objects.create(case_right=task.case_right, source=source)
    arguments: dict[str, list[object]] = {
        "": [],
        "case": [case.reference],
        "right": [case.reference, "access"],
        "item": [case.reference, "access", "A1"],
        "question": [case.reference, _question(case, people[Role.HANDLER]).pk],
        "statement": [case.reference, "access", _statement(task.case_right, people[Role.HANDLER]).pk],
        "directive": [case.reference, "access", _directive(task.case_right, people[Role.HANDLER]).pk],
        "source": [case.reference, "access", "crm"],
        "data_source": [source.pk],
        "version": [source.pk, SourceMap.objects.create(source=source, version=1, tables=[]).version],
        "task": [task.pk],
        "forwarding": [case.reference, _forwarding(case, people[Role.HANDLER]).pk],
        "complaint": [case.reference, _complaint(case, people[Role.HANDLER]).pk],
        "breach": [
            breach_report(case=case, what="A wrong recipient.", actor=actor_for(people[Role.HANDLER], organisation)).pk
        ],
        "written": [_written(case).pk],
        "mail": [_mail(case, organisation).pk],
        "feed": [calendar_feed_add(user=people[Role.DPO], team=None).feed.pk],
        "token": [_token(organisation, people[Role.DPO]).pk],
        "webhook": [_webhook(organisation, people[Role.ADMINISTRATOR]).pk],
        "file": [file_store(key=case.key, name="a.pdf", content_type="application/pdf", content=b"%PDF-").pk],
    }
    return House(people, arguments)


def _forwarding(case: Case, handler: User) -> Forwarding:
    return case_forward(
        text=case.text,
        case=case,
        rights=[right_of(case, "marketing_objection")],
        name="Kiosque",
        email="dpo@kiosque.example",
        why="Theirs.",
        actor=actor_for(handler, case.organisation),
    )


def _complaint(case: Case, handler: User) -> Complaint:
    return complaint_record(
        case=case,
        authority=case.organisation.authority.code,
        lodged_on=case.received_at.date(),
        actor=actor_for(handler, case.organisation),
    )


def _question(case: Case, handler: User) -> Suspension:
    return case_suspend(
        case=case,
        rights=[right_of(case, "access")],
        reason="identity",
        why="A doubt.",
        body="Who?",
        actor=actor_for(handler, case.organisation),
    )


def _statement(case_right: CaseRight, handler: User) -> Statement:
    return Statement.objects.create(
        case_right=case_right, text="Mine.", received_at=case_right.received_at, set_by=handler
    )


def _directive(case_right: CaseRight, handler: User) -> Directive:
    return Directive.objects.create(
        organisation=case_right.case.organisation, case_right=case_right, kind="particular", text="Erase.", name="C",
        name_search="c", registered_at=case_right.received_at, registered_by=handler,
    )  # fmt: skip


def _written(case: Case) -> CaseTask:
    message = case.messages.earliest("pk")
    return case_task_add(
        case_right=right_of(case, "access"),
        kind="message_after_answer",
        subject_key=f"message:{message.pk}",
        blocking=False,
    )


def _token(organisation: Organisation, user: User) -> ApiToken:
    return api_token_add(organisation=organisation, name="x", actor=actor_for(user, organisation)).token


def _webhook(organisation: Organisation, administrator: User) -> WebhookEndpoint:
    shown = webhook_add(
        organisation=organisation,
        url="https://hooks.example/",
        events=["case.opened"],
        actor=actor_for(administrator, organisation),
    )
    return shown.endpoint


def _mail(case: Case, organisation: Organisation) -> InboundMail:
    assert organisation.intake_key is not None
    stored = file_store(
        key=organisation.intake_key, name="mail.eml", content_type="message/rfc822", content=b"Subject: x\r\n\r\nx"
    )
    return InboundMail.objects.create(
        organisation=organisation, raw=stored, raw_hash="0" * 64, received_at=case.received_at
    )


def test_every_desk_url_is_in_the_table() -> None:
    assert set(desk_urls()) == set(DOORS)


@pytest.mark.parametrize("name", sorted(DOORS))
def test_who_passes_which_door(client: Client, house: House, name: str) -> None:
    door = DOORS[name]
    address = reverse(name, args=house.arguments[door.kind])
    # What names a thing by its id must not tell a stranger that it exists.
    assert door.kind == "" or all(door.expected(who) == NOT_HERE for who in STRANGERS)
    got = {}
    for who, user in house.people.items():
        client.force_login(user)
        with transaction.atomic():  # each finds the case as the first one did
            response = getattr(client, door.method)(address)
            got[who] = response.status_code
            response.getvalue()  # to its end, so that a streamed file is closed
            transaction.set_rollback(True)
    for who, status in got.items():
        expected = door.expected(who)
        if expected is None:
            assert status in {200, 302, 409, 422} or (name, status) in NOTHING_TO_ACT_ON, (who, status)
        else:
            assert status == expected, (who, status)


# The case of this file has no decision and no extension yet: whoever may act on one finds none.
NOTHING_TO_ACT_ON = {
    (name, 404)
    for name in (
        "decision-approve", "decision-send-back", "decision-single-handed", "extension-approve", "extension-send-back",
        "extension-single-handed", "extension-post", "extension-letter",
        # Nor a restriction; and the right of this file is neither about an automated decision nor about a death.
        "restriction-prolong", "restriction-lift", "lifting-announce", "lifting-post", "lifting-letter",
        "human-review-record", "directive-register", "directive-replace",
    )
}  # fmt: skip
PAGES_OF_ACTS = {
    "identity-check-add", "case-suspend", "extension-submit", "receipt-correct", "recipient-notice-set",
    "safeguards-send", "human-review-record", "directive-register", "directive-replace",
    "intake-correct",
    "case-right-reclassify", "case-forward", "case-transfer", "case-merge", "hold-begin", "hold-end",
    "complaint-record", "complaint-end", "breach-report",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DOORS))
def test_nobody_passes_without_signing_in(client: Client, house: House, name: str) -> None:
    door = DOORS[name]
    address = reverse(name, args=house.arguments[door.kind])
    response = getattr(client, door.method)(address)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))


# What anybody may do who finds it; whoever may not does not find it.
FORBIDDEN_TO_NOBODY = {
    "api-token-revoke", "calendar-feed-revoke", "desk-language", "webhook-disable", "webhook-enable", "webhook-retry",
    "webhook-rotate", "webhook-test",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name, door in DOORS.items() if door.method == "post"))
def test_a_refused_act_says_why(client: Client, house: House, name: str) -> None:
    door = DOORS[name]
    refused = [who for who in house.people if door.expected(who) == REFUSED]
    assert bool(refused) != (name in FORBIDDEN_TO_NOBODY)
    for who in refused:
        client.force_login(house.people[who])
        page = client.post(reverse(name, args=house.arguments[door.kind])).content.decode()
        assert "Your role" in page, (name, who)
        assert "Nothing was changed." in page


@pytest.mark.parametrize(
    "name", sorted(name for name, door in DOORS.items() if door.method == "post" and name not in PAGES_OF_ACTS)
)
def test_an_act_is_never_a_link(client: Client, house: House, name: str) -> None:
    client.force_login(house.people[Role.DPO])
    assert client.get(reverse(name, args=house.arguments[DOORS[name].kind])).status_code == 405

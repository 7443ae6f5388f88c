"""Many at once: the same submission is one case, and a right that several start opens its work once."""

import uuid
from typing import Any

import pytest
from django.test import Client

from dsar.core.actors import Actor
from dsar.core.errors import Conflict
from dsar.core.journal import journal_check
from dsar.core.models import AuditEvent, Organisation
from requests_app.models import Case, CaseTask, Outgoing
from requests_app.services import OpenedCase, case_open, case_right_start
from requests_app.vocabulary import Stage, TaskKind
from tests.databases import at_once
from tests.factories import OrganisationFactory, a_case, actor_for, incoming, member, right_of
from tests.requests_app.api import posted, requests_at

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_submission_from_eight_threads_is_one_case(either_database: str) -> None:
    organisation = OrganisationFactory.create()

    def send(_number: int) -> OpenedCase:
        return case_open(incoming(organisation), actor=Actor.DATA_SUBJECT)

    opened = at_once(8, send, either_database)

    case = Case.objects.get(organisation=organisation)
    assert {found.case.pk for found in opened} == {case.pk}
    assert [found.is_new for found in opened].count(True) == 1
    assert len({found.tracking_key for found in opened}) == 1
    assert case.rights.count() == 2
    assert Outgoing.objects.filter(organisation=organisation).count() == 1
    assert AuditEvent.objects.filter(chain__key=case.chain, kind="case.opened").count() == 1
    assert journal_check(case.chain).problems == []


def test_different_submissions_at_once_are_each_a_case(either_database: str) -> None:
    organisation = OrganisationFactory.create()

    def send(number: int) -> OpenedCase:
        return case_open(incoming(organisation, submission=f"{number:032x}"), actor=Actor.DATA_SUBJECT)

    opened = at_once(8, send, either_database)

    assert all(found.is_new for found in opened)
    assert Case.objects.filter(organisation=organisation).count() == 8
    assert Outgoing.objects.filter(organisation=organisation).count() == 8


def test_the_same_call_of_the_api_from_eight_threads_is_one_request(either_database: str) -> None:
    organisation, same = OrganisationFactory.create(), str(uuid.uuid4())

    def call(_number: int) -> Any:
        return posted(Client(), requests_at(organisation), {"text": "What do you hold?"}, idempotency_key=same)

    answers = at_once(8, call, either_database)

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({(told["reference"], told["tracking_key"]) for told in (answer.json() for answer in answers)}) == 1
    assert Case.objects.count() == 1


def test_four_members_who_start_the_same_right_open_its_work_once(either_database: str) -> None:
    case = a_case()
    organisation = Organisation.objects.get(pk=case.organisation_id)
    members = [actor_for(member(organisation), organisation) for _ in range(4)]
    seen = [right_of(case, "access") for _ in members]  # four pages that all say "to do"

    def start(number: int) -> str:
        try:
            case_right_start(case_right=seen[number], actor=members[number])
        except Conflict:
            return "conflict"
        return "started"

    assert sorted(at_once(4, start, either_database)) == ["conflict"] * 3 + ["started"]
    assert right_of(case, "access").stage == Stage.IN_PROGRESS
    assert [task.kind for task in CaseTask.objects.filter(case=case)] == [TaskKind.PLAN_COLLECTION]
    kinds = list(AuditEvent.objects.filter(chain__key=case.chain).values_list("kind", flat=True))
    assert (kinds.count("task.added"), kinds.count("case_right.moved")) == (1, 1)
    assert journal_check(case.chain).problems == []

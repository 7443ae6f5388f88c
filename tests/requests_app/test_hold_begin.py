"""A legal hold and a complaint at an authority: said on the case, and nothing is purged while one is in force."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent, SupervisoryAuthority
from requests_app.models import Case, Complaint
from requests_app.services import complaint_end, complaint_record, hold_begin, hold_end
from tests.factories import a_case, actor_for, member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def is_frozen(case: Case) -> bool:
    return Case.objects.get(pk=case.pk).is_frozen


def test_a_hold_freezes_the_case_until_it_ends() -> None:
    case = a_case()
    handler = actor_for(member(case.organisation), case.organisation)
    assert not is_frozen(case)
    hold_begin(case=case, reason="A claim at the tribunal.", actor=handler)
    assert is_frozen(case)
    with pytest.raises(DomainError) as refused:
        hold_begin(case=case, reason="Another.", actor=handler)
    assert refused.value.code == "hold_exists"
    hold_end(case=case, reason="The judgment is final.", actor=handler)
    assert not is_frozen(case)
    with pytest.raises(DomainError) as refused:
        hold_end(case=case, reason="Again.", actor=handler)
    assert refused.value.code == "hold_missing"
    hold_begin(case=case, reason="An appeal.", actor=handler)
    kinds = AuditEvent.objects.filter(chain__key=case.chain, kind__startswith="hold").values_list("kind", flat=True)
    assert list(kinds) == ["hold.begun", "hold.ended", "hold.begun"]


def test_a_hold_needs_a_reason() -> None:
    case = a_case()
    handler = actor_for(member(case.organisation), case.organisation)
    for act in (hold_begin, hold_end):
        with pytest.raises(DomainError) as refused:
            act(case=case, reason=" ", actor=handler)
        assert refused.value.code == "reason_missing"


def test_a_complaint_freezes_a_closed_case_too() -> None:
    case = a_case()
    Case.objects.filter(pk=case.pk).update(closed_at=NOW)
    handler = actor_for(member(case.organisation), case.organisation)
    complaint = complaint_record(
        case=case, authority="frcnil", lodged_on=date(2026, 3, 9), reference="26-1234", actor=handler
    )
    assert is_frozen(case)
    with pytest.raises(DomainError) as refused:
        complaint_end(complaint=complaint, ended_on=date(2026, 3, 8), actor=handler)
    assert refused.value.code == "ended_before_lodged"
    complaint_end(complaint=complaint, ended_on=date(2026, 3, 10), note="Closed without measures.", actor=handler)
    assert not is_frozen(case)
    with pytest.raises(DomainError) as refused:
        complaint_end(complaint=complaint, ended_on=date(2026, 3, 10), actor=handler)
    assert refused.value.code == "complaint_ended"


def test_the_row_of_an_authority_is_made_on_demand() -> None:
    case = a_case()
    SupervisoryAuthority.objects.filter(code="frcnil").update(code="another")
    handler = actor_for(member(case.organisation), case.organisation)
    complaint = complaint_record(case=case, authority="frcnil", lodged_on=date(2026, 3, 9), actor=handler)
    assert (complaint.authority.code, complaint.authority.short_name) == ("frcnil", "CNIL")
    for authority, lodged_on, code in (
        ("nowhere", date(2026, 3, 9), "authority_unknown"),
        ("frcnil", date(2026, 3, 11), "day_in_future"),
    ):
        with pytest.raises(DomainError) as refused:
            complaint_record(case=case, authority=authority, lodged_on=lodged_on, actor=handler)
        assert refused.value.code == code


def test_the_pages_and_the_marks_on_case_and_queue(client: Client) -> None:
    case = a_case()
    client.force_login(member(case.organisation))
    hold = reverse("hold-begin", args=[case.reference])
    assert client.post(hold, {"version": case.version, "reason": ""}).status_code == 422
    assert client.post(hold, {"version": case.version, "reason": "A claim."}).status_code == 302
    case.refresh_from_db()
    record = reverse("complaint-record", args=[case.reference])
    assert "CNIL" in client.get(record).content.decode()
    typed = {"version": case.version, "authority": "frcnil", "lodged_on": "2026-03-09", "reference": "26-1234"}
    assert client.post(record, typed).status_code == 302
    shown = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "A claim." in shown
    assert "26-1234" in shown
    assert ">Complaint<" in client.get(reverse("desk-queue")).content.decode()
    case.refresh_from_db()
    end = reverse("complaint-end", args=[case.reference, Complaint.objects.get().pk])
    assert client.post(end, {"version": case.version, "ended_on": "2026-03-10"}).status_code == 302
    assert ">Complaint<" not in client.get(reverse("desk-queue")).content.decode()
    case.refresh_from_db()
    over = {"version": case.version, "reason": "Over."}
    assert client.post(reverse("hold-end", args=[case.reference]), over).status_code == 302
    assert not is_frozen(case)
    assert client.post(reverse("complaint-end", args=[case.reference, 0])).status_code == 404

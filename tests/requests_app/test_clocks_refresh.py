"""A rule, a calendar or a jurisdiction changes: open clocks are counted anew and say so, answered ones stay."""

from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dsar.core import jurisdictions
from dsar.core.models import AuditEvent, Organisation
from requests_app.deadline_rules import RULES, Period
from requests_app.models import Case, CaseRight
from requests_app.services import clocks_changed, clocks_refresh, suspension_answer
from requests_app.tasks import clocks_sweep
from requests_app.vocabulary import Stage
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.test_case_suspend import ASKED, asked

pytestmark = pytest.mark.django_db


def moved_to_moselle(case: Case) -> Organisation:
    """The organisation is found to be in Moselle, where Good Friday is a holiday."""
    Organisation.objects.filter(pk=case.organisation_id).update(jurisdiction="FR-57")
    case.organisation.refresh_from_db()
    return case.organisation


def test_open_clocks_follow_the_jurisdiction_and_answered_ones_do_not() -> None:
    case = a_case(rights=("access", "erasure"))
    CaseRight.objects.filter(case=case).update(received_at="2026-03-03T10:00Z", due_on="2026-04-03")
    CaseRight.objects.filter(case=case, right="erasure").update(stage=Stage.ANSWERED, answered_at="2026-03-20T10:00Z")
    moved_to_moselle(case)
    changed = clocks_changed(organisation=case.organisation)
    assert [(change.right.right, change.due_on, change.moves_date) for change in changed] == [
        ("access", date(2026, 4, 7), True)
    ]
    assert right_of(case, "access").due_on == date(2026, 4, 3), "listing writes nothing"
    clocks_refresh(organisation=case.organisation)
    assert right_of(case, "access").due_on == date(2026, 4, 7)
    assert right_of(case, "erasure").due_on == date(2026, 4, 3)
    event = AuditEvent.objects.filter(chain__key=case.chain, kind="clock.computed").latest("seq")
    assert event.facts["cause"] == "calendar"
    assert event.facts["changes"][0]["before"] == "2026-04-03"
    assert clocks_refresh() == []


def test_the_sweep_counts_anew_when_the_holidays_have_a_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(rights=("access",))
    clocks_sweep()
    monkeypatch.setattr(jurisdictions, "HOLIDAYS_VERSION", "99.0")
    clocks_sweep()
    assert right_of(case, "access").clock_calendar == "FR holidays-99.0"


def test_the_sweep_counts_anew_when_the_law_has_a_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(rights=("access",))
    clocks_sweep()
    later = replace(RULES["FR"][0], version=2, applies_from=date(2026, 1, 1), period=Period(months=2))
    monkeypatch.setitem(RULES, "FR", (*RULES["FR"], later))
    clocks_sweep()
    access = right_of(case, "access")
    assert (access.clock_rule, access.due_on) == ("FR 2", date(2026, 5, 5))


def test_the_sweep_counts_anew_when_suspensions_are_counted_otherwise(settings: Any) -> None:
    case = a_case(rights=("access",))
    suspension_answer(
        suspension=asked(case),
        answered_at=ASKED + timedelta(days=7),
        actor=actor_for(member(case.organisation), case.organisation),
    )
    clocks_sweep()
    assert right_of(case, "access").last_day == date(2026, 4, 12)
    settings.DSAR_SUSPENSION_COUNTING = "none"
    clocks_sweep()
    assert right_of(case, "access").last_day == date(2026, 4, 5)


def test_a_sweep_where_nothing_has_changed_costs_one_query(django_assert_num_queries: Any) -> None:
    a_case(rights=("access",))
    clocks_sweep()
    with django_assert_num_queries(1):
        clocks_sweep()


def test_one_contradiction_does_not_keep_the_other_cases_from_being_counted(caplog: pytest.LogCaptureFixture) -> None:
    wrong, right = a_case(rights=("access",)), a_case(rights=("access",))
    asked(wrong)
    CaseRight.objects.filter(case=wrong).update(received_at="2026-03-20T10:00Z")  # after its question
    CaseRight.objects.filter(case=right).update(due_on="2026-04-06")
    assert [change.right.case for change in clocks_refresh()] == [right]
    assert right_of(right, "access").due_on == date(2026, 4, 7)
    assert f"The clock of {wrong.reference} access cannot be counted: event_before_receipt" in caplog.text


def test_the_command_lists_and_then_writes() -> None:
    case = a_case(rights=("access",))
    CaseRight.objects.filter(case=case).update(received_at="2026-03-03T10:00Z", due_on="2026-04-03")
    moved_to_moselle(case)
    out = StringIO()
    call_command("clocks_refresh", "--dry-run", stdout=out)
    assert f"{case.reference} access: due 2026-04-07 instead of 2026-04-03" in out.getvalue()
    assert "1 open rights would be counted anew, 1 dates moved" in out.getvalue()
    assert right_of(case, "access").due_on == date(2026, 4, 3)
    call_command("clocks_refresh", "--organisation", case.organisation.slug, stdout=StringIO())
    assert right_of(case, "access").due_on == date(2026, 4, 7)
    with pytest.raises(CommandError, match="no organisation"):
        call_command("clocks_refresh", "--organisation", "nowhere")


def test_listing_costs_the_same_for_one_case_and_for_many(django_assert_num_queries: object) -> None:
    organisation = OrganisationFactory.create()
    for number in range(5):
        a_case(organisation, submission=f"{number:032x}")
    with django_assert_num_queries(3):  # type: ignore[operator]  # rights, suspensions, extensions
        clocks_changed(organisation=organisation)

"""A rule, a calendar or a jurisdiction changes: open clocks are counted anew and say so, answered ones stay."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dsar.core import jurisdictions
from dsar.core.models import AuditEvent, Organisation
from requests_app.models import Case, CaseRight
from requests_app.services import clocks_changed, clocks_refresh
from requests_app.services.clocks import clocks_outdated
from requests_app.tasks import clocks_sweep
from requests_app.vocabulary import Stage
from tests.factories import OrganisationFactory, a_case, right_of

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
    assert not clocks_outdated()
    monkeypatch.setattr(jurisdictions, "HOLIDAYS_VERSION", "99.0")
    assert clocks_outdated()
    clocks_sweep()
    assert not clocks_outdated()
    assert right_of(case, "access").clock_calendar == "FR holidays-99.0"


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

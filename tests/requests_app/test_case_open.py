"""The one way in: every door's request becomes one case with its clocks, journal and acknowledgement."""

from datetime import date, timedelta

import pytest

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from dsar.core.rights import RIGHTS
from requests_app.models import Case, Outgoing
from requests_app.services import case_open, case_right_add
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, incoming, member, opened_case, right_of

pytestmark = pytest.mark.django_db


def test_one_letter_with_two_rights_has_two_clocks() -> None:
    case = a_case()
    access, objection = right_of(case, "access"), right_of(case, "marketing_objection")
    assert (access.due_on, access.last_day, access.prudent_due_on) == (
        date(2026, 4, 7),
        date(2026, 4, 5),
        date(2026, 4, 5),
    )
    assert access.target_on is None
    assert objection.due_on == date(2026, 4, 7)
    assert objection.target_on == date(2026, 3, 9)  # Friday 6 and Monday 9 March
    assert case.next_on == date(2026, 3, 9)


def test_same_submission_twice_is_one_case_with_one_key() -> None:
    organisation = OrganisationFactory.create()
    first, second = opened_case(organisation), opened_case(organisation)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.case == second.case
    assert first.tracking_key == second.tracking_key != ""
    assert first.tracking_key not in str(Case.objects.values().get())
    assert Outgoing.objects.count() == 1


def test_opening_is_journaled_with_values_beside_the_event() -> None:
    case = a_case()
    opened, *clocks = AuditEvent.objects.filter(chain__key=case.chain).order_by("seq")
    assert opened.kind == "case.opened"
    assert "Camille" not in str(opened.facts)
    assert opened.values.get(field="name").value == "Camille Estève"
    (clock,) = clocks
    assert [change["right"] for change in clock.facts["changes"]] == ["access", "marketing_objection"]


def test_acknowledgement_holds_no_word_of_the_sender() -> None:
    case = a_case(name="Visit evil.example", text="Buy at evil.example")
    mail = Outgoing.objects.get(case=case)
    assert case.reference in mail.subject + mail.body_text
    assert "evil" not in mail.subject + mail.body_text + mail.body_html
    assert mail.reply_to.endswith(f"<{case.organisation.privacy_email}>")


@pytest.mark.parametrize("code", RIGHTS)
def test_every_right_is_opened_clocked_and_journaled(code: str) -> None:
    case = a_case(rights=(code,))
    assert right_of(case, code).due_on == date(2026, 4, 7)
    clock = AuditEvent.objects.get(chain__key=case.chain, kind="clock.computed")
    assert [(change["right"], change["after"]) for change in clock.facts["changes"]] == [(code, "2026-04-07")]


def test_unknown_right_and_unknown_organisation_are_refused() -> None:
    organisation = OrganisationFactory.create()
    for fields, code in (
        ({"rights": ("nonsense",)}, "right_unknown"),
        ({"rights": ()}, "no_right"),
        ({"organisation_slug": "nowhere"}, "organisation_unknown"),
    ):
        with pytest.raises(DomainError) as raised:
            case_open(incoming(organisation, **fields), actor=Actor.DATA_SUBJECT)
        assert raised.value.code == code
    assert not Case.objects.exists()


def test_right_added_later_has_its_own_clock() -> None:
    case = a_case(rights=("access",))
    handler = member(case.organisation)
    added = case_right_add(
        case=case,
        right="rectification",
        detail="",
        received_at=RECEIVED_AT.replace(day=17),
        actor=actor_for(handler, case.organisation),
    )
    assert added.due_on == date(2026, 4, 17)
    with pytest.raises(DomainError, match="before the request"):
        case_right_add(
            case=case,
            right="erasure",
            detail="",
            received_at=RECEIVED_AT - timedelta(days=40),
            actor=actor_for(handler, case.organisation),
        )
    with pytest.raises(DomainError, match="already"):
        case_right_add(
            case=case, right="access", detail="", received_at=RECEIVED_AT, actor=actor_for(handler, case.organisation)
        )

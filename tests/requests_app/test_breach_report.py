"""Possible breaches: the hours run at once and through weekends, somebody is always told, the register keeps all."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import time_machine
from django.core import mail as mailbox
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from requests_app import outbox
from requests_app.breach_rules import RULES, breach_rule, notify_by
from requests_app.models import Breach, Outgoing
from requests_app.services import (
    breach_assess,
    breach_authority_told,
    breach_close,
    breach_persons_told,
    breach_report,
    breaches_sweep,
)
from requests_app.vocabulary import OutgoingState
from tests.factories import OrganisationFactory, UserFactory, a_case, actor_for, member

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)


def reported(organisation: Organisation, at: datetime = FRIDAY) -> Breach:
    with time_machine.travel(at, tick=False):
        return breach_report(
            case=a_case(organisation, submission=at.isoformat()),
            what="The letter of Camille went to somebody else.",
            actor=actor_for(member(organisation), organisation),
        )


def alerts(breach: Breach) -> list[str]:
    return list(breach.alerts.order_by("pk").values_list("recipient", flat=True))


def test_the_hours_run_from_the_report_through_the_weekend(organisation: Organisation, dpo: User) -> None:
    breach = reported(organisation)
    assert (breach.aware_at, breach.notify_by) == (FRIDAY, datetime(2026, 3, 9, 17, 0, tzinfo=UTC))
    event = AuditEvent.objects.get(kind="breach.reported")
    assert event.chain.key == breach.chain
    assert "Camille" not in str(event.facts)


def test_the_rules_are_dated() -> None:
    assert breach_rule(FRIDAY).hours == 72
    assert breach_rule(RULES[0].since - timedelta(days=1)) == RULES[0]
    # The hour of summer time is a real hour: 72 of them, whatever the clock on the wall says.
    assert notify_by(datetime(2026, 3, 28, 12, 0, tzinfo=UTC)) == datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def test_the_dpo_is_told_at_once_and_not_what_happened(organisation: Organisation, dpo: User) -> None:
    breach = reported(organisation)
    assert alerts(breach) == [dpo.email]
    outbox.outbox_send(breach.alerts.get().pk)
    sent = mailbox.outbox[-1]
    assert sent.to == [dpo.email]
    assert "Camille" not in sent.body
    assert reverse("breach-detail", args=[breach.pk]) in sent.body
    assert "72 hours are left" in sent.body
    assert breach.case is not None
    assert not breach.case.messages.filter(subject=sent.subject).exists(), "no part of the person's correspondence"


def test_without_a_dpo_the_privacy_lead_is_told_and_without_anybody_the_mailbox(organisation: Organisation) -> None:
    assert alerts(reported(organisation)) == [organisation.dpo_email], "nobody else answers"
    organisation.privacy_lead = UserFactory.create(email="lead@staff.example")
    organisation.save()
    assert alerts(reported(organisation, FRIDAY + timedelta(hours=1))) == ["lead@staff.example"]


def test_a_refused_mail_is_never_the_last_word(
    organisation: Organisation, dpo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer = member(organisation, Role.REVIEWER)
    breach = reported(organisation)

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise SMTPRecipientsRefused({dpo.email: (550, b"no such user")})

    with monkeypatch.context() as patch, time_machine.travel(FRIDAY, tick=False):
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        outbox.outbox_send(breach.alerts.get().pk)
        assert breach.alerts.get().state == OutgoingState.FAILED
        breaches_sweep()
        assert alerts(breach) == [dpo.email, reviewer.email]
        outbox.outbox_send(breach.alerts.latest("pk").pk)
        breaches_sweep()
        assert alerts(breach) == [dpo.email, reviewer.email, organisation.dpo_email]


def test_the_sweep_tells_again_when_a_day_is_left_and_when_the_hours_are_over(
    organisation: Organisation, dpo: User
) -> None:
    breach = reported(organisation)
    for hours, count in ((1, 1), (47, 1), (49, 2), (60, 2), (73, 3), (500, 3)):
        breaches_sweep(FRIDAY + timedelta(hours=hours))
        assert breach.alerts.count() == count, hours


def test_after_an_outage_only_the_latest_is_told(organisation: Organisation, dpo: User) -> None:
    breach = reported(organisation)
    breaches_sweep(FRIDAY + timedelta(hours=100))
    keys = [key.split(":")[2] for key in breach.alerts.values_list("key", flat=True)]
    assert sorted(keys) == ["over", "reported"]


def test_nobody_is_told_any_more_once_no_risk_is_likely(organisation: Organisation, dpo: User) -> None:
    breach = reported(organisation)
    with time_machine.travel(FRIDAY, tick=False):
        actor = actor_for(dpo, organisation)
        breach_assess(breach=breach, risk="none", assessment="The file was encrypted.", actor=actor)
    breaches_sweep(FRIDAY + timedelta(hours=80))
    assert breach.alerts.count() == 1


def test_a_breach_goes_through_assessment_notices_and_closing(organisation: Organisation, dpo: User) -> None:
    breach, actor = reported(organisation), actor_for(dpo, organisation)
    with time_machine.travel(FRIDAY + timedelta(hours=80), tick=False):
        with pytest.raises(DomainError) as refused:
            breach_close(breach=breach, actor=actor)
        assert refused.value.code == "breach_not_assessed"
        breach_assess(breach=breach, risk="high", assessment="Health data of one person.", actor=actor)
        late = FRIDAY + timedelta(hours=79)
        with pytest.raises(DomainError) as refused:
            breach_authority_told(breach=breach, told_at=late, actor=actor)
        assert refused.value.code == "delay_reason_missing"
        breach_authority_told(breach=breach, told_at=late, delay_reason="Found on Monday.", actor=actor)
        with pytest.raises(DomainError) as refused:
            breach_close(breach=breach, actor=actor)
        assert refused.value.code == "note_missing", "the persons were not told although the risk is high"
        breach_persons_told(breach=breach, told_at=late, actor=actor)
        breach_close(breach=breach, actor=actor)
        with pytest.raises(DomainError) as refused:
            breach_assess(breach=breach, risk="none", assessment="No.", actor=actor)
        assert refused.value.code == "breach_closed"
    kinds = AuditEvent.objects.filter(kind__startswith="breach").order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == [
        "breach.reported", "breach.assessed", "breach.authority_told", "breach.persons_told", "breach.closed",
    ]  # fmt: skip


def test_closing_without_a_notice_needs_the_words_why(organisation: Organisation, dpo: User) -> None:
    breach, actor = reported(organisation), actor_for(dpo, organisation)
    with time_machine.travel(FRIDAY, tick=False):
        breach_assess(breach=breach, risk="none", assessment="Sent to a colleague.", actor=actor)
        with pytest.raises(DomainError) as refused:
            breach_close(breach=breach, actor=actor)
        assert refused.value.code == "note_missing"
        breach_close(breach=breach, note="Read by nobody else.", actor=actor)
    assert Breach.objects.get().close_note == "Read by nobody else."


@pytest.mark.parametrize(
    ("told_at", "code"),
    [(FRIDAY + timedelta(hours=2), "told_in_future"), (FRIDAY - timedelta(hours=1), "told_before_aware")],
)
def test_impossible_moments_are_refused(organisation: Organisation, dpo: User, told_at: datetime, code: str) -> None:
    breach, actor = reported(organisation), actor_for(dpo, organisation)
    for act in (breach_authority_told, breach_persons_told):
        with time_machine.travel(FRIDAY, tick=False), pytest.raises(DomainError) as refused:
            act(breach=breach, told_at=told_at, actor=actor)
        assert refused.value.code == code


def test_a_handler_reports_and_does_not_assess(organisation: Organisation, dpo: User) -> None:
    breach, handler = reported(organisation), actor_for(member(organisation), organisation)
    with pytest.raises(NotAllowed):
        breach_assess(breach=breach, risk="none", assessment="Harmless.", actor=handler)


def test_one_click_from_the_case_leads_to_the_breach(client: Client, organisation: Organisation, dpo: User) -> None:
    case = a_case(organisation)
    client.force_login(member(organisation))
    page = reverse("breach-report", args=[case.reference])
    assert page in client.get(reverse("case-detail", args=[case.reference])).content.decode()
    one_click = client.post(page, follow=True)  # as the button of the case page sends it
    assert "not said yet" in one_click.content.decode()
    assert Breach.objects.latest("pk").notify_by is not None
    answer = client.post(page, {"what": "The wrong address."}, follow=True)
    assert "The wrong address." in answer.content.decode()
    assert "71 hours left" in answer.content.decode()
    assert Outgoing.objects.filter(key__startswith="breach_alert").exists()


def test_the_register_lists_open_ones_first_and_costs_the_same(
    client: Client, organisation: Organisation, dpo: User, django_assert_num_queries: Any
) -> None:
    breach = reported(organisation)
    reported(OrganisationFactory.create(), FRIDAY + timedelta(hours=1))
    client.force_login(dpo)
    with time_machine.travel(FRIDAY + timedelta(hours=71), tick=False):
        client.get(reverse("desk-breaches"))
        with django_assert_num_queries(8):
            shown = client.get(reverse("desk-breaches")).content.decode()
        assert "1 hour left" in shown
        assert shown.count(reverse("breach-detail", args=[breach.pk])) == 1
        for number in range(3):
            reported(organisation, FRIDAY + timedelta(hours=number + 2))
        with django_assert_num_queries(8):
            assert client.get(reverse("desk-breaches")).content.decode().count("/desk/breaches/") > 4


def test_the_page_notes_each_step_in_the_time_zone_of_the_organisation(
    client: Client, organisation: Organisation, dpo: User
) -> None:
    breach = reported(organisation)
    client.force_login(dpo)
    with time_machine.travel(FRIDAY + timedelta(hours=3), tick=False):
        assess = reverse("breach-assess", args=[breach.pk])
        assert client.post(assess, {"risk": "risk"}).status_code == 422
        assert client.post(assess, {"risk": "risk", "assessment": "A name and an address."}).status_code == 302
        told = reverse("breach-authority-told", args=[breach.pk])
        assert client.post(told, {"told_at": "2026-03-06T19:30"}).status_code == 302
        breach.refresh_from_db()
        assert breach.authority_told_at == datetime(2026, 3, 6, 18, 30, tzinfo=UTC)
        assert client.post(reverse("breach-close", args=[breach.pk]), {}).status_code == 302
        assert "A name and an address." in client.get(reverse("breach-detail", args=[breach.pk])).content.decode()

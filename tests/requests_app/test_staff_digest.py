"""The mails to staff: one a working day and alerts at once, each at most once, in the reader's words and time."""

import smtplib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from dsar.core.models import User
from dsar.core.roles import Role
from requests_app import outbox
from requests_app.models import Case, CaseRight, Digest, Reminder
from requests_app.outbox import CLAIM_EXPIRES, GIVE_UP_AFTER, QUEUE_LEASE
from requests_app.reminder_words import digest_parts, digest_subject
from requests_app.services import digests
from requests_app.services.digests import digest_send
from requests_app.services.reminders import reminders_sweep
from requests_app.vocabulary import DigestState, Stage
from tests.factories import MembershipFactory, member
from tests.requests_app.reminding import Desk, Sweeps, ledger, paris, right_changed

pytestmark = pytest.mark.django_db

Mails = list[EmailMultiAlternatives]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch) -> Sweeps:
    return Sweeps(monkeypatch)


def digest_of(case: Case, desk: Desk) -> Digest:
    """The last mail to the handler."""
    found = Digest.objects.filter(user=desk.handler).last()
    assert found is not None
    return found


def test_the_mail_as_its_reader_gets_it(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    case = desk.case(name="Camille Estève")
    sweeps.at(paris(3, 23))
    (mail,) = mailoutbox
    digest = digest_of(case, desk)
    assert mail.to == [desk.handler.email]
    assert mail.from_email == "dsar@localhost"
    assert mail.subject == "1 date to watch"
    assert mail.extra_headers["Message-ID"] == digests.message_id(digest)
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    html = str(mail.alternatives[0][0])
    for body in (str(mail.body), html):
        assert desk.organisation.name in body
        assert case.reference in body
        assert "See my data and get a copy" in body
        assert "Prudent date Sun 5 April" in body
        assert f"http://localhost:8000/desk/cases/{case.reference}/" in body
        assert "Camille" not in body and "camille" not in body
        assert "answer for this organisation" not in body
    assert "&#" not in str(mail.body) and "\n\n\n" not in str(mail.body)
    assert (digest.state, digest.slot_on.isoformat(), digest.is_urgent) == ("sent", "2026-03-23", False)


def test_an_escalation_says_that_it_is_one(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    desk.case()
    sweeps.at(paris(4, 7, 0, 5))
    said = {mail.to[0]: "You read this because you answer for this organisation." in mail.body for mail in mailoutbox}
    assert said == {desk.handler.email: False, desk.dpo.email: True}


def test_the_reader_is_written_to_in_their_language(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    desk.handler.language = "fr"
    desk.handler.save()
    desk.case()
    sweeps.at(paris(3, 23))
    assert 'lang="fr"' in str(mailoutbox[0].alternatives[0][0])
    assert "5\N{NO-BREAK SPACE}avril" in str(mailoutbox[0].body)
    assert mailoutbox[0].extra_headers["Content-Language"] == "fr"


def test_several_organisations_are_one_mail_with_a_part_each(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    other = Desk()
    MembershipFactory.create(user=desk.dpo, organisation=other.organisation, role=Role.DPO)
    first, second = desk.case(), other.case()
    sweeps.at(paris(4, 9))
    (mail,) = (mail for mail in mailoutbox if mail.to == [desk.dpo.email])
    body = str(mail.body)
    places = [body.index(words) for words in (desk.organisation.name, first.reference)]
    others = [body.index(words) for words in (other.organisation.name, second.reference)]
    assert places == sorted(places) and others == sorted(others)
    assert mail.subject.startswith("Overdue: DSR-") and mail.subject.endswith(", and 1 more")


def test_the_digest_waits_for_eight_in_the_readers_zone(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    desk.case()
    desk.handler.time_zone = "Indian/Reunion"  # two hours ahead of Paris in summer
    desk.handler.save()
    sweeps.at(paris(3, 30, 5, 55))
    assert mailoutbox == []
    sweeps.at(paris(3, 30, 6))
    assert [mail.to for mail in mailoutbox] == [[desk.handler.email]]


def test_no_digest_on_a_day_without_work_anywhere(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    desk.case()
    for day in (28, 29):  # Saturday, Sunday
        sweeps.at(paris(3, day, 12))
    sweeps.at(paris(4, 6, 12))  # Easter Monday: what is due tomorrow is told, nothing else
    assert [mail.subject.partition(":")[0] for mail in mailoutbox] == ["Due tomorrow"]


def test_one_digest_a_day_and_what_comes_later_waits(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    desk.case()
    sweeps.at(paris(3, 23))
    desk.case()
    sweeps.at(paris(3, 23, 15))
    assert len(mailoutbox) == 1
    sweeps.at(paris(3, 24, 8))
    assert len(mailoutbox) == 2


def test_what_is_urgent_at_eight_goes_with_the_digest(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    near, far = desk.case(), desk.case(rights=("erasure",))
    right_changed(far, "erasure", prudent_due_on="2026-04-17", due_on="2026-04-17")
    sweeps.at(paris(4, 7))
    (mail,) = (mail for mail in mailoutbox if mail.to == [desk.handler.email])
    assert mail.subject == f"Due today: {near.reference}, and 1 more"
    assert far.reference in str(mail.body)
    assert not Digest.objects.filter(user=desk.handler, is_urgent=True).exists()


def test_what_was_done_before_the_mail_left_is_not_in_it(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    done, open_case = desk.case(), desk.case()
    sweeps.at(paris(3, 23), send=False)
    CaseRight.objects.filter(case=done).update(stage=Stage.ANSWERED)
    sweeps.at(paris(3, 23, 9, 1))
    assert open_case.reference in str(mailoutbox[0].body) and done.reference not in str(mailoutbox[0].body)
    assert ledger(done) == {("prudent", 14, "answered", "")}


def test_a_mail_with_nothing_left_to_say_is_not_sent(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    case = desk.case()
    sweeps.at(paris(3, 23), send=False)
    CaseRight.objects.update(stage=Stage.ANSWERED)
    with time_machine.travel(paris(3, 23, 9, 1), tick=False):
        digest_send(sweeps.queued[0])
    assert (digest_of(case, desk).state, mailoutbox) == (DigestState.EMPTY, [])


def test_what_is_claimed_or_sent_is_not_sent_again(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    case = desk.case()
    sweeps.at(paris(3, 23))
    digest_send(digest_of(case, desk).pk)
    Digest.objects.update(state=DigestState.CLAIMED, claimed_at=paris(3, 23))
    digest_send(digest_of(case, desk).pk)
    assert len(mailoutbox) == 1


def claimed(sweeps: Sweeps) -> None:
    """As if a worker had claimed every digest and died."""
    sweeps.queued.clear()
    Digest.objects.update(state=DigestState.CLAIMED, claimed_at=paris(3, 23))


def test_a_digest_whose_sender_died_is_lost_and_the_next_one_carries_its_lines(
    desk: Desk, sweeps: Sweeps, mailoutbox: Mails
) -> None:
    case = desk.case()
    sweeps.at(paris(3, 23), send=False)
    claimed(sweeps)
    sweeps.at(paris(3, 23) + CLAIM_EXPIRES)
    assert digest_of(case, desk).state == DigestState.CLAIMED  # the sender may still be alive
    sweeps.at(paris(3, 23, 9, 5))
    assert digest_of(case, desk).state == DigestState.LOST
    assert mailoutbox == []  # of a slot there is one mail, and it may have left
    sweeps.at(paris(3, 24, 8))
    assert len(mailoutbox) == 1
    assert ledger(case) == {("prudent", 14, "sent", "")}


def test_an_alert_whose_sender_died_is_told_by_the_next_alert(desk: Desk, sweeps: Sweeps, mailoutbox: Mails) -> None:
    case = desk.case()
    sweeps.at(paris(4, 4, 12), send=False)
    claimed(sweeps)
    sweeps.at(paris(4, 4, 12, 5))
    assert [mail.subject for mail in mailoutbox] == [f"Last days to announce an extension: {case.reference}"]
    assert list(Digest.objects.values_list("state", flat=True)) == [DigestState.LOST, DigestState.SENT]


def test_a_message_that_the_broker_lost_is_queued_again(desk: Desk, sweeps: Sweeps) -> None:
    desk.case()
    sweeps.at(paris(3, 23), send=False)
    sweeps.queued.clear()
    sweeps.at(paris(3, 23, 9, 2), send=False)
    assert sweeps.queued == []  # the workers get their time
    sweeps.at(paris(3, 23) + QUEUE_LEASE, send=False)
    assert len(sweeps.queued) == 1


def test_without_a_broker_the_digest_waits_for_the_next_sweep(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.case()
    monkeypatch.setattr(digests, "task_queue", lambda _name, _pk: False)
    with time_machine.travel(paris(3, 23), tick=False):
        reminders_sweep()
    digest = digest_of(case, desk)
    assert (digest.state, digest.retry_at) == (DigestState.WAITING, None)


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refused(**_: Any) -> None:
        raise error

    monkeypatch.setattr(outbox, "staff_mail_send", refused)


def test_a_refusal_for_now_is_tried_again(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails
) -> None:
    case = desk.case()
    with monkeypatch.context() as patched:
        refuse(patched, smtplib.SMTPRecipientsRefused({desk.handler.email: (450, b"later")}))
        sweeps.at(paris(3, 23))
    digest = digest_of(case, desk)
    assert (digest.state, digest.error) == (DigestState.WAITING, "SMTPRecipientsRefused 450")
    assert digest.retry_at == paris(3, 23) + digests.RETRY_AFTER
    sweeps.at(paris(3, 23, 9, 5))
    assert (digest_of(case, desk).state, len(mailoutbox)) == (DigestState.SENT, 1)


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (smtplib.SMTPRecipientsRefused({"x": (550, b"unknown")}), timedelta()),
        (ConnectionRefusedError(), GIVE_UP_AFTER + timedelta(hours=1)),
    ],
)
def test_a_refusal_for_good_or_for_days_ends_the_attempts(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, error: Exception, after: timedelta
) -> None:
    case = desk.case()
    refuse(monkeypatch, error)
    sweeps.at(paris(3, 23), send=False)
    with time_machine.travel(paris(3, 23) + after, tick=False):
        digest_send(sweeps.queued[0])
    assert digest_of(case, desk).state == DigestState.FAILED


def refuse_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """As if the mail server did not know them."""
    send = outbox.staff_mail_send

    def sent(*, recipient: str, **fields: Any) -> None:
        if recipient in addresses:
            raise smtplib.SMTPRecipientsRefused({recipient: (550, b"unknown")})
        send(recipient=recipient, **fields)

    monkeypatch.setattr(outbox, "staff_mail_send", sent)


def test_what_a_reader_never_gets_is_told_to_whoever_answers_for_the_organisation(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails, caplog: pytest.LogCaptureFixture
) -> None:
    case = desk.case()
    refuse_to(monkeypatch, desk.handler.email)
    sweeps.at(paris(3, 23))
    assert ledger(case, desk.dpo) == {("prudent", 14, "waiting", "")}
    sweeps.at(paris(3, 23, 9, 5))
    (mail,) = mailoutbox
    assert mail.to == [desk.dpo.email]
    assert "You read this because you answer for this organisation." in str(mail.body)
    assert ledger(case) == {("prudent", 14, "failed", ""), ("prudent", 14, "sent", "")}
    assert "others are told in its reader's place" in caplog.text
    sweeps.at(paris(3, 24))
    assert len(mailoutbox) == 1


def test_an_urgent_line_that_its_reader_never_gets_is_told_at_once_and_once(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails
) -> None:
    case = desk.case()
    refuse_to(monkeypatch, desk.handler.email)
    sweeps.at(paris(4, 6, 0, 5))
    sweeps.at(paris(4, 6, 0, 10))
    sweeps.at(paris(4, 7, 0, 5))
    sweeps.at(paris(4, 7, 0, 10))
    assert [(mail.to, mail.subject.partition(":")[0]) for mail in mailoutbox] == [
        ([desk.dpo.email], "Due tomorrow"), ([desk.dpo.email], "Due today"),
    ]  # fmt: skip
    assert ("due", 1, "sent", "") in ledger(case, desk.dpo)


def test_an_escalation_of_a_lost_mail_is_overtaken_and_comes_back_as_every_line(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails
) -> None:
    case = desk.case()
    refuse_to(monkeypatch, desk.handler.email)
    sweeps.at(paris(3, 23))
    due_on = case.rights.get().due_on
    right_changed(case, prudent_due_on="2026-06-05", due_on="2026-06-05")
    sweeps.at(paris(3, 23, 9, 5))
    assert ledger(case, desk.dpo) == {("prudent", 14, "date_changed", "")}
    right_changed(case, prudent_due_on="2026-04-05", due_on=due_on)
    sweeps.at(paris(3, 23, 9, 10))
    assert ledger(case, desk.dpo) == {("prudent", 14, "sent", "")}
    assert [mail.to for mail in mailoutbox] == [[desk.dpo.email]]


def test_who_had_handed_it_on_and_answers_for_the_organisation_is_told_after_all(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails
) -> None:
    case = desk.case(assignee=desk.dpo)
    refuse_to(monkeypatch, desk.handler.email)
    sweeps.at(paris(3, 22, 12))  # Sunday: the line waits
    Case.objects.update(assignee=desk.handler)
    sweeps.at(paris(3, 22, 12, 5))
    assert ledger(case, desk.dpo) == {("prudent", 14, "handed_on", "")}
    sweeps.at(paris(3, 23))
    sweeps.at(paris(3, 23, 9, 5))
    assert ledger(case, desk.dpo) == {("prudent", 14, "sent", "")}
    assert "you answer for this organisation" in str(mailoutbox[0].body)


def test_where_nobody_else_is_left_or_gets_mail_that_is_an_error(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails, caplog: pytest.LogCaptureFixture
) -> None:
    case = desk.case()
    second = member(desk.organisation, Role.DPO)
    refuse_to(monkeypatch, desk.handler.email, desk.dpo.email, second.email)
    sweeps.at(paris(3, 23))
    assert [record.levelname for record in caplog.records if "refused" in record.message] == ["WARNING"]
    sweeps.at(paris(3, 23, 9, 5))
    assert {state for _, _, state, _ in ledger(case)} == {"failed"}
    assert mailoutbox == []
    levels = [record.levelname for record in caplog.records if "its reader is not warned" in record.message]
    assert levels == ["ERROR"]


def test_after_an_outage_of_the_mail_server_only_the_most_urgent_is_told(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, mailoutbox: Mails
) -> None:
    case = desk.case()
    with monkeypatch.context() as patched:
        refuse(patched, ConnectionRefusedError())
        for day in (23, 30):
            sweeps.at(paris(3, day))
    sweeps.at(paris(4, 2))
    assert [mail.subject for mail in mailoutbox] == ["1 date to watch"]
    assert ledger(case) == {
        ("extension_notice", 3, "sent", ""), ("prudent", 3, "more_urgent", "extension_notice 3"),
        ("prudent", 7, "more_urgent", "extension_notice 3"), ("prudent", 14, "more_urgent", "prudent 7"),
    }  # fmt: skip
    assert set(Digest.objects.values_list("state", flat=True)) == {DigestState.EMPTY, DigestState.SENT}


def test_our_own_mistake_keeps_the_mail_and_is_seen(
    desk: Desk, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = desk.case()
    refuse(monkeypatch, KeyError("mistake"))
    sweeps.at(paris(3, 23), send=False)
    with time_machine.travel(paris(3, 23), tick=False), pytest.raises(KeyError):
        digest_send(sweeps.queued[0])
    assert (digest_of(case, desk).state, digest_of(case, desk).error) == (DigestState.WAITING, "KeyError")


@pytest.mark.parametrize("kind", [kind for kind, _ in Reminder._meta.get_field("kind").choices or ()])
@pytest.mark.parametrize("left", [-61, -1, 0, 1, 3])
def test_every_kind_has_its_words(desk: Desk, kind: str, left: int) -> None:
    today = timezone.localdate()
    line = Reminder(
        case_right=desk.case().rights.get(), kind=kind, threshold=left, target_on=today + timedelta(days=left),
        user=desk.handler, is_urgent=False,
    )  # fmt: skip
    ((words,),) = (part.lines for part in digest_parts([line], today))
    assert words.what and "%" not in words.what
    assert digest_subject([line], today) == "1 date to watch"
    if left <= 1:
        line.is_urgent = True
        assert digest_subject([line], today).endswith(words.reference)


def test_one_whose_time_zone_is_none_is_told_and_stops_nobody_elses_mail(
    desk: Desk, sweeps: Sweeps, mailoutbox: Mails
) -> None:
    User.objects.filter(pk=desk.handler.pk).update(time_zone="Europe/Nowhere")
    desk.case()
    desk.case(assignee=desk.reviewer)
    sweeps.at(paris(3, 24, 10))
    assert {mail.to[0] for mail in mailoutbox} == {desk.handler.email, desk.reviewer.email}


def test_what_is_handed_on_while_its_mail_is_made_is_told_to_the_new_handler(
    desk: Desk, sweeps: Sweeps, mailoutbox: Mails
) -> None:
    case = desk.case()
    sweeps.at(paris(3, 24), send=False)
    Case.objects.filter(pk=case.pk).update(assignee=desk.reviewer)
    with time_machine.travel(paris(3, 24, 9, 1), tick=False):
        digest_send(sweeps.queued.pop())
    sweeps.at(paris(3, 24, 9, 2))
    assert [mail.to[0] for mail in mailoutbox] == [desk.reviewer.email]


def test_when_a_handlers_account_is_closed_their_cases_are_told_to_the_others(
    desk: Desk, sweeps: Sweeps, mailoutbox: Mails
) -> None:
    desk.case()
    sweeps.at(paris(3, 24))
    mailoutbox.clear()
    desk.handler.is_active = False
    desk.handler.save()
    sweeps.at(paris(3, 25))
    assert {mail.to[0] for mail in mailoutbox} == {desk.reviewer.email, desk.dpo.email}

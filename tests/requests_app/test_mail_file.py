"""The e-mail door: stored before understood, filed where it belongs, and never lost."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.files import file_read
from dsar.core.journal_check import journal_check
from dsar.core.models import AuditEvent, Organisation
from dsar.core.roles import Role
from requests_app.inbound_email import parse
from requests_app.models import Case, InboundMail, Message, Outgoing
from requests_app.services import mail as mails
from requests_app.services.mail import (
    NOT_YET,
    MailFiled,
    incoming_from_mail,
    mail_file,
    mail_file_on_case,
    mail_open_case,
    mail_received_at,
    mail_set_aside,
    mail_sweep,
)
from requests_app.vocabulary import Channel, Direction, MailOutcome
from tests import factories

pytestmark = pytest.mark.django_db

MAILS = Path(__file__).parent.parent / "testdata" / "mail"
ASKS = "Bonjour,\n\nJe voudrais une copie de mes données.\n"


@pytest.fixture
def organisation() -> Organisation:
    return factories.OrganisationFactory.create(slug="virelune", privacy_email="mes-donnees@virelune.example")


def raw(text: str = ASKS, *, sender: str = "Camille Estève <camille.esteve@example.org>", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "mes-donnees@virelune.example"
    message["Subject"] = headers.pop("subject", "Mes données")
    message["Message-ID"] = headers.pop("message_id", "<one@mail.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def take_in(organisation: Organisation, content: bytes) -> MailFiled:
    return mail_file(organisation=organisation, raw=content, received_at=factories.RECEIVED_AT)


def test_a_clear_letter_opens_a_case(organisation: Organisation) -> None:
    content = (MAILS / "access_plain.eml").read_bytes()
    filed = take_in(organisation, content)
    assert (filed.outcome, filed.reason) == (MailOutcome.CASE_OPENED, "rights_found")
    case = Case.objects.get(reference=filed.reference)
    assert [right.right for right in case.rights.all()] == ["access", "marketing_objection"]
    assert (case.channel, case.language, case.received_at) == (Channel.EMAIL, "fr", factories.RECEIVED_AT)
    acknowledgement = Outgoing.objects.get(case=case)
    assert acknowledgement.recipient == "camille.esteve@mail.example"
    assert acknowledgement.in_reply_to == "<first-letter@mail.example>"
    stored = InboundMail.objects.get()
    assert file_read(stored.raw) == content
    assert stored.raw.key == case.key  # what is filed on a case vanishes with the case's key
    assert journal_check(case.chain).problems == []


def test_the_same_bytes_are_one_mail(organisation: Organisation) -> None:
    first = take_in(organisation, raw())
    second = take_in(organisation, raw())
    assert second.outcome == MailOutcome.ALREADY_FILED
    assert second.reference == first.reference
    assert Case.objects.count() == InboundMail.objects.count() == 1


def test_the_same_letter_by_two_ways_is_one_case(organisation: Organisation) -> None:
    first = take_in(organisation, raw(Received="by mx1; Thu, 5 Mar 2026 18:42:10 +0100"))
    second = take_in(organisation, raw(Received="by mx2; Thu, 5 Mar 2026 18:42:11 +0100"))
    assert (second.outcome, second.reason, second.reference) == (MailOutcome.FILED, "same_message", first.reference)
    assert Message.objects.filter(direction=Direction.INBOUND).count() == 1


def test_form_and_mail_make_equal_requests(organisation: Organisation) -> None:
    text = "Bonjour,\n\nQuelles données avez-vous sur moi ?\n  Merci.\nJe ne veux plus recevoir vos publicités."
    by_form = factories.incoming(organisation, text=text)
    by_mail = incoming_from_mail(parse(raw(f"\n{text}\n\n").replace(b"\n", b"\r\n")), "virelune", timezone.now())
    assert by_mail == by_form


def test_attachments_are_filed_under_the_key_of_the_case(organisation: Organisation) -> None:
    filed = take_in(organisation, (MAILS / "latin1_attachment.eml").read_bytes())
    message = Message.objects.get(case__reference=filed.reference, direction=Direction.INBOUND)
    [stored] = message.files.all()
    assert (stored.name, file_read(stored)) == ("mémoire.pdf", b"%PDF-1.4\n")
    assert stored.key == message.case.key


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (raw("Bonjour, où est ma commande ?", subject="Commande"), "no_right"),
        (raw("Bonjour. Pour se désabonner, que faire ?", subject="Question"), "right_uncertain"),
        (raw("Je vous ai envoyé une demande d'accès le 3 mars. Je demande l'accès à mes données."), "chaser"),
        (raw("Au nom de mon client, je voudrais une copie de mes données."), "agent"),
        (raw(sender="mes-donnees@virelune.example"), "own_address"),
        (raw(sender="nobody"), "no_sender"),
        (b"this is no mail", "not_a_mail"),
        (raw(Auto_Submitted="auto-generated"), "machine_with_request"),
    ],
)
def test_what_is_not_clear_waits_for_a_person(organisation: Organisation, content: bytes, reason: str) -> None:
    filed = take_in(organisation, content)
    assert (filed.outcome, filed.reason) == (MailOutcome.TRIAGE, reason)
    assert not Case.objects.exists() and not Outgoing.objects.exists()
    assert InboundMail.objects.in_triage().count() == 1
    assert AuditEvent.objects.filter(chain__key="organisation:virelune", kind="mail.waiting").count() == 1


def test_a_machine_is_filed_and_gets_no_answer(organisation: Organisation) -> None:
    filed = take_in(organisation, (MAILS / "out_of_office.eml").read_bytes())
    assert (filed.outcome, filed.reason) == (MailOutcome.MACHINE, "auto_submitted")
    assert not Outgoing.objects.exists()


def test_our_own_list_address_does_not_make_a_person_a_machine(organisation: Organisation) -> None:
    listed = raw(List_Id="<mes-donnees.virelune.example>", Precedence="list")
    assert take_in(organisation, listed).outcome == MailOutcome.CASE_OPENED
    other = raw(message_id="<x@y.example>", List_Id="<news.notvirelune.example>", Precedence="list")
    assert take_in(organisation, other).outcome == MailOutcome.TRIAGE


def test_a_reply_of_a_party_is_filed_on_the_case(organisation: Organisation) -> None:
    case = factories.a_case(organisation)
    sent = Outgoing.objects.get(case=case)
    before = Outgoing.objects.count()
    content = raw("Voici mon numéro : 4471.\n\n> Votre demande", subject="Re: ?", In_Reply_To=sent.message_id)
    filed = take_in(organisation, content)
    assert (filed.outcome, filed.reference) == (MailOutcome.FILED, case.reference)
    message = Message.objects.filter(case=case, direction=Direction.INBOUND).latest("pk")
    assert message.body == "Voici mon numéro : 4471."
    assert Outgoing.objects.count() == before
    kinds = list(AuditEvent.objects.filter(chain__key=case.chain).values_list("kind", flat=True))
    assert kinds[-2:] == ["message.received", "mail.filed"]


def test_a_reference_in_the_subject_threads_too(organisation: Organisation) -> None:
    case = factories.a_case(organisation)
    filed = take_in(organisation, raw("Merci.", subject=f"RE: votre demande {case.reference.lower()}"))
    assert (filed.outcome, filed.reference) == (MailOutcome.FILED, case.reference)


def test_a_stranger_never_writes_onto_a_case(organisation: Organisation) -> None:
    case = factories.a_case(organisation)
    sent = Outgoing.objects.get(case=case)
    messages = case.messages.count()
    filed = take_in(organisation, raw("x", sender="mallory@evil.example", In_Reply_To=sent.message_id))
    assert (filed.outcome, filed.reason, filed.reference) == (MailOutcome.TRIAGE, "sender_unknown", "")
    assert case.messages.count() == messages


def test_a_case_of_another_organisation_is_not_threaded_to(organisation: Organisation) -> None:
    case = factories.a_case()
    sent = Outgoing.objects.get(case=case)
    filed = take_in(organisation, raw("Merci.", subject=case.reference, In_Reply_To=sent.message_id))
    assert (filed.outcome, filed.reason) == (MailOutcome.TRIAGE, "no_right")


def test_a_bounce_of_our_mail_is_bound_to_the_case(organisation: Organisation) -> None:
    case = factories.a_case(organisation)
    sent = Outgoing.objects.get(case=case)
    bounce = raw("undeliverable", sender="mailer-daemon@mx.example", References=sent.message_id)
    filed = take_in(organisation, bounce)
    assert (filed.outcome, filed.reference) == (MailOutcome.MACHINE, case.reference)


def test_our_own_mail_does_not_come_back_as_a_request(organisation: Organisation) -> None:
    sent = Outgoing.objects.get(case=factories.a_case(organisation))
    filed = take_in(organisation, raw(sender="mes-donnees@virelune.example", message_id=sent.message_id))
    assert (filed.outcome, filed.reason) == (MailOutcome.MACHINE, "own_mail")


def test_an_interruption_is_finished_later(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(mails, "_decide", _raise)
        filed = take_in(organisation, raw())
        assert (filed.outcome, filed.reason) == (MailOutcome.TRIAGE, NOT_YET)
        other = take_in(organisation, raw(message_id="<two@mail.example>"))  # one bad mail stops no other
        assert other.inbound != filed.inbound
    assert mail_sweep() == 0  # not due yet
    assert mail_sweep(timezone.now() + timedelta(hours=1)) == 2
    inbound = InboundMail.objects.get(pk=filed.inbound.pk)
    assert inbound.outcome == MailOutcome.CASE_OPENED
    assert inbound.defects == ["error:KeyError"]
    assert inbound.case is not None


def test_poison_ends_with_a_person(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "_decide", _raise)
    take_in(organisation, raw())
    for _ in range(mails.LAST_RETRY):
        mail_sweep(timezone.now() + timedelta(days=10))
    inbound = InboundMail.objects.get()
    assert (inbound.outcome, inbound.reason, inbound.retry_at) == (MailOutcome.TRIAGE, "not_understood", None)


def test_importing_again_finishes_what_was_interrupted(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(mails, "_act", _raise)
        take_in(organisation, raw())
    assert take_in(organisation, raw()).outcome == MailOutcome.CASE_OPENED


def _raise(*_: object) -> None:
    raise KeyError("poison")


def test_a_refusal_of_case_open_is_seen_by_a_person(organisation: Organisation) -> None:
    organisation.is_active = False
    organisation.save()
    filed = take_in(organisation, raw())
    assert (filed.outcome, filed.reason) == (MailOutcome.TRIAGE, "organisation_unknown")


def test_a_long_letter_is_filed_whole(organisation: Organisation) -> None:
    text = ASKS + "mot " * 20_000
    filed = take_in(organisation, raw(text))
    message = Message.objects.get(case__reference=filed.reference, direction=Direction.INBOUND)
    [stored] = message.files.all()
    assert stored.name == "message.txt"
    assert file_read(stored).decode().strip() == text.strip()


def test_when_a_file_arrived() -> None:
    now = timezone.now()
    assert mail_received_at(parse(raw(Received="by mx; Thu, 5 Mar 2026 18:42:10 +0100")), now).hour == 17
    assert mail_received_at(parse(raw(Received="by mx; Thu, 5 Mar 2099 18:42:10 +0100")), now) == now
    assert mail_received_at(parse(raw(Date="Thu, 5 Mar 2026 18:42:10 +0100")), now) == now


# ---- triage ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(organisation: Organisation) -> InboundMail:
    return take_in(organisation, raw("Bonjour, une question sur ma fiche.", subject="Question")).inbound


def actor(organisation: Organisation, role: Role = Role.HANDLER) -> Actor:
    return factories.actor_for(factories.member(organisation, role), organisation)


def test_a_person_opens_the_case(organisation: Organisation, waiting: InboundMail) -> None:
    opened = mail_open_case(inbound=waiting, rights=["question", "access"], actor=actor(organisation))
    assert [right.right for right in opened.case.rights.all()] == ["access", "question"]
    assert opened.case.received_at == factories.RECEIVED_AT  # the clock starts when the mail arrived
    assert InboundMail.objects.get().case == opened.case
    with pytest.raises(Conflict):
        mail_open_case(inbound=waiting, rights=["access"], actor=actor(organisation))


def test_a_person_sets_it_aside_with_a_reason(organisation: Organisation, waiting: InboundMail) -> None:
    with pytest.raises(DomainError):
        mail_set_aside(inbound=waiting, reason=" ", actor=actor(organisation))
    mail_set_aside(inbound=waiting, reason="A question about an order", actor=actor(organisation))
    assert not InboundMail.objects.in_triage().exists()
    event = AuditEvent.objects.filter(kind="mail.set_aside").latest("pk")
    assert event.actor_role == "handler"
    assert event.values.get().value == "A question about an order"


def test_a_person_files_it_on_a_case(organisation: Organisation, waiting: InboundMail) -> None:
    case = factories.a_case(organisation)
    with pytest.raises(DomainError):
        mail_file_on_case(inbound=waiting, case=factories.a_case(), actor=actor(organisation))
    mail_file_on_case(inbound=waiting, case=case, actor=actor(organisation))
    assert case.messages.latest("pk").body == "Bonjour, une question sur ma fiche."


def test_an_auditor_only_reads(organisation: Organisation, waiting: InboundMail) -> None:
    auditor = actor(organisation, Role.AUDITOR)
    for act in (
        lambda: mail_open_case(inbound=waiting, rights=["access"], actor=auditor),
        lambda: mail_set_aside(inbound=waiting, reason="x", actor=auditor),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_logs_hold_no_word_of_the_mail(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    take_in(organisation, raw("secret words " + ASKS))

    def poisoned(content: bytes) -> None:
        raise ValueError(content.decode())

    monkeypatch.setattr("requests_app.services.mail.parse", poisoned)
    take_in(organisation, raw("secret words again, " + ASKS))
    assert "could not be understood: ValueError" in caplog.text
    assert "secret" not in caplog.text and "camille" not in caplog.text

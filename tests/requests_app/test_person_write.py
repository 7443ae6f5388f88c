"""What is written to a data subject: once for one reason, filed on the case, and nobody else's words in it."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from requests_app.correspondence import mailbox_format, message_id_make, message_id_reference, one_line, person_write
from requests_app.models import Case, Message, Outgoing, PartyAddress
from requests_app.outbox import mail_message
from requests_app.vocabulary import Direction
from tests import factories

pytestmark = pytest.mark.django_db

HOSTILE = "BUY NOW https://evil.example <script>alert(1)</script>"
TEMPLATES: dict[str, dict[str, Any]] = {
    "acknowledgement": {"code": "482913", "confirm_url": "https://desk.example/confirm/tok", "rights": True},
    "access_code": {"code": "482913", "purpose": "portal"},
    "answer_ready": {"rights": True},
    "answer_single_channel": {"passphrase_by": "phone"},
    "answer_without_data": {"rights": True},
    "message_posted": {},
}


def address_of(case: Case) -> PartyAddress:
    address: PartyAddress = PartyAddress.objects.select_related("party").get(party__case=case, kind="email")
    return address


def write(case: Case, name: str, key: str = "") -> Outgoing:
    context = dict(TEMPLATES[name])
    if "rights" in context:
        context["rights"] = list(case.rights.all())
    with transaction.atomic():
        return person_write(
            case=case,
            template=f"emails/{name}",
            address=address_of(case),
            key=key or f"test_{name}:{case.reference}",
            context=context,
        )


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_no_word_of_the_sender_reaches_an_unconfirmed_address(name: str, language: str) -> None:
    case = factories.a_case(name=HOSTILE, text=HOSTILE, language=language, submission=f"{name}{language}")
    outgoing = write(case, name)
    whole = outgoing.subject + outgoing.body_text + outgoing.body_html
    assert "BUY NOW" not in whole
    assert "evil.example" not in whole
    assert case.reference in outgoing.subject and case.reference in outgoing.body_text
    assert case.organisation.name in outgoing.body_text
    assert "{{" not in whole and "{%" not in whole
    assert "/notice/" in outgoing.body_text and "/notice/" in outgoing.body_html


def test_the_acknowledgement_says_when_and_why() -> None:
    case = factories.a_case(language="en")
    outgoing = Outgoing.objects.get(key=f"acknowledgement:{case.reference}")
    assert "Thu 5 March 2026, 18:42" in outgoing.body_text  # the organisation's zone, not the server's
    assert outgoing.body_text.count("Tuesday 7 April 2026") == 2
    assert "Monday 9 March 2026" in outgoing.body_text  # two working days for the advertising
    assert "GDPR art. 12(3)" in outgoing.body_text
    assert "identity document" in outgoing.body_text
    assert re.search(r"\b\d{6}\b", outgoing.body_text)
    assert case.organisation.brand_colour in outgoing.body_html


@pytest.mark.parametrize(
    ("country", "rule", "zone", "days"),
    [
        ("CH", "CH", "Europe/Zurich", 30),
        ("US", "US-CA", "America/Los_Angeles", 45),
        ("BR", "BR", "America/Sao_Paulo", 15),
    ],
)
def test_the_acknowledgement_tells_the_law_of_the_place(country: str, rule: str, zone: str, days: int) -> None:
    organisation = factories.OrganisationFactory.create(country=country, jurisdiction=rule, time_zone=zone)
    case = factories.a_case(organisation, language="en")
    outgoing = Outgoing.objects.get(key=f"acknowledgement:{case.reference}")
    for told in (outgoing.body_text, outgoing.body_html):
        assert f"The law gives us {days} days from the day your request arrived." in told
        assert "GDPR" not in told and "(article" not in told and "one month" not in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_mail_greets_by_name_only_whoever_confirmed_the_mailbox(language: str) -> None:
    case = factories.a_case(language=language)
    hello = {"en": "Hello", "fr": "Bonjour"}[language]
    assert write(case, "message_posted").body_text.startswith(f"{hello},\n\n")
    PartyAddress.objects.filter(pk=address_of(case).pk).update(confirmed_at=case.received_at)
    outgoing = write(case, "message_posted", key="another")
    assert outgoing.body_text.startswith(f"{hello} Camille Estève,\n\n")
    assert f"<p>{hello} Camille Estève,</p>" in outgoing.body_html


def test_the_remedies_are_said_once() -> None:
    text = write(factories.a_case(language="en"), "answer_ready").body_text
    assert text.casefold().count("if you disagree") == 1
    assert "complain to the supervisory authority or go to court (GDPR arts. 77 and 79)" in text


@pytest.mark.parametrize("key", ["address_changed", "withdrawn", "access_code", "acknowledgement"])
def test_what_a_machine_writes_by_itself_says_so(key: str) -> None:
    mail = mail_message(write(factories.a_case(), "message_posted", key=f"{key}:x"))
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    written = mail_message(write(factories.a_case(submission="a" * 32), "message_posted"))
    assert "Auto-Submitted" not in written.extra_headers


def test_the_copy_on_the_case_opens_nothing() -> None:
    case = factories.a_case()
    outgoing = write(case, "acknowledgement")
    message = Message.objects.get(message_id=outgoing.message_id)
    assert message.direction == Direction.OUTBOUND
    assert "482913" in outgoing.body_text and "482913" not in message.body
    assert "confirm/tok" in outgoing.body_text and "confirm/tok" not in message.body


def test_one_reason_is_one_mail() -> None:
    case = factories.a_case()
    before = Message.objects.count()
    first, second = write(case, "message_posted", "once:1"), write(case, "message_posted", "once:1")
    assert first == second
    assert Message.objects.count() == before + 1


def test_it_stands_or_falls_with_the_facts_it_tells() -> None:
    case = factories.a_case()
    with pytest.raises(RuntimeError):
        _write_and_fail(case)
    assert not Outgoing.objects.filter(key="undone:1").exists()


def _write_and_fail(case: Case) -> None:
    with transaction.atomic():
        write(case, "message_posted", "undone:1")
        raise RuntimeError


def test_headers_cannot_be_smuggled_in() -> None:
    organisation = factories.OrganisationFactory.create(name='Evil"\r\nBcc: all@victim.example, x')
    case = factories.a_case(organisation, message_id="<a@b.example>\r\nX-Evil: 1")
    outgoing = Outgoing.objects.get(case=case)
    sent = mail_message(outgoing).message()
    assert sent["Bcc"] is None and sent["X-Evil"] is None
    assert "\n" not in str(sent["From"]) and sent["From"].endswith(f"<{organisation.privacy_email}>")
    assert "\n" not in outgoing.in_reply_to
    assert one_line("a\r\nBcc: b\x00\u2028c") == "a Bcc: b c"
    assert mailbox_format('a"b\\', "x@y.example") == '"a\\"b\\\\" <x@y.example>'


def test_the_message_id_is_fixed_and_cannot_be_guessed() -> None:
    made = message_id_make(reference="DSR-2026-7K3F9-QX4TC-0", key="a:1", domain="mes-donnees@jst.example")
    assert made == message_id_make(reference="DSR-2026-7K3F9-QX4TC-0", key="a:1", domain="mes-donnees@jst.example")
    assert made != message_id_make(reference="DSR-2026-7K3F9-QX4TC-0", key="a:2", domain="mes-donnees@jst.example")
    assert made.endswith("@jst.example>")
    assert message_id_reference(made) == "DSR-2026-7K3F9-QX4TC-0"
    assert message_id_reference(made.lower().strip("<>")) == "DSR-2026-7K3F9-QX4TC-0"
    assert message_id_reference(made.replace("7K3F9", "7K3F8")) is None
    assert message_id_reference("<whatever@jst.example>") is None
    with override_settings(MASTER_KEY="another"):
        assert message_id_reference(made) is None


def test_queries_of_one_mail(django_assert_num_queries: Any) -> None:
    case = factories.a_case()
    case = Case.objects.select_related("organisation").get(pk=case.pk)
    address = address_of(case)
    with transaction.atomic(), django_assert_num_queries(3):  # is it there, the mail, its copy
        person_write(case=case, template="emails/message_posted", address=address, key="count:1", context={})

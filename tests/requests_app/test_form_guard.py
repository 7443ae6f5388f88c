"""Machines: what looks like one is accepted and waits for a look; a person without JavaScript is never shut out."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dsar.core.files import file_read
from dsar.core.models import Organisation
from requests_app import proof_of_work
from requests_app.models import Case, Message, Outgoing
from requests_app.vocabulary import SpamSign
from tests.factories import RECEIVED_AT, a_case
from tests.requests_app.test_public_request import fields_of
from tests.work import work_solved

pytestmark = pytest.mark.django_db

ANSWERS: dict[str, Any] = {"right": "access", "email": "camille.esteve@example.org", "name": "Camille Estève"}


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(RECEIVED_AT, tick=False) as traveller:
        yield traveller


def form(client: Client, language: str = "en", **fields: Any) -> Any:
    typed = {**ANSWERS, "page": "check", **fields}
    return client.post(reverse("public-request", args=["virelune"]), typed, headers={"Accept-Language": language})


def solved(client: Client, **fields: Any) -> str:
    return work_solved(form(client, **fields, go="check").content.decode())


def signs() -> list[str]:
    case: Case = Case.objects.latest("pk")
    return list(case.spam_signs)


# ---- the sum ---------------------------------------------------------------------------------------------------------


def test_without_javascript_the_request_is_accepted_and_waits_for_a_look(
    organisation: Organisation, client: Client
) -> None:
    assert form(client, go="send").status_code == 302
    assert signs() == [SpamSign.NO_WORK]
    case = Case.objects.get()
    assert case.rights.get().due_on is not None
    assert Outgoing.objects.count() == len(mail.outbox) == 0


def test_a_solved_sum_is_no_sign_and_the_acknowledgement_leaves(organisation: Organisation, client: Client) -> None:
    form(client, work=solved(client), go="send")
    assert signs() == []
    assert Outgoing.objects.get().key.startswith("acknowledgement:")


def test_a_sum_serves_for_one_request(organisation: Organisation, client: Client) -> None:
    work = solved(client)
    form(client, work=work, go="send")
    form(client, work=work, text="Another one", go="send")
    assert Case.objects.count() == 2
    assert signs() == [SpamSign.NO_WORK]


def test_pressing_twice_is_no_replay(organisation: Organisation, client: Client) -> None:
    token, work = "0123456789abcdef0123456789abcdef", solved(client)
    for browser in (client, Client()):
        assert form(browser, work=work, submission=token, go="send").status_code == 302
    assert Case.objects.count() == 1
    assert signs() == []


def test_a_sum_is_valid_for_some_hours(organisation: Organisation, client: Client, clock: Any) -> None:
    work = solved(client)
    clock.shift(timedelta(seconds=proof_of_work.VALID_SECONDS + 1))
    form(client, work=work, go="send")
    assert signs() == [SpamSign.NO_WORK]


@pytest.mark.parametrize("work", ["x", "e30=", "bnVsbA==", "W10=", "é", "A" * 5_000, "eyJjaGFsbGVuZ2UiOjN9"])
def test_nonsense_is_no_solution(organisation: Organisation, client: Client, work: str) -> None:
    assert form(client, work=work, go="send").status_code == 302
    assert signs() == [SpamSign.NO_WORK]


def test_a_sum_of_ones_own_making_is_none(
    organisation: Organisation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(proof_of_work, "_secret", lambda: "0" * 64)
        work = solved(client)
    form(client, work=work, go="send")
    assert signs() == [SpamSign.NO_WORK]


def test_while_the_cache_is_away_nobody_is_shut_out(
    organisation: Organisation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any, **_options: Any) -> int:
        raise ValueError

    monkeypatch.setattr("dsar.core.rates.cache.incr", away)
    form(client, work=solved(client), go="send")
    assert signs() == []


# ---- the field that nobody sees --------------------------------------------------------------------------------------


def test_the_trap_is_hidden_from_everybody_who_looks(organisation: Organisation, client: Client) -> None:
    page = client.get(reverse("public-request", args=["virelune"])).content.decode()
    trap = page[page.index('<p class="unseen"') : page.index("</p>", page.index('<p class="unseen"'))]
    for part in ('aria-hidden="true"', 'tabindex="-1"', 'autocomplete="off"', "<label"):
        assert part in trap
    assert "style=" not in trap


def test_whoever_fills_it_in_is_accepted_and_waits_for_a_look(organisation: Organisation, client: Client) -> None:
    page = form(client, page="want", homepage="https://spam.example", go="next").content.decode()
    assert fields_of(page)["homepage"] == ["https://spam.example"]
    assert form(client, homepage="https://spam.example", work=solved(client), go="send").status_code == 302
    assert signs() == [SpamSign.HONEYPOT]
    assert Outgoing.objects.count() == 0


# ---- how many --------------------------------------------------------------------------------------------------------


def test_many_from_one_place_wait_for_a_look_whatever_browser_they_use(
    organisation: Organisation, settings: Any
) -> None:
    settings.DSAR_FORM_LOOK_AFTER = 2
    found = []
    for number in range(4):
        client = Client()
        form(client, work=solved(client), text=f"Number {number}", go="send")
        found.append(signs())
    assert found == [[], [], [SpamSign.RATE], [SpamSign.RATE]]
    form(elsewhere := Client(REMOTE_ADDR="203.0.113.9"), work=solved(elsewhere), text="From elsewhere", go="send")
    assert signs() == []


def test_behind_a_proxy_the_address_is_the_one_it_was_called_from(organisation: Organisation, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.DSAR_FORM_LOOK_AFTER = 1
    found = []
    for number, forwarded in enumerate(("6.6.6.6, 203.0.113.9", "203.0.113.10", "7.7.7.7, 203.0.113.9")):
        client = Client(headers={"X-Forwarded-For": forwarded})
        form(client, work=solved(client), text=f"Number {number}", go="send")
        found.append(signs())
    assert found == [[], [], [SpamSign.RATE]]


def test_the_count_begins_again_after_the_hour(organisation: Organisation, settings: Any, clock: Any) -> None:
    settings.DSAR_FORM_LOOK_AFTER = 1
    for number in range(2):
        form(Client(), text=f"Number {number}", go="send")
    assert SpamSign.RATE in signs()
    clock.shift(timedelta(minutes=61))
    form(Client(), text="Later", go="send")
    assert SpamSign.RATE not in signs()


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Yours was not recorded yet."), ("fr", '<html lang="fr">')]
)
def test_a_flood_is_told_to_come_later_and_keeps_what_was_typed(
    organisation: Organisation, settings: Any, clock: Any, language: str, says: str
) -> None:
    settings.DSAR_FORM_REFUSE_AFTER = 1
    form(Client(), go="send")
    response = form(Client(), language, text="My words", go="send")
    page = response.content.decode()
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1080"  # it is 17:42, and the hour ends at 18:00
    assert "18 minutes" in page
    assert says in page
    assert organisation.privacy_email in page
    assert "8 rue des Reliures" in page
    assert Case.objects.count() == 1
    kept = fields_of(page)
    assert kept["text"] == ["My words"]
    clock.shift(timedelta(minutes=61))
    again = Client().post(
        reverse("public-request", args=["virelune"]), {**kept, "work": work_solved(page), "go": "send"}
    )
    assert again.status_code == 302
    assert Case.objects.latest("pk").text == "My words"
    assert signs() == []


def test_a_flood_keeps_the_files(organisation: Organisation, settings: Any, clock: Any) -> None:
    settings.DSAR_FORM_REFUSE_AFTER = 1
    form(Client(), go="send")
    client, token = Client(), "f" * 32
    form(client, submission=token, page="want", go="attach", files=[SimpleUploadedFile("a.txt", b"my file")])
    refused = form(client, submission=token, attached="1", go="send")
    assert refused.status_code == 429
    kept = fields_of(refused.content.decode())
    clock.shift(timedelta(minutes=61))
    again = client.post(reverse("public-request", args=["virelune"]), {**kept, "go": "send"})
    assert again.status_code == 302
    filed = Message.objects.get(case=Case.objects.latest("pk")).files.get()
    assert (filed.name, file_read(filed)) == ("a.txt", b"my file")


@pytest.mark.parametrize(
    ("page", "field", "limit"),
    [("want", "text", 5000), ("who", "name", 300), ("who", "identifier", 200), ("reach", "email", 254),
     ("reach", "phone", 40), ("reach", "postal", 500)],
)  # fmt: skip
def test_what_is_too_long_is_said_and_kept(organisation: Organisation, page: str, field: str, limit: int) -> None:
    typed = ("1" * (limit + 1)) if field != "email" else f"{'x' * limit}@example.org"
    shown = form(Client(), page=page, go="next", **{field: typed}).content.decode()
    assert f"Shorten this text: {limit} characters at most, yours has {len(typed)}." in shown
    assert fields_of(shown)[field] == [typed]
    assert Case.objects.count() == 0


def test_a_flood_does_not_hide_the_receipt_of_what_was_accepted(organisation: Organisation, settings: Any) -> None:
    settings.DSAR_FORM_REFUSE_AFTER = 1
    token = "0123456789abcdef0123456789abcdef"
    assert [form(Client(), submission=token, go="send").status_code for _press in range(4)] == [302] * 4
    assert Case.objects.count() == 1


# ---- nothing is told -------------------------------------------------------------------------------------------------


def test_no_page_tells_whether_an_address_is_known(organisation: Organisation) -> None:
    a_case(organisation, email="known@example.org", name="Someone Known", submission="1" * 32)
    pages = []
    for email in ("known@example.org", "other@example.org"):
        client = Client()
        work = solved(client, email=email)
        steps = [form(client, email=email, page=page, go="next") for page in ("want", "who", "reach")]
        sent = form(client, email=email, work=work, go="send")
        receipt = client.get(sent.headers["Location"], headers={"Accept-Language": "en"})
        shown = [step.content.decode() for step in steps] + [receipt.content.decode()]
        pages.append([sent.status_code, sent.headers["Location"], *(_anonymous(one, email) for one in shown)])
    assert pages[0] == pages[1]


def _anonymous(page: str, email: str) -> str:
    """The page without what is drawn by lot: tokens, sums, reference and key; and without the address itself."""
    page = page.replace(email, "EMAIL").replace(f"{email[0]}•••••", "E•••••")
    page = re.sub(r'class="big">[^<]+<', 'class="big"><', page)
    return re.sub(r'(data-work|value)="[^"]*"', r"\1", page)

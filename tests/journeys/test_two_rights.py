"""One letter, two rights, two clocks: each is answered by its own date, whichever door the letter came through."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from requests_app import services
from requests_app.incoming import IncomingRequest
from requests_app.models import Case, CaseRight
from requests_app.services import form_files as form_services
from requests_app.services import mail as mail_services
from requests_app.vocabulary import Stage
from tests.journeys.site import ACCESS, OBJECTION, DataSubject, Site, Staff

LETTERS = {
    "fr": (
        "Camille Estève",
        "camille.esteve@example.org",
        "Bonjour,\n\nEnvoyez-moi une copie de mes données personnelles (article 15 du RGPD).\n"
        "Je ne veux plus recevoir vos publicités.",
    ),
    "en": (
        "Harriet Colebourn",
        "harriet.colebourn@example.com",
        "Hello,\n\nSend me a copy of my personal data (article 15 of the GDPR).\n"
        "And stop sending me advertising.",
    ),
}
CACHED = (
    "due_on", "last_day", "prudent_due_on", "extension_notice_due_on", "extension_notice_prudent_on",
    "refusal_notice_due_on",
)  # fmt: skip


def by_form(site: Site, language: str, folder: Path) -> None:
    """The letter as somebody types it into the form."""
    name, email, text = LETTERS[language]
    DataSubject(site, name, email, language).ask(ACCESS, OBJECTION, text=text)


def by_mail(site: Site, language: str, folder: Path) -> None:
    """The same letter as an e-mail file."""
    name, email, text = LETTERS[language]
    message = EmailMessage()
    message["From"], message["To"] = f"{name} <{email}>", site.organisation.privacy_email
    message["Subject"] = "Mes données" if language == "fr" else "My data"
    message["Date"] = "Thu, 05 Mar 2026 18:42:00 +0100"
    message["Message-ID"] = f"<letter-{language}@example.org>"
    message.set_content(text)
    path = folder / "letter.eml"
    path.write_bytes(message.as_bytes())
    call_command("mail_import", str(path), stdout=StringIO())


def deadline_says(right: CaseRight) -> dict[str, object]:
    """What `manage.py deadline` prints for the facts of one right."""
    out = StringIO()
    call_command("deadline", "FR", right.received_at.isoformat(), stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def dates_proved(case: Case) -> None:
    """Each stored date of each right is the one the command computes for that right's own facts."""
    for right in case.rights.all():
        says = deadline_says(right)
        assert {name: str(getattr(right, name)) for name in CACHED} == {name: says[name] for name in CACHED}
        assert [right.clock_flags, right.clock_rule, right.clock_calendar] == [
            says["flags"], says["rule"], says["calendar"],
        ]  # fmt: skip


@pytest.mark.parametrize("door", [by_form, by_mail])
def test_the_objection_is_answered_on_day_one_while_access_goes_on(
    site: Site, clock: time_machine.Traveller, tmp_path: Path, door: Callable[[Site, str, Path], None]
) -> None:
    door(site, "fr", tmp_path)
    case = Case.objects.get()
    dates_proved(case)
    assert [str(right.target_on) for right in case.rights.order_by("right")] == ["None", "2026-03-09"]
    assert str(case.next_on) == "2026-03-09"
    clock.move_to(datetime(2026, 3, 6, 9, 0, tzinfo=UTC))
    handler = Staff(site, "handler")
    handler.act("case-take", case)
    for right in (ACCESS, OBJECTION):
        handler.act("case-right-start", case, right)
    site.worker.run()
    handler.objection_answered(case)
    access, objection = case.rights.get(right=ACCESS), case.rights.get(right=OBJECTION)
    assert (objection.stage, access.stage) == (Stage.ANSWERED, Stage.IN_PROGRESS)
    assert objection.answered_at == datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
    dates_proved(case)
    case.refresh_from_db()
    assert case.next_on == access.matters_on
    assert case.closed_at is None


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.usefixtures("clock")
def test_both_doors_build_the_same_request(
    site: Site, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[IncomingRequest] = []
    real = services.case_open

    def seen(incoming: IncomingRequest, **who: object) -> services.OpenedCase:
        built.append(incoming)
        return real(incoming, **who)  # type: ignore[arg-type]

    for module in (form_services, mail_services):
        monkeypatch.setattr(module, "case_open", seen)
    by_form(site, language, tmp_path)
    by_mail(site, language, tmp_path)
    form, mail = built
    assert (str(form.channel), str(mail.channel)) == ("form", "email")
    assert form == mail
    assert form.language == language
    assert form.received_at == mail.received_at
    first, second = Case.objects.order_by("pk")
    clocks = [list(case.rights.order_by("right").values_list("right", *CACHED)) for case in (first, second)]
    assert clocks[0] == clocks[1]


def test_a_right_added_on_day_twelve_has_its_own_clock(
    site: Site, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    by_form(site, "fr", tmp_path)
    case = Case.objects.get()
    before = list(case.rights.values_list("right", *CACHED))
    clock.move_to(datetime(2026, 3, 18, 8, 0, tzinfo=UTC))
    handler = Staff(site, "handler", "fr")
    handler.act("case-right-add", case, right="rectification", received_at="2026-03-17T09:00", detail="Mon nom.")
    added = case.rights.get(right="rectification")
    assert added.received_at == datetime(2026, 3, 17, 8, 0, tzinfo=UTC)  # nine o'clock in Paris
    assert str(added.due_on) == "2026-04-17"
    assert list(case.rights.exclude(right="rectification").values_list("right", *CACHED)) == before
    dates_proved(case)
    assert "rectification" in [
        event.facts.get("right") for event in site.events(case) if event.kind == "case_right.added"
    ]

"""The commands of the e-mail door: one line of JSON a message, the right organisation or a clear error."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from requests_app.mail_files import mails_in
from requests_app.models import Case, InboundMail
from tests import factories

pytestmark = pytest.mark.django_db

MAILS = Path(__file__).parent.parent / "testdata" / "mail"
LETTER = (MAILS / "access_plain.eml").read_bytes()


def imported(*arguments: str | Path) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("mail_import", *map(str, arguments), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def _two_organisations() -> None:
    factories.OrganisationFactory.create(slug="virelune", privacy_email="mes-donnees@virelune.example")
    factories.OrganisationFactory.create(slug="other", privacy_email="privacy@other.example")


def letter(**headers: str) -> bytes:
    """The same letter under other headers: names given here replace those of the file."""
    wanted = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    head, _, body = LETTER.partition(b"\n\n")
    lines = [line for line in head.split(b"\n") if line.split(b":")[0].decode().lower() not in wanted]
    added = [f"{name}: {value}".encode() for name, value in wanted.items() if value]
    return b"\n".join([*lines, *added]) + b"\n\n" + body


@pytest.mark.usefixtures("_two_organisations")
def test_one_line_a_message(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "letter.txt").write_bytes(LETTER)
    [line] = imported(tmp_path)
    assert list(line) == ["path", "id", "outcome", "reference", "reason"]
    case = Case.objects.get()
    assert line["outcome"] == "case_opened"
    assert line["reference"] == case.reference
    assert line["id"] == InboundMail.objects.get().pk
    assert case.organisation.slug == "virelune"
    assert case.received_at.isoformat() == "2026-03-05T17:42:10+00:00"
    [again] = imported(tmp_path)
    assert (again["outcome"], again["reference"]) == ("already_filed", case.reference)


@pytest.mark.usefixtures("_two_organisations")
@pytest.mark.parametrize(
    ("headers", "slug"),
    [
        ({"delivered_to": "PRIVACY@other.example"}, "other"),
        ({"delivered_to": "", "to": "x@y.example, privacy@other.example"}, "other"),
        ({"delivered_to": "", "to": "x@y.example", "cc": "privacy@other.example"}, "other"),
        ({"delivered_to": "alias@y.example"}, "virelune"),
    ],
)
def test_the_organisation_by_its_address(tmp_path: Path, headers: dict[str, str], slug: str) -> None:
    (tmp_path / "a").write_bytes(letter(**headers))
    imported(tmp_path)
    assert InboundMail.objects.get().organisation.slug == slug


@pytest.mark.usefixtures("_two_organisations")
def test_without_a_known_address_nothing_is_filed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LETTER)
    (tmp_path / "b").write_bytes(letter(delivered_to="", to="x@y.example"))
    with pytest.raises(CommandError, match="b: no organisation"):
        imported(tmp_path)
    assert not InboundMail.objects.exists()
    assert [line["outcome"] for line in imported("--organisation", "virelune", tmp_path)] == ["case_opened", "filed"]


def test_the_only_organisation_gets_everything_and_no_mail_goes_to_triage(tmp_path: Path) -> None:
    factories.OrganisationFactory.create()
    (tmp_path / "a").write_bytes(letter(delivered_to="", to="x@y.example"))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4 no mail at all")
    (tmp_path / "c").write_bytes(b"")
    lines = imported(tmp_path)
    assert [(line["outcome"], line["reason"]) for line in lines] == [
        ("case_opened", "rights_found"), ("triage", "not_a_mail"), ("triage", "not_a_mail"),
    ]


def test_errors_are_clear(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no active organisation"):
        imported(tmp_path)
    factories.OrganisationFactory.create()
    with pytest.raises(CommandError, match="No active organisation is called nowhere"):
        imported("--organisation", "nowhere", tmp_path)
    with pytest.raises(CommandError, match="No such file"):
        imported(tmp_path / "missing")


def test_mboxes_and_maildirs(tmp_path: Path) -> None:
    separator = b"From camille@mail.example Thu Mar  5 18:42:10 2026\n"
    first, second = b"Subject: 1\n\n>From me\nFrom what I know, nothing\n", b"Subject: 2\n\nbody\n"
    (tmp_path / "box").write_bytes(separator + first + b"\n" + separator + second)
    (tmp_path / "single.eml").write_bytes(separator + second)
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "dir" / folder).mkdir(parents=True)
        (tmp_path / "dir" / folder / "1:2,S").write_bytes(folder.encode())
    found = {mail.path.removeprefix(f"{tmp_path}/"): mail.raw for mail in mails_in([str(tmp_path)])}
    assert found == {
        "box#1": first.replace(b">From", b"From"),
        "box#2": second,
        "single.eml": second,
        "dir/cur/1:2,S": b"cur",
        "dir/new/1:2,S": b"new",
    }


def test_mail_parse_shows_what_is_read_and_files_nothing() -> None:
    out = StringIO()
    call_command("mail_parse", str(MAILS / "latin1_attachment.eml"), stdout=out)
    facts = json.loads(out.getvalue())
    assert set(facts) == {
        "message_id", "subject", "from", "to", "cc", "date", "text", "html", "attachments", "defects", "machine",
        "language", "rights", "chaser", "complaint", "agent",
    }
    assert facts["machine"] == {"is": False, "reasons": []}
    assert facts["rights"] == [{"code": "access", "confidence": 0.9, "evidence": "accéder à mes données"}]
    assert set(facts["attachments"][0]) == {"name", "content_type", "size", "sha256"}
    assert not InboundMail.objects.exists()
    with pytest.raises(CommandError, match="No such file"):
        call_command("mail_parse", "/nowhere/at/all")

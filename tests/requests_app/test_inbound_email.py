"""Reading strangers' mail: it never raises, always ends, and says what the mail says."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.inbound_email import ParsedEmail, machine, parse
from requests_app.mail_text import bytes_decode, flowed_join, header_decode, html_to_text, reply_text
from tests.parts import shared_path

MAILS = Path(__file__).parent.parent / "testdata" / "mail"
HEAD = b"From: a@b.example\nSubject: x\n"


def mail(name: str) -> ParsedEmail:
    return parse((MAILS / f"{name}.eml").read_bytes())


def test_a_plain_letter() -> None:
    parsed = mail("access_plain")
    assert parsed.subject == "Mes données"
    assert (parsed.sender_name, parsed.sender) == ("Camille Estève", "camille.esteve@mail.example")
    assert parsed.message_id == "first-letter@mail.example"
    assert parsed.delivered_to == ("mes-donnees@virelune.example",)
    assert parsed.received_at == datetime(2026, 3, 5, 17, 42, 10, tzinfo=UTC)  # the newest Received, not the Date
    assert parsed.date == datetime(2026, 3, 5, 17, 41, 58, tzinfo=UTC)
    assert parsed.text.startswith("Bonjour,\n\nQuelles données")
    assert parsed.defects == ()


def test_parts_charsets_and_names() -> None:
    parsed = mail("latin1_attachment")
    assert parsed.subject == "Données"
    assert parsed.sender_name == "Ana López"
    assert parsed.text == "Je voudrais accéder à mes données."
    [attachment] = parsed.attachments
    assert attachment.name == "mémoire.pdf"
    assert (attachment.content_type, attachment.size, attachment.content[:4]) == ("application/pdf", 9, b"%PDF")
    assert "script" not in parsed.html and "onclick" not in parsed.html and "spy.example" not in parsed.html


def test_a_page_without_a_text_is_read_as_lines() -> None:
    parsed = mail("html_only")
    assert parsed.text == "Hello,\n\nWhat data do you hold\nabout me?\n\n> Old mail: delete my account"
    assert reply_text(parsed.text) == "Hello,\n\nWhat data do you hold\nabout me?"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe" + "Bonjour".encode("utf-16-le"),
        b"no header at all",
        HEAD + b"Content-Type: text/plain; charset=\"\xff\x00zip\"\n\n\xe9\xe8",
        HEAD + b"Content-Type: text/plain; charset=utf-7\n\n+2AA-",
        HEAD + b"Content-Type: multipart/mixed\n\nnever began",
        HEAD + b"Content-Transfer-Encoding: base64\n\n%%%",
        HEAD + b"Content-Disposition: attachment; filename*=utf-99'x'%FF%\n\nx",
        b"From: \xff <\xff@\xff>\nDate: 99 Foo\nMessage-ID: x y\nReferences: <<>>\n\nx",
        b"".join([HEAD, *(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2000))]),
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 5000,
        HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 20_000 + b"deep",
    ],
)
def test_nothing_stops_it(raw: bytes) -> None:
    parsed = parse(raw)
    for text in (parsed.text, parsed.html, parsed.subject, parsed.sender, *(value for _, value in parsed.headers)):
        assert "\x00" not in text
        text.encode("utf-8")  # no half surrogate, which no database takes
    machine(parsed)
    reply_text(parsed.text)


@given(st.binary(max_size=300), st.sampled_from([b"", HEAD, b"Content-Type: multipart/mixed; boundary=b\n"]))
def test_no_bytes_raise(raw: bytes, head: bytes) -> None:
    parsed = parse(head + raw)
    reply_text(parsed.text)
    parsed.text.encode("utf-8")


def test_real_world_mail_is_read_without_exception() -> None:
    folder = shared_path("mail")
    read = 0
    for root, _, names in os.walk(folder):
        for name in names:
            parsed = parse((Path(root) / name).read_bytes())
            machine(parsed)
            reply_text(parsed.text)
            read += 1
    assert read


def test_deep_markup_costs_its_page_but_not_its_text() -> None:
    parsed = parse(HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 5000 + b"deep")
    assert (parsed.text, parsed.html) == ("deep", "")
    assert "html_too_deep" in parsed.defects


def test_broken_words_are_read_as_meant() -> None:
    assert header_decode("=?utf-8?b?w6k=?= =?utf-8?q?t=C3=A9?=") == "été"
    assert header_decode("=?utf-8?q?=C3?= =?utf-8?q?=A9?=") == "é"  # one character cut in two
    assert header_decode("=?nonsense?q?abc?= d") == "abc d"
    assert header_decode("a\r\n\tb") == "a b"
    assert bytes_decode("déjà".encode(), "iso-8859-1") == ("déjà", False)  # UTF-8 that claims to be Latin-1
    assert bytes_decode(b"d\xe9j\xe0 \x80", "iso-8859-1") == ("déjà €", True)  # Latin-1 means Windows-1252
    assert flowed_join("one \ntwo\n\n> q \n> r", joins_spaces=False) == "one two\n\n> q\n> r"
    assert html_to_text("<p>a &amp; b<p>c<ul><li>d<li>e</ul>").split() == ["a", "&", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Sans citation.\n\nDeux lignes.", "Sans citation.\n\nDeux lignes."),
        ("My answer.\n\nOn Mon, 9 Mar 2026, Jo wrote:\n> old\n> older", "My answer."),
        ("On Mon, 9 Mar 2026, Jo wrote:\n> old\n\nAnswer below.", "Answer below."),
        ("> only\n> a quote", "> only\n> a quote"),
        ("  indented\n  twice  ", "indented\n  twice"),
    ],
)
def test_the_persons_own_words(text: str, own: str) -> None:
    assert reply_text(text) == own


def test_a_reply_is_folded_off_the_mail_it_answers() -> None:
    assert reply_text(mail("reply_quoted").text) == "Mon numéro de client est le 4471."


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"Auto-Submitted: auto-replied", "auto_submitted"),
        (b"X-Auto-Response-Suppress: DR, OOF, AutoReply", "auto_response_suppress"),
        (b"Precedence: bulk", "precedence"),
        (b"List-Unsubscribe: <https://list.example/u>", "list"),
        (b"Return-Path: <>", "empty_return_path"),
        (b"Content-Type: multipart/report; boundary=b", "report"),
        (b"X-Autoreply: yes", "machine_header"),
        (b"Subject: Out of Office: gone fishing", "subject"),
        ("Subject: Réponse automatique : Votre demande".encode(), "subject"),
    ],
)
def test_machines_are_recognised(header: bytes, reason: str) -> None:
    verdict = machine(parse(b"From: a@b.example\n" + header + b"\n\nx"))
    assert verdict.is_machine
    assert reason in verdict.reasons


@pytest.mark.parametrize(
    "header",
    [
        b"Auto-Submitted: no",
        b"Precedence: first-class",
        b"Return-Path: <a@b.example>",
        b"Subject: Re: my data",
        b"Subject: The automatic door of your office",
    ],
)
def test_people_are_not_taken_for_machines(header: bytes) -> None:
    assert not machine(parse(b"From: a@b.example\n" + header + b"\n\nx")).is_machine

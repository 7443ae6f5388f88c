"""The letter: complete, tagged, and deaf to whatever strangers write into it."""

import io
import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from dsar.core.files import file_read
from dsar.core.roles import Role
from requests_app.letters import letter_html
from requests_app.models import Case, CaseRight, Decision, Deliverable
from requests_app.pdf import pdf_render
from requests_app.services import letter_prepare
from requests_app.vocabulary import DeliverableKind, Outcome, Review, Stage
from tests.factories import a_case, member, right_of

pytestmark = pytest.mark.django_db

HOSTILE = '<img src="file:///etc/passwd"><script>alert(1)</script></p><link rel=stylesheet href=http://evil.example/>'


def decided_case(outcome: str = "granted", code: str = "access", **fields: str) -> tuple[Case, CaseRight]:
    case_fields: dict[str, Any] = {name: fields.pop(name) for name in ("name", "language", "postal") if name in fields}
    case = a_case(rights=(code,), **case_fields)
    CaseRight.objects.filter(case=case).update(stage=Stage.DECIDED, outcome=outcome)
    Decision.objects.create(
        case_right=right_of(case, code), outcome=outcome, author=member(case.organisation, Role.HANDLER),
        written_at=case.received_at, review=Review.APPROVED, **fields,
    )  # fmt: skip
    return case, right_of(case, code)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", ["access", "marketing_objection"])
@pytest.mark.parametrize("outcome", Outcome.values)
def test_every_letter_carries_what_the_law_wants(language: str, code: str, outcome: str) -> None:
    case, case_right = decided_case(outcome, code, language=language)
    html = letter_html(case, [case_right])
    text = text_of(html)
    organisation = case.organisation
    for wanted in (case.reference, "2026", organisation.name, organisation.dpo_email, "CNIL", "77", "79"):
        assert wanted in text
    assert f'<html lang="{language}">' in html


def test_refusal_says_ground_and_reasons() -> None:
    case, case_right = decided_case(
        "refused",
        ground="12_5_REPETITIVE",
        reasoning="Votre demande du 2 mars a déjà reçu cette réponse.",
        evidence="x",
    )
    text = text_of(letter_html(case, [case_right]))
    assert "Votre demande du 2 mars" in text
    assert "article 12, paragraphe 5" in text.replace("\u00a0", " ")


@pytest.mark.pango
def test_hostile_text_reads_no_file_and_no_network(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the-content-of-a-local-file")
    hostile = HOSTILE.replace("/etc/passwd", str(secret))
    case, case_right = decided_case("refused", ground="11_2", reasoning=hostile, evidence="x", name=hostile[:200])
    html = letter_html(case, [case_right])
    assert "<script>" not in html
    assert "<img" not in html
    attachment = f'<html lang="en"><title>x</title><body><a rel="attachment" href="file://{secret}">x</a></body></html>'
    for document in (
        html,
        attachment,
        f'<html lang="en"><title>x</title><body><img src="file://{secret}" alt="x"></body></html>',
    ):
        assert secret.read_bytes() not in _whole(pdf_render(document))


def _whole(pdf: bytes) -> bytes:
    """All streams of a PDF, unpacked."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        streams = [
            item.read_bytes()
            for item in document.objects
            if isinstance(item, pikepdf.Stream) and "/Subtype" not in item
        ]
    return b"".join(streams)


@pytest.mark.pango
def test_the_prepared_pdf_is_tagged_and_has_language_and_title() -> None:
    case, _case_right = decided_case(language="fr")
    letter_prepare(case=case)
    stored = Deliverable.objects.get(case=case, kind=DeliverableKind.LETTER).stored_file
    with pikepdf.open(io.BytesIO(file_read(stored))) as document:
        assert str(document.Root.Lang).startswith("fr")
        assert document.Root.MarkInfo.Marked
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert case.reference in metadata["dc:title"]


@pytest.mark.pango
@pytest.mark.parametrize("lines", range(0, 40, 3))
def test_nobody_s_name_stands_alone_on_a_page(lines: int) -> None:
    case, case_right = decided_case(language="fr", reasoning="\n\n".join(["Une ligne de motifs."] * lines))
    with pikepdf.open(io.BytesIO(pdf_render(letter_html(case, [case_right])))) as document:
        links = [page for page in document.pages if any("cnil.fr" in str(one.A.URI) for one in page.get("/Annots", []))]
        assert links == [document.pages[-1]], "the remedies, which name the authority, go with the signature"


def test_without_pango_the_web_page_serves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from requests_app.pdf import PdfUnavailable
    from requests_app.services import documents

    def unavailable(html: str) -> bytes:
        raise PdfUnavailable

    monkeypatch.setattr(documents, "pdf_render", unavailable)
    case, _case_right = decided_case()
    assert [letter.kind for letter in letter_prepare(case=case)] == [DeliverableKind.LETTER_HTML]

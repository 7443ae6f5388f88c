"""The form in a real browser: several rights for somebody else, files, mistakes, back and forth, and no scripts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload

from dsar.core.files import file_read
from requests_app.models import Case, Message
from tests.journeys.axe import Findings
from tests.journeys.site import Site
from tests.journeys.test_browser_journey import Subject, chromium  # noqa: F401 - a fixture

pytestmark = pytest.mark.chromium

SEVERAL = ("rectification", "marketing_objection", "automated_decision", "post_mortem")
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.mark.parametrize(("language", "scripts"), [("fr", True), ("en", False)])
def test_the_whole_form_is_readable_and_loses_nothing(
    site: Site,
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: Any,
    settings: Any,
    tmp_path: Path,
    language: str,
    scripts: bool,
) -> None:
    settings.BASE_URL = live_server.url
    findings = Findings(language)
    subject = Subject(chromium, live_server.url, findings, scripts=scripts)
    file = tmp_path / "lettre.pdf"
    file.write_bytes(PDF)
    subject.goto(site.url("public-start"), look="start, all rights")
    subject.goto(site.url("public-embed"), look="embed")
    subject.goto(site.url("public-request") + "?right=rectification")
    _want(subject, file)
    _who(subject)
    _reach(subject)
    _back_and_forth(subject)
    _sent(subject, site, scripts=scripts)
    assert not findings.wrong, f"{len(findings.wrong)} on {len(findings.pages)} pages:\n" + "\n".join(findings.wrong)


def _next(subject: Subject, look: str) -> None:
    subject.press("request", "button[value=next]:visible", look=look)


def _want(subject: Subject, file: Path) -> None:
    page = subject.page
    assert page.locator("#right-rectification").is_checked()
    assert not page.locator("[name=homepage]").is_visible()
    for code in SEVERAL:
        page.locator(f"#right-{code}").check()
    subject.fill(detail_rectification="Rue des Lilas, et non rue des Lys.")
    page.locator("#files").set_input_files(FilePayload(name="vide.pdf", mimeType="application/pdf", buffer=b""))
    subject.press("request", "button[value=attach]", look="question 1, a file with an error")
    assert page.locator("[name=detail_rectification]").input_value() == "Rue des Lilas, et non rue des Lys."
    page.locator("#files").set_input_files(file)
    subject.press("request", "button[value=attach]", look="question 1, with a file")
    assert page.locator("[name=remove]").count() == 1


def _who(subject: Subject) -> None:
    page = subject.page
    _next(subject, "question 2, for a person who has died")
    assert page.locator("#capacity-heir").is_checked()
    assert page.locator("[name=subject_name]").is_visible()
    page.locator("#capacity-data_subject").check()
    assert not page.locator("[name=subject_name]").is_visible()
    page.locator("#capacity-heir").check()
    subject.fill(subject_name="Odile Marchal", subject_email="odile@", name="Camille Estève")
    _next(subject, "question 2 with an error")
    subject.fill(subject_email="odile.marchal@example.org")


def _reach(subject: Subject) -> None:
    page = subject.page
    _next(subject, "question 3, with a country")
    page.locator("[name=country]").select_option("BE")
    subject.fill(postal="8 rue des Reliures\n00000 Exempleville")
    _next(subject, "check, everything")


def _back_and_forth(subject: Subject) -> None:
    """The button of the browser, a reload, and the way by the links of the check page: nothing is lost."""
    page = subject.page
    page.go_back()
    assert page.locator("[name=country]").input_value() == "BE"
    page.go_back()
    assert page.locator("[name=subject_name]").input_value() == "Odile Marchal"
    page.go_forward()
    page.go_forward()
    page.reload()
    with page.expect_navigation():
        page.locator("button[name=go][value=want]").first.click()
    for code in SEVERAL:
        assert page.locator(f"#right-{code}").is_checked()
    assert "lettre.pdf" in page.content()
    _next(subject, "")
    for typed in ("Odile Marchal", "8 rue des Reliures", "Rue des Lilas", "lettre.pdf"):
        assert typed in page.content()


def _sent(subject: Subject, site: Site, *, scripts: bool) -> None:
    subject.press("request", "button[value=send]", look="receipt, everything")
    case = Case.objects.get()
    assert case.spam_signs == ([] if scripts else ["no_work"])
    assert {right.right for right in case.rights.all()} == set(SEVERAL)
    assert case.country == "BE"
    assert case.data_subject is not None and case.requester is not None
    assert (case.data_subject.name, case.requester.name) == ("Odile Marchal", "Camille Estève")
    assert file_read(Message.objects.get().files.get()) == PDF
    subject.goto(site.url("public-notice"), look="notice, complete")

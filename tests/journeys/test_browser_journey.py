"""The same journey in a real browser, data subject to handler to reviewer and back; every page met is examined."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dsar.core.models import User
from exports.sample_company import Person, sample_people
from requests_app.models import Case
from tests import parts
from tests.factories import RECEIVED_AT
from tests.journeys.axe import SCHEMES, SETTLE, Findings
from tests.journeys.site import ACCESS, OBJECTION, PASSWORD, REFERENCE, TRACKING_KEY, Site

pytestmark = pytest.mark.chromium

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
SCREENSHOTS = os.environ.get("DSAR_SCREENSHOTS", "")  # a folder: keep a picture of each page there
# The menu of the member lies over the page: it is shut again after it was looked at.
UNFOLD = "() => document.querySelectorAll('details').forEach(one => { one.open = !one.matches('.me') })"


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A headless Chromium."""
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with time_machine.travel(RECEIVED_AT, tick=True), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=parts.part("chromium").where, args=FLAGS)
        yield browser
        browser.close()


class Somebody:
    """A person at a browser of their own."""

    def __init__(self, browser: Browser, base_url: str, findings: Findings, *, scripts: bool = True) -> None:
        locale = "fr-FR" if findings.language == "fr" else "en-GB"
        self.context: BrowserContext = browser.new_context(
            base_url=base_url, locale=locale, java_script_enabled=scripts, accept_downloads=True
        )
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.findings = findings
        self.scripts = scripts
        # axe is a script: a page where none may run is shown again in one where it may.
        self.twin = browser.new_context(base_url=base_url, locale=locale).new_page()
        self.page.on("console", self._console)
        self.page.on("response", self._response)

    def _console(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.findings.wrong.append(f"console at {self.page.url}: {message.text[:300]}")

    def _response(self, response: Any) -> None:
        if response.status >= 500:
            self.findings.wrong.append(f"{response.status} at {response.url}")

    def goto(self, path: str, look: str = "") -> None:
        """Open a path, and examine it under that name."""
        self.page.goto(path)
        self.look(look)

    def look(self, name: str, *, sandboxed: bool = False) -> None:
        """Examine the present page."""
        if not name:
            return
        examined = self.page
        if sandboxed or not self.scripts:
            examined, html = self.twin, self.page.content()
            self.twin.route("**/examined", lambda route: route.fulfill(body=html, content_type="text/html"))
            self.twin.goto("/examined")
            self.twin.unroute("**/examined")
        self.findings.look(examined, name)
        if SCREENSHOTS:
            self._picture(examined, name)

    def _picture(self, page: Page, name: str) -> None:
        for width in (320, 1280):
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                page.evaluate(SETTLE)
                path = Path(SCREENSHOTS) / f"{self.findings.language}-{name.replace(' ', '-')}-{width}-{scheme}.png"
                page.screenshot(path=path, full_page=True)

    def press(self, form: str, button: str = "button[type=submit]", look: str = "") -> None:
        """Press a button of the form that goes to `form`, a path or an id; then examine what comes."""
        target = f"form[action='{form}']" if form.startswith("/") else f"form#{form}"
        with self.page.expect_navigation():
            self.page.locator(f"{target} {button}").first.click()
        self.look(look)

    def fill(self, **values: str) -> None:
        """Type into fields by name."""
        for name, value in values.items():
            self.page.locator(f"[name={name}]:not([type=hidden])").first.fill(value)


class Subject(Somebody):
    """Who asks."""

    def ask(self, site: Site, person: Person) -> tuple[str, str]:
        """From the first page to the receipt; returns reference and tracking key."""
        self.goto("/", look="home")
        self.goto(site.url("public-start"), look="start")
        self.page.locator(f"a.button[href='{site.url('public-request')}']").click()
        self.look("question 1")
        self.press("request", "button[value=next]:visible", look="question 1 with an error")
        for right in (ACCESS, OBJECTION):
            self.page.locator(f"#right-{right}").check()
        self.fill(text="Toutes mes commandes.")
        self.press("request", "button[value=next]:visible", look="question 2")
        self.fill(name=person.name)
        self.press("request", "button[value=next]:visible", look="question 3")
        self.press("request", "button[value=next]:visible", look="question 3 with an error")
        self.fill(email=person.email)
        self.press("request", "button[value=next]:visible", look="check")
        self.press("request", "button[value=send]", look="receipt")
        text = self.page.locator("main").inner_text()
        reference = REFERENCE.findall(text)[0]
        key = next(found for found in TRACKING_KEY.findall(text) if found not in reference)
        self.goto(site.url("public-notice"), look="notice")
        return reference, key

    def confirm(self, link: str, code: str) -> None:
        """Follow the link of the mail, mistype, then type the code."""
        self.goto(link, look="confirm")
        self.fill(code="12")
        self.press("confirm", "button[value=try]", look="confirm with an error")
        self.fill(code=code)
        self.press("confirm", "button[value=try]", look="confirmed")

    def sign_in(self, site: Site, reference: str, key: str, look: str) -> None:
        """Open the tracking page with the key."""
        self.goto(site.url("public-track"), look="tracking sign-in")
        self.fill(reference=reference, key=key)
        self.press("sign-in", "button[value=key]", look=look)


class Member(Somebody):
    """Somebody of the staff."""

    def sign_in(self, site: Site, role: str, look: str = "") -> None:
        """Sign in at the desk."""
        User.objects.filter(email=f"{role}@staff.example").update(language=self.findings.language)
        self.goto(reverse("account_login"), look="staff sign-in" if look else "")
        self.fill(login=f"{role}@staff.example", password=PASSWORD)
        self.press(reverse("account_login"), look=look)

    def act(self, case: Case, name: str, *args: str, button: str = "button[type=submit]", look: str = "") -> None:
        """Press the button of that act on the case page, whatever is folded up."""
        self.page.evaluate(UNFOLD)
        self.press(reverse(name, args=[case.reference, *args]), button, look)

    def items(self, case: Case, right: str, button: str) -> None:
        """Settle every open item of a checklist."""
        codes = case.rights.get(right=right).checklist.filter(state="open").values_list("code", flat=True)
        for code in codes:
            if button == "justified":
                self.page.locator(f"#{right}-{code}-note").evaluate("(e, v) => { e.value = v }", "Inconnu à ce jour.")
            self.act(case, "checklist-item-set", right, code, button=f"button[value={button}]")


@pytest.mark.parametrize(("language", "number"), [("fr", 0), ("en", 26)])
def test_every_page_of_the_journey_is_readable_by_everybody(
    site: Site, chromium: Browser, live_server: Any, settings: Any, language: str, number: int
) -> None:
    settings.BASE_URL = live_server.url
    findings, person = Findings(language), sample_people()[number]
    # In one language the person has no JavaScript: their pages need none.
    subject = Subject(chromium, live_server.url, findings, scripts=language != "en")
    reference, key = subject.ask(site, person)
    assert Case.objects.get().spam_signs == ([] if subject.scripts else ["no_work"])
    case = Case.objects.get(reference=reference)
    handler = Member(chromium, live_server.url, findings)
    _look(site, case, handler)
    link = re.findall(r"(/\S+/confirm/\S+/)", str(site.mails(person.email)[0].body))[0]
    subject.confirm(link, site.code_mailed(person.email))
    subject.sign_in(site, reference, key, look="tracking page before the answer")

    _begin(site, case, handler)
    _question(site, case, handler, subject)
    _extension(site, case, handler, Member(chromium, live_server.url, findings))
    _receipt(case, handler)
    _search_by_hand(site, case, Member(chromium, live_server.url, findings))
    _objection(site, case, handler)
    _access(site, case, handler, Member(chromium, live_server.url, findings))
    _download(site, subject, reference, key, person)
    _after_answer(site, case, handler, subject)

    handler.goto(reverse("case-detail", args=[reference]))
    handler.act(case, "case-close", look="case closed")
    handler.goto(reverse("desk-queue") + "?view=any", look="queue of all cases")
    case.refresh_from_db()
    assert case.closed_at is not None
    assert not findings.wrong, f"{len(findings.wrong)} on {len(findings.pages)} pages:\n" + "\n".join(findings.wrong)


def _look(site: Site, case: Case, handler: Member) -> None:
    """Without JavaScript no sum is solved: a person looks, then the acknowledgement leaves."""
    handler.sign_in(site, "handler", look="queue")
    if not case.spam_signs:
        return
    site.worker.run()
    assert mail.outbox == []
    handler.goto(reverse("desk-queue") + "?view=look", look="queue of what is to be looked at")
    handler.goto(reverse("case-detail", args=[case.reference]), look="case to be looked at")
    handler.act(case, "case-vouch")


def _begin(site: Site, case: Case, handler: Member) -> None:
    handler.goto(reverse("desk-triage"), look="triage")
    handler.goto(reverse("desk-calendar"), look="calendar")
    handler.press(reverse("calendar-feed-add"), look="calendar with a new link")
    handler.goto(reverse("case-detail", args=[case.reference]), look="case new")
    handler.act(case, "case-take")
    for right in (ACCESS, OBJECTION):
        handler.act(case, "case-right-start", right)
    site.worker.run()
    handler.goto(reverse("case-detail", args=[case.reference]), look="case in work")
    handler.goto(reverse("identity-check-add", args=[case.reference]), look="identity check")
    handler.press(reverse("identity-check-add", args=[case.reference]), ".go", look="identity check with errors")


def _question(site: Site, case: Case, handler: Member, subject: Subject) -> None:
    """The clock stands still from the question to the answer."""
    page = reverse("case-suspend", args=[case.reference])
    handler.goto(page, look="question to the person")
    handler.press(page, ".go", look="question to the person with errors")
    handler.page.locator("[name=reason][value=clarify]").check()
    handler.page.locator("[name=is_voluminous]").check()
    handler.fill(why="Onze ans de commandes.", body="Cherchez-vous une commande précise ?")
    handler.press(page, ".go")
    site.worker.run()
    assert case.rights.get(right=ACCESS).due_on is None
    handler.goto(reverse("case-detail", args=[case.reference]), look="case paused")
    handler.goto(reverse("desk-queue") + "?view=paused", look="queue of paused cases")
    subject.goto(site.url("track-case"), look="tracking page, paused")
    subject.press("message", "button[value=message]", look="tracking page, message with an error")
    subject.fill(body="Non, tout.")
    attach(subject)
    subject.press("message", "button[value=message]", look="tracking page, answered")
    subject.goto(site.url("track-remedies"), look="remedies")
    withdraw = site.url("track-withdraw")
    subject.goto(withdraw, look="withdraw")
    subject.press(withdraw, "button[value=withdraw]", look="withdraw with an error")
    assert case.rights.get(right=ACCESS).due_on is not None


def attach(somebody: Somebody) -> None:
    """Add a file to the form of the page that takes one."""
    file = {"name": "facture n° 7.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 facture"}
    somebody.page.locator("[name=documents]").first.set_input_files(file)  # type: ignore[arg-type]


def _after_answer(site: Site, case: Case, handler: Member, subject: Subject) -> None:
    """The person changes an address, writes again, and withdraws what was made of it."""
    address = site.url("track-address")
    subject.goto(address, look="address")
    subject.press(address, "button[value=add]", look="address with errors")
    subject.page.locator("#kind-email").check()
    subject.page.locator("[name=replace]").check()
    subject.fill(value="nouvelle@example.org")
    subject.press(address, "button[value=add]", look="address waits for its code")
    subject.fill(code=site.code_mailed("nouvelle@example.org"))
    subject.press(address, "button[value=code]", look="address changed")
    subject.goto(site.url("track-case"))
    subject.fill(body="Et mon ancienne adresse ?")
    attach(subject)
    subject.press("message", "button[value=message]", look="tracking page, written after the answer")
    task = case.tasks.get(kind="message_after_answer")
    handler.goto(reverse("desk-queue") + "?view=written", look="queue of messages after the answer")
    page = reverse("message-after-answer", args=[task.pk])
    handler.goto(page, look="message after the answer")
    handler.press(reverse("right-reopen", args=[task.pk]), look="message after the answer with errors")
    handler.page.locator("#add-right").select_option("erasure")
    handler.press(reverse("message-right-add", args=[task.pk]), look="case with another right")
    attach(handler)
    handler.fill(body="Voici la copie.")
    handler.act(case, "message-send", look="case with files of messages")
    withdraw = site.url("track-withdraw")
    subject.goto(withdraw)
    subject.page.locator("#right-erasure").check()
    subject.press(withdraw, "button[value=withdraw]", look="tracking page, withdrawn")
    assert case.rights.get(right="erasure").outcome == "withdrawn"


def _extension(site: Site, case: Case, handler: Member, reviewer: Member) -> None:
    """Three months, once a second person has agreed and the notice has left."""
    page = reverse("extension-submit", args=[case.reference, ACCESS])
    handler.goto(page, look="extension")
    handler.press(page, ".go", look="extension with errors")
    handler.page.locator("[name=reason][value=volume]").check()
    handler.fill(reasoning="Onze ans de commandes sont à relire.")
    handler.press(page, ".go", look="case with an extension in review")
    reviewer.sign_in(site, "dpo")
    reviewer.goto(reverse("case-detail", args=[case.reference]), look="case with an extension, reviewer")
    reviewer.act(case, "extension-approve", ACCESS)
    site.worker.run()
    handler.goto(reverse("extension-letter", args=[case.reference, ACCESS]))
    handler.look("notice of the extension", sandboxed=True)
    handler.goto(reverse("case-detail", args=[case.reference]), look="case extended")


def _receipt(case: Case, handler: Member) -> None:
    """Old and new dates, before anything is saved."""
    page = reverse("receipt-correct", args=[case.reference])
    handler.goto(page, look="day of arrival")
    handler.fill(received_at="2026-03-04T09:00", reason="Le tampon du courrier.")
    handler.press(page, ".go", look="day of arrival with the new dates")


def _search_by_hand(site: Site, case: Case, contributor: Member) -> None:
    task = case.tasks.get(kind="collect_by_hand")
    contributor.sign_in(site, "contributor", look="tasks")
    contributor.press(reverse("case-task-take", args=[task.pk]))
    contributor.goto(reverse("collection-by-hand", args=[task.pk]), look="search by hand")
    by_hand = contributor.page.locator("form[enctype]")
    with contributor.page.expect_navigation():
        by_hand.locator("button.go").click()
    contributor.look("search by hand with an error")
    by_hand.locator("[name=nothing_found]").check()
    with contributor.page.expect_navigation():
        by_hand.locator("button.go").click()
    contributor.look("tasks done")
    site.worker.run()


def _objection(site: Site, case: Case, handler: Member) -> None:
    task = case.tasks.get(kind="stop_marketing")
    handler.goto(reverse("case-detail", args=[case.reference]))
    handler.press(reverse("case-task-finish", args=[task.pk]))
    handler.items(case, OBJECTION, "done")
    handler.page.locator(f"#decide-{OBJECTION} [value=granted]").check()
    handler.act(case, "decision-submit", OBJECTION)
    site.worker.run()
    handler.goto(reverse("case-detail", args=[case.reference]))
    handler.act(case, "answer-release", button=".go")


def _access(site: Site, case: Case, handler: Member, reviewer: Member) -> None:
    handler.goto(reverse("package-preview", args=[case.reference, ACCESS]), look="package")
    handler.goto(reverse("case-detail", args=[case.reference]))
    handler.items(case, ACCESS, "justified")
    handler.page.locator(f"#decide-{ACCESS} [value=refused]").check()
    handler.act(case, "decision-submit", ACCESS, look="case with a decision that lacks its ground")
    handler.page.locator(f"#decide-{ACCESS} [value=granted]").check()
    handler.act(case, "decision-submit", ACCESS)
    reviewer.sign_in(site, "dpo")
    reviewer.goto(reverse("case-detail", args=[case.reference]), look="case in review, reviewer")
    reviewer.act(case, "decision-approve", ACCESS)
    site.worker.run()
    handler.goto(reverse("letter-preview", args=[case.reference]))
    handler.look("letter", sandboxed=True)
    handler.goto(reverse("case-detail", args=[case.reference]), look="case ready to leave")
    handler.act(case, "answer-release", button=".go")


def _download(site: Site, subject: Subject, reference: str, key: str, person: Person) -> None:
    site.worker.run()
    subject.goto(site.url("track-case"), look="tracking page with the answer")
    code = site.url("track-code")
    subject.goto(code, look="second channel")
    subject.press("code", "button[value=send]", look="second channel, code sent")
    subject.fill(code=site.code_mailed(person.email))
    subject.press("code", "button[value=try]", look="tracking page, unlocked")
    link = subject.page.locator("#ready a.button").first
    with subject.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == f"{reference}.zip"
    assert Path(download.value.path()).stat().st_size > 10_000

"""What people do on the site, each through its pages, and the worker that does the machine's part."""

import re
from dataclasses import dataclass, field
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.urls import reverse

from dsar.core.models import AuditEvent, Organisation, User
from requests_app.models import Case
from tests.journeys.pages import Browser, Page
from tests.work import work_solved

PASSWORD = "a-password-of-the-journeys"
REFERENCE = re.compile(r"DSR-\d{4}-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]")
TRACKING_KEY = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
ACCESS, OBJECTION = "access", "marketing_objection"


class Worker:
    """The worker and its queue: what is sent to it waits until it runs, and is lost when it is switched off."""

    def __init__(self) -> None:
        self.queue: list[tuple[str, list[int]]] = []
        current_app.loader.import_default_modules()  # as a worker does when it starts: it finds the tasks of each app

    def send_task(self, name: str, args: list[int], retry: bool) -> None:
        """What the product calls to queue a task."""
        self.queue.append((name, args))

    def run(self) -> None:
        """Do what is queued, and what is queued meanwhile."""
        while self.queue:
            name, args = self.queue.pop(0)
            current_app.tasks[name](*args)

    def sweep(self) -> None:
        """Run the whole timetable once, as the scheduler does, then what it queued."""
        for entry in settings.CELERY_BEAT_SCHEDULE.values():
            current_app.tasks[str(entry["task"])]()
        self.run()


@dataclass
class Site:
    """The installation: the organisation that is asked, and its worker."""

    organisation: Organisation
    worker: Worker

    def url(self, name: str, *args: str) -> str:
        """A public page of the organisation."""
        return reverse(name, args=[self.organisation.slug, *args])

    def mails(self, recipient: str) -> list[EmailMessage]:
        """What was sent to that address, the newest last, once the worker has done its work."""
        self.worker.run()
        return [message for message in mail.outbox if message.to == [recipient]]

    def code_mailed(self, recipient: str) -> str:
        """The code in the newest mail to that address."""
        found = re.search(r"\b\d{6}\b", str(self.mails(recipient)[-1].body))
        assert found is not None
        return found[0]

    def events(self, case: Case) -> list[AuditEvent]:
        """The journal of a case."""
        return list(AuditEvent.objects.filter(chain__key=case.chain).order_by("seq"))


@dataclass
class DataSubject:
    """Somebody who asks, with the browser they use."""

    site: Site
    name: str
    email: str
    language: str = "fr"
    browser: Browser = field(init=False)
    reference: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        self.browser = Browser(self.language)

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return Case.objects.select_related("organisation").get(reference=self.reference)

    def ask(self, *rights: str, text: str = "", clicks: int = 1, identifier: str = "", country: str = "") -> Page:
        """Go through the form to the receipt; returns it."""
        address = self.site.url("public-request")
        self.browser.get(self.site.url("public-start"))
        assert address in self.browser.page.links
        self.browser.get(address)
        self.browser.submit(address, right=list(rights), text=text, go="next")
        self.browser.submit(address, name=self.name, identifier=identifier, go="next")
        self.browser.submit(address, email=self.email, country=country, go="next")
        assert self.site.url("public-notice") in self.browser.page.links
        work = work_solved(self.browser.page.html)
        receipt = self.browser.submit(address, work=work, go="send", times=clicks)
        self.reference, self.key = REFERENCE.findall(receipt.text)[0], self._key(receipt)
        return receipt

    def _key(self, page: Page) -> str:
        keys: list[str] = TRACKING_KEY.findall(page.text)
        return next(key for key in keys if key not in self.reference)

    def link_mailed(self) -> str:
        """The path of the confirmation link in the newest mail that has one."""
        bodies = [str(message.body) for message in self.site.mails(self.email)]
        links: list[str] = re.findall(rf"{re.escape(settings.BASE_URL)}(/\S+/confirm/\S+/)", "\n".join(bodies))
        return links[-1]

    def confirm(self) -> Page:
        """Follow the link of the acknowledgement and type its code."""
        link, code = self.link_mailed(), self.site.code_mailed(self.email)
        self.browser.get(link)
        return self.browser.submit(link, code=code, go="try")

    def open_by_key(self) -> Page:
        """Open the tracking page with reference and key."""
        address = self.site.url("public-track")
        self.browser.get(address)
        return self.browser.submit(address, reference=self.reference, key=self.key, go="key")

    def open_by_mail(self) -> Page:
        """Open the tracking page with a code by mail."""
        address = self.site.url("public-track")
        self.browser.get(address)
        self.browser.submit(address, reference=self.reference, email=self.email, go="code")
        return self.browser.submit(self.site.url("track-code"), code=self.site.code_mailed(self.email), go="try")

    def unlock_by_code(self) -> Page:
        """Prove the second channel with a code by mail, after the key."""
        address = self.site.url("track-code")
        self.browser.get(address)
        self.browser.submit(address, go="send")
        return self.browser.submit(address, code=self.site.code_mailed(self.email), go="try")

    def files(self) -> list[str]:
        """The download links of the open tracking page."""
        page = self.browser.get(self.site.url("track-case"))
        return [link for link in dict.fromkeys(page.links) if "/track/download/" in link]


@dataclass
class Staff:
    """A member of staff at the desk."""

    site: Site
    name: str
    language: str = "en"
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        User.objects.filter(email=self.email).update(language=self.language)
        self.sign_in()

    @property
    def email(self) -> str:
        return f"{self.name}@staff.example"

    def sign_in(self) -> Page:
        """Sign in anew; a session lasts half a day."""
        self.browser = Browser(self.language)
        self.browser.get(reverse("desk-queue"))
        return self.browser.submit(reverse("account_login"), login=self.email, password=PASSWORD)

    def open(self, case: Case) -> Page:
        """The page of the case."""
        return self.browser.get(reverse("case-detail", args=[case.reference]))

    def act(self, name: str, case: Case, *args: str, expect: int = 200, **values: Any) -> Page:
        """Open the case and use its form for that act."""
        self.open(case)
        return self.browser.submit(reverse(name, args=[case.reference, *args]), expect=expect, **values)

    def act_each(
        self, case: Case, name: str, acts: dict[tuple[Any, ...], dict[str, str]], page: Page | None = None
    ) -> None:
        """Use one kind of form of the case's page many times: the page is read once, and each form is sent from it.

        `acts`: what to fill in, by the arguments of the address. `page`: the case's page where it is open already. The
        version of the case is left out, since each form sent changes it.
        """
        page = page or self.open(case)
        for args, values in acts.items():
            action = reverse(name, args=[*([] if name == "case-task-finish" else [case.reference]), *args])
            form = page.form(action, *(field for field in values if field != "state"))
            response = self.browser.client.post(action, form.filled(**values) | {"version": [""]})
            assert response.status_code == 302, f"{action}: {response.content.decode()[-3000:]}"

    def task_finish(self, case: Case, kind: str, **values: Any) -> Page:
        """Finish a task of the case on its page."""
        task = case.tasks.get(kind=kind)
        self.open(case)
        return self.browser.submit(reverse("case-task-finish", args=[task.pk]), **values)

    def items_set(self, case: Case, right: str, state: str, **values: Any) -> None:
        """Set every open item of a right's checklist."""
        open_items = case.rights.get(right=right).checklist.filter(state="open")
        for code in open_items.values_list("code", flat=True):
            self.act("checklist-item-set", case, right, code, state=state, **values)

    def objection_answered(self, case: Case) -> Page:
        """Stop the advertising, decide, and release the answer to the objection alone."""
        self.task_finish(case, "stop_marketing", note="Retiré de la lettre.")
        self.items_set(case, OBJECTION, "done")
        self.act("decision-submit", case, OBJECTION, outcome="granted")
        self.site.worker.run()
        return release(case, self)

    def nothing_found_by_hand(self, case: Case) -> Page:
        """A contributor takes the search in the archive and finds nothing."""
        task = case.tasks.get(kind="collect_by_hand")
        self.browser.get(reverse("desk-tasks"))
        self.browser.submit(reverse("case-task-take", args=[task.pk]))
        by_hand = reverse("collection-by-hand", args=[task.pk])
        assert by_hand in self.browser.page.links
        self.browser.get(by_hand)
        page = self.browser.submit(by_hand, nothing_found="on", note="Cartons 2019 à 2025.")
        self.site.worker.run()
        return page


def access_decided(case: Case, handler: Staff, reviewer: Staff, contributor: Staff) -> None:
    """The whole work on access, from taking the case to the approved decision and its letter."""
    worker = handler.site.worker
    handler.act("case-take", case)
    handler.act("case-right-start", case, ACCESS)
    worker.run()
    contributor.nothing_found_by_hand(case)
    handler.items_set(case, ACCESS, "justified", note="La lettre dit ce qui reste inconnu.")
    handler.act("decision-submit", case, ACCESS, outcome="granted")
    reviewer.act("decision-approve", case, ACCESS)
    worker.run()


def release(case: Case, handler: Staff, *, expect: int = 200, **values: Any) -> Page:
    """Release the answer on what is decided, by two channels unless told otherwise."""
    return handler.act("answer-release", case, expect=expect, **{"delivery": "two_channels", **values})

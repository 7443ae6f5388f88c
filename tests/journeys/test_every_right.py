"""Every right, asked of each of the five demonstration organisations over HTTP, granted and refused or without data.

One request asks for all rights of a living person at once, as the form allows, and another one is about somebody who
died; each right then goes its own way to its own answer. The journey is walked in one language; its letters and mails
are proved in both, each made from the same decided case.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils.translation import override

from dsar.core.files import file_stream
from dsar.core.models import Organisation
from dsar.core.rights import RIGHTS
from exports.sample_company import sample_people
from requests_app import correspondence
from requests_app.letters import certificate_html, letter_html
from requests_app.models import Case, CaseRight, ChecklistItem, Deliverable
from requests_app.pdf import PdfUnavailable
from requests_app.vocabulary import DeliverableKind, DeliverableState, Stage
from tests.factories import RECEIVED_AT
from tests.journeys import owed
from tests.journeys.conftest import SiteMaker
from tests.journeys.site import DataSubject, Site, Staff, release
from tests.journeys.wording import text_of, wording_proved

PROFILES = ("jpb-systeme", "espace-client", "publisher", "jst-france", "imperiatec")
LANGUAGES = ("fr", "en")
PEOPLE = {"fr": sample_people()[:2], "en": sample_people()[34:36]}  # who asks, and an heir; all companies know them
AFTER_DEATH = "post_mortem"
LIVING = [code for code in RIGHTS if code != AFTER_DEATH]
LIVES_IN = {"fr": "BE", "en": "IE"}
REASONS = {
    "fr": "Voici ce que nous avons décidé, et pourquoi : motif propre à votre demande.",
    "en": "Here is what we decided and why: a reason of your own request.",
}
PROVISION = "Code de commerce, art. L.123-22"


@dataclass(frozen=True)
class Ending:
    """How one right ends: what the handler chooses in the form of the decision."""

    outcome: str
    ground: str = ""
    evidence: str = ""
    provision: str = ""
    kept_until: str = ""


PROOF = "Note 12 du dossier"
GRANTED = {code: Ending("granted") for code in RIGHTS} | {"question": Ending("answered")}
# Of each right the ground that is most its own; what the law lets nobody refuse ends without data (DESIGN §2).
REFUSED = {
    "withdrawal": Ending("no_data", "7_3_NO_CONSENT"),
    "access": Ending("refused", "12_5_REPETITIVE", PROOF),
    "rectification": Ending("refused", "16_ACCURATE", PROOF),
    "erasure": Ending("refused", "17_3_b", provision=PROVISION, kept_until="2034-12-31"),
    "restriction": Ending("refused", "18_1_NOT_MET"),
    "portability": Ending("refused", "20_1_BASIS"),
    "objection": Ending("refused", "21_1_COMPELLING", PROOF),
    "marketing_objection": Ending("no_data"),
    "research_objection": Ending("refused", "21_6_PUBLIC"),
    "automated_decision": Ending("refused", "22_NO_SOLE_AUTOMATION"),
    "directives": Ending("no_data"),
    "post_mortem": Ending("refused", "85_NOT_ENTITLED", PROOF),
    "question": Ending("answered"),
}


@dataclass(frozen=True)
class MailWritten:
    """One mail of the journey as it is written in each language."""

    reference: str
    template: str
    words: dict[str, correspondence.MailWords]


@pytest.fixture
def mails_written(monkeypatch: pytest.MonkeyPatch) -> list[MailWritten]:
    """Every mail that the product writes, in French and in English, at the moment it writes it."""
    written: list[MailWritten] = []
    mail_render = correspondence.mail_render

    def in_both(*, case: Case, template: str, language: str, context: Any) -> correspondence.MailWords:
        words = {one: mail_render(case=case, template=template, language=one, context=context) for one in LANGUAGES}
        written.append(MailWritten(case.reference, template, words))
        return words[language]

    monkeypatch.setattr(correspondence, "mail_render", in_both)
    return written


@pytest.fixture
def _web_pages_alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF costs a second and says what its web page says: they are made for one organisation of the five."""

    def unavailable(html: str) -> bytes:
        raise PdfUnavailable

    if request.node.callspec.params["slug"] != "jst-france":
        for module in ("requests_app.services.documents", "exports.package"):
            monkeypatch.setattr(f"{module}.pdf_render", unavailable)


@pytest.mark.usefixtures("_web_pages_alone")
@pytest.mark.parametrize(
    ("slug", "endings", "language"),
    [
        pytest.param(slug, endings, language, id=f"{slug}-{name}-{language}")
        for place, slug in enumerate(PROFILES)
        for turn, (name, endings) in enumerate((("granted", GRANTED), ("refused", REFUSED)))
        for language in [LANGUAGES[(place + turn) % 2]]  # each outcome is walked in either language
    ],
)
def test_every_right_goes_all_the_way(
    site_of: SiteMaker,
    clock: time_machine.Traveller,
    mails_written: list[MailWritten],
    slug: str,
    endings: dict[str, Ending],
    language: str,
) -> None:
    site = site_of(slug)
    subjects = [DataSubject(site, person.name, person.email, language) for person in PEOPLE[language]]
    for subject, rights in zip(subjects, (LIVING, [AFTER_DEATH]), strict=True):
        subject.ask(*rights, text=REASONS[language], country=LIVES_IN[language])
        subject.confirm()
    clock.move_to(RECEIVED_AT + timedelta(days=1))
    handler, dpo = Staff(site, "handler"), Staff(site, "dpo")
    for subject in subjects:
        case = subject.case
        asked = {right.right: endings[right.right] for right in case.rights.all()}
        _worked_on(site, case, handler)
        _identified(case, handler)
        _decided(case, asked, handler, language)
        _reviewed(case, dpo)
        _released(site, case, handler)
        assert {right.right: right.outcome for right in case.rights.filter(stage=Stage.ANSWERED)} == {
            code: ending.outcome for code, ending in asked.items()
        }
        _portal_proved(subject, asked)
        _letters_proved(subject.case, asked, language)
        _mails_proved(site, subject, [mail for mail in mails_written if mail.reference == case.reference])
        handler.act("case-close", case)
        call_command("journal_verify", case.reference, stdout=StringIO())


def _worked_on(site: Site, case: Case, handler: Staff) -> None:
    """Take it, begin every right, do every task, tick every item that can be ticked and justify the rest."""
    taken = handler.act("case-take", case)
    handler.act_each(case, "case-right-start", {(right.right,): {} for right in case.rights.all()}, taken)
    site.worker.run()
    by_hand = case.tasks.filter(state="open", automatic=False, kind="collect_by_hand")
    for task in by_hand:
        address = reverse("collection-by-hand", args=[task.pk])
        handler.browser.get(address)
        handler.browser.submit(address, nothing_found="on", note="Rien dans les cartons.")
    site.worker.run()
    page = handler.open(case)
    by_people = case.tasks.filter(state="open", automatic=False)
    handler.act_each(case, "case-task-finish", {(task.pk,): {"note": "Fait."} for task in by_people}, page)
    items = ChecklistItem.objects.filter(case_right__case=case, state="open").select_related("case_right")
    said = {(item.case_right.right, item.code): _item_set(item) for item in items}
    handler.act_each(case, "checklist-item-set", said, page)
    site.worker.run()


def _item_set(item: ChecklistItem) -> dict[str, str]:
    """Recipients without a name, or still to be told, can only be justified."""
    state = "justified" if item.code in ("A3", "R3", "E4", "L4") else "done"
    return {"state": state, "note": "La lettre le dit."}


def _identified(case: Case, handler: Staff) -> None:
    """Where no source holds the address, the handler says how they know who asks."""
    case.refresh_from_db()
    if case.identity_established_at is None:
        address = reverse("identity-check-add", args=[case.reference])
        handler.browser.get(address)
        where = "Acte de notoriété, vu le 6 mars."
        handler.browser.submit(address, method="heirship", where=where, result="established")


def _decided(case: Case, endings: dict[str, Ending], handler: Staff, language: str) -> None:
    said = {
        (code,): {
            "outcome": ending.outcome, "ground": ending.ground, "reasoning": REASONS[language],
            "evidence": ending.evidence, "provision": ending.provision, "kept_until": ending.kept_until,
        }
        for code, ending in endings.items()
    }  # fmt: skip
    filled = {code: {name: value for name, value in given.items() if value} for code, given in said.items()}
    handler.act_each(case, "decision-submit", filled)


def _reviewed(case: Case, dpo: Staff) -> None:
    waiting = case.rights.filter(stage=Stage.IN_REVIEW)
    dpo.act_each(case, "decision-approve", {(right.right,): {} for right in waiting})


def _released(site: Site, case: Case, handler: Staff) -> None:
    while case.rights.filter(stage=Stage.DECIDED).exists():
        site.worker.run()
        release(case, handler)


def _letters_proved(case: Case, endings: dict[str, Ending], language: str) -> None:
    """The letter that left is the one that these functions write, and they write it in both languages."""
    rights = {right.right: right for right in case.rights.all()}
    left = Deliverable.objects.filter(case=case, kind=DeliverableKind.LETTER_HTML, state=DeliverableState.RELEASED)
    answered = []
    for letter in left.prefetch_related("rights").select_related("stored_file__key"):
        group = [right for right in rights.values() if right in letter.rights.all()]
        assert b"".join(file_stream(letter.stored_file)).decode() == letter_html(case, group)
        answered += group
        wording_proved("letter", _in_both(case, partial(letter_html, case, group)), _facts(case))
    assert {right.right for right in answered} == set(endings)
    for code, right in rights.items():
        papers = _in_both(case, partial(letter_html, case, [right]))
        wording_proved(f"letter on {code}", papers, _facts(case))
        for reader, html in papers.items():
            _letter_proved(case, right, endings[code], html, reader, REASONS[language])
    receipt = _in_both(case, partial(certificate_html, case, list(rights.values())))
    wording_proved("receipt", receipt, _facts(case))
    for reader, html in receipt.items():
        _frame_proved(case, text_of(html), reader)
        with override(reader):
            assert [code for code in rights if str(RIGHTS[code].verb) not in text_of(html)] == []


def _in_both(case: Case, write: Callable[[], str]) -> dict[str, str]:
    """What is written for a person who reads the one language, and the other."""
    asked_in, papers = case.language, {}
    for case.language in LANGUAGES:
        papers[case.language] = write()
    case.language = asked_in
    return papers


def _facts(case: Case) -> list[str]:
    """What reads the same in every language."""
    organisation, authority = case.organisation, case.organisation.authority
    assert case.requester is not None
    asker = [case.requester.name, *case.requester.addresses.values_list("value", flat=True)]
    names = (case.reference, *asker, *(f"Noor {name}" for name in ("Handler", "Dpo", "Contributor")))
    near = ("Drukpersstraat 35", "1000 Brussels", "21 Fitzwilliam Square South", "Dublin 2", "D02 RD28")
    return [
        *names, *near, *REASONS.values(), PROVISION, "tribunal judiciaire", "loi 78-17", "JSON", "CSV",
        organisation.name, organisation.legal_form, organisation.postal_address, organisation.street,
        organisation.postal_code, organisation.city, organisation.privacy_email, organisation.dpo_address,
        organisation.time_zone, authority.address, authority.complaint_url, authority.website,
    ]  # fmt: skip


def _frame_proved(case: Case, text: str, language: str) -> None:
    """What every paper of ours carries (law.md §1.1): who writes, about which request, and how to reach them."""
    organisation = case.organisation
    has_dpo = organisation.dpo_status == Organisation.DpoStatus.APPOINTED
    contact = owed.DPO[language] + organisation.dpo_address if has_dpo else owed.CONTACT[language]
    wanted = (
        case.reference, owed.RECEIVED[language], organisation.name, owed.CONTROLLER[language], contact,
        organisation.privacy_email,
    )  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert (owed.DPO[language] in text) == has_dpo  # nobody is called a DPO who is none


def _letter_proved(
    case: Case, right: CaseRight, ending: Ending, html: str, language: str, reasoning: str
) -> None:
    """What GDPR art. 12(3)-(4) and the article of the right owe."""
    text = text_of(html)
    _frame_proved(case, text, language)
    wanted = [
        reasoning, owed.OUTCOMES[ending.outcome][language], *owed.REMEDIES[language],
        *owed.NEAR[case.country][language], *owed.OWED[right.right, ending.outcome][language],
    ]  # fmt: skip
    if ending.ground:
        wanted.append(owed.GROUNDS[ending.ground][LANGUAGES.index(language)])
    if ending.kept_until:
        wanted += [ending.provision, owed.KEPT_UNTIL[language]]
    with override(language):
        wanted.append(str(right.definition.verb))
    assert [words for words in wanted if words not in text] == [], (right.right, language)
    assert f'<html lang="{language}">' in html
    assert PROOF not in text  # where the evidence is stays on the case


def _mails_proved(site: Site, subject: DataSubject, written: list[MailWritten]) -> None:
    """What left is what was written, in their language; no mail tells why something was decided, or the key."""
    case = subject.case
    sent = [str(message.body) for message in site.mails(subject.email)]
    assert sent == [mail.words[subject.language].text for mail in written]
    templates = {mail.template for mail in written}
    assert "emails/acknowledgement" in templates and templates & {"emails/answer_ready", "emails/answer_without_data"}
    for mail in written:
        for part in ("subject", "text", "html"):
            words = {language: str(getattr(mail.words[language], part)) for language in LANGUAGES}
            wording_proved(f"{part} of {mail.template}", words, _facts(case))
            for language, document in words.items():
                _mail_proved(case, mail.template, part, document, language)
                assert subject.key not in document
                assert REASONS[subject.language] not in document


def _mail_proved(case: Case, template: str, part: str, document: str, language: str) -> None:
    text = text_of(document)
    if part == "subject":
        assert case.reference in text
        return
    wanted = [
        case.reference, case.organisation.name, case.organisation.privacy_email, *owed.MAIL[language],
        *owed.MAILS[template][language],
    ]  # fmt: skip
    if template.startswith("emails/answer_"):
        wanted += owed.NEAR[case.country][language]
    assert [words for words in wanted if words not in text] == [], (template, part, language)
    for page in ("track", "notice"):
        assert f"/{case.organisation.slug}/{page}/" in document
    if template == "emails/acknowledgement":
        with override(language):
            asked = [str(right.definition.verb) for right in case.rights.all()]
        assert [verb for verb in asked if verb not in text] == []


def _portal_proved(subject: DataSubject, endings: dict[str, Ending]) -> None:
    """The tracking page tells each right and where it stands; what was answered is there to read, data included."""
    page = subject.open_by_key()
    assert page.status == 200
    with override(subject.language):
        assert [code for code in endings if str(RIGHTS[code].verb) not in page.text] == []
    hands_over = [code for code in ("access", "portability") if code in endings and endings[code].outcome == "granted"]
    if hands_over:
        subject.unlock_by_code()
    files = [subject.browser.download(link)[1] for link in subject.files()]
    assert files and all(files)
    packages = [zipfile.ZipFile(io.BytesIO(content)) for content in files if content.startswith(b"PK")]
    assert len(packages) == len(hands_over)
    sheets = [package.read("information.html") for package in packages if "information.html" in package.namelist()]
    assert len(sheets) == len([code for code in hands_over if code == "access"])
    for sheet in sheets:
        _sheet_proved(subject, sheet.decode())


def _sheet_proved(subject: DataSubject, html: str) -> None:
    """GDPR art. 15(1)-(2): every item is told, with the recipients by name where the organisation has told them."""
    text, organisation = text_of(html), subject.site.organisation
    assert [words for words in owed.SHEET[subject.language] if words not in text] == []
    assert organisation.dpo_address in text
    assert [words for words in owed.NEAR[LIVES_IN[subject.language]][subject.language] if words not in text] == []

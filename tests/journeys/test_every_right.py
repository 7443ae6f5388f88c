"""Every right, asked of each of the five demonstration organisations over HTTP, granted and refused or without data.

One request asks for all rights at once, as the form allows; each right then goes its own way to its own answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override

from dsar.core.files import file_stream
from dsar.core.models import Organisation
from dsar.core.rights import RIGHTS
from exports.sample_company import Person, sample_people
from requests_app.models import Case, CaseRight, ChecklistItem, Deliverable
from requests_app.vocabulary import DeliverableKind, DeliverableState, Stage
from tests.factories import RECEIVED_AT
from tests.journeys.conftest import SiteMaker
from tests.journeys.site import DataSubject, Site, Staff, release

PROFILES = ("jpb-systeme", "espace-client", "publisher", "jst-france", "imperiatec")
CAMILLE, HARRIET = sample_people()[0], sample_people()[26]
REASONS = {
    "fr": "Voici ce que nous avons décidé, et pourquoi : motif propre à votre demande.",
    "en": "Here is what we decided and why: a reason of your own request.",
}


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
    "erasure": Ending("refused", "17_3_b", provision="Code de commerce, art. L.123-22", kept_until="2034-12-31"),
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


@pytest.mark.parametrize(
    ("slug", "endings", "person", "language"),
    [
        pytest.param(slug, endings, person, language, id=f"{slug}-{name}-{language}")
        for slug in PROFILES
        for name, endings, person, language in (
            ("granted", GRANTED, CAMILLE, "fr"), ("refused", REFUSED, HARRIET, "en"),
        )
    ]
    + [
        pytest.param("jst-france", GRANTED, HARRIET, "en", id="jst-france-granted-en"),
        pytest.param("jst-france", REFUSED, CAMILLE, "fr", id="jst-france-refused-fr"),
    ],
)
def test_every_right_goes_all_the_way(
    site_of: SiteMaker,
    clock: time_machine.Traveller,
    slug: str,
    endings: dict[str, Ending],
    person: Person,
    language: str,
) -> None:
    site = site_of(slug)
    subject = DataSubject(site, person.name, person.email, language)
    subject.ask(*RIGHTS, text="Tout, s’il vous plaît.")
    subject.confirm()
    clock.move_to(RECEIVED_AT + timedelta(days=1))
    handler, dpo = Staff(site, "handler"), Staff(site, "dpo")
    case = subject.case
    _worked_on(site, case, handler)
    _identified(case, handler)
    _decided(case, endings, handler, language)
    _reviewed(case, dpo)
    _released(site, case, handler)
    for right in case.rights.all():
        assert (right.right, right.stage, right.outcome) == (right.right, "answered", endings[right.right].outcome)
        _letter_proved(site.organisation, right, endings[right.right], language)
    _mails_proved(site, subject, language)
    _portal_proved(subject, endings)
    handler.act("case-close", case)
    call_command("journal_verify", case.reference, stdout=StringIO())


def _worked_on(site: Site, case: Case, handler: Staff) -> None:
    """Take it, begin every right, do every task, tick every item that can be ticked and justify the rest."""
    handler.act("case-take", case)
    handler.act_each(case, "case-right-start", {(right.right,): {} for right in case.rights.all()})
    site.worker.run()
    for task in case.tasks.filter(state="open", automatic=False):
        if task.kind == "collect_by_hand":
            address = reverse("collection-by-hand", args=[task.pk])
            handler.browser.get(address)
            handler.browser.submit(address, nothing_found="on", note="Rien dans les cartons.")
    by_people = case.tasks.filter(state="open", automatic=False)
    handler.act_each(case, "case-task-finish", {(task.pk,): {"note": "Fait."} for task in by_people})
    site.worker.run()
    items = ChecklistItem.objects.filter(case_right__case=case, state="open").select_related("case_right")
    said = {"state": "justified", "note": "La lettre le dit."}
    handler.act_each(case, "checklist-item-set", {(item.case_right.right, item.code): said for item in items})


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


def _letter_of(right: CaseRight) -> str:
    letter = Deliverable.objects.select_related("stored_file__key").get(
        rights=right, kind=DeliverableKind.LETTER_HTML, state=DeliverableState.RELEASED
    )
    return b"".join(file_stream(letter.stored_file)).decode()


def _letter_proved(organisation: Organisation, right: CaseRight, ending: Ending, language: str) -> None:
    """What GDPR art. 12(3)-(4) owes, and what every letter of ours carries (law.md §1.1)."""
    letter = _letter_of(right).replace("\u00a0", " ").replace("\u202f", " ")
    words = WORDS[language]
    assert right.case.reference in letter
    assert words["received"] in letter
    assert escape(str(REASONS[language])) in letter
    assert f'lang="{language}"' in letter
    assert organisation.dpo_address in letter
    assert escape(organisation.name) in letter
    with override(language):
        assert escape(str(right.definition.verb)) in letter
    if ending.ground:
        assert GROUND_WORDS[ending.ground][language] in letter, ending.ground
    assert ending.provision in letter
    if ending.kept_until:
        assert words["kept_until"] in letter
    assert "CNIL" in letter and "3 place de Fontenoy" in letter
    assert words["court"] in letter
    assert PROOF not in letter  # where the evidence is stays on the case


# Words that each letter must hold, chosen here and not taken from the product's own tables.
WORDS = {
    "fr": {"received": "5 mars 2026", "kept_until": "31 décembre 2034", "court": "tribunal judiciaire"},
    "en": {"received": "5 March 2026", "kept_until": "31 December 2034", "court": "tribunal judiciaire"},
}
GROUND_WORDS = {
    "7_3_NO_CONSENT": {"fr": "consentement", "en": "consent"},
    "12_5_REPETITIVE": {"fr": "12", "en": "12(5)"},
    "16_ACCURATE": {"fr": "16", "en": "16"},
    "17_3_b": {"fr": "17", "en": "17(3)"},
    "18_1_NOT_MET": {"fr": "18", "en": "18(1)"},
    "20_1_BASIS": {"fr": "20", "en": "20(1)"},
    "21_1_COMPELLING": {"fr": "21", "en": "21(1)"},
    "21_6_PUBLIC": {"fr": "21", "en": "21(6)"},
    "22_NO_SOLE_AUTOMATION": {"fr": "22", "en": "22"},
    "85_NOT_ENTITLED": {"fr": "78-17", "en": "78-17"},
}


def _mails_proved(site: Site, subject: DataSubject, language: str) -> None:
    """An acknowledgement and one announcement per release, in their language, without anything that was decided."""
    mails = site.mails(subject.email)
    assert len(mails) >= 2
    for message in mails:
        assert subject.reference in f"{message.subject} {message.body}"
        assert subject.key not in str(message.body)
        assert REASONS[language] not in str(message.body)
    assert ("Votre" if language == "fr" else "Your") in str(mails[-1].body)


def _portal_proved(subject: DataSubject, endings: dict[str, Ending]) -> None:
    """The tracking page tells each right and where it stands; letters without data are there to read."""
    page = subject.open_by_key()
    assert page.status == 200
    with override(subject.language):
        for code in endings:
            assert str(RIGHTS[code].verb) in page.text
    for link in subject.files():
        response, content = subject.browser.download(link)
        assert response.status_code == 302 or content

"""Reading a profile strictly, comparing it with the law, and opening an organisation's doors."""

import tomllib
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from dsar.core.actors import Actor
from dsar.core.authorities import authorities_known
from dsar.core.durations import duration_days, duration_words
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation
from dsar.core.profile_facts import OrganisationProfile, profile_read
from dsar.core.profile_policy import policy_gaps, policy_warnings
from dsar.core.profile_reader import ProfileError, ProfileReader
from dsar.core.profile_words import GAPS, WARNINGS, warning_text
from dsar.core.profiles import organisation_activate, profile_digest
from dsar.core.roles import Role
from dsar.core.toml_lines import key_lines
from tests.factories import OrganisationFactory, actor_for, member

PROFILES = sorted((settings.BASE_DIR / "dsar" / "profiles").glob("*.toml"))

SMALL = """\
[organisation]
slug = "virelune"
name = "Librairies Virelune"
country = "FR"
privacy_email = "data@virelune.example"
jurisdiction = "FR"
time_zone = "Europe/Paris"
language = "fr"
languages = ["fr"]
[authority]
code = "frcnil"
[[activities]]
code = "orders"
name = { fr = "Commandes", en = "Orders" }
capacity = "controller"
"""


def read(text: str) -> OrganisationProfile:
    """The facts of a profile; raises ProfileError with all that is wrong."""
    reader = ProfileReader(text.encode())
    facts = profile_read(reader, authorities=authorities_known())
    reader.check()
    return facts


def problems(text: str) -> list[str]:
    """What is wrong with a profile, as the command prints it."""
    with pytest.raises(ProfileError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_each_problem_names_its_key_and_its_line_all_at_once() -> None:
    text = (
        SMALL.replace('"Europe/Paris"', '"Europe/Lutece"')
        .replace('jurisdiction = "FR"', 'jurisdiction = "XX"')
        .replace("data@virelune.example", "data at virelune")
        .replace("capacity =", "capasity =")
        .replace('en = "Orders"', 'it = "Ordini"')
    ) + '[requests]\nfee_for = ["access", "gift"]\nresponse_within = "a month"\n'
    found = problems(text)
    assert [line.partition(": ")[2].split(": ")[0] for line in found] == [
        "organisation.privacy_email", "organisation.jurisdiction", "organisation.time_zone",
        "activities[0].capacity", "activities[0].name", "activities[0].name", "activities[0].capasity",
        "requests.fee_for[1]", "requests.response_within",
    ]
    assert [line.split(":")[0] for line in found] == [
        "line 5", "line 6", "line 7", "line 12", "line 14", "line 14", "line 15", "line 17", "line 18",
    ]
    assert found[6] == "line 15: activities[0].capasity: unknown key"


@pytest.mark.parametrize(
    ("replaced", "by", "expected"),
    [
        ('slug = "virelune"', 'slug = "desk"', "line 2: organisation.slug: “desk” is an address of the desk itself"),
        ('code = "frcnil"', 'code = "frxxxx"', "line 11: authority.code: “frxxxx” is not one of: frcnil"),
        ('country = "FR"', "country = 33", "line 4: organisation.country: must be a text"),
        ('languages = ["fr"]', 'languages = ["en"]',
         "line 9: organisation.languages: must include the organisation's own language “fr”"),
        ('code = "orders"', 'code = "orders"\nretention = [{ phase = "active", duration = "5Y" }]',
         "line 14: activities[0].retention[0].duration: “5Y” is not a period such as P5Y, P6M or PT72H"),
        ('language = "fr"\n', 'language = "fr"\nbrand_colour = "brown"\n',
         "line 9: organisation.brand_colour: “brown” is not a colour such as #0b5d57"),
    ],
)
def test_a_wrong_value_is_refused(replaced: str, by: str, expected: str) -> None:
    assert problems(SMALL.replace(replaced, by)) == [expected]


def test_the_authority_may_stay_unsaid_where_the_country_has_one() -> None:
    unsaid = SMALL.replace('[authority]\ncode = "frcnil"\n', "")
    assert read(unsaid).authority == "frcnil"
    several = problems(unsaid.replace('country = "FR"', 'country = "DE"'))
    assert len(several) == 1
    assert "authority.code: missing: “DE” has not exactly one authority; name one of: " in several[0]
    assert "debfdi" in several[0]
    assert "frcnil" not in several[0]


def test_a_code_twice_is_refused() -> None:
    again = SMALL[SMALL.index("[[activities]]"):]
    assert problems(SMALL + again) == ["line 17: activities[1].code: “orders” stands there twice"]


def test_a_file_that_is_no_toml_names_the_line() -> None:
    assert problems("[organisation]\nslug = virelune\n")[0].startswith("line 2: not TOML: ")
    with pytest.raises(ProfileError, match="line 2: not UTF-8"):
        ProfileReader(b"[organisation]\nname = \"\xe9\"\n")


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_the_line_of_each_key_is_known(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()

    def check(value: object, at: tuple[str | int, ...]) -> None:
        if at and isinstance(at[-1], str):
            assert at[-1] in lines[known[at] - 1]
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, child in children:
            check(child, (*at, key))

    known = key_lines(text)
    check(tomllib.loads(text), ())


def test_comments_and_order_do_not_change_the_digest() -> None:
    commented = SMALL.replace('slug = "virelune"\nname', '# why\nslug = "virelune" # so\nname')
    assert profile_digest(tomllib.loads(SMALL)) == profile_digest(tomllib.loads(commented))
    assert profile_digest(tomllib.loads(SMALL)) != profile_digest(tomllib.loads(SMALL.replace("Commandes", "Achats")))


def test_nothing_unstated_is_invented() -> None:
    facts = read(SMALL)
    activity = facts.activities[0]
    assert (activity.automated_decisions, activity.transfers, activity.legal_bases) == (None, None, [])
    assert [gap["code"] for gap in policy_gaps(facts)] == [
        "controller_unnamed", "contact_unknown", "dpo_unknown", "channels_unknown", "provision_unknown",
        "purpose_unknown", "legal_basis_unknown", "categories_unknown", "recipients_unknown", "transfers_unknown",
        "retention_unknown", "source_unknown", "automated_decisions_unknown",
    ]
    assert {warning["code"] for warning in policy_warnings(facts)} == {"right_not_named", "complaint_not_told"}


def test_no_transfer_is_a_statement_and_closes_the_gap() -> None:
    codes = [gap["code"] for gap in policy_gaps(read(SMALL + "transfers = []\nautomated_decisions = false\n"))]
    assert "transfers_unknown" not in codes
    assert "automated_decisions_unknown" not in codes


def test_what_the_law_gives_is_no_warning() -> None:
    text = SMALL + (
        '[requests]\nasks = ["name", "email"]\nresponse_within = "P1M"\nclock_from = "receipt"\n'
        'identity_document = ["on_reasonable_doubt"]\n'
        '[breach]\nauthority_within = "PT72H"\n'
    )
    about = {warning["code"] for warning in policy_warnings(read(text))}
    assert about == {"right_not_named", "complaint_not_told"}


def test_each_promise_below_the_law_is_a_warning_with_its_article() -> None:
    text = SMALL.replace('code = "frcnil"', 'code = "frcnil"\ncomplaint_told = true') + (
        'direct_marketing = true\nlegal_bases = ["a"]\n'
        '[requests]\nasks = ["postal_address"]\nresponse_within = "P2M"\nclock_from = "verified_request"\n'
        'fee_for = ["access"]\nidentity_document = ["always"]\n'
        '[breach]\nauthority_within = "P7D"\nperson_within = "P1M"\n'
    )
    found = {(w["article"], w["code"]) for w in policy_warnings(read(text)) if w["code"] != "right_not_named"}
    assert found == {
        ("12(3)", "clock_from_verification"), ("12(3)", "response_too_late"), ("12(5)", "fee_charged"),
        ("12(6)", "identity_document_always"), ("12(6)", "details_always_asked"), ("13(2)(c)", "withdrawal_not_told"),
        ("21(4)", "marketing_objection_not_told"), ("33(1)", "breach_authority_late"), ("34(1)", "breach_person_late"),
    }


NEW_FINDINGS = {
    '[requests]\nidentity_document = ["at_discretion", "always"]\n': {
        "identity_document_at_discretion", "identity_document_always", "identity_document_contradictory",
    },
    '[[rights]]\ncode = "portability"\nwithin = "access"\ncovers = ["receive"]\n': {"right_merged", "right_narrowed"},
    '[[rights]]\ncode = "access"\nas_purpose = true\n': {"right_only_purpose"},
    '[courts]\namicable_first = true\nlimited_to = { fr = "ici", en = "here" }\n': {"amicable_first", "courts_limited"},
    '[consent]\nbrowser_only = true\nasked_by = ["single_click", "browsing_on", "condition_of_use"]\n': {
        "cookies_browser_only", "consent_single_click", "consent_by_browsing", "consent_condition",
    },
    '[consent]\nasked_by = ["each_purpose"]\n': set(),
    '[minors]\nage_declared = true\nerasure = "best_efforts"\n': {"age_by_declaration", "minors_erasure_weak"},
    '[minors]\nerasure = "prompt"\n': set(),
    '[[contradictions]]\narticle = "4(1)"\nsays = { fr = "a", en = "a" }\nalso = { fr = "b", en = "b" }\n': {
        "contradiction"
    },
    '[[citations]]\narticle = "37"\ncited = { fr = "a", en = "a" }\nabout = { fr = "b", en = "b" }\n': {
        "provision_wrong"
    },
    '[policy]\nsubprocessing = "free"\n': set(),  # nothing is processed for clients
}


@pytest.mark.parametrize(("facts", "codes"), NEW_FINDINGS.items())
def test_each_statement_gives_its_warning_and_no_other(facts: str, codes: set[str]) -> None:
    before = {warning["code"] for warning in policy_warnings(read(SMALL))}
    assert {warning["code"] for warning in policy_warnings(read(SMALL + facts))} - before == codes


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ('plugins = "responsibility_denied"\n', "plugin_responsibility_denied"),
        ('legal_bases = ["a"]\nneeds = ["b"]\n', "legal_basis_unfit"),
        ('direct_marketing = true\nretention = [{ phase = "active", duration = "P5Y" }]\n', "prospects_kept_long"),
        ('retention = [{ phase = "active", note = { fr = "x", en = "x" } }]\n', "retention_ambiguous"),
    ],
)
def test_what_is_said_of_a_use_gives_its_warning(facts: str, code: str) -> None:
    assert code in {warning["code"] for warning in policy_warnings(read(SMALL + facts))}


@pytest.mark.parametrize(
    "facts",
    [
        'needs = ["b"]\n',  # no basis is stated: a gap, no warning
        'legal_bases = ["a", "b"]\nneeds = ["b", "c"]\n',
        'plugins = "named"\n',
        'retention = [{ phase = "active", duration = "P5Y" }]\n',  # not of advertising
        'direct_marketing = true\nretention = [{ phase = "active", duration = "P3Y" }]\n',
    ],
)
def test_what_is_not_stated_or_is_enough_gives_none(facts: str) -> None:
    before = {warning["code"] for warning in policy_warnings(read(SMALL))} | {"marketing_objection_not_told"}
    assert {warning["code"] for warning in policy_warnings(read(SMALL + facts))} - {"withdrawal_not_told"} <= before


def test_the_french_rights_after_death_are_owed_in_france_only() -> None:
    def rights(text: str) -> set[str]:
        return {warning["right"] for warning in policy_warnings(read(text)) if warning["code"] == "right_not_named"}

    abroad = SMALL.replace('country = "FR"', 'country = "BE"').replace("frcnil", "beapd")
    assert rights(SMALL) - rights(abroad) == {"directives"}


def test_profiling_plugins_and_a_vague_transfer_leave_gaps() -> None:
    facts = read(SMALL + 'profiling = true\nplugins = "named"\ntransfers = [{}]\n')
    codes = [gap["code"] for gap in policy_gaps(facts)]
    assert {"profiling_unexplained", "joint_arrangement_unknown", "transfer_countries_unknown"} <= set(codes)
    assert "transfers_unknown" not in codes


def test_every_warning_has_words_in_the_language_of_the_reader() -> None:
    finding = {
        "right": "access", "part": "copy", "period": "P2M", "limits": {"fr": "ventes", "en": "sales"},
        "name": "X", "within": "erasure", "bases": ["a", "b"], "of": [{"fr": "x", "en": "x"}],
        "says": {}, "also": {}, "cited": {}, "about": {},
    }
    for language in ("en", "fr"):
        with translation.override(language):
            for code in WARNINGS:
                assert "%(" not in warning_text({"code": code, **finding})
    assert all(article for article, _text in GAPS.values())


def test_periods_have_words() -> None:
    assert duration_words("P5Y") == "5 years"
    assert duration_words("P1Y6M") == "1 year and 6 months"
    assert duration_words("PT72H") == "72 hours"
    assert duration_days("PT72H") == 3
    with pytest.raises(ValueError, match="not an ISO 8601 period"):
        duration_days("five years")


@pytest.mark.django_db
class TestActivation:
    """DESIGN §4: nobody to escalate to, no open door."""

    def test_refused_without_anybody_to_escalate_to(self) -> None:
        organisation = OrganisationFactory.create(is_active=False, dpo_status=Organisation.DpoStatus.NONE, dpo_email="")
        with pytest.raises(DomainError) as caught:
            organisation_activate(organisation=organisation, privacy_lead=None, actor=Actor.SYSTEM)
        assert caught.value.code == "nobody_to_escalate_to"
        assert not Organisation.objects.get(pk=organisation.pk).is_active

    def test_refused_for_a_stranger(self) -> None:
        organisation, stranger = OrganisationFactory.create(is_active=False), member(OrganisationFactory.create())
        with pytest.raises(DomainError) as caught:
            organisation_activate(organisation=organisation, privacy_lead=stranger, actor=Actor.SYSTEM)
        assert caught.value.code == "privacy_lead_not_member"

    def test_a_privacy_lead_opens_it_once(self) -> None:
        organisation = OrganisationFactory.create(is_active=False, dpo_status=Organisation.DpoStatus.NONE, dpo_email="")
        lead = member(organisation)
        for _turn in range(2):
            organisation_activate(organisation=organisation, privacy_lead=lead, actor=Actor.SYSTEM)
        stored = Organisation.objects.get(pk=organisation.pk)
        assert (stored.is_active, stored.privacy_lead) == (True, lead)
        assert AuditEvent.objects.filter(kind="organisation.activated").count() == 1

    def test_a_data_protection_officer_is_enough(self) -> None:
        organisation = OrganisationFactory.create(is_active=False)
        organisation_activate(organisation=organisation, privacy_lead=None, actor=Actor.SYSTEM)
        assert Organisation.objects.get(pk=organisation.pk).is_active

    def test_a_handler_may_not(self) -> None:
        organisation = OrganisationFactory.create(is_active=False)
        actor = actor_for(member(organisation, Role.HANDLER), organisation)
        with pytest.raises(NotAllowed):
            organisation_activate(organisation=organisation, privacy_lead=None, actor=actor)

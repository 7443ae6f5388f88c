"""The command that imports a profile: what it writes, that twice changes nothing, what it says of five policies."""

import json
import re
import tomllib
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Model

from dsar.core.actors import Actor
from dsar.core.models import AuditEvent, Organisation, ProcessingActivity, Recipient, RetentionRule, Team
from dsar.core.profiles import organisation_activate
from exports.models import DataSource, SourceMap
from exports.sample_company import SOURCES
from requests_app.models import RoutingRule
from tests.factories import MembershipFactory, UserFactory, a_case, right_of
from tests.parts import SHARED

PROFILES = settings.BASE_DIR / "dsar" / "profiles"
SLUGS = ("jpb-systeme", "espace-client", "publisher", "jst-france", "imperiatec")

pytestmark = pytest.mark.django_db


def organisation_import(path: Path) -> dict[str, Any]:
    """The report of one import."""
    out = StringIO()
    call_command("organisation_import", str(path), "--json", stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


@pytest.fixture
def changed_profile(tmp_path: Path) -> Any:
    """Writes a profile with one text replaced."""

    def write(slug: str, old: str, new: str) -> Path:
        text = (PROFILES / f"{slug}.toml").read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the profile"
        path = tmp_path / f"{slug}.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("slug", SLUGS)
def test_twice_changes_nothing(slug: str) -> None:
    first = organisation_import(PROFILES / f"{slug}.toml")
    written = _everything()
    second = organisation_import(PROFILES / f"{slug}.toml")
    assert (first["changed"], second["changed"]) == (True, False)
    assert set(first) == {"organisation", "changed", "warnings", "gaps", "commitments"}
    assert first["organisation"] == slug
    assert _everything() == written
    event = AuditEvent.objects.get(kind="organisation.imported")
    assert event.chain.key == f"organisation:{slug}"
    assert event.facts["changed"] is True
    assert event.facts["profile"] == Organisation.objects.get(slug=slug).profile_digest


def _everything() -> dict[str, list[dict[str, Any]]]:
    """All rows that an import writes."""
    models: tuple[type[Model], ...] = (
        Organisation, ProcessingActivity, RetentionRule, Recipient, Team, RoutingRule, DataSource, SourceMap,
        AuditEvent,
    )
    return {model.__name__: [*model._default_manager.order_by("pk").values()] for model in models}


def test_an_imported_organisation_is_closed_has_a_key_and_unapproved_maps() -> None:
    for slug in SLUGS:
        organisation_import(PROFILES / f"{slug}.toml")
    for organisation in Organisation.objects.all():
        assert not organisation.is_active
        assert organisation.intake_key is not None
        assert organisation.privacy_email.endswith(".example")
    assert list(SourceMap.objects.values_list("version", "approved_at")) == [(1, None)] * len(SLUGS)


# What a data protection officer finds in each policy: (article, code) of warnings, codes of gaps, commitments.
POLICIES: dict[str, tuple[list[tuple[str, str]], list[str], list[str]]] = {
    "jpb-systeme": (
        [
            ("12(6)", "identity_document_always"), ("12(6)", "identity_document_at_discretion"),
            ("12(6)", "identity_document_contradictory"), ("18", "right_limited"), ("13(2)(b)", "right_merged"),
            ("20(1)", "right_narrowed"), ("77(1)", "complaint_after_contact"), ("79(2)", "courts_limited"),
            ("5(1)(a)", "contradiction"), ("6(1)", "legal_basis_unfit"), ("7(4)", "consent_condition"),
            ("17(1)(f)", "minors_erasure_weak"),
        ],
        [
            "dpo_unknown", "legal_basis_unknown", "retention_unknown", "automated_decisions_unknown",
            "transfer_countries_unknown", "profiling_unexplained", "joint_arrangement_unknown",
            "categories_general", "source_unnamed", "recipients_unnamed",
        ],
        ["8", "34(1)"],
    ),
    "espace-client": (
        [
            ("13(2)(b)", "right_not_named"), ("13(2)(b)", "right_not_named"), ("13(2)(b)", "right_not_named"),
            ("13(2)(b)", "right_not_named"), ("13(2)(b)", "right_not_named"), ("13(2)(b)", "right_not_named"),
            ("85, loi 78-17", "right_not_named"), ("13(2)(c)", "withdrawal_not_told"),
            ("21(4)", "marketing_objection_not_told"), ("13(2)(d)", "complaint_not_told"),
            ("13(2)(a)", "contradiction"), ("6(1)", "legal_basis_unfit"), ("13(2)(a)", "retention_ambiguous"),
            ("7(2)", "consent_single_click"), ("8(2)", "age_by_declaration"),
        ],
        [
            "controller_unnamed", "contact_unknown", "dpo_unknown", "channels_unknown", "legal_basis_unknown",
            "transfers_unknown", "automated_decisions_unknown", "profiling_unexplained",
            "joint_arrangement_unknown", "categories_general", "recipients_unnamed",
        ],
        [],
    ),
    "publisher": (
        [
            ("13(2)(b)", "right_only_purpose"), ("13(2)(b)", "right_only_purpose"),
            ("13(2)(b)", "right_only_purpose"), ("17", "right_limited"), ("20(1)", "right_narrowed"),
            ("13(2)(b)", "right_not_named"), ("85, loi 78-17", "right_not_named"),
            ("13(2)(c)", "withdrawal_not_told"), ("21(4)", "marketing_objection_not_told"),
            ("13(2)(d)", "complaint_not_told"), ("79(2)", "courts_limited"), ("79(1)", "amicable_first"),
            ("13(1)(e)", "contradiction"), ("4(1)", "contradiction"), ("5(1)(a)", "contradiction"),
            ("5(1)(e)", "provision_wrong"), ("13(2)(a)", "retention_ambiguous"), ("7(3)", "cookies_browser_only"),
        ],
        [
            "controller_unnamed", "contact_unknown", "dpo_unknown", "channels_unknown", "provision_unknown",
            "legal_basis_unknown", "automated_decisions_unknown", "profiling_unexplained", "categories_general",
            "source_unnamed", "recipients_unnamed",
        ],
        ["20(1)", "34(1)", "44", "17(1)", "13(3)", "5(1)(b)"],
    ),
    "jst-france": (
        [
            ("12(3)", "clock_from_verification"), ("12(6)", "details_always_asked"), ("15(1)", "right_narrowed"),
            ("20(1)", "right_narrowed"), ("21(1)", "right_limited"), ("18(1)(d)", "right_narrowed"),
            ("22(3)", "right_narrowed"), ("22(3)", "right_narrowed"), ("7(3)", "withdrawal_harder"),
            ("85, loi 78-17", "right_not_named"), ("13(2)(f)", "automated_decisions_contradictory"),
            ("13(2)(a)", "retention_ambiguous"), ("5(1)(e)", "prospects_kept_long"),
            ("7(3)", "cookies_browser_only"), ("26(1)", "plugin_responsibility_denied"),
        ],
        [
            "legal_basis_unknown", "retention_unknown", "automated_decisions_unknown",
            "legitimate_interest_unstated", "categories_general", "source_unnamed", "recipients_unnamed",
        ],
        ["15(1)(c)", "21(2)", "44", "5(1)(b)"],
    ),
    "imperiatec": (
        [
            ("12(5)", "fee_charged"), ("12(6)", "details_always_asked"), ("20(1)(a)", "right_narrowed"),
            ("20(1)", "right_narrowed"), ("13(2)(b)", "right_not_named"), ("85, loi 78-17", "right_not_named"),
            ("13(2)(c)", "withdrawal_not_told"), ("21(4)", "marketing_objection_not_told"),
            ("13(2)(d)", "complaint_not_told"), ("37", "provision_wrong"), ("6(1)", "legal_basis_unfit"),
            ("13(2)(a)", "retention_ambiguous"), ("4(11)", "consent_by_browsing"), ("7(4)", "consent_condition"),
            ("13(1)(a)", "roles_mixed"), ("28(2)", "subprocessing_free"), ("33(2)", "breach_client_late"),
            ("34(1)", "breach_person_late"), ("34(1)", "breach_notifier_unexplained"),
        ],
        [
            "legal_basis_unknown", "transfers_unknown", "automated_decisions_unknown", "profiling_unexplained",
            "categories_general", "recipients_unnamed", "clients_unnamed",
        ],
        ["33(1)", "34(1)", "44", "82"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("slug", SLUGS)
def test_gaps_warnings_and_commitments_of_each_policy(slug: str) -> None:
    warnings, gaps, commitments = POLICIES[slug]
    report = organisation_import(PROFILES / f"{slug}.toml")
    assert [(w["article"], w["code"]) for w in report["warnings"]] == warnings
    assert [gap["code"] for gap in Organisation.objects.get().profile_gaps] == gaps
    assert [one["article"] for one in report["commitments"]] == commitments
    assert all(one["text"] and "%(" not in one["text"] for one in report["warnings"])
    assert all(one["fact"] for one in report["gaps"])


def test_what_the_controller_leaves_open_is_named() -> None:
    report = organisation_import(PROFILES / "jst-france.toml")
    assert report["gaps"][2]["fact"].endswith(": Performance of contracts; Customer relations")


def test_what_a_client_owes_is_not_asked_of_its_processor() -> None:
    report = organisation_import(PROFILES / "imperiatec.toml")
    assert "on behalf of clients" not in report["gaps"][0]["fact"]  # there the client owes the basis
    assert not Organisation.objects.get(slug="imperiatec").dpo_email


@pytest.mark.parametrize("slug", SLUGS)
def test_each_organisation_has_teams_routing_and_a_source_that_a_person_searches(slug: str) -> None:
    organisation_import(PROFILES / f"{slug}.toml")
    assert RoutingRule.objects.filter(kind="", right="", subject_prefix="").count() == 1  # somebody gets the rest
    assert set(DataSource.objects.values_list("kind", flat=True)) == {"sql", "manual"}
    assert {source.collect_url for source in DataSource.objects.filter(kind="sql")} <= set(SOURCES)


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_in_a_profile_leads_to_a_real_company(slug: str) -> None:
    text = (PROFILES / f"{slug}.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(text)
    domains = re.findall(r"@([\w.-]+)", text)
    assert domains and all(domain.endswith(".example") for domain in domains)
    assert "://" not in text
    assert not re.search(r"\b0\d([ .]?\d\d){4}\b|\+\d\d", text)  # telephone numbers
    assert facts["organisation"].get("postal_code", "00000") in ("00000", "75000")
    assert slug.split("-")[0] not in facts["organisation"]["name"].casefold()


@pytest.mark.parametrize("slug", SLUGS)
def test_a_profile_takes_neither_addresses_nor_sentences_from_its_policy(slug: str) -> None:
    policy = SHARED / "policies" / f"{slug}.txt"
    if not policy.exists():
        pytest.skip("the published policies are not here")
    published, profile = policy.read_text(encoding="utf-8"), (PROFILES / f"{slug}.toml").read_text(encoding="utf-8")
    addresses = _addresses(published)
    assert len(addresses) == ADDRESSES[slug]
    assert [address for address in addresses if address in profile.casefold()] == []
    assert _taken(profile, published) == []
    planted = " ".join(re.findall(r"\w+", published)[:12])
    assert _taken(f'{profile}\nnote = "{planted}"', published) == [planted]  # it would be seen


# How many addresses, of mailboxes and of towns with their postcodes, each policy names.
ADDRESSES = {"jpb-systeme": 2, "espace-client": 0, "publisher": 0, "jst-france": 2, "imperiatec": 2}


def _addresses(text: str) -> set[str]:
    found = re.findall(r"[\w.+-]+@[\w.-]+\w|\b\d{5} [A-Z][\w-]+(?: [A-Zl][\w-]*)*", text)
    return {address.casefold() for address in found}


def _taken(profile: str, published: str) -> list[str]:
    """The texts of the profile that hold a run of words of the policy."""
    sentences = set(_runs(published))
    return [text for text in re.findall(r'"([^"\n]+)"', profile) if sentences.intersection(_runs(text))]


def _runs(text: str, length: int = 9) -> list[tuple[str, ...]]:
    """Every run of so many words."""
    words = re.findall(r"\w+", text.casefold())
    return [tuple(words[at : at + length]) for at in range(len(words) - length + 1)]


def test_the_ambiguous_archive_is_ten_years_in_all_and_says_so() -> None:
    organisation_import(PROFILES / "jst-france.toml")
    active, archive = RetentionRule.objects.filter(activity__code="contracts")
    assert (active.duration, active.then) == ("P5Y", "archive")
    assert (archive.duration, archive.then) == ("P10Y", "erase_or_anonymise")
    assert archive.counted_from["en"] == "the end of the contractual relation"
    assert "ten years in all" in archive.note["en"]


def test_what_is_stated_for_everything_reaches_each_activity() -> None:
    organisation_import(PROFILES / "jst-france.toml")
    calendars, contracts = (ProcessingActivity.objects.get(code=code) for code in ("calendars", "contracts"))
    assert (calendars.automated_decisions, contracts.automated_decisions) == (False, None)
    assert calendars.transfers == []
    assert len(calendars.categories) == 4
    assert calendars.legal_bases == []


def test_a_changed_file_updates_its_rows_and_nothing_else(changed_profile: Any) -> None:
    organisation_import(PROFILES / "jst-france.toml")
    before = set(ProcessingActivity.objects.values_list("pk", flat=True))
    path = changed_profile("jst-france", 'en = "Manage calendars"', 'en = "Keep calendars"')
    assert organisation_import(path)["changed"]
    assert set(ProcessingActivity.objects.values_list("pk", flat=True)) == before
    assert ProcessingActivity.objects.get(code="calendars").purpose["en"] == "Keep calendars"
    event = AuditEvent.objects.filter(kind="organisation.imported").latest("seq")
    assert event.facts["parts"] == ["activities", "organisation"]


def test_a_changed_query_makes_a_new_map_to_approve(changed_profile: Any) -> None:
    organisation_import(PROFILES / "jst-france.toml")
    organisation_import(changed_profile("jst-france", "ORDER BY v.visited_at", "ORDER BY v.visited_at DESC"))
    assert list(SourceMap.objects.values_list("version", "approved_at")) == [(1, None), (2, None)]


def test_a_row_that_vanished_is_removed_unless_in_use(changed_profile: Any) -> None:
    organisation_import(PROFILES / "jst-france.toml")
    records = Team.objects.get(slug="records")
    path = changed_profile("jst-france", '[[teams]]\nslug = "records"\nname = "Archives"\n', "")
    path.write_text(path.read_text(encoding="utf-8").replace('team = "records"', 'team = "privacy"'), encoding="utf-8")
    MembershipFactory.create(organisation=records.organisation, team=records)
    organisation_import(path)
    assert Team.objects.filter(slug="records").exists()
    records.memberships.all().delete()
    assert organisation_import(path)["changed"]
    assert not Team.objects.filter(slug="records").exists()


def test_an_organisation_that_loses_who_to_escalate_to_is_closed(changed_profile: Any) -> None:
    organisation_import(PROFILES / "jst-france.toml")
    organisation = Organisation.objects.get()
    organisation_activate(organisation=organisation, privacy_lead=None, actor=Actor.SYSTEM)
    assert not organisation_import(PROFILES / "jst-france.toml")["changed"]
    assert Organisation.objects.get().is_active
    dpo = 'status = "appointed"\nemail = "dpo@ervaline.example"\n'
    organisation_import(changed_profile("jst-france", dpo, 'status = "none"\n'))
    assert not Organisation.objects.get().is_active


def test_a_privacy_lead_survives_an_import(changed_profile: Any) -> None:
    organisation_import(PROFILES / "imperiatec.toml")
    organisation, lead = Organisation.objects.get(), UserFactory.create()
    MembershipFactory.create(organisation=organisation, user=lead)
    organisation_activate(organisation=organisation, privacy_lead=lead, actor=Actor.SYSTEM)
    organisation_import(changed_profile("imperiatec", 'name = "Talvérane"', 'name = "Talvérane SAS"'))
    stored = Organisation.objects.get()
    assert (stored.name, stored.is_active, stored.privacy_lead) == ("Talvérane SAS", True, lead)


def test_another_jurisdiction_counts_the_open_clocks_anew_and_says_which_dates_move(changed_profile: Any) -> None:
    organisation_import(PROFILES / "jst-france.toml")
    organisation = Organisation.objects.get()
    organisation_activate(organisation=organisation, privacy_lead=None, actor=Actor.SYSTEM)
    case = a_case(organisation, rights=("access",), received_at=datetime(2026, 3, 3, 9, tzinfo=UTC))
    assert right_of(case, "access").due_on == date(2026, 4, 3)
    out = StringIO()
    moved = changed_profile("jst-france", 'jurisdiction = "FR"', 'jurisdiction = "FR-57"')  # Good Friday is a holiday
    call_command("organisation_import", str(moved), stdout=out)
    assert f"{case.reference} access: due 2026-04-07 instead of 2026-04-03" in out.getvalue()
    assert right_of(case, "access").due_on == date(2026, 4, 7)


def test_a_wrong_file_writes_nothing_and_names_key_and_line(changed_profile: Any) -> None:
    path = changed_profile("jst-france", 'collect_url = "SOURCE_CRM_URL"', 'collect_url = "sqlite:///crm"\ncolour = 1')
    text = path.read_text(encoding="utf-8").replace('kind = "stop_marketing"', 'kind = "stop_advertising"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        organisation_import(path)
    problems = str(caught.value).splitlines()
    assert [problem.split(": ")[2] for problem in problems] == [
        "routing[0].kind", "sources[0].collect_url", "sources[0].colour",
    ]
    for problem, text_there in zip(problems, ("stop_advertising", "sqlite:///crm", "colour = 1"), strict=True):
        line = int(problem.split(": ")[1].removeprefix("line "))
        assert text_there in text.splitlines()[line - 1]
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("SELECT * FROM customers", "does not ask for one person"),
        ("SELECT * FROM customers WHERE email = :mail", "uses an unknown parameter"),
        ("DELETE FROM customers WHERE email = :email", "must be one SELECT"),
    ],
)
def test_a_query_that_does_not_ask_for_one_person_is_refused(
    changed_profile: Any, query: str, complaint: str
) -> None:
    start = '[[sources]]\ncode = "archive"'
    table = (
        f'[[sources.tables]]\nname = "x"\ntitle = {{ fr = "x", en = "x" }}\nquery = "{query}"\n'
        'subject = { email = "email" }\n'
        'fields = [{ column = "email", meaning = { fr = "x", en = "x" }, category = "identity", origin = "provided",'
        ' activity = "contracts" }]\n'
    )
    with pytest.raises(CommandError, match=complaint):
        organisation_import(changed_profile("jst-france", start, table + start))


def test_a_withheld_field_needs_a_reason(changed_profile: Any) -> None:
    field = '{ column = "segment", '
    with pytest.raises(CommandError, match="a field that is withheld needs a reason"):
        organisation_import(changed_profile("jst-france", field, field + "disclosed = false, "))


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        organisation_import(tmp_path / "none.toml")


def test_the_report_for_people_names_articles_and_readings() -> None:
    out = StringIO()
    call_command("organisation_import", str(PROFILES / "jst-france.toml"), stdout=out)
    text = out.getvalue()
    for part in ("jst-france: Comptoir Ervaline", "art. 12(3)", "ten years in all", "Inactive:"):
        assert part in text

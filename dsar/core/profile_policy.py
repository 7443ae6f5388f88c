"""Compares what a policy states with what the law asks: gaps where it is silent, warnings where it offers less.

Both are kept as codes with parameters and worded in the reader's language when shown. A fact that is not stated is
never a warning, and nothing here invents one. Where a policy promises more, its profile says so under `commitments`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from dsar.core.durations import duration_days
from dsar.core.models import Organisation, ProcessingActivity, RetentionRule
from dsar.core.profile_activities import ActivityFacts
from dsar.core.profile_facts import OrganisationProfile
from dsar.core.profile_reader import Texts
from dsar.core.profile_rights import RIGHT_CONTENT
from dsar.core.profile_words import GAPS, WARNINGS
from dsar.core.rights import RIGHTS

# What somebody who wants to withdraw a consent or to be recognised may be asked for without a reason.
ORDINARY_DETAILS = frozenset({"name", "company", "email", "customer_number"})
# A promise to tell a person of a breach in more days than this is not "without undue delay" (GDPR art. 34(1)).
PROMPT_DAYS = 3
# The CNIL's reference for people who are no customers, from their last contact (gestion commerciale, 2022).
PROSPECTS_KEPT = "P3Y"
# Ways of asking for consent that give none.
CONSENT_WARNINGS = {
    "single_click": "consent_single_click",
    "browsing_on": "consent_by_browsing",
    "condition_of_use": "consent_condition",
}

Finding = dict[str, Any]


def policy_gaps(profile: OrganisationProfile) -> list[Finding]:
    """Facts that the law owes and the policy does not state: [{article, code, of: [texts by language]}].

    What a controller owes is not asked of activities carried out for clients (GDPR art. 28): there the client owes it.
    """
    return [{"article": GAPS[code][0], "code": code, "of": of} for code, of in _gaps(profile)]


def _gaps(profile: OrganisationProfile) -> Iterator[tuple[str, list[Texts]]]:
    yield from ((code, []) for code in _unsaid(profile))
    own = [one for one in profile.activities if one.capacity != ProcessingActivity.Capacity.PROCESSOR]
    reached = {code for recipient in profile.recipients for code in recipient.activities}
    checks: tuple[tuple[str, Callable[[ActivityFacts], bool]], ...] = (
        ("purpose_unknown", lambda one: not one.purpose),
        ("legal_basis_unknown", lambda one: not one.legal_bases),
        ("legitimate_interest_unstated", lambda one: "f" in one.legal_bases and not one.legitimate_interest),
        ("categories_unknown", lambda one: not one.categories),
        ("recipients_unknown", lambda one: one.code not in reached),
        ("transfers_unknown", lambda one: one.transfers is None),
        ("retention_unknown", _is_retention_unknown),
        ("source_unknown", lambda one: not one.sources),
        ("automated_decisions_unknown", lambda one: one.automated_decisions is None),
        ("transfer_countries_unknown", lambda one: any(not row["country"] for row in one.transfers or ())),
        ("profiling_unexplained", lambda one: one.profiling and not one.automated_logic),
        ("joint_arrangement_unknown", lambda one: one.plugins == "named"),
    )
    for code, is_missing in checks:
        if silent := [one.name for one in own if is_missing(one)]:
            yield code, silent
    if "f" in profile.general_bases and not any(one.legitimate_interest for one in own):
        yield "legitimate_interest_unstated", []
    if any("categories" in one.inherited for one in own):
        yield "categories_general", []
    if any(one.sources_unnamed for one in own):
        yield "source_unnamed", []
    if unnamed := [recipient.category for recipient in profile.recipients if not recipient.name]:
        yield "recipients_unnamed", unnamed
    if len(own) < len(profile.activities) and not profile.clients:
        yield "clients_unnamed", [one.name for one in profile.activities if one not in own]


def _unsaid(profile: OrganisationProfile) -> Iterator[str]:
    """What is owed once for all, and is not there."""
    if "name" not in profile.identifies:
        yield "controller_unnamed"
    if not {"address", "contact"}.intersection(profile.identifies):
        yield "contact_unknown"
    if profile.organisation["dpo_status"] == Organisation.DpoStatus.UNKNOWN:
        yield "dpo_unknown"
    if not profile.requests.channels:
        yield "channels_unknown"
    if not any(one["topic"] == "provision" for one in profile.statements):
        yield "provision_unknown"


def _is_retention_unknown(activity: ActivityFacts) -> bool:
    """A criterion of the activity's own is enough (GDPR art. 13(2)(a)); "as long as needed" for everything is not."""
    if "retention" in activity.inherited:
        return not any(rule.duration for rule in activity.retention)
    return not activity.retention


def policy_warnings(profile: OrganisationProfile) -> list[Finding]:
    """Statements that promise less than the law: [{article, code, …parameters}]."""
    found: list[Finding] = []
    for checks in (
        _request_warnings, _right_warnings, _remedy_warnings, _information_warnings, _retention_warnings,
        _consent_warnings, _role_warnings, _breach_warnings,
    ):  # fmt: skip
        for finding in checks(profile):
            finding.setdefault("article", WARNINGS[finding["code"]][0])
            found.append(finding)
    return found


def _request_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    requests = profile.requests
    if requests.clock_from == "verified_request":
        yield {"code": "clock_from_verification"}
    if requests.response_within and duration_days(requests.response_within) > duration_days("P1M"):
        yield {"code": "response_too_late", "period": requests.response_within}
    for right in requests.fee_for:
        yield {"code": "fee_charged", "right": right}
    for said in ("always", "at_discretion"):
        if said in requests.identity_document:
            yield {"code": f"identity_document_{said}"}
    if len(requests.identity_document) > 1:
        yield {"code": "identity_document_contradictory"}
    if {"postal_address", "phone"} & set(requests.asks):
        yield {"code": "details_always_asked"}


def _right_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    for right in profile.rights:
        if right.code == "withdrawal" and set(right.asks) - ORDINARY_DETAILS:
            yield {"code": "withdrawal_harder"}
        if right.as_purpose:
            yield {"code": "right_only_purpose", "right": right.code}
        if right.within:
            yield {"code": "right_merged", "right": right.code, "within": right.within}
        for parts in RIGHT_CONTENT.get(right.code, ()):
            for part, article in parts.items():
                if part not in right.covers and not parts.keys().isdisjoint(right.covers):
                    yield {"code": "right_narrowed", "article": article, "right": right.code, "part": part}
        if right.limited_to:
            yield {
                "code": "right_limited",
                "article": RIGHTS[right.code].article,
                "right": right.code,
                "limits": right.limited_to,
            }
    yield from _silent_on_rights(profile, {right.code for right in profile.rights})


def _silent_on_rights(profile: OrganisationProfile, named: set[str]) -> Iterator[Finding]:
    """Rights that the notice owes and the policy does not name (GDPR arts. 13(2)(b)-(c), 21(4); loi 78-17 art. 85)."""
    for code in ("access", "rectification", "erasure", "restriction", "objection", "portability"):
        if code not in named:
            yield {"code": "right_not_named", "right": code}
    directives = RIGHTS["directives"]
    if directives.code not in named and profile.organisation["country"] in directives.countries:
        yield {"code": "right_not_named", "article": directives.article, "right": directives.code}
    if "withdrawal" not in named and _any(profile, lambda one: "a" in one.legal_bases):
        yield {"code": "withdrawal_not_told"}
    if "marketing_objection" not in named and _any(profile, lambda one: one.direct_marketing):
        yield {"code": "marketing_objection_not_told"}


def _remedy_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    remedies = profile.remedies
    if not remedies.complaint_told:
        yield {"code": "complaint_not_told"}
    if remedies.complaint_after_contact:
        yield {"code": "complaint_after_contact"}
    if remedies.courts:
        yield {"code": "courts_limited", "limits": remedies.courts}
    if remedies.amicable_first:
        yield {"code": "amicable_first"}


def _information_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    if _any(profile, lambda one: one.automated_contradiction):
        yield {"code": "automated_decisions_contradictory"}
    for statement in profile.contradictions:
        yield {"code": "contradiction", **statement}
    for citation in profile.citations:
        yield {"code": "provision_wrong", **citation}
    stated = {one.code: one.legal_bases or profile.general_bases for one in profile.activities}
    unfit = [
        one
        for one in profile.activities
        if one.needs and stated[one.code] and set(one.needs).isdisjoint(stated[one.code])
    ]
    if unfit:
        bases = sorted({letter for one in unfit for letter in stated[one.code]})
        yield {"code": "legal_basis_unfit", "bases": bases, "of": [one.name for one in unfit]}


def _retention_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    """`note` tells how an ambiguous statement was read."""
    ambiguous = [one for one in profile.activities if any(rule.note for rule in one.retention)]
    if ambiguous:
        yield {"code": "retention_ambiguous", "of": [one.name for one in ambiguous]}
    if profile.organisation["country"] == "FR":
        kept = [
            rule.duration
            for one in profile.activities
            for rule in one.retention
            if one.direct_marketing and rule.phase == RetentionRule.Phase.ACTIVE and rule.duration
        ]
        if kept and duration_days(longest := max(kept, key=duration_days)) > duration_days(PROSPECTS_KEPT):
            yield {"code": "prospects_kept_long", "period": longest}


def _consent_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    for way in CONSENT_WARNINGS:
        if way in profile.consent.asked_by:
            yield {"code": CONSENT_WARNINGS[way]}
    if profile.consent.browser_only:
        yield {"code": "cookies_browser_only"}
    if profile.minors.age_declared:
        yield {"code": "age_by_declaration"}
    if profile.minors.erasure == "best_efforts":
        yield {"code": "minors_erasure_weak"}


def _role_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    """Who answers for what (GDPR arts. 26 and 28)."""
    if profile.roles_mixed:
        yield {"code": "roles_mixed"}
    if _any(profile, lambda one: one.plugins == "responsibility_denied"):
        yield {"code": "plugin_responsibility_denied"}
    processes = _any(profile, lambda one: one.capacity == ProcessingActivity.Capacity.PROCESSOR)
    if processes and profile.subprocessing == "free":
        yield {"code": "subprocessing_free"}


def _breach_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    breach = profile.breach
    for code, period in (
        ("breach_authority_late", breach.authority_within),
        ("breach_client_late", breach.client_within),
        ("breach_person_late", breach.person_within),
    ):
        if period and duration_days(period) > PROMPT_DAYS:
            yield {"code": code, "period": period}
    known = {profile.organisation["name"], *(recipient.name for recipient in profile.recipients)}
    if breach.notified_by and breach.notified_by not in known:
        yield {"code": "breach_notifier_unexplained", "name": breach.notified_by}


def _any(profile: OrganisationProfile, has: Callable[[ActivityFacts], bool]) -> bool:
    return any(has(activity) for activity in profile.activities)

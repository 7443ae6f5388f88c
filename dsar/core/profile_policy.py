"""Compares what a policy states with what the law asks: gaps where it is silent, warnings where it offers less.

Both are kept as codes with parameters and worded in the reader's language when shown. A fact that is not stated is
never a warning, and nothing here invents one. Where a policy promises more, its profile says so under `commitments`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.durations import duration_days, duration_words
from dsar.core.models import Organisation, ProcessingActivity
from dsar.core.profile_facts import RIGHT_CONTENT, ActivityFacts, OrganisationProfile
from dsar.core.profile_reader import Texts
from dsar.core.rights import RIGHTS
from dsar.core.texts import listed, localised

# What somebody who wants to withdraw a consent or to be recognised may be asked for without a reason.
ORDINARY_DETAILS = frozenset({"name", "company", "email", "customer_number"})
# A promise to tell a person of a breach in more days than this is not "without undue delay" (GDPR art. 34(1)).
PROMPT_DAYS = 3

GAPS: dict[str, tuple[str, str | Promise]] = {
    "dpo_unknown": ("13(1)(b), 37", _("Whether a data protection officer is appointed, and how to reach them")),
    "legal_basis_unknown": ("13(1)(c)", _("Legal basis")),
    "legitimate_interest_unstated": ("13(1)(d)", _("Which legitimate interests are pursued")),
    "recipients_unknown": ("13(1)(e), 15(1)(c)", _("Recipients")),
    "recipients_unnamed": ("15(1)(c)", _("Recipients by name; only their categories are stated")),
    "transfers_unknown": ("13(1)(f), 15(2)", _("Transfers outside the European Union and their safeguards")),
    "retention_unknown": ("13(2)(a), 15(1)(d)", _("How long the data are kept")),
    "automated_decisions_unknown": ("13(2)(f), 15(1)(h)", _("Whether decisions are automated, and their logic")),
    "purpose_unknown": ("13(1)(c), 15(1)(a)", _("Purpose")),
    "categories_unknown": ("14(1)(d), 15(1)(b)", _("Categories of data")),
    "categories_general": ("15(1)(b)", _("Categories of data for each use; they are stated for all uses together")),
    "source_unknown": ("14(2)(f), 15(1)(g)", _("Where the data come from")),
    "source_unnamed": ("14(2)(f), 15(1)(g)", _("Third parties that data come from, by name")),
    "clients_unnamed": ("30(2)(a)", _("Clients on whose behalf data are processed")),
}

WARNINGS: dict[str, tuple[str, str | Promise]] = {
    "clock_from_verification": (
        "12(3)",
        _("The policy counts the month for verified requests. The law counts from receipt, and so does this desk."),
    ),
    "response_too_late": (
        "12(3)", _("The policy promises an answer within %(period)s. The law gives one month from receipt."),
    ),
    "fee_charged": ("12(5)", _("The policy charges the person for “%(right)s”. The law makes it free of charge.")),
    "identity_document_always": (
        "12(6)", _("The policy asks everybody for an identity document. The law needs a reasonable doubt first."),
    ),
    "details_always_asked": (
        "12(6)",
        _("The policy asks everybody who makes a request for more than a name and one way to answer. "
          "The law allows that only on a reasonable doubt about identity."),
    ),
    "withdrawal_harder": (
        "7(3)", _("The policy asks for more to withdraw a consent than to give it. The law makes both equally easy."),
    ),
    "right_narrowed": ("", _("The policy leaves a part out of the right “%(right)s”: %(part)s.")),
    "right_limited": (
        "", _("The policy limits the right “%(right)s” to these uses: %(limits)s. The law does not."),
    ),
    "right_not_named": ("13(2)(b)", _("The policy does not name the right “%(right)s”.")),
    "withdrawal_not_told": (
        "13(2)(c)", _("The policy relies on consent and does not say that it may be withdrawn at any time."),
    ),
    "complaint_not_told": (
        "13(2)(d)", _("The policy does not say that a complaint may be made to the supervisory authority."),
    ),
    "marketing_objection_not_told": (
        "21(4)", _("The policy announces advertising and does not say expressly that one may object to it."),
    ),
    "automated_decisions_contradictory": (
        "13(2)(f)", _("The policy says that no decision is automated, and elsewhere that decisions may be."),
    ),
    "dpo_provision_wrong": (
        "37", _("The policy cites article %(provision)s for its data protection officer. The rule is article 37."),
    ),
    "roles_mixed": (
        "13(1)(a)",
        _("The policy calls the client the controller of everything, and also uses the data for purposes of its own. "
          "It does not say who answers for which use."),
    ),
    "breach_authority_late": (
        "33(1)",
        _("The policy tells the authority of a breach within %(period)s. The law says within 72 hours where feasible."),
    ),
    "breach_client_late": (
        "33(2)",
        _("The policy tells the client of a breach within %(period)s. The law says without undue delay."),
    ),
    "breach_person_late": (
        "34(1)",
        _("The policy tells the person of a breach within %(period)s. The law says without undue delay."),
    ),
    "breach_notifier_unexplained": (
        "34(1)",
        _("The policy lets “%(name)s” tell of a breach and does not say who that is. The law wants the controller to."),
    ),
}

PARTS: dict[str, str | Promise] = {
    "confirmation": _("whether data are processed"),
    "information": _("the information on purposes, recipients, retention and source that goes with the copy"),
    "copy": _("the copy of the data"),
    "accuracy": _("while accuracy is checked"),
    "unlawful": _("where processing is unlawful"),
    "claims": _("where the person needs the data for legal claims"),
    "objection": _("while an objection is examined"),
    "consent": _("where processing rests on consent"),
    "contract": _("where processing rests on a contract"),
    "human": _("a person looks at the decision"),
    "view": _("the person’s own point of view is heard"),
    "contest": _("the decision may be contested"),
}

Finding = dict[str, Any]


def policy_gaps(profile: OrganisationProfile) -> list[Finding]:
    """Facts that the law owes and the policy does not state: [{article, code, of: [texts by language]}].

    What a controller owes is not asked of activities carried out for clients (GDPR art. 28): there the client owes it.
    """
    return [{"article": GAPS[code][0], "code": code, "of": of} for code, of in _gaps(profile)]


def _gaps(profile: OrganisationProfile) -> Iterator[tuple[str, list[Texts]]]:
    if profile.organisation["dpo_status"] == Organisation.DpoStatus.UNKNOWN:
        yield "dpo_unknown", []
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


def _is_retention_unknown(activity: ActivityFacts) -> bool:
    """A criterion of the activity's own is enough (GDPR art. 13(2)(a)); "as long as needed" for everything is not."""
    if "retention" in activity.inherited:
        return not any(rule.duration for rule in activity.retention)
    return not activity.retention


def policy_warnings(profile: OrganisationProfile) -> list[Finding]:
    """Statements that promise less than the law: [{article, code, …parameters}]."""
    found: list[Finding] = []
    for checks in (_request_warnings, _right_warnings, _information_warnings, _breach_warnings):
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
    if requests.identity_document == "always":
        yield {"code": "identity_document_always"}
    if {"postal_address", "phone"} & set(requests.asks):
        yield {"code": "details_always_asked"}


def _right_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    for right in profile.rights:
        if right.code == "withdrawal" and set(right.asks) - ORDINARY_DETAILS:
            yield {"code": "withdrawal_harder"}
        if right.covers:
            for part, article in RIGHT_CONTENT[right.code].items():
                if part not in right.covers:
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
    """Rights that the notice owes and the policy does not name (GDPR arts. 13(2)(b)-(d) and 21(4))."""
    for code in ("access", "rectification", "erasure", "restriction", "objection", "portability"):
        if code not in named:
            yield {"code": "right_not_named", "right": code}
    if "withdrawal" not in named and _any(profile, lambda one: "a" in one.legal_bases):
        yield {"code": "withdrawal_not_told"}
    if not profile.complaint_told:
        yield {"code": "complaint_not_told"}
    if "marketing_objection" not in named and _any(profile, lambda one: one.direct_marketing):
        yield {"code": "marketing_objection_not_told"}


def _information_warnings(profile: OrganisationProfile) -> Iterator[Finding]:
    if _any(profile, lambda one: one.automated_contradiction):
        yield {"code": "automated_decisions_contradictory"}
    if profile.dpo_provision not in ("", "37"):
        yield {"code": "dpo_provision_wrong", "provision": profile.dpo_provision}
    if profile.roles_mixed:
        yield {"code": "roles_mixed"}


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


def warning_text(finding: Mapping[str, Any]) -> str:
    """The warning in the active language."""
    words: dict[str, object] = {"provision": finding.get("provision", ""), "name": finding.get("name", "")}
    if "right" in finding:
        words["right"] = RIGHTS[finding["right"]].name
    if "part" in finding:
        words["part"] = PARTS[finding["part"]]
    if "period" in finding:
        words["period"] = duration_words(finding["period"])
    if "limits" in finding:
        words["limits"] = localised(finding["limits"])
    return str(WARNINGS[finding["code"]][1]) % words


def gap_text(finding: Mapping[str, Any]) -> str:
    """The fact that is not stated, and for what, in the active language."""
    fact = str(GAPS[finding["code"]][1])
    if not finding["of"]:
        return fact
    named = listed(localised(texts) for texts in finding["of"])
    return gettext("%(fact)s: %(list)s") % {"fact": fact, "list": named}

"""What the comparison of a policy with the law can find, in words: one line a code, with its article."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.durations import duration_words
from dsar.core.rights import RIGHTS
from dsar.core.texts import listed, localised

GAPS: dict[str, tuple[str, str | Promise]] = {
    "controller_unnamed": ("13(1)(a)", _("Who the controller is")),
    "contact_unknown": ("13(1)(a)", _("How to reach the controller")),
    "dpo_unknown": ("13(1)(b), 37", _("Whether a data protection officer is appointed, and how to reach them")),
    "legal_basis_unknown": ("13(1)(c)", _("Legal basis")),
    "legitimate_interest_unstated": ("13(1)(d)", _("Which legitimate interests are pursued")),
    "recipients_unknown": ("13(1)(e), 15(1)(c)", _("Recipients")),
    "recipients_unnamed": ("15(1)(c)", _("Recipients by name; only their categories are stated")),
    "transfers_unknown": ("13(1)(f), 15(2)", _("Transfers outside the European Union and their safeguards")),
    "retention_unknown": ("13(2)(a), 15(1)(d)", _("How long the data are kept")),
    "transfer_countries_unknown": ("13(1)(f), 15(2)", _("To which countries outside the European Union data go")),
    "provision_unknown": ("13(2)(e)", _("Whether the data must be given, and what follows if they are not")),
    "profiling_unexplained": ("13(2)(f), 15(1)(h)", _("How people are profiled, and what follows for them")),
    "joint_arrangement_unknown": (
        "26(2)", _("Who answers for what, between the controller and those whose tools it builds in"),
    ),
    "channels_unknown": ("12(2)", _("How and where a request is made")),
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
    "identity_document_at_discretion": (
        "12(6)",
        _("The policy lets a proof of identity be asked for, and does not say when. "
          "The law needs a reasonable doubt first."),
    ),
    "identity_document_contradictory": (
        "12(6)", _("The policy says several things about proof of identity that do not agree."),
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
    "right_only_purpose": (
        "13(2)(b)",
        _("The policy names the right “%(right)s” only among its purposes. "
          "It does not tell people that they have it."),
    ),
    "right_merged": (
        "13(2)(b)", _("The policy names the right “%(right)s” only as a part of the right “%(within)s”."),
    ),
    "withdrawal_not_told": (
        "13(2)(c)", _("The policy relies on consent and does not say that it may be withdrawn at any time."),
    ),
    "complaint_not_told": (
        "13(2)(d)", _("The policy does not say that a complaint may be made to the supervisory authority."),
    ),
    "complaint_after_contact": (
        "77(1)",
        _("The policy sends people to the company before they complain to the authority. "
          "The law lets them complain at any time."),
    ),
    "courts_limited": (
        "79(2)",
        _("The policy admits these courts only: %(limits)s. "
          "The person may also go to those of the country where they live."),
    ),
    "amicable_first": (
        "79(1)", _("The policy wants an amicable solution first. The law lets the person go to court at once."),
    ),
    "marketing_objection_not_told": (
        "21(4)", _("The policy announces advertising and does not say expressly that one may object to it."),
    ),
    "automated_decisions_contradictory": (
        "13(2)(f)", _("The policy says that no decision is automated, and elsewhere that decisions may be."),
    ),
    "contradiction": ("", _("The policy says: %(says)s. It also says: %(also)s.")),
    "provision_wrong": ("", _("The policy cites %(cited)s for this: %(about)s. That is not the rule in force.")),
    "legal_basis_unfit": (
        "6(1)",
        _("The policy relies on nothing but %(bases)s, also for uses that rest on a contract or on a legal duty: "
          "%(list)s."),
    ),
    "consent_single_click": (
        "7(2)",
        _("The policy takes one click for consent to everything. "
          "The law wants consent for each purpose, told apart from the rest."),
    ),
    "consent_by_browsing": (
        "4(11)", _("The policy takes going on browsing for consent. The law wants a clear affirmative act."),
    ),
    "consent_condition": (
        "7(4)",
        _("The policy makes agreement to it a condition of the service. What people cannot refuse is not consent."),
    ),
    "cookies_browser_only": (
        "7(3)",
        _("The policy leaves the refusal of cookies to the settings of the browser. "
          "The law makes it as easy to refuse and to withdraw as to accept."),
    ),
    "age_by_declaration": (
        "8(2)",
        _("The policy is content with a user who certifies an age. "
          "The law wants reasonable efforts to verify that a parent agrees where a child is too young to."),
    ),
    "minors_erasure_weak": (
        "17(1)(f)",
        _("The policy promises its best efforts to erase the data of minors. "
          "The law makes it a duty, as soon as possible (in France loi 78-17, art. 51)."),
    ),
    "retention_ambiguous": (
        "13(2)(a)", _("The policy can be read in several ways on how long data are kept: %(list)s."),
    ),
    "prospects_kept_long": (
        "5(1)(e)",
        _("The policy keeps the data of people who are only canvassed for %(period)s. "
          "The CNIL’s reference is three years after their last contact."),
    ),
    "plugin_responsibility_denied": (
        "26(1)",
        _("The policy builds in tools of social networks and calls itself a stranger to them. Who builds them in "
          "answers jointly for what they collect and pass on (CJEU C-40/17)."),
    ),
    "subprocessing_free": (
        "28(2)",
        _("The policy lets the company have others process its clients’ data as it sees fit. "
          "The law wants each client’s written authorisation first."),
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
    "receive": _("receiving the data"),
    "transmit": _("having the data sent to another service"),
    "human": _("a person looks at the decision"),
    "view": _("the person’s own point of view is heard"),
    "contest": _("the decision may be contested"),
}

BASES: dict[str, str | Promise] = {
    "a": _("consent"),
    "b": _("a contract"),
    "c": _("a legal duty"),
    "d": _("vital interests"),
    "e": _("a public task"),
    "f": _("a legitimate interest"),
}


def warning_text(finding: Mapping[str, Any]) -> str:
    """The warning in the active language."""
    words: dict[str, object] = {"name": finding.get("name", "")}
    for key in ("limits", "says", "also", "cited", "about"):
        words[key] = localised(finding.get(key))
    for key in ("right", "within"):
        words[key] = RIGHTS[finding[key]].name if key in finding else ""
    if "part" in finding:
        words["part"] = PARTS[finding["part"]]
    if "period" in finding:
        words["period"] = duration_words(finding["period"])
    words["bases"] = gettext(" and ").join(str(BASES[letter]) for letter in finding.get("bases", ()))
    words["list"] = listed(localised(texts) for texts in finding.get("of", ()))
    return str(WARNINGS[finding["code"]][1]) % words


def gap_text(finding: Mapping[str, Any]) -> str:
    """The fact that is not stated, and for what, in the active language."""
    fact = str(GAPS[finding["code"]][1])
    if not finding["of"]:
        return fact
    named = listed(localised(texts) for texts in finding["of"])
    return gettext("%(fact)s: %(list)s") % {"fact": fact, "list": named}

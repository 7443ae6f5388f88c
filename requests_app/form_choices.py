"""The rights as the public form offers them: in plain words, grouped as a citizen looks for them (EDPB 01/2022, 52-56).

What a right is called is said in `dsar.core.rights`; here stands what helps to choose it and what is asked beside it.
Every follow-up is optional: what is missing, the desk asks later.
"""

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.rights import RIGHTS, Right
from dsar.core.search import search_text
from requests_app.vocabulary import Capacity


@dataclass(frozen=True)
class Choice:
    """One right that the form offers: what stands beside its box, and how its follow-up asks."""

    code: str
    hint: str | Promise
    detail_label: str | Promise
    detail_hint: str | Promise

    @property
    def right(self) -> Right:
        """Its name, verb and article."""
        return RIGHTS[self.code]


@dataclass(frozen=True)
class ChoiceGroup:
    """Rights that are looked for together."""

    code: str
    title: str | Promise
    choices: tuple[Choice, ...]


GROUPS = (
    ChoiceGroup(
        "see",
        _("See, or take away"),
        (
            Choice(
                "access",
                _("With what they serve for, how long we keep them, and who receives them."),
                _("Which data?"),
                _("Leave empty to get everything. Otherwise: dates, a purchase, a subject."),
            ),
            Choice(
                "portability",
                _("What you gave us, in a file that other services can read."),
                _("Where to?"),
                _("Leave empty to receive the file yourself. Otherwise: the service that must get it."),
            ),
        ),
    ),
    ChoiceGroup(
        "mend",
        _("Put right"),
        (
            Choice(
                "rectification",
                _("Wrong, out of date or incomplete."),
                _("What is wrong, and what is right?"),
                _("Without it, we ask you."),
            ),
            Choice(
                "erasure",
                _("For good, except what the law obliges us to keep: we tell you what, and until when."),
                _("Which data?"),
                _("Leave empty for everything. Ask for a copy too if you want to keep one."),
            ),
            Choice(
                "restriction",
                _("We keep them and use them no more, while something is verified or a dispute lasts."),
                _("Which data, and why?"),
                _("For instance: a piece of information that you contest, a proof that you need in court."),
            ),
        ),
    ),
    ChoiceGroup(
        "stop",
        _("Say stop"),
        (
            Choice(
                "marketing_objection",
                _("We cannot refuse. You need no reason."),
                _("Which advertising?"),
                _("Leave empty to stop all of it: post, e-mail, phone."),
            ),
            Choice(
                "withdrawal",
                _("As simply as you gave it. What was done before stays lawful."),
                _("Which consent?"),
                _("For instance: a newsletter, a photo. Leave empty for all of them."),
            ),
            Choice(
                "objection",
                _("For instance to a profile, a comparison, a transmission to others."),
                _("Which use, and what in your situation speaks against it?"),
                _("Without it, we ask you once."),
            ),
            Choice(
                "research_objection",
                _("When we study your data for science, history or statistics."),
                _("Which study, and what in your situation speaks against it?"),
                _("Without it, we ask you once."),
            ),
        ),
    ),
    ChoiceGroup(
        "machine",
        _("Decided by a machine"),
        (
            Choice(
                "automated_decision",
                _("A credit, a price, an account: somebody with the power to change it looks again."),
                _("Which decision, and what do you say of it?"),
                _("Your view is taken into account. Without it, we ask you."),
            ),
        ),
    ),
    ChoiceGroup(
        "death",
        _("After a death"),
        (
            Choice(
                "directives",
                _("You decide now, and may change your mind at any time."),
                _("What must become of your data?"),
                _("Kept, erased, handed over: which data, and to whom."),
            ),
            Choice(
                "post_mortem",
                _("As heir, executor, or the person they designated."),
                _("What do you ask?"),
                _("For instance: close an account, settle the estate, keep photos. The next page asks for the name."),
            ),
        ),
    ),
    ChoiceGroup(
        "else",
        _("Something else"),
        (
            Choice(
                "question",
                _("Tell us in your words. Finding the right article is our work."),
                _("What do you want?"),
                _("In your own words."),
            ),
        ),
    ),
)


def groups_for(country: str) -> list[ChoiceGroup]:
    """What an organisation of that country offers: rights of a national law stand only where that law holds."""
    offered = [
        ChoiceGroup(
            group.code,
            group.title,
            tuple(one for one in group.choices if not one.right.countries or country in one.right.countries),
        )
        for group in GROUPS
    ]
    return [group for group in offered if group.choices]


def choices_for(country: str) -> list[Choice]:
    """The same without the groups, in the order of the page."""
    return [choice for group in groups_for(country) for choice in group.choices]


# ---- for whom --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CapacityChoice:
    """For whom somebody asks, and what the desk will ask for, later. Nothing is blocked here (GDPR art. 12(6))."""

    code: Capacity
    label: str | Promise
    hint: str | Promise


CAPACITIES = (
    CapacityChoice(Capacity.DATA_SUBJECT, _("For myself"), ""),
    CapacityChoice(
        Capacity.REPRESENTATIVE,
        _("For somebody who asked me to"),
        _("You are a relative, a lawyer, an association. Later we ask for their written mandate."),
    ),
    CapacityChoice(
        Capacity.PARENT,
        _("For my child, or a person in my care"),
        _("Later we ask for what shows parental authority or guardianship."),
    ),
    CapacityChoice(
        Capacity.HEIR,
        _("For a person who has died"),
        _("Later we ask what shows that you are their heir, or whom they designated."),
    ),
)


def capacities_for(country: str) -> list[CapacityChoice]:
    """Acting for the dead exists where a law gives the right (loi 78-17 art. 85; recital 27 GDPR leaves it out)."""
    is_known = country in RIGHTS["post_mortem"].countries
    return [choice for choice in CAPACITIES if choice.code != Capacity.HEIR or is_known]


# ---- countries -------------------------------------------------------------------------------------------------------

# Two letters that CLDR knows and ISO 3166-1 does not: unions, parts of countries, test codes.
_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])


@lru_cache(maxsize=8)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Code and name of every country in that language, by name as its readers look them up: accents do not count."""
    names = Locale.parse(language, sep="-").territories
    known = [(code, name) for code, name in names.items() if _is_country(code)]
    return tuple(sorted(known, key=lambda one: search_text(one[1])))


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES

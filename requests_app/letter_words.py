"""What an answer letter says of each right and outcome: title, what follows, and what the law wants told (law.md §1.2).

A title speaks to whoever asked; where that is somebody acting for another person, the letter says so once, above.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.templatetags.dsar_format import article as article_words
from dsar.core.texts import listed
from requests_app.grounds import Ground
from requests_app.vocabulary import Outcome

Text = str | Promise


@dataclass(frozen=True)
class Say:
    """One thing that the letter tells. `article` is its source; `item`: not told where that item is justified."""

    text: Text
    article: str = ""
    item: str = ""


@dataclass(frozen=True)
class Words:
    """The words for one decision: the title of its letter, one sentence on what follows, and what else is owed."""

    title: Text
    follows: Text
    says: tuple[Say, ...] = ()


_BELOW = _("The reasons are below.")
_IN_PART = _("The reasons for what is not done are below.")
_NO_DATA = Words(_("We hold no data about you"), _("With the details you gave us, we found no data about you."))


def _recipients(item: str) -> Say:
    """GDPR art. 19: each recipient is told; the person learns their names on request."""
    told = _("We told those to whom we had passed these data, except where this proved impossible or would take a "
             "disproportionate effort. Ask us who they are: we name them.")  # fmt: skip
    return Say(told, "19", item)


_RECTIFIED = (_recipients("R3"),)
_ERASED = (
    Say(_("Copies in our backups disappear as the backups are replaced. Until then nobody uses them, and nothing that "
          "is erased comes back from them."), item="E3"),
    _recipients("E4"),
    Say(_("Where we had published the data, we also told others who use them that you ask for every link and copy to "
          "be removed."), "17(2)", "E5"),
)  # fmt: skip
_RESTRICTED = (
    Say(_("As long as this lasts, we only store these data. Anything else needs your consent, a legal claim, the "
          "protection of the rights of another person, or an important reason of public interest."), "18(2)"),
    Say(_("Before we lift the restriction, we write to you."), "18(3)"),
    _recipients("L4"),
)  # fmt: skip
_PORTED = (
    Say(_("The files are JSON and CSV: other services can read them. With them comes a description of each field."),
        "20(1)"),
    Say(_("They hold what you gave us and what your use of our services produced. What we concluded from it is not in "
          "them, and is listed as left out. You may ask for a copy of it."), "15, 20"),
    Say(_("Taking your data elsewhere erases nothing here. To have data erased, ask us for it."), "17, 20(3)"),
)  # fmt: skip
_STOPPED = (
    Say(_("You may also have these data erased, unless something else lets us keep them. Write to us: it is free."),
        "17(1)(c)", "O2"),
)  # fmt: skip
_REVIEWED = (
    Say(_("What you had to say about the decision was considered. If you contest the outcome, tell us."), "22(3)",
        "D2"),
)  # fmt: skip
_UNTIL_DEATH = (
    Say(_("We keep them until they are carried out. You may change or revoke them at any time: write to us."),
        "85, loi 78-17", "DI2"),
    Say(_("You may name somebody who carries them out. If you name nobody, your heirs may ask for it."),
        "85, loi 78-17"),
)  # fmt: skip
_AFTER_DEATH = (
    Say(_("What the person wrote in directives comes before what heirs may ask. We looked for directives first."),
        "85, loi 78-17", "PM2"),
)  # fmt: skip

WORDS: Mapping[str, Mapping[str, Words]] = {
    "withdrawal": {
        Outcome.GRANTED: Words(
            _("Your consent is withdrawn"), _("We have stopped what rested on it."),
            (
                Say(_("What was done with your consent before this day stays lawful."), "7(3)"),
                Say(_("You may also have the data erased that rested on this consent. Write to us: it is free."),
                    "17(1)(b)", "W5"),
            ),
        ),
        Outcome.NO_DATA: Words(
            _("We found no consent to withdraw"), _("Nothing that we do with your data rests on a consent of yours."),
        ),
    },
    "access": {
        Outcome.GRANTED: Words(
            _("Here are the data we hold about you"), _("Your copy waits on your tracking page."),
        ),
        Outcome.GRANTED_PARTLY: Words(
            _("Here are your data, except what is named below"), _("Your copy waits on your tracking page."),
        ),
        Outcome.REFUSED: Words(_("We do not give you a copy of your data"), _BELOW),
    },
    "rectification": {
        Outcome.GRANTED: Words(
            _("Your data are corrected"), _("The data are corrected, as said below."), _RECTIFIED,
        ),
        Outcome.GRANTED_PARTLY: Words(_("We have corrected a part of your data"), _IN_PART, _RECTIFIED),
        Outcome.REFUSED: Words(_("We do not change your data"), _BELOW),
    },
    "erasure": {
        Outcome.GRANTED: Words(
            _("Your data are erased"), _("The data are erased, or nobody can link them to you any more."), _ERASED,
        ),
        Outcome.GRANTED_PARTLY: Words(
            _("We have erased a part of your data"), _("What we keep, why and until when, is below."), _ERASED,
        ),
        Outcome.REFUSED: Words(_("We do not erase your data"), _("Why we keep them is below.")),
        Outcome.NO_DATA: Words(
            _("We found nothing to erase"), _("With the details you gave us, we found no data about you."),
        ),
    },
    "restriction": {
        Outcome.GRANTED: Words(_("Your data are frozen"), _("From now on we only store them."), _RESTRICTED),
        Outcome.GRANTED_PARTLY: Words(_("A part of your data is frozen"), _IN_PART, _RESTRICTED),
        Outcome.REFUSED: Words(_("We do not freeze your data"), _BELOW),
    },
    "portability": {
        Outcome.GRANTED: Words(
            _("Your data are ready to go elsewhere"), _("Your files wait on your tracking page."), _PORTED,
        ),
        Outcome.GRANTED_PARTLY: Words(
            _("A part of your data is ready to go elsewhere"), _("Your files wait on your tracking page."), _PORTED,
        ),
        Outcome.REFUSED: Words(_("We do not hand over your data for another service"), _BELOW),
    },
    "objection": {
        Outcome.GRANTED: Words(
            _("We stop the use you objected to"), _("We no longer use your data for this."), _STOPPED,
        ),
        Outcome.GRANTED_PARTLY: Words(_("We stop a part of what you objected to"), _IN_PART, _STOPPED),
        Outcome.REFUSED: Words(_("We go on with the use you objected to"), _BELOW),
    },
    "marketing_objection": {
        Outcome.GRANTED: Words(
            _("You will get no more advertising from us"),
            _("We have stopped using your data for advertising, profiling for advertising included."),
            (
                Say(_("We keep your address on a list of refusals, only so that no advertising goes to it again."),
                    "21(3)", "OM2"),
                Say(_("We told those who send advertising for us."), item="OM3"),
            ),
        ),
        Outcome.NO_DATA: Words(
            _("We found no advertising sent to you"),
            _("There was nothing to stop. If any reaches you all the same, show it to us."),
        ),
    },
    "research_objection": {
        Outcome.GRANTED: Words(
            _("Your data leave our research and statistics"), _("We no longer use them for this."),
        ),
        Outcome.GRANTED_PARTLY: Words(_("Your data leave a part of our research and statistics"), _IN_PART),
        Outcome.REFUSED: Words(_("Our research goes on with your data"), _BELOW),
        Outcome.NO_DATA: Words(
            _("We found no research that uses your data"), _("There was nothing to stop."),
        ),
    },
    "automated_decision": {
        Outcome.GRANTED: Words(
            _("A person has reviewed the decision"), _("What came out of it is below."), _REVIEWED,
        ),
        Outcome.GRANTED_PARTLY: Words(_("A person has reviewed a part of the decision"), _IN_PART, _REVIEWED),
        Outcome.NO_DATA: Words(
            _("We found no decision that a machine took about you"), _("There was nothing to review."),
        ),
    },
    "directives": {
        Outcome.GRANTED: Words(
            _("What you decided for after your death is recorded"), _("We follow it from then on."), _UNTIL_DEATH,
        ),
        Outcome.GRANTED_PARTLY: Words(
            _("A part of what you decided for after your death is recorded"), _IN_PART, _UNTIL_DEATH,
        ),
        Outcome.REFUSED: Words(_("We do not record what you decided for after your death"), _BELOW),
        Outcome.NO_DATA: Words(
            _("We hold no directives of yours"), _("There was nothing to change or to revoke."),
        ),
    },
    "post_mortem": {
        Outcome.GRANTED: Words(
            _("We have done what you asked for the person who died"), _("What we did is below."), _AFTER_DEATH,
        ),
        Outcome.GRANTED_PARTLY: Words(
            _("We have done a part of what you asked for the person who died"), _IN_PART, _AFTER_DEATH,
        ),
        Outcome.REFUSED: Words(_("We cannot do what you ask for the person who died"), _BELOW),
        Outcome.NO_DATA: Words(
            _("We hold no data about the person who died"),
            _("With the details you gave us, we found no data about this person."),
        ),
    },
    "question": {
        Outcome.ANSWERED: Words(_("Our answer to your question"), _("Our answer is below.")),
    },
}  # fmt: skip

_IN_GENERAL: Mapping[str, Words] = {
    Outcome.GRANTED: Words(_("Our answer to your request"), _("This is done.")),
    Outcome.GRANTED_PARTLY: Words(_("We do a part of what you ask"), _IN_PART),
    Outcome.REFUSED: Words(_("We cannot do what you ask"), _BELOW),
    Outcome.NO_DATA: _NO_DATA,
    Outcome.NOT_IDENTIFIED: Words(
        _("We could not make sure that the request is yours"),
        _("We could not make sure that the request is yours. The reasons are below."),
    ),
    Outcome.FORWARDED: Words(_("We passed your request on"), _("We passed it on to who decides on these data.")),
    Outcome.WITHDRAWN: Words(
        _("You withdrew your request"), _("You withdrew this request. We do nothing more about it.")
    ),
    Outcome.ANSWERED: Words(_("Our answer to your request"), _("Our answer is below.")),
    Outcome.MERGED: Words(
        _("We answer your requests together"), _("We answer it together with your other request.")
    ),
}  # fmt: skip

# Where the ground, and not the right, makes the answer.
_BY_GROUND: Mapping[tuple[str, str], Words] = {
    ("7_3_NO_CONSENT", Outcome.NO_DATA): Words(
        _("What you ask about does not rest on your consent"),
        _("There is no consent to withdraw. What it rests on instead is below."),
    ),
    ("NOT_CONTROLLER", Outcome.NO_DATA): Words(
        _("We do not decide on these data"), _("Somebody else decides what they are used for. More is below.")
    ),
    ("22_NO_SOLE_AUTOMATION", Outcome.REFUSED): Words(
        _("No machine alone decided about you"), _("How a person took part in the decision is below.")
    ),
    ("22_2", Outcome.REFUSED): Words(
        _("The law allows a machine to take this decision"), _("Why, and what a person made of it, is below."),
        _REVIEWED,
    ),
    ("MANDATE_NOT_SHOWN", Outcome.NOT_IDENTIFIED): Words(
        _("We could not make sure that you may act for this person"), _BELOW
    ),
}  # fmt: skip


def answer_words(right: str, outcome: str, ground: str = "") -> Words:
    """The words for a decision: those of its ground, else of its right, else of the outcome."""
    found = _BY_GROUND.get((ground, outcome)) or WORDS[right].get(outcome)
    return found or _IN_GENERAL[outcome]


def section_heading(outcome: str, verb: Text) -> str:
    """Over the reasons of one right, in the active language."""
    headings = {
        Outcome.GRANTED: gettext("“%(verb)s”: what we did"),
        Outcome.GRANTED_PARTLY: gettext("“%(verb)s”: what is done, what is not, and why"),
        Outcome.REFUSED: gettext("“%(verb)s”: what is not done, and why"),
        Outcome.NOT_IDENTIFIED: gettext("“%(verb)s”: what is not done, and why"),
        Outcome.ANSWERED: gettext("“%(verb)s”: our answer"),
    }
    return headings.get(Outcome(outcome), gettext("“%(verb)s”: our reasons")) % {"verb": verb}


def source_words(article: str, *, under_gdpr: bool) -> str:
    """Where a rule is written; empty where the law of the place is another than the GDPR (letters cite no other)."""
    if "loi" in article:
        return gettext("article %(article)s") % {"article": article}
    if not article or not under_gdpr:
        return ""
    cited = listed(gettext("article %(article)s") % {"article": article_words(one)} for one in article.split(", "))
    return gettext("GDPR, %(articles)s") % {"articles": cited}


def ground_words(ground: Ground, *, under_gdpr: bool) -> str:
    """The ground of a decision as its letter names it, in the active language."""
    cited = {"ground": ground.label, "article": article_words(ground.article)}
    if not ground.is_of_gdpr:
        return gettext("Ground: %(ground)s, article %(article)s.") % cited
    if not under_gdpr:
        return gettext("Ground: %(ground)s.") % cited
    return gettext("Ground: %(ground)s, article %(article)s of the GDPR.") % cited

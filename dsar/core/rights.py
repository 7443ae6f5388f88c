"""The closed vocabulary of rights: the codes of every door, their article and their name in plain words.

What the desk does for each right (checklist, outcomes, grounds) stands in `requests_app/rights_table.py`.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Right:
    """One right of a data subject.

    `verb` is the plain-words act ("See my data"), `name` the term of the law, `article` its place in the law.
    `countries` limits rights that only a national law knows; empty means everywhere.
    """

    code: str
    name: str | Promise
    verb: str | Promise
    article: str
    countries: tuple[str, ...] = ()


RIGHTS: dict[str, Right] = {
    right.code: right
    for right in (
        Right("withdrawal", _("Withdrawal of consent"), _("Withdraw a consent"), "7(3)"),
        Right("access", _("Access"), _("See my data and get a copy"), "15"),
        Right("rectification", _("Rectification"), _("Correct a piece of information"), "16"),
        Right("erasure", _("Erasure"), _("Erase my data"), "17"),
        Right("restriction", _("Restriction"), _("Freeze my data"), "18"),
        Right("portability", _("Portability"), _("Take my data elsewhere"), "20"),
        Right("objection", _("Objection"), _("Object to a use of my data"), "21(1)"),
        Right("marketing_objection", _("Objection to direct marketing"), _("Stop receiving advertising"), "21(2)"),
        Right("research_objection", _("Objection to research"), _("Object to research or statistics"), "21(6)"),
        Right("automated_decision", _("Automated decision"), _("Have a decision reviewed by a person"), "22"),
        Right(
            "directives",
            _("Directives after death"),
            _("Say what becomes of my data after my death"),
            "85, loi 78-17",
            ("FR",),
        ),
        Right(
            "post_mortem", _("Data of a deceased person"), _("Act for a person who has died"), "85, loi 78-17", ("FR",)
        ),
        Right("question", _("Question"), _("Something else, or I do not know"), "12"),
    )
}
RIGHT_CHOICES = [(right.code, right.name) for right in RIGHTS.values()]

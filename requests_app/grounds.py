"""The closed list of grounds of a refusal (law.md §1.1): code, words, and what must be written with each.

The code is what the register keeps; the words say the article. `needs_evidence` is the mark ● of the specification: the
controller bears the burden of proof (GDPR art. 12(5)).
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Ground:
    """One ground. `article` is where the law has it; `needs_provision`: the exact provision must be cited."""

    code: str
    label: str | Promise
    article: str
    needs_evidence: bool = False
    needs_provision: bool = False


GROUNDS: dict[str, Ground] = {
    ground.code: ground
    for ground in (
        Ground("12_5_UNFOUNDED", _("Manifestly unfounded request"), "12(5)", needs_evidence=True),
        Ground("12_5_REPETITIVE", _("Excessive request: repetitive"), "12(5)", needs_evidence=True),
        Ground("12_5_ABUSE", _("Excessive request: abusive intention"), "12(5)", needs_evidence=True),
        Ground("12_6_IDENTITY", _("Identity not established although asked for"), "12(6)", needs_evidence=True),
        Ground("11_2", _("Person not identifiable"), "11(2)", needs_evidence=True),
        Ground("15_4", _("Rights and freedoms of others"), "15(4)"),
        Ground("23_NATIONAL", _("National restriction"), "23", needs_evidence=True, needs_provision=True),
        Ground("NOT_CONTROLLER", _("We do not decide on this processing"), "4(7)"),
        Ground("MANDATE_NOT_SHOWN", _("Authority to act for the person not shown"), "12(6)", needs_evidence=True),
        Ground("7_3_NO_CONSENT", _("The processing does not rest on consent"), "7(3)"),
    )
}

"""The closed list of grounds (law.md §1.1, DESIGN §2): code, words, and what must be written with each.

The code is what the register keeps; the words say the article. Which right knows which ground stands in
`rights_table`. `7_3_NO_CONSENT` and `NOT_CONTROLLER` are no refusals: they say why there is nothing to do.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app.vocabulary import Outcome, SuspensionReason

REFUSAL = frozenset({Outcome.REFUSED, Outcome.GRANTED_PARTLY})
UNKNOWN_PERSON = frozenset({Outcome.NOT_IDENTIFIED})
IN_PART = frozenset({Outcome.GRANTED_PARTLY})
NOTHING = frozenset({Outcome.NO_DATA})


@dataclass(frozen=True)
class AskedFirst:
    """Which question the person was asked before this ground, and how the letter reminds them of it (`day`)."""

    kind: SuspensionReason
    words: str | Promise


@dataclass(frozen=True)
class Ground:
    """One ground. `article` is where the law has it, `outcomes` those that it may carry.

    `needs_evidence` is the mark ● of the specification: the controller bears the burden of proof (GDPR art. 12(5)).
    `needs_provision`: the exact provision of the law must be cited; `needs_end`: until when the data are kept.
    `tells` explains the ground to the person, and what they can do instead; `tells_article` is its source, where it is
    not that of the ground. `owes_work`: what granting would ask for is done all the same (art. 22(3)).
    """

    code: str
    label: str | Promise
    article: str
    tells: str | Promise
    tells_article: str = ""
    outcomes: frozenset[Outcome] = REFUSAL
    needs_evidence: bool = False
    needs_provision: bool = False
    needs_end: bool = False
    owes_work: bool = False
    asked_first: AskedFirst | None = None

    @property
    def is_of_gdpr(self) -> bool:
        """Whether `article` is one of the Regulation; other laws name themselves in it."""
        return "loi" not in self.article


_KEPT = _("The law lets us keep these data in spite of your request, and only for this purpose.")
_IN_GENERAL = (
    Ground("12_5_UNFOUNDED", _("Manifestly unfounded request"), "12(5)",
           _("We must be able to prove it, and we do not say it lightly. You may ask again if we misunderstood you."),
           needs_evidence=True),
    Ground("12_5_REPETITIVE", _("Excessive request: repetitive"), "12(5)",
           _("You may ask again once your data may have changed, or if your request is about something else."),
           needs_evidence=True),
    Ground("12_5_ABUSE", _("Excessive request: abusive intention"), "12(5)",
           _("We must be able to prove it, and we do not say it lightly. You may ask again for another reason."),
           needs_evidence=True),
    Ground("12_6_IDENTITY", _("Identity not established although asked for"), "12(6)",
           _("Send us what we asked you for, at any time and by any means: we then go on. You need no identity "
             "document where something else tells us that it is you."),
           outcomes=UNKNOWN_PERSON, needs_evidence=True,
           asked_first=AskedFirst(
               SuspensionReason.IDENTITY, _("On %(day)s we asked you for what shows that the request is yours."))),
    Ground("11_2", _("Person not identifiable"), "11(2)",
           _("What we hold does not let us find out which data are yours. Give us a detail that leads to them, such as "
             "a customer number or a device: we then look again."),
           outcomes=REFUSAL | UNKNOWN_PERSON, needs_evidence=True,
           asked_first=AskedFirst(
               SuspensionReason.IDENTITY, _("On %(day)s we asked you for a detail that leads to your data."))),
    Ground("MANDATE_NOT_SHOWN", _("Authority to act for the person not shown"), "12(6)",
           _("Send us what shows that you may act for this person, at any time and in any form: we then go on."),
           outcomes=REFUSAL | UNKNOWN_PERSON, needs_evidence=True,
           asked_first=AskedFirst(
               SuspensionReason.IDENTITY,
               _("On %(day)s we asked you for what shows that you may act for this person."))),
    Ground("23_NATIONAL", _("National restriction"), "23",
           _("A law forbids us to do what you ask, or lets us refuse it. When its reason ends, you may ask again."),
           needs_evidence=True, needs_provision=True),
    Ground("NOT_CONTROLLER", _("We do not decide on this processing"), "4(7)",
           _("Somebody else decides what these data are used for, and must answer you. If we know who, we say it "
             "above."),
           outcomes=NOTHING | IN_PART),
)  # fmt: skip
_OF_ONE_RIGHT = (
    Ground("7_3_NO_CONSENT", _("The processing does not rest on consent"), "7(3)",
           _("There is no consent to withdraw here. You may object to the processing, or ask for erasure."),
           tells_article="17, 21", outcomes=NOTHING),
    # A right of others is never a reason to withhold everything (recital 63): it goes with a part only.
    Ground("15_4", _("Rights and freedoms of others"), "15(4)",
           _("We have masked what would harm other people, and nothing else."), outcomes=IN_PART),
    Ground("16_ACCURATE", _("The data are proven to be accurate"), "16",
           _("You may send us a statement in your own words: we attach it to the data, so that whoever reads them "
             "reads it too."), needs_evidence=True),
    Ground("17_1_NOT_MET", _("No ground of erasure applies"), "17(1)",
           _("We still need these data for the purpose we told you, nothing makes their use unlawful, and no law tells "
             "us to erase them. You may ask again when this changes.")),
    Ground("17_3_a", _("Freedom of expression and information"), "17(3)(a)", _KEPT,
           needs_provision=True, needs_end=True),
    Ground("17_3_b", _("Legal obligation or task of public interest"), "17(3)(b)", _KEPT,
           needs_provision=True, needs_end=True),
    Ground("17_3_c", _("Public health"), "17(3)(c)", _KEPT, needs_provision=True, needs_end=True),
    Ground("17_3_d", _("Archives, research or statistics that erasure would seriously impair"), "17(3)(d)", _KEPT,
           needs_provision=True, needs_end=True),
    Ground("17_3_e", _("Establishment, exercise or defence of legal claims"), "17(3)(e)", _KEPT,
           needs_provision=True, needs_end=True),
    Ground("18_1_NOT_MET", _("No ground of restriction applies"), "18(1)",
           _("The law lets you freeze data in four cases: you contest that they are accurate, their use is unlawful "
             "and you do not want them erased, you need them for a legal claim, or we examine your objection.")),
    Ground("20_1_BASIS", _("The processing rests neither on consent nor on a contract"), "20(1)(a)",
           _("You may ask for a copy of these data instead: access covers them, whatever the processing rests on."),
           tells_article="15"),
    Ground("20_1_NOT_AUTOMATED", _("The processing is not automated"), "20(1)(b)",
           _("You may ask for a copy of these data instead: access covers files on paper too."), tells_article="15"),
    Ground("20_NOT_PROVIDED", _("Data that we inferred, and that you did not provide"), "20(1)",
           _("You may ask for a copy of these data instead: access covers what we have inferred about you."),
           tells_article="15"),
    Ground("20_3", _("Task of public interest or official authority"), "20(3)",
           _("You may ask for a copy of these data instead: access covers them."), tells_article="15"),
    Ground("20_4", _("Rights and freedoms of others"), "20(4)",
           _("You may ask for a copy of your data instead: in a copy, we mask what is about other people."),
           tells_article="15"),
    Ground("21_1_COMPELLING", _("Compelling legitimate grounds, or legal claims"), "21(1)",
           _("We have weighed our reasons against your situation. You may tell us more about it: we then weigh again."),
           needs_evidence=True),
    Ground("21_1_BASIS", _("The processing rests on consent, a contract or a law"), "21(1)",
           _("Objection is not the right that helps here. You may withdraw a consent at any time; where a contract or "
             "a law is the reason, you may ask for erasure or restriction."), tells_article="7(3), 17, 18"),
    Ground("21_1_NO_SITUATION", _("No ground of the particular situation given"), "21(1)",
           _("Tell us what in your situation speaks against this use, in your own words and at any time: we then "
             "examine it. To stop advertising you need no reason."), tells_article="21(1), 21(2)",
           asked_first=AskedFirst(
               SuspensionReason.CLARIFY, _("On %(day)s we asked you what in your situation speaks against this use."))),
    Ground("21_6_PUBLIC", _("Research or statistics needed for a task of public interest"), "21(6)",
           _("The research serves a task of public interest, and needs these data.")),
    Ground("22_2", _("Needed for a contract, authorised by law, or explicit consent"), "22(2)",
           _("The decision may be taken by a machine. Where it rests on a contract or on your consent, you may have it "
             "reviewed by a person, say what you think of it, and contest it."),
           tells_article="22(3)", owes_work=True),
    Ground("22_NO_SOLE_AUTOMATION", _("No decision is taken by a machine alone"), "22(1)",
           _("A person takes part in this decision and may change it. You may ask for a copy of the data it rests on."),
           tells_article="15"),
    Ground("85_NOT_ENTITLED", _("Neither heir, executor nor designated person"), "85, loi 78-17",
           _("The law gives these rights to the heirs, and to whom the person named in their directives. Send us what "
             "shows that you are one of them: we then go on."), needs_evidence=True),
)  # fmt: skip
GROUNDS: dict[str, Ground] = {ground.code: ground for ground in (*_IN_GENERAL, *_OF_ONE_RIGHT)}

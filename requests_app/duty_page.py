"""What the panel of a right shows beside its answer: restriction, statements, reviews, directives, recipients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch

from requests_app import services
from requests_app.desk_forms import CaseForm, DeskForm
from requests_app.duty_forms import (
    CarryOutForm,
    EntitlementForm,
    LiftingForm,
    LiftingPostForm,
    ProlongForm,
    RestrictForm,
    StatementAttachForm,
    StatementForm,
)
from requests_app.models import Case, CaseRight, Entitlement, HumanReview, Restriction, Statement
from requests_app.next_step import last_decision
from requests_app.rights_table import ADVERSE
from requests_app.services import FoundDirective
from requests_app.vocabulary import Stage

Forms = Mapping[str, DeskForm]

# What hangs on a right for these panels, one query each.
DUTIES = (
    Prefetch("restrictions", Restriction.objects.select_related("mail", "begun_by", "lifted_by")),
    "recipient_notices",
    "statements",
    Prefetch("human_reviews", HumanReview.objects.select_related("set_by")),
    Prefetch("entitlements", Entitlement.objects.select_related("directive", "set_by")),
)


@dataclass(frozen=True)
class RestrictionPart:
    """The restriction in force, those lifted, and what the member may do."""

    standing: Restriction | None
    lifted: list[Restriction]
    is_due: bool  # its day to look again has come
    begin: RestrictForm | None = None
    prolong: ProlongForm | None = None
    announce: LiftingForm | None = None
    post: LiftingPostForm | None = None
    may_lift: bool = False


@dataclass(frozen=True)
class RecipientsPart:
    """How many recipients are to be told (GDPR art. 19), and of how many that is settled."""

    lines: int
    settled: int


@dataclass(frozen=True)
class StatementLine:
    """One statement of the person, with the form to attach it while it waits."""

    statement: Statement
    attach: StatementAttachForm | None


@dataclass(frozen=True)
class StatementsPart:
    """The person's statements. `is_offered`: refused because the data are accurate, so they may make one (art. 16)."""

    lines: list[StatementLine]
    is_offered: bool
    add: StatementForm | None


@dataclass(frozen=True)
class ReviewsPart:
    """The reviews of an automated decision by a person."""

    reviews: list[HumanReview]
    earlier: list[HumanReview]  # on which an answer before this one rested
    may_record: bool


@dataclass(frozen=True)
class DirectiveLine:
    """Directives in force that agree with the person, with the form to end them after the death."""

    found: FoundDirective
    carry_out: CarryOutForm | None


@dataclass(frozen=True)
class DirectivesPart:
    """Directives of a living person, or of one who died with who may ask for them."""

    lines: list[DirectiveLine]
    may_register: bool
    may_look: bool
    entitlements: list[Entitlement]
    entitlement: EntitlementForm | None


@dataclass(frozen=True)
class Duties:
    """What one right asks beside its answer; a part that is None shows nothing."""

    restriction: RestrictionPart | None
    recipients: RecipientsPart | None
    statements: StatementsPart | None
    reviews: ReviewsPart | None
    directives: DirectivesPart | None


def duties_of(case: Case, right: CaseRight, *, works: bool, today: date, forms: Forms) -> Duties:
    """What the panel shows to a member. No query beyond what `DUTIES` loads, but one for directives."""
    return Duties(
        restriction=_restriction_part(case, right, works, today, forms),
        recipients=_recipients_part(right),
        statements=_statements_part(case, right, works, forms) if right.right == "rectification" else None,
        reviews=_reviews_part(right, works) if right.right == "automated_decision" else None,
        directives=(
            _directives_part(case, right, works, forms) if right.right in ("directives", "post_mortem") else None
        ),
    )


def is_restricted(rights: Sequence[CaseRight]) -> bool:
    """Whether a restriction of these rights stands; reads the loaded rows."""
    return any(one.lifted_at is None for right in rights for one in right.restrictions.all())


def _restriction_part(
    case: Case, right: CaseRight, works: bool, today: date, forms: Forms
) -> RestrictionPart | None:
    rows = list(right.restrictions.all())
    standing = next((row for row in rows if row.lifted_at is None), None)
    lifted = [row for row in rows if row.lifted_at is not None]
    code, language = right.right, case.language
    grounds = services.restriction_grounds(right)
    if standing is None:
        if not lifted and not (works and grounds):
            return None
        begin = _form(forms, f"restriction_begin:{code}", RestrictForm, case, grounds=grounds, language=language)
        return RestrictionPart(None, lifted, False, begin if works and grounds else None)
    is_due = standing.review_on <= today
    if not works:
        return RestrictionPart(standing, lifted, is_due)
    return RestrictionPart(
        standing,
        lifted,
        is_due,
        prolong=_form(forms, f"restriction_prolong:{code}", ProlongForm, case),
        announce=_form(forms, f"lifting_announce:{code}", LiftingForm, case, language=language)
        if standing.announced_at is None else None,
        post=_form(forms, f"lifting_post:{code}", LiftingPostForm, case) if standing.may_post else None,
        may_lift=standing.told_at is not None or (standing.mail is not None and standing.mail.sent_at is not None),
    )  # fmt: skip


def _recipients_part(right: CaseRight) -> RecipientsPart | None:
    lines = list(right.recipient_notices.all())
    if not lines and not (services.tells_recipients(right) and right.stage != Stage.TO_DO):
        return None
    return RecipientsPart(len(lines), sum(line.is_settled for line in lines))


def _statements_part(case: Case, right: CaseRight, works: bool, forms: Forms) -> StatementsPart:
    lines = []
    for statement in right.statements.all():
        key = f"statement_attach:{statement.pk}"
        waits = works and statement.attached_on is None
        lines.append(StatementLine(statement, _form(forms, key, StatementAttachForm, case) if waits else None))
    decision = last_decision(right)
    is_refused = decision is not None and decision.outcome in ADVERSE
    return StatementsPart(
        lines=lines,
        is_offered=decision is not None and is_refused and decision.ground == "16_ACCURATE" and not lines,
        add=_form(forms, f"statement_add:{right.right}", StatementForm, case) if works else None,
    )


def _reviews_part(right: CaseRight, works: bool) -> ReviewsPart:
    undecided = right.stage not in services.CHECKLIST_CLOSED
    every = list(right.human_reviews.all())
    reviews = [one for one in every if right.is_of_this_answer(one.set_at)]
    return ReviewsPart(reviews, [one for one in every if one not in reviews], works and undecided)


def _directives_part(case: Case, right: CaseRight, works: bool, forms: Forms) -> DirectivesPart:
    found = services.directives_found(case)
    entitlements = list(right.entitlements.all())
    after_death = works and right.right == "post_mortem"
    lines = []
    for one in found:
        key = f"directive_carry_out:{one.directive.pk}"
        ends = after_death and entitlements
        lines.append(DirectiveLine(one, _form(forms, key, CarryOutForm, case) if ends else None))
    key, known = f"entitlement_record:{right.right}", [one.directive for one in found]
    return DirectivesPart(
        lines=lines,
        may_register=works and not after_death,
        may_look=after_death and right.stage not in services.CHECKLIST_CLOSED,
        entitlements=entitlements,
        entitlement=_form(forms, key, EntitlementForm, case, directives=known) if after_death else None,
    )


def _form(forms: Forms, key: str, kind: type[CaseForm], case: Case, **options: Any) -> Any:
    """The refused form of that act, else a fresh one with the version that the page shows."""
    auto_id = key.replace(":", "-") + "-%s"
    return forms.get(key) or kind(initial={"version": case.version}, auto_id=auto_id, **options)

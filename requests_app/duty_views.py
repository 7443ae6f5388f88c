"""Acts and pages about what single rights ask beside an answer (GDPR arts. 16, 18, 19, 22, 46; loi 78-17 art. 85)."""

from functools import partial
from typing import Any

from csp.decorators import csp
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.roles import Act
from dsar.core.uploads import desk_limits, uploads_refusal, uploads_within
from requests_app import services
from requests_app.case_views import LETTER_POLICY, act
from requests_app.clock_views import form_page
from requests_app.desk_access import case_or_404, desk_act, desk_page, desk_view, right_or_404
from requests_app.desk_forms import CaseForm, DeskForm
from requests_app.duty_forms import (
    CarryOutForm,
    DirectiveForm,
    EntitlementForm,
    HumanReviewForm,
    LiftingForm,
    LiftingPostForm,
    ProlongForm,
    RecipientsForm,
    RestrictForm,
    SafeguardsForm,
    StatementAttachForm,
    StatementForm,
)
from requests_app.letters import lifting_html
from requests_app.models import Case, CaseRight, Directive, Restriction, Statement
from requests_app.vocabulary import AddressKind

# ---- restriction, art. 18 -------------------------------------------------------------------------------------------


def restriction_or_404(case: Case, code: str) -> Restriction:
    """The restriction in force on a right of this case."""
    case_right = right_or_404(case, code)
    restriction: Restriction | None = (
        case_right.restrictions.in_force().select_related("mail", "announced_by", "review_task").first()
    )
    if restriction is None:
        raise Http404
    restriction.case_right = case_right
    return restriction


@desk_act
def restriction_begin(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Restrict data, as asked or while a right is examined."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right, key = right_or_404(case, right), f"restriction_begin:{right}"
    form = RestrictForm(
        request.POST, grounds=services.restriction_grounds(case_right), language=case.language, auto_id=_ids(key)
    )
    service = partial(services.restriction_begin, case_right=case_right)
    done = _("The data are restricted. Have them marked where they are, and the recipients told.")
    return act(request, case, form, service, key=key, done=done, anchor=f"right-{right}")


@desk_act
def restriction_prolong(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let a restriction go on."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"restriction_prolong:{right}"
    service = partial(services.restriction_prolong, restriction=restriction_or_404(case, right))
    form = ProlongForm(request.POST, auto_id=_ids(key))
    return act(
        request, case, form, service, key=key, done=_("The restriction goes on."), anchor=f"restriction-{right}"
    )


@desk_act
def lifting_announce(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Write the letter before lifting."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"lifting_announce:{right}"
    service = partial(services.lifting_announce, restriction=restriction_or_404(case, right))
    form = LiftingForm(request.POST, language=case.language, auto_id=_ids(key))
    done = _("The letter is written. Lift the restriction once it has left.")
    return act(request, case, form, service, key=key, done=done, anchor=f"restriction-{right}")


@desk_act
def lifting_post(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The printed letter before lifting has left."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"lifting_post:{right}"
    service = partial(services.lifting_post, restriction=restriction_or_404(case, right))
    form = LiftingPostForm(request.POST, auto_id=_ids(key))
    done = _("The letter has left, and the restriction may be lifted.")
    return act(request, case, form, service, key=key, done=done, anchor=f"restriction-{right}")


@desk_act
def restriction_lift(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let the data be used again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.restriction_lift, restriction=restriction_or_404(case, right))
    done = _("The restriction is lifted.")
    return act(
        request, case, CaseForm(request.POST), service, key=f"restriction_lift:{right}", done=done,
        anchor=f"right-{right}",
    )


@desk_page
def lifting_letter(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The letter before lifting as it leaves, to read and to print."""
    case = case_or_404(request, reference)
    restriction = restriction_or_404(case, right)
    if restriction.announced_at is None:
        raise Http404
    html = lifting_html(restriction)
    return csp(LETTER_POLICY)(lambda _request: HttpResponse(html))(request)


# ---- recipients, art. 19 --------------------------------------------------------------------------------------------


@desk_view
def recipient_notice_set(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Every recipient to be told, and what became of telling those that are ticked."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    lines = list(case_right.recipient_notices.select_related("set_by"))

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        boxes = {str(box.data["value"]): box for box in form["notices"]}
        context = {"row": case_right, "lines": [(line, boxes.get(str(line.pk))) for line in lines]}
        return form_page(request, case, form, "requests_app/recipient_notice_set.html", context, **options)

    if request.method != "POST":
        return show(RecipientsForm(lines=lines, initial={"version": case.version, "state": "notified"}))
    form = RecipientsForm(request.POST, lines=lines)
    service = partial(services.recipient_notice_set, case_right=case_right)
    return act(request, case, form, service, show=show, done=_("Saved."), anchor=f"recipients-{right}")


@desk_act
def recipient_notices_plan(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Add the recipients that came into the record since."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.recipient_notices_plan, case_right=right_or_404(case, right))
    done = _("Every recipient of the record has its line.")
    return act(
        request, case, CaseForm(request.POST), service, key=f"recipient_notices_plan:{right}", done=done,
        anchor=f"recipients-{right}",
    )


@desk_act
def recipients_tell(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Tell the person who the recipients are."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.recipients_tell, case=case)
    done = _("The person can read who the recipients are.")
    return act(
        request, case, CaseForm(request.POST), service, key="recipients_tell", done=done, anchor="timeline"
    )


@uploads_within(desk_limits)
@desk_view
def safeguards_send(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Send a copy of the safeguards of transfers, with documents."""
    case = case_or_404(request, reference, Act.CASE_WORK)

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        with language_override(case.language):
            stated = services.safeguards_stated(case.organisation)
        return form_page(request, case, form, "requests_app/safeguards_send.html", {"stated": stated}, **options)

    @transaction.atomic  # a refusal keeps no file
    def send(*, actor: Actor, documents: list[Any], **fields: Any) -> None:
        files = services.uploads_keep(case=case, uploads=documents, limits=desk_limits())
        services.safeguards_send(case=case, files=files, actor=actor, **fields)

    if request.method != "POST":
        return show(SafeguardsForm(language=case.language, initial={"version": case.version}))
    form = SafeguardsForm(request.POST, request.FILES, language=case.language)
    if refusal := uploads_refusal(request):
        form.is_valid()
        form.refuse(refusal)
        return show(form, status=413)
    return act(request, case, form, send, show=show, done=_("The safeguards are sent."), anchor="timeline")


# ---- rectification, art. 16 -----------------------------------------------------------------------------------------


@desk_act
def statement_add(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Note the person's own statement."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"statement_add:{right}"
    service = partial(services.statement_add, case_right=right_or_404(case, right))
    done = _("The statement is noted. A task asks to put it beside the data.")
    form = StatementForm(request.POST, auto_id=_ids(key))
    return act(request, case, form, service, key=key, done=done, anchor=f"right-{right}")


@desk_act
def statement_attach(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """The statement stands beside the data."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right, key = right_or_404(case, right), f"statement_attach:{number}"
    statement: Statement | None = case_right.statements.filter(pk=number).first()
    if statement is None:
        raise Http404
    statement.case_right = case_right
    service = partial(services.statement_attach, statement=statement)
    form = StatementAttachForm(request.POST, auto_id=_ids(key))
    return act(
        request, case, form, service, key=key, done=_("The statement is attached."), anchor=f"right-{right}"
    )


# ---- automated decision, art. 22 ------------------------------------------------------------------------------------


@desk_view
def human_review_record(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Record that a person reviewed an automated decision."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = _right_among(case, right, "automated_decision")

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        return form_page(
            request, case, form, "requests_app/human_review_record.html", {"row": case_right}, **options
        )

    if request.method != "POST":
        return show(HumanReviewForm(language=case.language, initial={"version": case.version}))
    form = HumanReviewForm(request.POST, language=case.language)
    service = partial(services.human_review_record, case_right=case_right)
    return act(request, case, form, service, show=show, done=_("The review is recorded."), anchor=f"right-{right}")


# ---- directives and data after a death, loi 78-17 art. 85 -----------------------------------------------------------


@desk_view
def directive_register(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Register what a person wants done after their death."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = _right_among(case, right, "directives")
    service = partial(services.directive_register, case_right=case_right)
    return _directive_page(request, case_right, service, _("The directives are registered."), None)


@desk_view
def directive_replace(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """Put newer directives in the place of older ones."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = _right_among(case, right, "directives")
    directive = directive_or_404(case, number)
    service = partial(services.directive_replace, directive=directive, case_right=case_right)
    return _directive_page(request, case_right, service, _("The directives are replaced."), directive)


@desk_act
def directive_revoke(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """The person takes their directives back."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    service = partial(services.directive_revoke, directive=directive_or_404(case, number), case_right=case_right)
    return act(
        request, case, CaseForm(request.POST), service, key=f"directive_revoke:{number}",
        done=_("The directives are revoked."), anchor=f"right-{right}",
    )


@desk_act
def directive_carry_out(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """What the person wanted after their death is done."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right, key = right_or_404(case, right), f"directive_carry_out:{number}"
    service = partial(services.directive_carry_out, directive=directive_or_404(case, number), case_right=case_right)
    form = CarryOutForm(request.POST, auto_id=_ids(key))
    return act(
        request, case, form, service, key=key, done=_("The directives are carried out."), anchor=f"right-{right}"
    )


@desk_act
def directives_looked_for(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Note that the directives of the person who died were looked for."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.directives_looked_for, case_right=right_or_404(case, right))
    done = _("It is noted that the directives were looked for, and what was found.")
    return act(
        request, case, CaseForm(request.POST), service, key=f"directives_looked_for:{right}", done=done,
        anchor=f"right-{right}",
    )


@desk_act
def entitlement_record(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Record why whoever asks may act for a person who died."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"entitlement_record:{right}"
    known = [found.directive for found in services.directives_found(case)]
    form = EntitlementForm(request.POST, directives=known, auto_id=_ids(key))
    service = partial(services.entitlement_record, case_right=right_or_404(case, right))
    done = _("The entitlement is recorded. No document is kept.")
    return act(request, case, form, service, key=key, done=done, anchor=f"right-{right}")


def directive_or_404(case: Case, number: int) -> Directive:
    """Directives of the case's organisation, which knows them beyond the case in which they were registered."""
    directive = Directive.objects.filter(organisation=case.organisation, pk=number).first()
    if directive is None:
        raise Http404
    return directive


def _directive_page(
    request: HttpRequest, case_right: CaseRight, service: Any, done: Any, older: Directive | None
) -> HttpResponseBase:
    case = case_right.case

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        context = {"row": case_right, "older": older}
        return form_page(request, case, form, "requests_app/directive_register.html", context, **options)

    if request.method != "POST":
        return show(DirectiveForm(initial={"version": case.version, **_person_known(case, older)}))
    form = DirectiveForm(request.POST)
    return act(request, case, form, service, show=show, done=done, anchor=f"right-{case_right.right}")


def _person_known(case: Case, older: Directive | None) -> dict[str, str]:
    """What the form starts from: the older directives, else what the case knows of the person."""
    if older is not None:
        fields = ("kind", "text", "name", "email", "identifier", "executor")
        return {name: str(getattr(older, name)) for name in fields}
    person = case.data_subject
    addresses = list(person.addresses.all()) if person else []
    values = {address.kind: address.value for address in reversed(addresses)}
    return {
        "name": person.name if person else "",
        "email": values.get(AddressKind.EMAIL, ""),
        "identifier": values.get(AddressKind.IDENTIFIER, ""),
    }


def _right_among(case: Case, code: str, *codes: str) -> CaseRight:
    """A right of this case that the page is for, else Http404."""
    if code not in codes:
        raise Http404
    return right_or_404(case, code)


def _ids(key: str) -> str:
    """The ids of a form's fields, as `duty_page` writes them."""
    return key.replace(":", "-") + "-%s"

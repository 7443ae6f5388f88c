"""The door of every desk page: who may see what, said once, so that no view can forget it.

A case that a member may not see answers 404, a forbidden act on a visible case 403 with the reason (DESIGN §2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dsar.core.actors import Actor
from dsar.core.errors import NotAllowed
from dsar.core.models import Organisation, User
from dsar.core.roles import ACTS, Act, Role
from dsar.core.sweeps import REMINDERS, Silence, sweep_silent_since
from requests_app.models import Case, CaseRight, CaseTask, InboundMail

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def desk_page(view: View[P]) -> View[P]:
    """A desk page that is only read: sign-in, never stored by a browser, a refusal in words."""
    return require_safe(desk_view(view))


def desk_act(view: View[P]) -> View[P]:
    """A desk act: as `desk_page`, by POST only."""
    return require_POST(desk_view(view))


def desk_view(view: View[P]) -> View[P]:
    """Sign-in, no storing by browsers or proxies, and NotAllowed as a 403 page that says why."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotAllowed as refusal:
            return desk_render(request, "requests_app/desk_forbidden.html", {"refusal": refusal}, status=403)

    return never_cache(login_required(guarded))


def member(request: HttpRequest) -> User:
    """The signed-in member; every desk view stands behind `desk_view`."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def organisations_allowing(user: User, act: Act) -> list[Organisation]:
    """The organisations where the member's role includes the act, by name; no query beyond the memberships."""
    found = [row.organisation for row in user.memberships_cached if act in ACTS[Role(row.role)]]
    return sorted(found, key=lambda organisation: organisation.name.casefold())


def somewhere_or_403(request: HttpRequest, act: Act) -> User:
    """The member, for a page that is no single case; raises NotAllowed when no role of theirs includes the act."""
    user = member(request)
    if not organisations_allowing(user, act):
        raise NotAllowed(f"{act}_nowhere", _refusal(act))
    return user


def case_or_404(request: HttpRequest, reference: str, act: Act = Act.CASE_READ) -> Case:
    """The case, if the member sees it, else Http404; raises NotAllowed when their role does not include `act`."""
    user = member(request)
    case = (
        Case.objects.visible_to(user)
        .select_related("organisation", "organisation__authority", "team", "assignee")
        .filter(reference=reference)
        .first()
    )
    if case is None:
        raise Http404
    act_check(user, act, case.organisation_id)
    return case


def right_or_404(case: Case, code: str) -> CaseRight:
    """A right of this case, which knows its case."""
    case_right: CaseRight | None = case.rights.filter(right=code).first()
    if case_right is None:
        raise Http404
    case_right.case = case
    return case_right


def task_or_404(request: HttpRequest, task_id: int) -> CaseTask:
    """The task, if the member sees it, else Http404; raises NotAllowed when their role does no tasks."""
    user = member(request)
    task = (
        CaseTask.objects.visible_to(user)
        .select_related("case__organisation", "case_right", "team", "assignee")
        .filter(pk=task_id)
        .first()
    )
    if task is None:
        raise Http404
    act_check(user, Act.TASK_WORK, task.case.organisation_id)
    return task


def mail_or_404(request: HttpRequest, mail_id: int, act: Act = Act.CASE_WORK) -> InboundMail:
    """A mail in triage, if the member sees it, else Http404; raises NotAllowed when their role lacks `act`."""
    user = member(request)
    waiting = InboundMail.objects.visible_to(user).in_triage().select_related("organisation", "raw")
    mail = waiting.filter(pk=mail_id).first()
    if mail is None:
        raise Http404
    act_check(user, act, mail.organisation_id)
    return mail


def actor_in(request: HttpRequest, organisation: Organisation) -> Actor:
    """The member in their role there."""
    return Actor.member(member(request), organisation)


def page_before(request: HttpRequest, otherwise: str) -> str:
    """The page that the form came from, if it says so and is ours, else `otherwise`."""
    named = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(named, {request.get_host()}, request.is_secure())
    return named if is_ours else otherwise


def act_check(user: User, act: Act, organisation_id: int) -> None:
    """Raises NotAllowed, with the reason, when no role of the member there includes the act."""
    if not user.may(act, organisation_id):
        raise NotAllowed(f"{act}_not_allowed", _refusal(act))


def _refusal(act: Act) -> Any:
    return {
        Act.CASE_READ: _("Your role does not include reading cases."),
        Act.CASE_WORK: _("Your role lets you read cases, not change them."),
        Act.CASE_REVIEW: _("Your role does not include reviewing decisions."),
        Act.TASK_WORK: _("Your role does not include tasks."),
    }.get(act, _("Your role does not allow this act."))


@dataclass
class DeskBar:
    """What the top bar shows: the pages that the member's roles open, with what waits there."""

    user: User

    @cached_property
    def reads(self) -> bool:
        """Whether some role of the member reads cases."""
        return bool(organisations_allowing(self.user, Act.CASE_READ))

    @cached_property
    def works(self) -> bool:
        """Whether some role of the member does tasks."""
        return bool(organisations_allowing(self.user, Act.TASK_WORK))

    @cached_property
    def sources(self) -> bool:
        """Whether some role of the member approves data sources, or administers."""
        return any(organisations_allowing(self.user, act) for act in (Act.SOURCE_APPROVE, Act.ORGANISATION_EDIT))

    @cached_property
    def administers(self) -> bool:
        """Whether some role of the member changes an organisation's settings."""
        return bool(organisations_allowing(self.user, Act.ORGANISATION_EDIT))

    @cached_property
    def triage(self) -> int:
        """Mails that wait for a person."""
        return InboundMail.objects.visible_to(self.user).in_triage().count()

    @cached_property
    def tasks(self) -> int:
        """Open tasks of the member and of their teams."""
        return CaseTask.objects.visible_to(self.user).open().of_member(self.user).count()

    @cached_property
    def silence(self) -> Silence | None:
        """Set while the reminders do not run: nobody may rely on them, so every page says it (DESIGN §5)."""
        return sweep_silent_since(REMINDERS, timezone.now())


def desk_render(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A desk page with its top bar."""
    bar = DeskBar(member(request))
    return render(request, template, {"bar": bar, **(context or {})}, status=status)

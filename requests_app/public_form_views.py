"""The form, page by page. Each POST carries all answers and names where to go; only `send` opens a case."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.csrf import csrf_failure as csrf_failure_page
from django.views.decorators.http import require_http_methods

from dsar.core.errors import DomainError
from dsar.core.models import Organisation
from dsar.core.rates import MINUTE
from dsar.core.rights import RIGHTS
from dsar.core.texts import country_name
from dsar.core.uploads import IncomingFile, public_limits, uploads_refusal, uploads_within
from requests_app import services
from requests_app.form_choices import CAPACITIES, capacities_for, choices_for, groups_for
from requests_app.form_guard import files_count, visit_judge
from requests_app.forms import (
    HONEYPOT,
    ORDER,
    PAGES,
    Answers,
    QuestionForm,
    form_errors,
    incoming_from_form,
    mixes_persons,
)
from requests_app.models import FormFile
from requests_app.proof_of_work import challenge_make
from requests_app.public_pages import organisation_page, page_render
from requests_app.public_views import RECEIPT_AGE, RECEIPT_COOKIE
from requests_app.tracking import case_by_submission
from requests_app.vocabulary import Capacity


@uploads_within(public_limits)
@organisation_page
@require_http_methods(["GET", "HEAD", "POST"])
def public_request(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The form."""
    if request.method != "POST":
        asked = request.GET.getlist("right")
        return _question(request, organisation, Answers(rights=asked, country=organisation.country), "want")
    answers, page = _typed(request, organisation)
    if "lang" in request.POST:
        return _question(request, organisation, answers, page)
    if problem := _files_change(request, organisation, answers):
        return _question(request, organisation, answers, "want", problem=problem)
    target = _target(page, answers)
    wrong = answers.first_wrong(before=target) if ORDER.index(target) > ORDER.index(page) else None
    if wrong:
        return _question(request, organisation, answers, wrong, checked=True)
    if target == "send":
        return _send(request, organisation, answers)
    return _question(request, organisation, answers, target)


def _typed(request: HttpRequest, organisation: Organisation) -> tuple[Answers, str]:
    """Everything that was sent, and the page it comes from."""
    answers = Answers(request.POST, country=organisation.country)
    page = answers.data.get("page", "")
    return answers, page if page in ORDER[:-1] else "want"


def _target(page: str, answers: Answers) -> str:
    """Where the pressed button leads; a changed answer goes back to the check page."""
    go = answers.data.get("go", "")
    if "remove" in answers.data or go == "attach":
        return "want"
    if go in ORDER:
        return go
    return "check" if answers.seen or page == "check" else ORDER[ORDER.index(page) + 1]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form that stood open longer than its safeguard is shown again with what was typed; other pages say go back."""
    match = request.resolver_match
    if match is None or match.url_name != "public-request" or request.method != "POST":
        return csrf_failure_page(request, reason)
    return _stale_page(request, slug=match.kwargs["slug"])


@organisation_page
def _stale_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    answers, page = _typed(request, organisation)
    sentence = _(
        "Nothing was sent, because this page had been open for long. What you typed is still here: press the button "
        "again, and choose your files again. If it does not work, allow cookies for this site, or write to %(email)s."
    )
    message = str(sentence) % {"email": organisation.privacy_email}
    response = _question(request, organisation, answers, page, message=message)
    response.status_code = 403
    return response


# ---- pages -----------------------------------------------------------------------------------------------------------


def _question(
    request: HttpRequest,
    organisation: Organisation,
    answers: Answers,
    page: str,
    *,
    checked: bool = False,
    problem: str = "",
    message: str = "",
) -> HttpResponse:
    """One page of the form. `checked` shows what is to mend, `problem` what is wrong with the files."""
    if page == "check":
        if wrong := answers.first_wrong():
            return _question(request, organisation, answers, wrong, checked=True, message=message)
        return _check(request, organisation, answers, message=message)
    form = answers.form(page, checked=checked)
    files = services.form_files_kept(organisation, answers.token)
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "form_id": "request",
        "form_go": "next",
        "seen": answers.seen,
        "carried": [*answers.carried(page), ("attached", len(files))],
        "errors": [("", message)] if message else [],
    }
    if checked:
        context["errors"] += form_errors(form, "id_email")
    if page == "want":
        context |= _want_context(organisation, answers, form, files, problem)
        first = f"right-{choices_for(organisation.country)[0].code}"
        context["errors"] = [(first if target == "id_right" else target, said) for target, said in context["errors"]]
        context["errors"] += [("files", problem)] if problem else []
    if page == "who":
        context["capacities"] = capacities_for(organisation.country)
        context["capacity"] = answers.capacity
        context["mixes_persons"] = mixes_persons(answers.data.getlist("right"))
        context["errors"] = [("capacity-data_subject" if target == "id_capacity" else target, said)
                             for target, said in context["errors"]]  # fmt: skip
    return page_render(request, organisation, f"public_request_{page}", context)


def _want_context(
    organisation: Organisation, answers: Answers, form: QuestionForm, files: list[FormFile], problem: str
) -> dict[str, Any]:
    ticked = answers.data.getlist("right")
    groups = [
        {
            "code": group.code,
            "title": group.title,
            "choices": [
                {"choice": one, "detail": form[f"detail_{one.code}"], "ticked": one.code in ticked}
                for one in group.choices
            ],
        }
        for group in groups_for(organisation.country)
    ]
    return {
        "groups": groups,
        "files": files,
        "files_problem": problem,
        "files_limits": public_limits().words,
        "honeypot": HONEYPOT,
        "honeypot_value": answers.data.get(HONEYPOT, ""),
    }


def _files_change(request: HttpRequest, organisation: Organisation, answers: Answers) -> str:
    """Keep the files that came and take away the one whose button was pressed; returns what is wrong with them."""
    token = answers.token
    files = cast("list[IncomingFile]", request.FILES.getlist("files"))
    if refusal := uploads_refusal(request):
        return str(refusal)
    try:
        if files:
            files_count(request, len(files))
            services.form_files_add(organisation=organisation, token=token, files=files, limits=public_limits())
    except DomainError as refusal:
        return str(refusal)
    removed = answers.data.get("remove", "")
    if removed.isascii() and removed.isdigit():
        services.form_file_remove(organisation=organisation, token=token, pk=int(removed[:18]))
    return ""


@dataclass(frozen=True)
class Line:
    """One answer on the check page."""

    label: str | Promise
    value: str | Promise


@dataclass(frozen=True)
class Group:
    """The answers of one page of questions."""

    page: str
    title: str | Promise
    lines: list[Line] = field(default_factory=list)


def _check(
    request: HttpRequest, organisation: Organisation, answers: Answers, *, message: str = "", is_later: bool = False
) -> HttpResponse:
    """Everything as it will be sent, each line with its way back."""
    files = services.form_files_kept(organisation, answers.token)
    context = {
        "page": "check",
        "form_id": "request",
        "form_go": "send",
        "carried": [*answers.carried("check"), ("attached", len(files))],
        "groups": _groups(answers.cleaned(), files),
        "errors": [("", message)] if message else [],
        "is_later": is_later,
        "postal_line": ", ".join(organisation.postal_address.splitlines()),
        "challenge": challenge_make(),
    }
    return page_render(request, organisation, "public_request_check", context)


def _groups(cleaned: dict[str, Any], files: list[FormFile]) -> list[Group]:
    asked = [Line(RIGHTS[code].verb, cleaned.get(f"detail_{code}", "")) for code in RIGHTS if code in cleaned["right"]]
    asked.append(Line(_("What else you say"), cleaned["text"]))
    if files:
        asked.append(Line(_("Files"), "\n".join(row.stored_file.name for row in files)))
    titles = {"want": _("Your request"), "who": _("You"), "reach": _("Our answer")}
    lines = {"want": asked, "who": _who_lines(cleaned), "reach": _reach_lines(cleaned)}
    return [Group(page, titles[page], lines[page]) for page in PAGES]


def _who_lines(cleaned: dict[str, Any]) -> list[Line]:
    capacity = next(choice.label for choice in CAPACITIES if choice.code == cleaned["capacity"])
    acted_for = [
        Line(_("Name of the person you act for"), cleaned["subject_name"]),
        Line(_("Their e-mail address"), cleaned["subject_email"]),
    ]
    return [
        Line(_("You ask"), capacity),
        *(acted_for if cleaned["capacity"] != Capacity.DATA_SUBJECT else []),
        Line(_("Your name"), cleaned["name"]),
        Line(_("Customer number"), cleaned["identifier"]),
    ]


def _reach_lines(cleaned: dict[str, Any]) -> list[Line]:
    lines = [
        Line(_("E-mail address"), cleaned["email"]),
        Line(_("Phone number"), cleaned["phone"]),
        Line(_("Postal address"), cleaned["postal"]),
    ]
    if cleaned["key_only"] or not any(line.value for line in lines):
        lines.append(Line(_("Tracking key"), _("You come back with it")))
    lines.append(Line(_("Country where you live"), country_name(cleaned["country"]) if cleaned["country"] else ""))
    return [line for line in lines if line.value]


# ---- sending ---------------------------------------------------------------------------------------------------------


def _send(request: HttpRequest, organisation: Organisation, answers: Answers) -> HttpResponse:
    """Open the case and show its receipt by a redirect, so that a reload sends nothing again."""
    files = services.form_files_kept(organisation, answers.token)
    shown = answers.data.get("attached", "")
    if shown.isascii() and shown.isdigit() and len(files) < int(shown[:9]):
        return _check(request, organisation, answers, message=str(services.file_gone()))
    incoming = incoming_from_form(
        answers.cleaned(),
        organisation_slug=organisation.slug,
        language=get_language() or organisation.language,
        received_at=datetime.now(UTC),
        files=[row.stored_file for row in files],
    )
    submission = answers.submission_of(incoming)
    if case_by_submission(organisation, submission) is None:
        visit = visit_judge(request, answers, submission)
        if visit.wait:
            return _later(request, organisation, answers, visit.wait)
        incoming = replace(incoming, spam_signs=visit.signs)
    try:
        services.form_send(replace(incoming, submission=submission), organisation=organisation)
    except DomainError as error:
        return _check(request, organisation, answers, message=str(error))
    response = redirect("public-sent", organisation.slug)
    response.set_signed_cookie(
        RECEIPT_COOKIE,
        submission,
        salt=organisation.slug,
        max_age=int(RECEIPT_AGE.total_seconds()),
        path=reverse("public-start", args=[organisation.slug]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _later(request: HttpRequest, organisation: Organisation, answers: Answers, wait: int) -> HttpResponse:
    """Far too many came from the same place: nothing is recorded, nothing typed is lost, other doors are open.

    `wait`: seconds until it can be sent again.
    """
    minutes = ceil(wait / MINUTE)
    sentence = ngettext(
        "Very many requests come from your network at the moment. Yours was not recorded yet. It stays on this page: "
        "send it again in %(minutes)d minute.",
        "Very many requests come from your network at the moment. Yours was not recorded yet. It stays on this page: "
        "send it again in %(minutes)d minutes.",
        minutes,
    )
    response = _check(request, organisation, answers, message=sentence % {"minutes": minutes}, is_later=True)
    response.status_code = 429
    response.headers["Retry-After"] = str(wait)
    return response

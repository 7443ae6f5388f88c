"""The session of a tracking page: which case is open, by which channel, and whether a second channel followed.

It lies in the Django session, holds no personal data, and ends after half an hour without a page.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any, Concatenate

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from dsar.core.hashing import keyed_hash_matches
from dsar.core.models import Organisation
from dsar.core.network import network_address
from dsar.core.rates import HOUR, MINUTE, Counted, Rate
from requests_app import services
from requests_app.forms import SignInForm
from requests_app.models import Case, Deliverable, PartyAddress
from requests_app.public_pages import organisation_page, page_render
from requests_app.vocabulary import DeliverableKind, Delivery

SESSION_KEY = "portal"
ENDED_KEY = "portal_ended"  # session: the page was closed because the address behind its code is not used any more
IDLE_SECONDS = 30 * 60
SECOND_CHANNEL_SECONDS = 30 * 60
TRIES = Rate("tries", 10, 15 * MINUTE)  # wrong keys: see attempt_key
# Of one case, and not of one session, so that signing in again starts no new count.
MESSAGES = Rate("messages", 20, HOUR)
WITHDRAWALS = Rate("withdrawals", 10, HOUR)
ADDRESSES = Rate("addresses", 10, HOUR)
_NO_KEY = "0" * 64  # a hash that no key has


@dataclass
class Portal:
    """One open tracking page. Instants are Unix seconds."""

    case_id: int
    opened_by: str  # "key" or "code"
    address_id: int | None  # where the code went, to come in or as the second channel
    seen_at: float
    second_until: float = 0.0  # until when the other channel counts as proven
    code_sent_at: float = 0.0
    wanted: str = ""  # the page that asked for the second channel, by its URL name

    @property
    def second_channel(self) -> str:
        """The channel proven besides the one that opened the page; empty when none was, or too long ago."""
        if self.second_until < time.time():
            return ""
        return "code" if self.opened_by == "key" else "key"


def portal_open(request: HttpRequest, *, case: Case, opened_by: str, address_id: int | None = None) -> None:
    """Open the tracking page of a case in this browser, under a new session id."""
    request.session.cycle_key()
    portal_save(request, Portal(case.pk, opened_by, address_id, time.time()))
    services.portal_opened(case=case, opened_by=opened_by)


def portal_save(request: HttpRequest, portal: Portal) -> None:
    """Keep the state for the next page."""
    request.session[SESSION_KEY] = asdict(portal)


def portal_of(request: HttpRequest) -> Portal | None:
    """The open tracking page of this browser; None when there is none or it was left alone for half an hour."""
    kept = request.session.get(SESSION_KEY)
    if kept is None:
        return None
    portal = Portal(**kept)
    if portal.seen_at + IDLE_SECONDS < time.time():
        portal_close(request)
        return None
    return portal


def portal_close(request: HttpRequest) -> None:
    """End it; the session gets a new id, so that the old one opens nothing."""
    if request.session.pop(SESSION_KEY, None) is not None:
        request.session.cycle_key()


def portal_case(request: HttpRequest, organisation: Organisation) -> tuple[Case, Portal] | None:
    """The case that this browser has open at this organisation, and a fresh half hour for it.

    A code proves nothing any more once its address is not used: what it opened ends, and as a second channel it lapses.
    """
    portal = portal_of(request)
    if portal is None:
        return None
    case = Case.objects.filter(pk=portal.case_id, organisation=organisation).first()
    if case is None:
        return None
    if portal.address_id is not None and not PartyAddress.objects.in_use(case).filter(pk=portal.address_id).exists():
        if portal.opened_by == "code":
            portal_close(request)
            request.session[ENDED_KEY] = True
            return None
        portal.address_id, portal.second_until = None, 0.0
    case.organisation = organisation
    portal.seen_at = time.time()
    portal_save(request, portal)
    return case, portal


def portal_page(
    view: Callable[Concatenate[HttpRequest, Case, Portal, ...], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A page of the case that this browser has open; without one, the way in."""

    @wraps(view)
    def page(request: HttpRequest, organisation: Organisation, **parameters: Any) -> HttpResponseBase:
        opened = portal_case(request, organisation)
        if opened is None:
            return _way_in(request, organisation)
        return view(request, *opened, **parameters)

    return organisation_page(page)


def _way_in(request: HttpRequest, organisation: Organisation) -> HttpResponseBase:
    """Where one signs in; a message that came after the page had closed stands there to be copied, and nowhere else."""
    typed = request.POST.get("body", "").strip()
    if not typed:
        return redirect("public-track", organisation.slug)
    context = {
        "form": SignInForm(), "form_id": "sign-in", "form_go": "key", "errors": [], "typed": typed,
        "ended": bool(request.session.pop(ENDED_KEY, False)),
    }  # fmt: skip
    return page_render(request, organisation, "track_sign_in", context)


def key_fits(case: Case | None, key: str) -> bool:
    """Whether a tracking key is that of the case. A case without a key, or none at all, takes as long to refuse."""
    kept = case.tracking_key_hash if case is not None else ""
    return keyed_hash_matches("tracking_key", key, kept or _NO_KEY) and bool(kept)


def second_channel_needed(deliverable: Deliverable) -> bool:
    """Whether a file leaves only after a second channel (DESIGN §2): what bears data, unless it is locked itself."""
    personal = deliverable.bears_data or deliverable.kind == DeliverableKind.PACKAGE
    return personal and deliverable.delivery != Delivery.SINGLE_CHANNEL


def attempt_key(request: HttpRequest, subject: str) -> str:
    """What `TRIES` counts: one subject, tried from one address of the network."""
    return f"{subject}:{network_address(request)}"


def told_to_wait(response: HttpResponse, counted: Counted) -> HttpResponse:
    """The page, which says so in words and keeps what was typed, as the answer to too many tries."""
    response.status_code = 429
    response.headers["Retry-After"] = str(counted.wait)
    return response

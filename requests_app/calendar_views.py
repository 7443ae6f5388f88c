"""Where a member makes and revokes links for their calendar program, and the address that the program reads."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from dsar.core.models import Membership, User
from dsar.core.roles import Act
from requests_app.calendar_feeds import feed_calendar, feed_name
from requests_app.desk_access import desk_act, desk_page, desk_render, member, somewhere_or_403
from requests_app.desk_forms import CalendarFeedForm
from requests_app.models import CalendarFeed
from requests_app.services import calendars

SECONDS = 5 * 60  # a calendar program that asks more often gets what it has


@desk_page
def calendar(request: HttpRequest) -> HttpResponse:
    """The member's links, and the form for another one."""
    return calendar_render(request)


def calendar_render(
    request: HttpRequest, form: CalendarFeedForm | None = None, *, link: str = "", status: int = 200
) -> HttpResponse:
    """The page; `link` is the one just made, shown this once."""
    user = somewhere_or_403(request, Act.CASE_READ)
    feeds = CalendarFeed.objects.filter(user=user, revoked_at=None).select_related("team__organisation")
    context = {
        "section": "calendar",
        "form": form or CalendarFeedForm(memberships=_reading(user)),
        "refused": [form] if form else [],
        "feeds": [(feed, feed_name(feed)) for feed in feeds],
        "link": link,
    }
    return desk_render(request, "requests_app/desk_calendar.html", context, status=status)


@desk_act
def calendar_feed_add(request: HttpRequest) -> HttpResponseBase:
    """Make a link, and show it."""
    user = somewhere_or_403(request, Act.CASE_READ)
    form = CalendarFeedForm(request.POST, memberships=_reading(user))
    if not form.is_valid():
        return calendar_render(request, form, status=422)
    added = calendars.calendar_feed_add(user=user, team=form.cleaned_data["team"])
    return calendar_render(request, link=settings.BASE_URL + reverse("calendar-feed", args=[added.token]))


@desk_act
def calendar_feed_revoke(request: HttpRequest, feed_id: int) -> HttpResponseBase:
    """Revoke one of the member's own links."""
    feed = CalendarFeed.objects.select_related("team").filter(pk=feed_id, user=member(request)).first()
    if feed is None:
        raise Http404
    feed.user = member(request)
    calendars.calendar_feed_revoke(feed=feed)
    messages.success(request, str(_("The link is revoked. Calendars that use it show nothing new.")))
    return redirect("desk-calendar")


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar that the token opens, in its member's language; no sign-in, the address is the secret."""
    feed = calendars.calendar_feed_by_token(token)
    if feed is None:
        raise Http404
    with translation.override(feed.user.language):
        content = feed_calendar(feed, timezone.now())
    calendars.calendar_feed_read(feed=feed)
    headers = {
        "Cache-Control": f"private, max-age={SECONDS}",
        "Content-Disposition": 'inline; filename="dsar.ics"',
        "Content-Language": feed.user.language,
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)


def _reading(user: User) -> list[Membership]:
    """Where the member's role reads cases, by the name of the organisation."""
    found = [row for row in user.memberships_cached if user.may(Act.CASE_READ, row.organisation_id)]
    return sorted(found, key=lambda row: row.organisation.name.casefold())

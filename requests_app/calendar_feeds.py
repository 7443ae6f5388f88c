"""The due dates of a member or a team as an iCalendar (RFC 5545): rights, references and dates, never a person."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from icalendar import Calendar, Event

from dsar.core.templatetags.dsar_format import day_full
from requests_app.models import CalendarFeed, CaseRight

REFRESH = timedelta(hours=1)


def feed_rights(feed: CalendarFeed) -> QuerySet[CaseRight]:
    """The rights not answered yet of the cases that the member handles, or of the team, as the member may read them."""
    mine = {"case__team": feed.team} if feed.team else {"case__assignee": feed.user}
    rights = CaseRight.objects.visible_to(feed.user).awaited().filter(**mine).order_by("falls_on", "pk")
    return rights.select_related("case__organisation").defer("case__text", "case__search_text")


def feed_calendar(feed: CalendarFeed, now: datetime) -> bytes:
    """The calendar in the active language, one whole day a right, as made at the aware instant `now`."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//dsar//due dates//EN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", feed_name(feed))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for right in feed_rights(feed):
        calendar.add_component(_event(right, now))
    written: bytes = calendar.to_ical()
    return written


def feed_name(feed: CalendarFeed) -> str:
    """What the link shows, in words."""
    if feed.team is None:
        return gettext("Due dates of the cases I handle")
    return gettext("Due dates of the team %(team)s") % {"team": feed.team.name}


def _event(right: CaseRight, now: datetime) -> Event:
    case = right.case
    named = {"right": right.definition.name, "reference": case.reference}
    address = settings.BASE_URL + reverse("case-detail", args=[case.reference])
    event = Event()
    # The same as long as the right is: a calendar that asks again moves the entry instead of adding another.
    event.add("uid", f"{case.reference}.{right.right}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("dtstamp", now)
    event.add("dtstart", right.falls_on)
    summary = (
        gettext("Paused: %(right)s %(reference)s") if right.is_suspended else gettext("Due: %(right)s %(reference)s")
    )
    event.add("summary", summary % named)
    event.add("description", "\n".join([*_dates(right), case.organisation.name, address]))
    event.add("url", address)
    event.add("transp", "TRANSPARENT")  # a date takes nobody's time away
    return event


def _dates(right: CaseRight) -> list[str]:
    """Every date of the right in words; the calendar shows it on the first of them that we work towards."""
    lines = []
    if right.target_on is not None:
        lines.append(gettext("Our own target: %(day)s") % {"day": day_full(right.target_on)})
    if right.due_on is not None:
        lines.append(gettext("Due date by law: %(day)s") % {"day": day_full(right.due_on)})
    else:
        lines.append(gettext("A question to the person is open: the legal period is paused."))
        if right.paused_days is not None:
            lines.append(
                ngettext("%(days)s day remains after the answer.", "%(days)s days remain after the answer.",
                         right.paused_days) % {"days": right.paused_days}
            )  # fmt: skip
    lines.append(gettext("Prudent date: %(day)s") % {"day": day_full(right.prudent_due_on)})
    return lines

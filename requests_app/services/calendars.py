"""Secret links to due dates for calendar programs: shown once, kept as a keyed hash, revocable at any time."""

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import NotAllowed
from dsar.core.hashing import keyed_hash, keyed_hashes
from dsar.core.journal import journal_append
from dsar.core.models import Organisation, Team, User
from dsar.core.roles import Act
from requests_app.models import CalendarFeed

TOKEN_BYTES = 32
_PURPOSE = "calendar"


@dataclass(frozen=True)
class AddedFeed:
    """A new link; the token is nowhere else, so whoever made it sees it now or never."""

    feed: CalendarFeed
    token: str


@transaction.atomic
def calendar_feed_add(*, user: User, team: Team | None) -> AddedFeed:
    """Make a link to the due dates of the cases that the member handles, or of one of their teams.

    Raises NotAllowed where the member reads no case, or is not in that team.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed = CalendarFeed(user=user, team=team, token_hash=keyed_hash(_PURPOSE, token))
    if not feed_organisations(feed):
        raise NotAllowed("calendar_not_yours", _("Your role does not let you read the cases of this calendar."))
    feed.save()
    _journal(feed, "calendar_feed.added")
    return AddedFeed(feed, token)


@transaction.atomic
def calendar_feed_revoke(*, feed: CalendarFeed) -> None:
    """Make the link open nothing from now on; doing it again changes nothing. The view has checked whose link it is."""
    if CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=timezone.now()):
        _journal(feed, "calendar_feed.revoked")


def calendar_feed_by_token(token: str) -> CalendarFeed | None:
    """The link that opens dates with this token today; None where it is unknown, revoked, or its member may no longer.

    What the member may read is asked at each reading: a link never outlives a role, a team or an account.
    """
    found = CalendarFeed.objects.select_related("user", "team").filter(
        token_hash__in=keyed_hashes(_PURPOSE, token), revoked_at=None, user__is_active=True
    )
    feed = found.first()
    return feed if feed is not None and feed_organisations(feed) else None


def calendar_feed_read(*, feed: CalendarFeed) -> None:
    """Note that a calendar has asked, so that its member sees whether a link is still in use."""
    CalendarFeed.objects.filter(pk=feed.pk).update(read_at=timezone.now())


def feed_organisations(feed: CalendarFeed) -> list[Organisation]:
    """The organisations whose dates the link opens, by what its member may read there now."""
    return [
        row.organisation
        for row in feed.user.memberships_cached
        if feed.user.may(Act.CASE_READ, row.organisation_id) and feed.team_id in (None, row.team_id)
    ]


def _journal(feed: CalendarFeed, kind: str) -> None:
    for organisation in feed_organisations(feed):
        journal_append(
            chain=f"organisation:{organisation.slug}",
            organisation=organisation,
            kind=kind,
            actor=Actor.member(feed.user, organisation),
            facts={"calendar_feed": feed.pk, "team": feed.team.slug if feed.team else None},
        )

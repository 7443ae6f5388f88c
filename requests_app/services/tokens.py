"""Tokens of members for the API: shown once, kept as a keyed hash, revocable at any time."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.hashing import keyed_hash, keyed_hashes
from dsar.core.journal import journal_append
from dsar.core.models import Organisation
from dsar.core.roles import Act
from requests_app.models import ApiToken
from requests_app.references import ALPHABET

PREFIX = "dsar_"  # lets scanners of code repositories know one
_LENGTH = 32  # characters of 5 bits: 160 bits
_PURPOSE = "api_token"


@dataclass(frozen=True)
class AddedToken:
    """A new token; its text is nowhere else, so whoever made it sees it now or never."""

    token: ApiToken
    text: str


@transaction.atomic
def api_token_add(*, organisation: Organisation, name: str, actor: Actor) -> AddedToken:
    """Make a token with which a program acts as this member. Raises DomainError `token_name_missing`."""
    user = actor.must(Act.CASE_READ, organisation)
    if not name.strip():
        raise DomainError("token_name_missing", _("Write what will use this token."))
    text = PREFIX + "".join(secrets.choice(ALPHABET) for _place in range(_LENGTH))
    token = ApiToken.objects.create(
        organisation=organisation, user=user, name=name.strip()[:100], token_hash=keyed_hash(_PURPOSE, text)
    )
    _journal(token, "api_token.added", actor)
    return AddedToken(token, text)


@transaction.atomic
def api_token_revoke(*, token: ApiToken) -> None:
    """Make the token open nothing from now on; again changes nothing. The view has checked whose token it is."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        role = token.user.role_in(token.organisation_id)
        _journal(token, "api_token.revoked", Actor(token.user, role.value if role else ""))


def api_token_by_text(text: str) -> ApiToken | None:
    """The token of this text; None where it is unknown or revoked, or its member may no longer read cases.

    What the member may do is asked at each call: a token never outlives a role or an account. Notes the day of use.
    """
    found = ApiToken.objects.select_related("user", "organisation").filter(
        token_hash__in=keyed_hashes(_PURPOSE, text),
        revoked_at=None,
        user__is_active=True,
        organisation__is_active=True,
    )
    token = found.first()
    if token is None or not token.user.may(Act.CASE_READ, token.organisation_id):
        return None
    today = datetime.now(UTC).date()
    if token.used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(used_on=today)
    return token


def _journal(token: ApiToken, kind: str, actor: Actor) -> None:
    journal_append(
        chain=f"organisation:{token.organisation.slug}",
        organisation=token.organisation,
        kind=kind,
        actor=actor,
        facts={"api_token": token.pk},
    )

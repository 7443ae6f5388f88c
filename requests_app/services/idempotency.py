"""What other programs send: the services that every door uses, each done once for one idempotency key."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.hashing import keyed_hash, keyed_hashes
from dsar.core.models import Organisation
from dsar.core.roles import Act
from requests_app.incoming import IncomingRequest
from requests_app.models import Case, Message, SentOnce
from requests_app.services.cases import case_lock
from requests_app.services.intake import OpenedCase, case_open
from requests_app.services.messages import message_receive, message_send
from requests_app.vocabulary import Channel


@dataclass(frozen=True)
class PostedMessage:
    """A message that a program posted; `is_new` is False when it had posted it before."""

    message: Message
    is_new: bool


@transaction.atomic
def request_post(
    *, incoming: IncomingRequest, organisation: Organisation, key: str, content: str, actor: Actor
) -> OpenedCase:
    """Open the case of a request; `key` and `content` of an earlier one give the case that it opened.

    A member of staff needs the right to work on cases. Without a key each call is a request of its own: nothing is
    taken for a repetition that may be none. Raises DomainError like `case_open`, and `idempotency_key_reused`.
    """
    if actor.user is not None:
        actor.must(Act.CASE_WORK, organisation)
    opened = case_open(replace(incoming, submission=f"api:{key or uuid4().hex}"), actor=actor)
    if key:
        _once(opened.case, key, content, lambda: None)
    return opened


@transaction.atomic
def message_post(*, case: Case, body: str, key: str, actor: Actor) -> PostedMessage:
    """File what the person writes, or write to the person for a member of staff; once for each key.

    Raises DomainError like `message_receive` and `message_send`, and `idempotency_key_reused`.
    """

    def written() -> Message:
        if actor.user is None:
            return message_receive(case=case, body=body, channel=Channel.API)
        return message_send(case=case, body=body, actor=actor)

    if not key:
        return PostedMessage(written(), is_new=True)
    once, is_new = _once(case, key, f"{actor.role}:{body}", written)
    if once.message is None:  # the key of the request itself, which held another content
        raise _reused()
    return PostedMessage(once.message, is_new)


def _once(case: Case, key: str, content: str, write: Callable[[], Message | None]) -> tuple[SentOnce, bool]:
    """The line of this key on the case, written with what `write` makes unless it is there. Of two that meet one waits.

    Raises DomainError `idempotency_key_reused`.
    """
    case_lock(case)
    known = SentOnce.objects.filter(case=case, key_hash__in=keyed_hashes("idempotency_key", key)).first()
    if known is None:
        hashes = {"key_hash": keyed_hash("idempotency_key", key), "content_hash": keyed_hash("sent_content", content)}
        return SentOnce.objects.create(case=case, message=write(), **hashes), True
    if known.content_hash not in keyed_hashes("sent_content", content):
        raise _reused()
    return known, False


def _reused() -> DomainError:
    return DomainError(
        "idempotency_key_reused",
        _(
            "This Idempotency-Key came with another content before. What was sent then stands. To send this as well, "
            "use a new key."
        ),
    )

"""The second person: what is adverse, hands data over or takes longer is read by somebody who did not write it.

The same for decisions and for extensions (DESIGN §2). Where nobody else may review, the author lets it stand alone with
a written reason, journaled and in the register as single-handed: never late because nobody could review.
"""

from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import Organisation, User
from dsar.core.models.users import members_with
from dsar.core.roles import Act
from requests_app.models import Case, Reviewed
from requests_app.services.cases import case_touch
from requests_app.vocabulary import Review


def reviewers_for(organisation: Organisation, *, author: User) -> list[User]:
    """Who may review what `author` wrote: never the author."""
    return list(members_with(Act.CASE_REVIEW, organisation.pk).exclude(pk=author.pk))


def reviewer_of(written: Reviewed, case: Case, actor: Actor, version: int | None) -> User:
    """The acting member as the second person; raises NotAllowed for the author, Conflict for an old version."""
    user = actor.must(Act.CASE_REVIEW, case.organisation)
    case_touch(case=case, version=version)
    if user.pk == written.author_id:
        raise NotAllowed("own_decision", _("The author never reviews what they wrote."))
    return user


def author_alone(written: Reviewed, case: Case, actor: Actor, version: int | None, reason: str) -> User:
    """The acting member as the author whom nobody else can review.

    Raises DomainError `review_always`, `reviewer_exists` or `reason_missing`, NotAllowed for anybody but the author.
    """
    user = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if case.organisation.review == Organisation.Review.ALWAYS:
        raise DomainError("review_always", _("This organisation always wants a second person."))
    if user.pk != written.author_id:
        raise NotAllowed("not_the_author", _("Only the author can do this."))
    if reviewers_for(case.organisation, author=user):
        raise DomainError("reviewer_exists", _("Somebody else can review it."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why no second person reviews it."))
    return user


def note_must(note: str) -> str:
    """What must change, without which nothing is sent back; raises DomainError `note_missing`."""
    if not note.strip():
        raise DomainError("note_missing", _("Say what must change."))
    return note.strip()


def review_close(written: Reviewed, review: Review, user: User, note: str) -> None:
    """Compare and swap; raises DomainError `not_waiting` where somebody was quicker."""
    waiting = type(written)._default_manager.filter(pk=written.pk, review=Review.WAITING)
    if not waiting.update(review=review, reviewer=user, reviewed_at=datetime.now(UTC), review_note=note.strip()):
        raise DomainError("not_waiting", _("This is not waiting for a review."))
    written.refresh_from_db()

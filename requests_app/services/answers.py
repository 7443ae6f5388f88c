"""The release of an answer: only when it may leave, and by which way.

A release is refused, and the refusal journaled, while identity is not established for anything that bears data
(GDPR arts. 12(6) and 32, DESIGN §2).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_store, file_stream
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.correspondence import person_write
from requests_app.models import Case, CaseRight, Deliverable, PartyAddress
from requests_app.sealing import archive_seal, passphrase_make, zip_entries
from requests_app.services.cases import case_touch
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.deliverables import AVAILABLE_FOR, bears_data, deliverable_register, deliverables_release
from requests_app.services.letters import letter_prepared
from requests_app.services.obstacles import Obstacle
from requests_app.services.reopening import messages_hold
from requests_app.vocabulary import DeliverableKind, DeliverableState, Delivery, Stage
from requests_app.workflow import case_right_move


def release_obstacles(case: Case, rights: Sequence[CaseRight]) -> list[Obstacle]:
    """Why the answer on these rights cannot leave yet; empty when it can."""
    obstacles = [
        Obstacle("not_decided", _("“%(right)s” is not decided yet.") % {"right": right.definition.name})
        for right in rights
        if right.stage != Stage.DECIDED
    ]
    if not rights:
        obstacles.append(Obstacle("nothing_decided", _("No right is decided yet.")))
    if any(map(bears_data, rights)):
        if case.identity_established_at is None:
            obstacles.append(Obstacle("identity_not_established", _identity_reason(case)))
        if not _packages(case, rights):
            obstacles.append(Obstacle("package_missing", _("The data package is not built yet.")))
    if rights and not obstacles and not letter_prepared(case, rights):
        obstacles.append(Obstacle("letter_missing", _("The letter is being prepared by the worker.")))
    return obstacles


def _identity_reason(case: Case) -> str:
    addresses = PartyAddress.objects.in_use(case)
    if any(address.confirmed_at for address in addresses):
        return _(
            "Identity is not established: somebody reads the address given, but no data source holds it for this "
            "person. Record how you checked who asks."
        )
    return _("Identity is not established: no address is confirmed, and no check is recorded.")


def channels(case: Case) -> list[str]:
    """The ways by which the person can prove to the portal that it is them: "key" and "email"."""
    found = ["key"] if case.tracking_key_hash else []
    if PartyAddress.objects.mailboxes(case).exclude(confirmed_at=None).exists():
        found.append("email")
    return found


def answer_release(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    actor: Actor,
    delivery: str = Delivery.TWO_CHANNELS,
    single_channel_reason: str = "",
    passphrase_by: str = "",
    version: int | None = None,
) -> str | None:
    """Release the answer on decided rights; returns the passphrase to tell, for a single-channel release of data.

    Raises DomainError `release_refused` with every reason (journaled), `two_channels_missing`,
    `single_channel_reason_missing` or `passphrase_way_missing`.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    obstacles = release_obstacles(case, rights)
    if obstacles:
        _refusal_journal(case, rights, obstacles, actor)
        raise DomainError("release_refused", " ".join(str(obstacle.message) for obstacle in obstacles))
    with_data = any(map(bears_data, rights))
    if with_data:
        _delivery_check(case, delivery, single_channel_reason, passphrase_by)
    with transaction.atomic():
        case_touch(case=case, version=version)
        deliverables = [*letter_prepared(case, rights), *_packages(case, rights)]
        passphrase = None
        if with_data and delivery == Delivery.SINGLE_CHANNEL:
            passphrase = passphrase_make()
            deliverables = [_sealed(case, rights, deliverables, passphrase)]
        deliverables_release(deliverables, actor, delivery if with_data else "", single_channel_reason)
        for case_right in rights:
            case_right_move(case_right=case_right, target=Stage.ANSWERED, actor=actor, answered_at=datetime.now(UTC))
        _answer_journal(
            case, rights, deliverables, actor, delivery if with_data else "", single_channel_reason, passphrase_by
        )
        _answer_announce(case, rights, deliverables, passphrase_by if passphrase else "")
        case_clock_refresh(case=case)
        messages_hold(case=case)
    return passphrase


def answer_reseal(*, case: Case, actor: Actor, reason: str, passphrase_by: str, version: int | None = None) -> str:
    """Seal anew what was released by one channel, for a passphrase that was lost; returns the new one, to tell.

    What was sealed before can no longer be downloaded. Raises DomainError `reseal_reason_missing`,
    `passphrase_way_missing`, `case_closed` or `nothing_sealed`.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    if not reason.strip():
        raise DomainError("reseal_reason_missing", gettext_lazy("Write why a new passphrase is needed."))
    _passphrase_way_check(passphrase_by)
    passphrase = passphrase_make()
    with transaction.atomic():
        case_touch(case=case, version=version)
        case.refresh_from_db(fields=["closed_at"])
        if case.closed_at is not None:
            raise DomainError("case_closed", gettext_lazy("This case is closed: its answer stays as it was sent."))
        before = list(
            Deliverable.objects.filter(case=case, state=DeliverableState.RELEASED, delivery=Delivery.SINGLE_CHANNEL)
        )
        if not before:
            raise DomainError("nothing_sealed", gettext_lazy("No encrypted answer of this case is released."))
        for sealed in before:
            _reseal(case, sealed, passphrase, actor, reason, passphrase_by)
    return passphrase


def _reseal(case: Case, before: Deliverable, passphrase: str, actor: Actor, reason: str, passphrase_by: str) -> None:
    rights = list(before.rights.all())
    sealed = _sealed(case, rights, _sealed_parts(before, rights), passphrase)
    Deliverable.objects.filter(pk=before.pk).update(state=DeliverableState.REVOKED)
    deliverables_release([sealed], actor, Delivery.SINGLE_CHANNEL, before.single_channel_reason)
    case_journal(
        case=case,
        kind="answer.resealed",
        actor=actor,
        facts={
            "rights": [right.right for right in rights],
            "passphrase_by": passphrase_by,
            "sha256": sealed.sha256,
        },
        values={"reason": reason.strip()},
    )
    _answer_announce(case, rights, [sealed], passphrase_by)


def _sealed_parts(sealed: Deliverable, rights: Sequence[CaseRight]) -> list[Deliverable]:
    """What went into a sealed archive: the last letter on exactly these rights, the last package of each with data."""
    with_data = {right.pk for right in rights if bears_data(right)}
    earlier = Deliverable.objects.filter(case=sealed.case, state=DeliverableState.SUPERSEDED, pk__lt=sealed.pk)
    last: dict[tuple[str, frozenset[int]], Deliverable] = {}
    for part in earlier.select_related("stored_file__key").prefetch_related("rights").order_by("pk"):
        covered = frozenset(right.pk for right in part.rights.all())
        if covered <= with_data if part.kind == DeliverableKind.PACKAGE else covered == {right.pk for right in rights}:
            last[part.kind, covered] = part
    return list(last.values())


def _delivery_check(case: Case, delivery: str, reason: str, passphrase_by: str) -> None:
    if delivery == Delivery.TWO_CHANNELS and len(channels(case)) < 2:
        raise DomainError(
            "two_channels_missing",
            gettext_lazy("This person has one channel only: release with a passphrase told by phone or post."),
        )
    if delivery == Delivery.SINGLE_CHANNEL and not reason.strip():
        raise DomainError("single_channel_reason_missing", gettext_lazy("Write why one channel must be enough here."))
    if delivery == Delivery.SINGLE_CHANNEL:
        _passphrase_way_check(passphrase_by)


def _passphrase_way_check(passphrase_by: str) -> None:
    if passphrase_by not in ("phone", "post"):
        raise DomainError("passphrase_way_missing", gettext_lazy("Say how the passphrase is told: phone or post."))


def _refusal_journal(case: Case, rights: Iterable[CaseRight], obstacles: list[Obstacle], actor: Actor) -> None:
    with transaction.atomic():
        case_journal(
            case=case,
            kind="release.refused",
            actor=actor,
            facts={
                "rights": [right.right for right in rights],
                "reasons": [obstacle.code for obstacle in obstacles],
            },
        )


def _packages(case: Case, rights: Sequence[CaseRight]) -> list[Deliverable]:
    """The newest prepared package of each right that hands data over."""
    return list(
        Deliverable.objects.filter(
            case=case,
            kind=DeliverableKind.PACKAGE,
            state=DeliverableState.PREPARED,
            rights__in=[right for right in rights if bears_data(right)],
        ).distinct()
    )


def _sealed(case: Case, rights: Sequence[CaseRight], parts: list[Deliverable], passphrase: str) -> Deliverable:
    """One AES-256 archive of the letter and the package, in place of both (DESIGN §2, one channel)."""

    def entries() -> Iterator[tuple[str, Iterable[bytes]]]:
        for part in parts:
            if part.kind == DeliverableKind.PACKAGE:
                yield from zip_entries(file_stream(part.stored_file))
            else:
                yield part.stored_file.name, file_stream(part.stored_file)

    stored = file_store(
        key=case.key,
        name=f"{case.reference}.zip",
        content_type="application/zip",
        content=archive_seal(entries(), passphrase=passphrase),
    )
    Deliverable.objects.filter(pk__in=[part.pk for part in parts]).update(state=DeliverableState.SUPERSEDED)
    return deliverable_register(
        case=case, rights=rights, kind=DeliverableKind.PACKAGE, stored_file=stored, bears_data=True
    )


def _answer_journal(
    case: Case,
    rights: Sequence[CaseRight],
    deliverables: list[Deliverable],
    actor: Actor,
    delivery: str,
    reason: str,
    passphrase_by: str,
) -> None:
    single = delivery == Delivery.SINGLE_CHANNEL
    case_journal(
        case=case,
        kind="right.answered",
        actor=actor,
        facts={
            "rights": [right.right for right in rights],
            "outcomes": {right.right: right.outcome for right in rights},
            "delivery": delivery,
            "passphrase_by": passphrase_by if single else "",
            "files": [
                {"kind": deliverable.kind, "sha256": deliverable.sha256, "size": deliverable.size}
                for deliverable in deliverables
            ],
        },
        values={"single_channel_reason": reason.strip()} if single else {},
    )


def _answer_announce(
    case: Case, rights: Sequence[CaseRight], deliverables: list[Deliverable], passphrase_by: str
) -> None:
    """Tell the person by mail that the answer waits on the tracking page; the mail holds no data.

    `passphrase_by` is empty unless the answer was sealed.
    """
    address = PartyAddress.objects.mailboxes(case).first()
    if address is None:
        return
    template = "emails/answer_ready" if any(map(bears_data, rights)) else "emails/answer_without_data"
    if passphrase_by:
        template = "emails/answer_single_channel"
    person_write(
        case=case,
        template=template,
        address=address,
        key=f"answer:{case.reference}:{min(deliverable.pk for deliverable in deliverables)}",
        context={
            "rights": rights,
            "others_open": case.rights.exclude(stage=Stage.ANSWERED).exists(),
            "expires_on": datetime.now(UTC) + AVAILABLE_FOR,
            "passphrase_by": passphrase_by,
        },
    )

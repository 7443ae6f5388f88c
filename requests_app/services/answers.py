"""What leaves, and only when it may: deliverables, the letter, the release of an answer, each download.

A release is refused, and the refusal journaled, while identity is not established for anything that bears data
(GDPR arts. 12(6) and 32, DESIGN §2).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_store, file_stream
from dsar.core.journal import journal_append
from dsar.core.models import StoredFile
from dsar.core.roles import Act
from requests_app.correspondence import person_write
from requests_app.letters import letter_html
from requests_app.models import Case, CaseRight, Deliverable, Download, PartyAddress
from requests_app.pdf import PdfUnavailable, pdf_render
from requests_app.rights_table import RULES
from requests_app.sealing import archive_seal, passphrase_make, zip_entries
from requests_app.services.cases import case_touch
from requests_app.services.checklist import checklist_fill
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.obstacles import Obstacle
from requests_app.vocabulary import AddressKind, DeliverableKind, DeliverableState, Delivery, Stage
from requests_app.workflow import case_right_move

LETTER_KINDS = (DeliverableKind.LETTER, DeliverableKind.LETTER_HTML)
AVAILABLE_FOR = timedelta(days=settings.DSAR_DOWNLOAD_DAYS)


def bears_data(case_right: CaseRight) -> bool:
    """Whether the letter on this right tells what we hold about the person."""
    return case_right.outcome in RULES[case_right.right].bears_data


@transaction.atomic
def deliverable_register(
    *, case: Case, rights: Sequence[CaseRight], kind: str, stored_file: StoredFile, bears_data: bool
) -> Deliverable:
    """Register a finished file for release; an older prepared one of the same kind and right is superseded."""
    Case.objects.select_for_update().get(pk=case.pk)
    Deliverable.objects.filter(case=case, kind=kind, state=DeliverableState.PREPARED, rights__in=rights).update(
        state=DeliverableState.SUPERSEDED
    )
    deliverable = Deliverable.objects.create(
        case=case,
        kind=kind,
        stored_file=stored_file,
        sha256=stored_file.sha256,
        size=stored_file.size,
        bears_data=bears_data,
    )
    deliverable.rights.set(rights)
    if kind == DeliverableKind.PACKAGE:
        for case_right in rights:
            checklist_fill(case_right=case_right)
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="deliverable.registered",
        actor=Actor.SYSTEM,
        facts={
            "kind": str(kind),
            "rights": [right.right for right in rights],
            "sha256": stored_file.sha256,
            "size": stored_file.size,
        },
    )
    return deliverable


def letter_rights(case: Case) -> list[CaseRight]:
    """The rights that the next letter answers: decided and not answered yet."""
    return [right for right in case.rights.all() if right.stage == Stage.DECIDED]


def letter_prepared(case: Case, rights: Sequence[CaseRight]) -> list[Deliverable]:
    """The prepared letter that answers exactly these rights: web page, and PDF where this server can make one."""
    wanted = {right.pk for right in rights}
    prepared = Deliverable.objects.filter(
        case=case, kind__in=LETTER_KINDS, state=DeliverableState.PREPARED
    ).prefetch_related("rights")
    return [letter for letter in prepared if {right.pk for right in letter.rights.all()} == wanted]


def letter_prepare(*, case: Case) -> list[Deliverable]:
    """Write the letter on the decided rights, as a web page and as a PDF. Run by a worker; safe to run twice.

    Without the PDF libraries the web page alone is prepared.
    """
    rights = letter_rights(case)
    if not rights or letter_prepared(case, rights):
        return []
    with language_override(case.language):
        html = letter_html(case, rights)
        name = _("letter")
    files = [(DeliverableKind.LETTER_HTML, f"{name}.html", "text/html", html.encode())]
    with suppress(PdfUnavailable):  # said on the desk and by /readyz; the web page is a complete letter
        files.append((DeliverableKind.LETTER, f"{name}.pdf", "application/pdf", pdf_render(html)))
    stored = [
        (
            kind,
            file_store(key=case.key, name=f"{case.reference}-{file_name}", content_type=content_type, content=content),
        )
        for kind, file_name, content_type, content in files
    ]
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        if {right.pk for right in letter_rights(Case.objects.get(pk=case.pk))} != {right.pk for right in rights}:
            return []  # another right was decided or answered meanwhile: the sweep writes the letter that is due now
        if letter_prepared(case, rights):
            return []
        return [
            deliverable_register(
                case=case, rights=rights, kind=kind, stored_file=file, bears_data=any(map(bears_data, rights))
            )
            for kind, file in stored
        ]


def cases_without_letter() -> list[int]:
    """Cases with decided rights and no prepared letter that answers exactly those."""
    waiting = Case.objects.filter(rights__stage=Stage.DECIDED).distinct().prefetch_related("rights")
    return [case.pk for case in waiting if not letter_prepared(case, letter_rights(case))]


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
    addresses = PartyAddress.objects.filter(party__case=case)
    if any(address.confirmed_at for address in addresses):
        return _(
            "Identity is not established: somebody reads the address given, but no data source holds it for this "
            "person. Record how you checked who asks."
        )
    return _("Identity is not established: no address is confirmed, and no check is recorded.")


def channels(case: Case) -> list[str]:
    """The ways by which the person can prove to the portal that it is them: "key" and "email"."""
    found = ["key"] if case.tracking_key_hash else []
    if PartyAddress.objects.filter(party__case=case, kind=AddressKind.EMAIL).exclude(confirmed_at=None).exists():
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
        _deliverables_release(case, deliverables, actor, delivery if with_data else "", single_channel_reason)
        for case_right in rights:
            case_right_move(case_right=case_right, target=Stage.ANSWERED, actor=actor, answered_at=datetime.now(UTC))
        _answer_journal(
            case, rights, deliverables, actor, delivery if with_data else "", single_channel_reason, passphrase_by
        )
        _answer_announce(case, rights, deliverables, passphrase_by if passphrase else "")
        case_clock_refresh(case=case)
    return passphrase


def _delivery_check(case: Case, delivery: str, reason: str, passphrase_by: str) -> None:
    if delivery == Delivery.TWO_CHANNELS and len(channels(case)) < 2:
        raise DomainError(
            "two_channels_missing",
            gettext_lazy("This person has one channel only: release with a passphrase told by phone or post."),
        )
    if delivery == Delivery.SINGLE_CHANNEL and not reason.strip():
        raise DomainError("single_channel_reason_missing", gettext_lazy("Write why one channel must be enough here."))
    if delivery == Delivery.SINGLE_CHANNEL and passphrase_by not in ("phone", "post"):
        raise DomainError("passphrase_way_missing", gettext_lazy("Say how the passphrase is told: phone or post."))


def _refusal_journal(case: Case, rights: Iterable[CaseRight], obstacles: list[Obstacle], actor: Actor) -> None:
    with transaction.atomic():
        journal_append(
            chain=case.chain,
            organisation=case.organisation,
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


def _deliverables_release(
    case: Case, deliverables: list[Deliverable], actor: Actor, delivery: str, reason: str
) -> None:
    now = datetime.now(UTC)
    Deliverable.objects.filter(pk__in=[deliverable.pk for deliverable in deliverables]).update(
        state=DeliverableState.RELEASED,
        released_at=now,
        released_by=actor.user,
        expires_at=now + AVAILABLE_FOR,
        delivery=delivery,
        single_channel_reason=reason.strip() if delivery == Delivery.SINGLE_CHANNEL else "",
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
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
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
    addresses = PartyAddress.objects.filter(party__case=case, kind=AddressKind.EMAIL).select_related("party")
    address = addresses.order_by(F("confirmed_at").desc(nulls_last=True), "pk").first()
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


@transaction.atomic
def deliverable_downloaded(*, deliverable: Deliverable, opened_by: str, second_channel: str = "") -> Download:
    """Record one download by the person: how the portal was opened, and by which other channel the code came."""
    download = Download.objects.create(deliverable=deliverable, opened_by=opened_by, second_channel=second_channel)
    case = deliverable.case
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="deliverable.downloaded",
        actor=Actor.DATA_SUBJECT,
        facts={
            "kind": deliverable.kind,
            "sha256": deliverable.sha256,
            "opened_by": opened_by,
            "second_channel": second_channel,
        },
    )
    return download

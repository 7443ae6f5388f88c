"""What the case page and its page of further acts show of holds, complaints, breaches, forwardings and duplicates."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dsar.core.models import User
from dsar.core.roles import Act
from requests_app.models import Breach, Case, CaseRight, Complaint, Forwarding, Hold
from requests_app.services import Candidate, merge_candidates
from requests_app.vocabulary import UNDECIDED, AddressKind


@dataclass(frozen=True)
class Twin:
    """Another case that may be of the same person, and where both are compared: the later one joins the earlier."""

    case: Case
    names: str
    because: str
    address: str


@dataclass(frozen=True)
class Handling:
    """What stands beside the rights of a case; one query for each table, two for what may be duplicates."""

    holds: list[Hold]
    complaints: list[Complaint]
    forwardings: list[Forwarding]
    breaches: list[Breach]
    joined: list[Case]
    twins: list[Twin]
    may_act: bool

    @property
    def hold(self) -> Hold | None:
        """The one in force."""
        return next((hold for hold in self.holds if hold.ended_at is None), None)

    @property
    def is_complained(self) -> bool:
        """Whether a complaint is in force."""
        return any(complaint.is_in_force for complaint in self.complaints)


def handling_of(case: Case, user: User) -> Handling:
    """`case` has its parties and their addresses loaded."""
    may_act = user.may(Act.CASE_WORK, case.organisation_id)
    return Handling(
        holds=list(case.holds.select_related("begun_by")),
        complaints=list(case.complaints.select_related("authority")),
        forwardings=list(case.forwardings.all()),
        breaches=list(case.breaches.all()),
        joined=list(case.merged.only("reference").order_by("pk")),
        twins=[_twin(case, found) for found in merge_candidates(case)] if may_act and case.closed_at is None else [],
        may_act=may_act,
    )


def _twin(case: Case, found: Candidate) -> Twin:
    later, earlier = (case, found.case) if found.case.received_at <= case.received_at else (found.case, case)
    words = [
        pgettext("what two cases share", "name") if code == "name" else str(AddressKind(code).label)
        for code in found.because
    ]
    address = f"{reverse('case-merge', args=[later.reference])}?into={earlier.reference}"
    return Twin(found.case, found.names, ", ".join(words), address)


@dataclass(frozen=True)
class ActLine:
    """One act in plain words: its name, what it does, and its page, or its pages by what they are about."""

    name: str | Promise
    words: str | Promise
    address: str = ""
    pages: list[tuple[str, str]] = field(default_factory=list)


def act_groups(case: Case, rights: list[CaseRight], handling: Handling) -> list[tuple[str, list[ActLine]]]:
    """The acts that are possible now, in groups; a closed case can still be kept, complained about, and breached."""
    groups = [
        (_("The request was understood wrongly"), _corrections(case, rights)),
        (_("Somebody else answers, or has it already"), _somebody_else(case, rights)),
        (_("Something happened around it"), _around(case, handling)),
    ]
    return [group for group in groups if group[1]]


def _corrections(case: Case, rights: list[CaseRight]) -> list[ActLine]:
    if case.closed_at is not None:
        return []
    lines = [
        _act("intake-correct", case, _("Correct who asks and how to reach them"),
             _("Name, capacity, data subject, addresses, customer number, language, country.")),
    ]  # fmt: skip
    if any(not right.is_answered for right in rights):
        lines.append(_act("receipt-correct", case, _("Correct the day of arrival"), _("Every date counts from it.")))
    pages = [
        (str(right.definition.name), reverse("case-right-reclassify", args=[case.reference, right.right]))
        for right in rights
        if right.stage in UNDECIDED
    ]
    if pages:
        words = _("The clock stays, the checklist is another one, and the person is told.")
        lines.append(ActLine(_("Read a right as another one"), words, pages=pages))
    return lines


def _somebody_else(case: Case, rights: list[CaseRight]) -> list[ActLine]:
    if case.closed_at is not None:
        return []
    lines = []
    if any(not right.is_answered for right in rights):
        lines = [
            _act("case-forward", case, _("Pass the request on to the client that decides"),
                 _("We process these data for somebody else, who must answer (article 28).")),
            _act("case-transfer", case, _("Give the request to another organisation of this desk"),
                 _("A case is opened there with the day on which it arrived here.")),
        ]  # fmt: skip
    merge = _act("case-merge", case, _("Merge the case into an earlier one of the same person"),
                 _("The earlier clock stays; messages, notes and addresses join it."))  # fmt: skip
    return [*lines, merge]


def _around(case: Case, handling: Handling) -> list[ActLine]:
    lines = [
        _act("breach-report", case, _("Report a possible data breach"),
             _("Somebody may have seen, lost or changed data. The 72 hours begin, and the DPO is told at once.")),
        _act("complaint-record", case, _("Record a complaint at an authority"),
             _("Nothing of this case is purged until it ends (article 77).")),
    ]  # fmt: skip
    lines += [
        ActLine(
            _("End the complaint at %(authority)s") % {"authority": complaint.authority},
            _("The procedure is over."),
            reverse("complaint-end", args=[case.reference, complaint.pk]),
        )
        for complaint in handling.complaints
        if complaint.is_in_force
    ]
    if handling.hold is None:
        hold = _act("hold-begin", case, _("Put it on hold"), _("Keep everything, for a claim or a procedure."))
    else:
        hold = _act("hold-end", case, _("End the hold"), _("The retention periods count again."))
    return [*lines, hold]


def _act(name: str, case: Case, title: str, words: str) -> ActLine:
    return ActLine(title, words, reverse(name, args=[case.reference]))

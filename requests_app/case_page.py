"""Everything that the case page shows, loaded in a constant number of queries, whatever the case holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from dsar.core.models import Organisation, User
from dsar.core.roles import Act
from dsar.core.texts import localised
from requests_app import services
from requests_app.clock_forms import AnswerForm, ContinueForm, PostForm
from requests_app.clock_history import clock_history
from requests_app.desk_dates import Clock, right_clock, right_due
from requests_app.desk_forms import (
    DecisionForm,
    DeskForm,
    MessageForm,
    NoteForm,
    ReleaseForm,
    ResealForm,
    ReviewForm,
    RightAddForm,
    SendBackForm,
    SingleHandedForm,
    ground_name,
)
from requests_app.duty_page import DUTIES, Duties, duties_of, is_restricted
from requests_app.further_acts import Handling, handling_of
from requests_app.models import (
    Case,
    CaseRight,
    CaseTask,
    ChecklistItem,
    Decision,
    Deliverable,
    Extension,
    Message,
    Reviewed,
    Suspension,
)
from requests_app.next_step import NextStep, Onlooker, Situation, last_decision, next_step
from requests_app.queue import lead_right, people
from requests_app.rights_table import ADVERSE, RULES, checklist_label, concerns, done_outcome
from requests_app.services import Obstacle
from requests_app.timeline import FILTERS, basis_words, is_news, timeline
from requests_app.vocabulary import (
    DeliverableState,
    Delivery,
    ItemState,
    OutgoingState,
    Review,
    Stage,
    TaskKind,
    TaskState,
)

TAGS = {Stage.IN_REVIEW: "hold", Stage.AWAITING_PERSON: "hold", Stage.DECIDED: "soon", Stage.ANSWERED: "ok"}
Forms = Mapping[str, DeskForm]  # what was typed and refused, by "<act>" or "<act>:<right>"


@dataclass(frozen=True)
class ItemLine:
    """One line of a checklist."""

    item: ChecklistItem
    label: str
    note: str  # as saved, or as typed and refused
    is_refused: bool


@dataclass(frozen=True)
class Commitment:
    """Something that the organisation's policy promises beyond the law; the more favourable applies."""

    article: str
    text: str


@dataclass(frozen=True)
class TaskLine:
    """One task, with what the member may do about it."""

    task: CaseTask
    may_take: bool
    may_finish: bool
    is_by_hand: bool


@dataclass(frozen=True)
class QuestionLine:
    """One question to the person, with what the member may do about it."""

    suspension: Suspension
    rights: list[CaseRight]
    failed: bool  # its mail was refused, so it never left
    answer: AnswerForm | None
    continued: ContinueForm | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered."""
        return self.suspension.answered_at is None


@dataclass(frozen=True)
class ReviewForms:
    """What the member may say of something that waits for a second person; all None where it is not theirs to say."""

    approve: ReviewForm | None
    send_back: SendBackForm | None
    single_handed: SingleHandedForm | None

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.approve or self.single_handed)


@dataclass(frozen=True)
class RightPanel:
    """One right: its work, its decision, and the forms that the member may use on it now."""

    row: CaseRight
    due: Any
    items: list[ItemLine]
    done: int
    commitments: list[Commitment]  # what the organisation says it does beyond the law
    obstacles: list[Obstacle]  # of every decision
    undone: list[Obstacle]  # what only a granted request waits for beside them
    decision: Decision | None
    ground: str
    letter_adds_remedies: bool
    may_start: bool
    may_set: bool
    decide: DecisionForm | None
    review: ReviewForms
    is_open: bool
    collects: bool  # its data sources have been asked, or are being asked
    extension: Extension | None
    extension_review: ReviewForms
    extension_post: PostForm | None
    may_extend: bool
    duties: Duties

    @property
    def is_refused(self) -> bool:
        """Whether an item was just refused, so that the list must show it."""
        return any(line.is_refused for line in self.items)

    @property
    def tag(self) -> str:
        """Colour of the stage's tag."""
        return TAGS.get(Stage(self.row.stage), "")


@dataclass(frozen=True)
class CasePage:
    """The context of the page; attributes are what the templates name."""

    case: Case
    who: str
    acting_for: str
    lead: CaseRight
    due: Any
    next: NextStep
    rights: list[RightPanel]
    clocks: list[Clock]
    questions: list[QuestionLine]
    may_suspend: bool
    may_correct: bool
    tasks: list[TaskLine]
    open_tasks: int
    lines: list[Any]
    show: str
    shows: Mapping[str, Any]
    unread: int
    deliverables: list[Deliverable]
    messages_with_files: list[Message]
    obstacles: list[Obstacle]
    leaving: list[CaseRight]  # what the next release answers
    held: list[CaseRight]  # decided, and waiting for identity to be established
    channels: list[str]
    release: ReleaseForm | None
    reseal: ResealForm | None
    message: MessageForm | None
    note: NoteForm | None
    right_add: RightAddForm | None
    identity_words: str
    handling: Handling
    may_work: bool
    may_close: bool
    may_name_recipients: bool


def case_load(case_id: int) -> Case:
    """The case with all that hangs on it: one query for each table."""
    rights = CaseRight.objects.prefetch_related(
        Prefetch("checklist", ChecklistItem.objects.select_related("set_by")),
        Prefetch("tasks", CaseTask.objects.select_related("team", "assignee", "finished_by")),
        Prefetch("decisions", Decision.objects.select_related("author", "reviewer")),
        "suspensions",
        Prefetch("extensions", Extension.objects.select_related("author", "reviewer", "mail")),
        *DUTIES,
    )
    return (
        Case.objects.select_related("organisation", "organisation__authority", "team", "assignee")
        .prefetch_related(
            Prefetch("rights", rights),
            "parties__addresses",
            Prefetch("messages", Message.objects.select_related("author").prefetch_related("files")),
            Prefetch("deliverables", Deliverable.objects.select_related("stored_file").prefetch_related("downloads")),
            Prefetch("suspensions", Suspension.objects.select_related("mail", "asked_message")),
            "suspensions__rights",
            "inbound_mail__raw",
        )
        .get(pk=case_id)
    )


def case_page(case_id: int, user: User, *, show: str = "all", forms: Forms | None = None) -> CasePage:
    """The page as `user` sees it; `forms` are those just refused, shown again with what was typed."""
    case = case_load(case_id)
    today = timezone.localdate()
    rights = list(case.rights.all())
    kept = forms or {}
    may_work = user.may(Act.CASE_WORK, case.organisation_id) and case.closed_at is None
    may_review = user.may(Act.CASE_REVIEW, case.organisation_id)
    others = bool(services.reviewers_for(case.organisation, author=user))
    messages = list(case.messages.all())
    unread = sum(map(is_news, messages))
    groups = services.letter_groups(case)
    leaving, held = [*groups, [], []][:2]
    obstacles = services.release_obstacles(case, leaving) if leaving else []
    situation = Situation(obstacles, unread, others, case.organisation.review == Organisation.Review.ALWAYS)
    onlooker = Onlooker(user.pk, may_work, may_review)
    panels = [_panel(case, right, onlooker, situation, today, kept) for right in rights]
    tasks = [_task_line(task, may_work) for right in rights for task in right.tasks.all()]
    who, acting_for = people(case)
    lead = lead_right(rights)
    shown = show if show in FILTERS else "all"
    history = clock_history(case)
    return CasePage(
        case=case,
        who=who,
        acting_for=acting_for,
        lead=lead,
        due=right_due(lead, today),
        next=next_step(case, rights, onlooker, situation),
        rights=panels,
        clocks=[right_clock(right, today, history.get(right.right, [])) for right in rights],
        questions=[_question_line(case, suspension, may_work, kept) for suspension in case.suspensions.all()],
        may_suspend=may_work and any(map(services.may_suspend, rights)),
        may_correct=may_work and any(not right.is_answered for right in rights),
        tasks=sorted(tasks, key=lambda line: (line.task.state != TaskState.OPEN, line.task.pk)),
        open_tasks=sum(line.task.state == TaskState.OPEN for line in tasks),
        lines=timeline(case, messages, shown),
        show=shown,
        shows=FILTERS,
        unread=unread,
        deliverables=list(case.deliverables.all()),
        messages_with_files=[message for message in messages if message.files.all()],
        obstacles=obstacles,
        leaving=leaving,
        held=held,
        channels=services.channels(case),
        release=_release_form(case, kept) if may_work and leaving else None,
        reseal=_form(kept, "reseal", ResealForm, case) if may_work and _is_sealed(case) else None,
        message=_form(kept, "message", MessageForm, case) if may_work else None,
        note=kept.get("note") or NoteForm(auto_id="note-%s") if may_work else None,  # type: ignore[arg-type]
        right_add=_right_add_form(case, rights, kept) if may_work else None,
        identity_words=basis_words(case.identity_basis) if case.identity_established_at else "",
        handling=handling_of(case, user),
        may_work=may_work,
        may_close=may_work and all(right.is_answered for right in rights) and not is_restricted(rights),
        may_name_recipients=may_work and any(right.recipient_notices.all() for right in rights),
    )


def _panel(
    case: Case, right: CaseRight, onlooker: Onlooker, situation: Situation, today: date, forms: Forms
) -> RightPanel:
    decision, code = last_decision(right), right.right
    works = onlooker.works
    waiting = decision if right.stage == Stage.IN_REVIEW else None
    extension = right.extension
    items = list(right.checklist.all())
    obstacles = _obstacles(right)
    return RightPanel(
        row=right,
        due=right_due(right, today),
        items=[_item_line(item, code, forms) for item in items],
        done=sum(item.state != ItemState.OPEN for item in items),
        commitments=_commitments(case.organisation, code),
        obstacles=obstacles,
        undone=[obstacle for obstacle in _obstacles(right, done_outcome(code)) if obstacle not in obstacles],
        decision=decision,
        ground=ground_name(decision.ground) if decision and decision.ground else "",
        letter_adds_remedies=bool(ADVERSE.intersection(RULES[code].outcomes)),
        may_start=works and right.stage == Stage.TO_DO,
        may_set=works and right.stage in (Stage.TO_DO, Stage.IN_PROGRESS, Stage.AWAITING_PERSON),
        decide=_decision_form(case, right, forms) if works and right.stage == Stage.IN_PROGRESS else None,
        review=_review_forms(case, waiting, "decision", code, onlooker, situation, forms),
        is_open=not right.is_answered,
        collects=RULES[code].collects_data and right.stage != Stage.TO_DO,
        extension=extension,
        extension_review=_review_forms(case, extension, "extension", code, onlooker, situation, forms),
        extension_post=(
            _form(forms, f"extension_post:{code}", PostForm, case)
            if works and extension is not None and extension.may_post
            else None
        ),
        may_extend=works and services.refusal_today(right) is None,
        duties=duties_of(case, right, works=works, today=today, forms=forms),
    )


def _review_forms(
    case: Case,
    written: Reviewed | None,
    what: str,
    code: str,
    onlooker: Onlooker,
    situation: Situation,
    forms: Forms,
) -> ReviewForms:
    """The forms of the second person, or of the author where nobody else may review."""
    if written is None or written.review != Review.WAITING or not onlooker.works:
        return ReviewForms(None, None, None)
    if written.author_id != onlooker.user_id:
        if not onlooker.reviews:
            return ReviewForms(None, None, None)
        return ReviewForms(
            _form(forms, f"{what}_approve:{code}", ReviewForm, case),
            _form(forms, f"{what}_send_back:{code}", SendBackForm, case),
            None,
        )
    if situation.others_review or situation.review_always:
        return ReviewForms(None, None, None)
    return ReviewForms(None, None, _form(forms, f"{what}_single_handed:{code}", SingleHandedForm, case))


def _question_line(case: Case, suspension: Suspension, may_work: bool, forms: Forms) -> QuestionLine:
    number = suspension.pk
    is_open = suspension.answered_at is None
    taken_for_answer = services.may_continue(suspension)
    return QuestionLine(
        suspension=suspension,
        rights=list(suspension.rights.all()),
        failed=suspension.asked_at is None
        and suspension.mail is not None
        and suspension.mail.state == OutgoingState.FAILED,
        answer=_form(forms, f"answer:{number}", AnswerForm, case) if may_work and is_open else None,
        continued=_form(forms, f"continue:{number}", ContinueForm, case) if may_work and taken_for_answer else None,
    )


def _obstacles(right: CaseRight, outcome: str = "") -> list[Obstacle]:
    return services.right_obstacles(right, outcome) if right.stage == Stage.IN_PROGRESS else []


def _commitments(organisation: Organisation, right: str) -> list[Commitment]:
    """What the organisation promises about this right, in the language of the page."""
    return [
        Commitment(promise["article"], localised(promise["text"]))
        for promise in organisation.commitments
        if concerns(right, promise["article"])
    ]


def _item_line(item: ChecklistItem, right: str, forms: Forms) -> ItemLine:
    refused = forms.get(f"item:{right}:{item.code}")
    note = refused.data.get("note", "") if refused else item.note
    return ItemLine(item, str(checklist_label(right, item.code)), note, refused is not None)


def _form(forms: Forms, key: str, kind: type[Any], case: Case) -> Any:
    """The refused form of that act, else a fresh one with the version that the page shows."""
    return forms.get(key) or kind(initial={"version": case.version}, auto_id=key.replace(":", "-") + "-%s")


def _decision_form(case: Case, right: CaseRight, forms: Forms) -> Any:
    """A decision that was sent back is the draft of the next one."""
    if kept := forms.get(f"decide:{right.right}"):
        return kept
    initial: dict[str, Any] = {"version": case.version}
    if before := last_decision(right):
        initial |= {
            "outcome": before.outcome, "ground": before.ground, "reasoning": before.reasoning,
            "withheld": before.withheld, "evidence": before.evidence, "provision": before.provision,
            "kept_until": before.kept_until, "asked_on": before.asked_on, "asked_how": before.asked_how,
        }
    return DecisionForm(
        initial=initial, case_right=right, is_late=services.refusal_is_late(right),
        asked=services.asked_days(right, case.suspensions.all()), auto_id=f"decide-{right.right}-%s",
    )


def _release_form(case: Case, forms: Forms) -> Any:
    if kept := forms.get("release"):
        return kept
    return ReleaseForm(initial={"version": case.version, "delivery": "two_channels"}, auto_id="release-%s")


def _is_sealed(case: Case) -> bool:
    return any(
        deliverable.state == DeliverableState.RELEASED and deliverable.delivery == Delivery.SINGLE_CHANNEL
        for deliverable in case.deliverables.all()
    )


def _right_add_form(case: Case, rights: list[CaseRight], forms: Forms) -> Any:
    return forms.get("right_add") or RightAddForm(
        initial={"version": case.version},
        organisation=case.organisation,
        taken=[right.right for right in rights],
        auto_id="right-add-%s",
    )


def _task_line(task: CaseTask, may_work: bool) -> TaskLine:
    is_open = task.state == TaskState.OPEN and not task.automatic
    is_by_hand = task.kind == TaskKind.COLLECT_BY_HAND
    has_other_way = is_by_hand or task.kind in (*services.MACHINE_KINDS, *services.DECIDED_KINDS)
    return TaskLine(
        task=task,
        may_take=may_work and is_open and task.assignee_id is None,
        may_finish=may_work and is_open and not has_other_way,
        is_by_hand=may_work and is_open and is_by_hand,
    )


def conflict_message() -> str:
    """What is said when the version of the form is not the one of the case."""
    return _("Somebody changed this case meanwhile. Nothing of yours was saved: look at it as it is now, then repeat.")

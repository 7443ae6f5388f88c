"""The one thing the law wants next on a case: what, why, by when, and its button. Pure: it reads loaded rows only.

What a person can do now comes before what is waited for; among equals the earliest date wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dsar.core.texts import listed
from requests_app.desk_dates import shown_date
from requests_app.models import Case, CaseRight, Decision, Restriction
from requests_app.rights_table import RULES, checklist_label, done_outcome, items_owed, tasks_spared
from requests_app.services import Obstacle
from requests_app.vocabulary import ItemState, Review, SpamSign, Stage, TaskKind, TaskState


@dataclass(frozen=True)
class Onlooker:
    """What the member who looks at the case may do, and which user they are."""

    user_id: int
    works: bool
    reviews: bool


@dataclass(frozen=True)
class Situation:
    """What the rows of the case do not say by themselves. `obstacles` stand in the way of releasing what is decided."""

    obstacles: Sequence[Obstacle] = ()
    unread: int = 0
    others_review: bool = True  # somebody besides the author may review
    review_always: bool = False


@dataclass(frozen=True)
class NextStep:
    """`act` names an act of this page: the URL name of a POST, or "" when `anchor` leads to where it is done.

    `is_ours` is False while we wait for somebody else or for the machine.
    """

    code: str
    title: str
    why: str
    by: date | None = None
    act: str = ""
    right: str = ""
    anchor: str = ""
    label: str = ""
    is_ours: bool = True
    task: int = 0  # of a page of its own
    rank: int = field(default=0, compare=False)


def next_step(case: Case, rights: Sequence[CaseRight], onlooker: Onlooker, situation: Situation) -> NextStep:
    """What to do next. `rights` come with their tasks, checklists and decisions loaded. Never empty."""
    if (step := _message_step(rights)) is not None:
        return step
    if case.closed_at is not None:
        return NextStep("closed", _("Nothing to do: this case is closed"),
                        _("Everything that was asked is answered."), is_ours=False)
    waiting = [right for right in rights if not right.is_answered]
    if not waiting and situation.unread:
        return _read_step(situation.unread)
    restrictions = [row for right in rights for row in right.restrictions.all() if row.lifted_at is None]
    if not waiting and restrictions:
        return _restriction_step(restrictions, onlooker)
    if not waiting:
        return NextStep("close", _("Next: close the case"),
                        _("Every right is answered. Closing starts the retention period."),
                        act="case-close", label=_("Close the case"), is_ours=onlooker.works)
    by = min(shown_date(right).on for right in waiting)
    if case.spam_signs:
        return _vouch_step(case, onlooker, by)
    if case.assignee_id is None:
        runs = any(not right.is_suspended for right in waiting)
        return NextStep("take", _("Next: take the case"),
                        _("Nobody handles it yet, and its clock runs since it arrived.") if runs
                        else _("Nobody handles it yet. Its clock stands still until the person answers."),
                        by, act="case-take", label=_("Take the case"))
    if situation.unread:
        return _read_step(situation.unread, by)
    steps = [step for right in waiting if (step := _right_step(right, onlooker, situation))]
    steps += [step for right in waiting if (step := _extension_step(right, onlooker, situation))]
    release = _release_step([right for right in waiting if right.stage == Stage.DECIDED], situation)
    return min(
        [*steps, *([release] if release else [])],
        key=lambda step: (not step.is_ours, step.rank, step.by or date.max),
    )


def _read_step(unread: int, by: date | None = None) -> NextStep:
    return NextStep(
        "read",
        ngettext("Next: read the new message", "Next: read the new messages", unread),
        _("It may change what is asked, answer what we asked, or tell what became of what was passed on."),
        by, anchor="timeline", label=_("Read"),
    )


def _restriction_step(restrictions: Sequence[Restriction], onlooker: Onlooker) -> NextStep:
    """All is answered, and data are restricted: somebody looks again when the day has come (GDPR art. 18)."""
    row = min(restrictions, key=lambda one: one.review_on)
    anchor = f"restriction-{row.case_right.right}"
    if row.announced_at is None and row.review_task_id is None:
        return NextStep("await_restriction", _("Nothing to do until the restriction is looked at again"),
                        _("Every right is answered; the case stays open as long as data are restricted."),
                        row.review_on, anchor=anchor, label=_("Look at the restriction"), is_ours=False)
    return NextStep("review_restriction", _("Next: prolong or lift the restriction"),
                    _("The person must be told before it is lifted (article 18)."), row.review_on,
                    anchor=anchor, label=_("Look at the restriction"), is_ours=onlooker.works)


def _message_step(rights: Sequence[CaseRight]) -> NextStep | None:
    """A message that may contest an answer comes before everything, on a closed case too: it may start a clock."""
    kind, is_open = TaskKind.MESSAGE_AFTER_ANSWER, TaskState.OPEN
    found = [task for right in rights for task in right.tasks.all() if task.kind == kind and task.state == is_open]
    if not found:
        return None
    return NextStep("message", _("Next: say what the new message is"),
                    _("Something is answered already. What the person asks in the message counts since it came."),
                    task=found[0].pk, label=_("Read it and decide"))


def _vouch_step(case: Case, onlooker: Onlooker, by: date) -> NextStep:
    """Nothing is dropped and the clock runs: only our own mail waits for a look."""
    signs = listed(str(SpamSign(sign).label) for sign in case.spam_signs if sign in SpamSign.values)
    return NextStep(
        "vouch", _("Next: see whether a person wrote this"),
        _("No mail has left: %(signs)s. If it is a request, let it go on; its clock runs since it arrived.")
        % {"signs": signs},
        by, act="case-vouch", label=_("It is a request"), is_ours=onlooker.works,
    )


def _right_step(right: CaseRight, onlooker: Onlooker, situation: Situation) -> NextStep | None:
    if right.stage == Stage.TO_DO:
        return _start_step(right)
    if right.stage == Stage.IN_REVIEW:
        return _review_step(right, onlooker, situation)
    if right.stage == Stage.IN_PROGRESS:
        return _work_step(right)
    if right.stage == Stage.AWAITING_PERSON:
        return _await_step(right)
    return None


def _await_step(right: CaseRight) -> NextStep:
    """The clock stands still, so there is no date to hurry for; the prudent one is still watched."""
    name = {"right": right.definition.name}
    why = (
        _("We asked a question about “%(right)s”. Its clock stands still until the answer arrives.")
        if right.is_suspended
        else _("We asked a question about “%(right)s”. Its clock goes on all the same.")
    )
    return NextStep("await", _("Nothing to do until the person answers"), why % name,
                    None if right.is_suspended else shown_date(right).on,
                    anchor="questions", label=_("Look at the question"), is_ours=False)


def _extension_step(right: CaseRight, onlooker: Onlooker, situation: Situation) -> NextStep | None:
    """An extension on its way: it must be reviewed, or posted, before the first period ends (GDPR art. 12(3))."""
    extension = right.extension
    if extension is None or extension.sent_at is not None:
        return None
    by, names = right.extension_notice_prudent_on or right.prudent_due_on, {"right": right.definition.name}
    anchor = f"extension-{right.right}"
    if extension.is_approved:
        if not extension.is_to_post:
            return None
        return NextStep("post_notice", _("Next: post the notice that extends “%(right)s”") % names,
                        _("The extension holds only once its notice has left."), by, anchor=anchor,
                        label=_("Post the notice"), rank=-1)
    if extension.author_id != onlooker.user_id:
        return NextStep("review_extension", _("Next: review the extension of “%(right)s”") % names,
                        _("Its notice must leave within the first month; a second person reads it first."), by,
                        anchor=anchor, label=_("Review"), is_ours=onlooker.reviews, rank=-1)
    if not situation.others_review and not situation.review_always:
        return NextStep("single_handed_extension", _("Next: let the extension of “%(right)s” stand alone") % names,
                        _("Nobody else may review it. Write why; the register shows it."), by, anchor=anchor,
                        label=_("Write the reason"), rank=-1)
    return None


def _start_step(right: CaseRight) -> NextStep:
    if RULES[right.right].collects_data:
        why = _("Starting asks every data source what it holds about this person.")
    elif RULES[right.right].target_working_days:
        why = _("This right knows no month: we give ourselves two working days.")
    else:
        why = _("The clock runs since the request arrived.")
    return NextStep(
        "start", _("Next: start “%(right)s”") % {"right": right.definition.name}, why, shown_date(right).on,
        act="case-right-start", right=right.right, label=_("Start"),
    )


def _review_step(right: CaseRight, onlooker: Onlooker, situation: Situation) -> NextStep | None:
    decision = last_decision(right)
    by = shown_date(right).on
    names = {"right": right.definition.name, "author": str(decision.author) if decision else ""}
    if decision is not None and decision.author_id != onlooker.user_id:
        return NextStep(
            "review", _("Next: review the decision on “%(right)s”") % names,
            _("%(author)s wrote it. A second person looks before it leaves.") % names,
            by, anchor=f"review-{right.right}", label=_("Review"), is_ours=onlooker.reviews,
            rank=0 if right.case.assignee_id == onlooker.user_id else -1,  # what a second person comes for
        )
    if not situation.others_review and not situation.review_always:
        return NextStep(
            "single_handed", _("Next: let the decision on “%(right)s” stand alone") % names,
            _("Nobody else may review it. Write why; the register shows it."),
            by, anchor=f"review-{right.right}", label=_("Write the reason"),
        )
    return NextStep(
        "await_review", _("Nothing to do until “%(right)s” is reviewed") % names,
        _("You wrote the decision, so somebody else reviews it."), by, is_ours=False, rank=1,
    )


def _work_step(right: CaseRight) -> NextStep:
    by, names = shown_date(right).on, {"right": right.definition.name}
    before = last_decision(right)
    sent_back = before if before is not None and before.review == Review.SENT_BACK else None
    wanted = (sent_back.outcome, sent_back.ground) if sent_back else (done_outcome(right.right), "")
    spared, owed = tasks_spared(right.right, *wanted), items_owed(right.right, *wanted)
    open_tasks = [
        task
        for task in right.tasks.all()
        if task.state == TaskState.OPEN and task.blocking and task.kind not in spared
    ]
    for_people = [task for task in open_tasks if not task.automatic]
    if for_people:
        task = for_people[0]
        what = {"task": task.get_kind_display(), "subject": task.label}
        title = _("Next: %(task)s: %(subject)s") % what if task.label else _("Next: %(task)s") % what
        if task.kind in RULES[right.right].doing_tasks:
            why = _("It is part of granting “%(right)s”. A refusal does not wait for it.") % names
            return NextStep("task", title, why, by, anchor="tasks", label=_("Go to the task"))
        why = ngettext(
            "“%(right)s” cannot be decided while %(count)d task is open.",
            "“%(right)s” cannot be decided while %(count)d tasks are open.",
            len(open_tasks),
        ) % {**names, "count": len(open_tasks)}
        return NextStep("task", title, why, by, anchor="tasks", label=_("Go to the task"))
    if open_tasks:
        return NextStep(
            "await_sources", _("Nothing to do until the data sources have answered"),
            _("The machine collects for “%(right)s”: the page shows it when it is done.") % names, by, is_ours=False,
        )
    open_items = [item for item in right.checklist.all() if item.state == ItemState.OPEN and item.code in owed]
    if open_items:
        return NextStep(
            "checklist", _("Next: complete the checklist of “%(right)s”") % names,
            _("The answer must contain each item, or say why not. Open: %(items)s.") % {
                "items": listed(checklist_label(right.right, item.code) for item in open_items)
            },
            by, anchor=f"right-{right.right}", label=_("Complete the checklist"),
        )
    if sent_back is not None:
        return NextStep(
            "redecide", _("Next: decide “%(right)s” again") % names,
            _("%(reviewer)s sent the decision back: %(note)s") % {
                "reviewer": sent_back.reviewer, "note": sent_back.review_note
            },
            by, anchor=f"decide-{right.right}", label=_("Decide"),
        )
    return NextStep(
        "decide", _("Next: decide “%(right)s”") % names, _("The work on it is done and the checklist is complete."),
        by, anchor=f"decide-{right.right}", label=_("Decide"),
    )


def _release_step(decided: Sequence[CaseRight], situation: Situation) -> NextStep | None:
    if not decided:
        return None
    by = min(shown_date(right).on for right in decided)
    codes = {obstacle.code for obstacle in situation.obstacles}
    words = " ".join(str(obstacle.message) for obstacle in situation.obstacles)
    if "identity_not_established" in codes:
        return NextStep("identify", _("Next: find out whether this is the data subject"), words, by,
                        act="identity", label=_("Record an identity check"))
    if codes:
        return NextStep("await_letter", _("Nothing to do until the answer is prepared"), words, by, is_ours=False)
    names = ", ".join(str(right.definition.name) for right in decided)
    return NextStep("release", _("Next: send the answer"),
                    _("Decided: %(rights)s. The letter is ready to be read before it leaves.") % {"rights": names},
                    by, anchor="release", label=_("Send the answer"))


def last_decision(right: CaseRight) -> Decision | None:
    """The decision in force: the last one written, since the right was reopened if it was. Reads loaded decisions."""
    decisions = [one for one in right.decisions.all() if right.is_of_this_answer(one.written_at)]
    return decisions[-1] if decisions else None

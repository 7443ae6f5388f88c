"""The only writers of a case: keyword-only functions that raise DomainError with a text the user may read."""

from requests_app.services.answers import answer_release, answer_reseal, channels, release_obstacles
from requests_app.services.cases import case_close, case_take, case_touch
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.codes import code_send, portal_opened
from requests_app.services.decisions import (
    decision_approve,
    decision_send_back,
    decision_single_handed,
    decision_submit,
    reviewers_for,
)
from requests_app.services.deliverables import deliverable_downloaded, deliverable_register, file_opened
from requests_app.services.intake import OpenedCase, case_open, case_right_add
from requests_app.services.letters import letter_groups, letter_prepare
from requests_app.services.messages import message_receive, message_send, messages_read, note_add
from requests_app.services.obstacles import Obstacle, right_obstacles
from requests_app.services.parties import address_confirm, address_found_on_file, identity_establish
from requests_app.services.work import (
    MACHINE_KINDS,
    case_right_start,
    case_task_add,
    case_task_finish,
    case_task_take,
    checklist_item_set,
)

__all__ = [
    "MACHINE_KINDS",
    "Obstacle",
    "OpenedCase",
    "address_confirm",
    "address_found_on_file",
    "answer_release",
    "answer_reseal",
    "case_clock_refresh",
    "case_close",
    "case_open",
    "case_right_add",
    "case_right_start",
    "case_take",
    "case_task_add",
    "case_task_finish",
    "case_task_take",
    "case_touch",
    "channels",
    "checklist_item_set",
    "code_send",
    "decision_approve",
    "decision_send_back",
    "decision_single_handed",
    "decision_submit",
    "deliverable_downloaded",
    "deliverable_register",
    "file_opened",
    "identity_establish",
    "letter_groups",
    "letter_prepare",
    "message_receive",
    "message_send",
    "messages_read",
    "note_add",
    "portal_opened",
    "release_obstacles",
    "reviewers_for",
    "right_obstacles",
]

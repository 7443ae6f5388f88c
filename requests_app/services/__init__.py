"""The only writers of a case: keyword-only functions that raise DomainError with a text the user may read."""

from requests_app.services.answers import answer_release, answer_reseal, channels, release_obstacles
from requests_app.services.calls import PostedMessage, message_post, request_post
from requests_app.services.cases import case_close, case_lock, case_take, case_touch
from requests_app.services.clocks import case_clock_refresh, clock_extended, clocks_changed, clocks_refresh, law_of
from requests_app.services.codes import code_send, portal_opened
from requests_app.services.decisions import (
    decision_approve,
    decision_send_back,
    decision_single_handed,
    decision_submit,
)
from requests_app.services.deliverables import deliverable_downloaded, deliverable_register, file_opened
from requests_app.services.digests import digest_send
from requests_app.services.extensions import (
    extension_approve,
    extension_post,
    extension_send_back,
    extension_single_handed,
    extension_submit,
    extensions_of_year,
    refusal_today,
)
from requests_app.services.intake import OpenedCase, case_open, case_right_add
from requests_app.services.letters import letter_groups, letter_prepare
from requests_app.services.messages import message_receive, message_send, messages_read, note_add
from requests_app.services.notices import notice_prepare, notices_left
from requests_app.services.obstacles import Obstacle, right_obstacles
from requests_app.services.parties import address_confirm, address_found_on_file, identity_establish
from requests_app.services.receipts import receipt_changes, receipt_correct
from requests_app.services.reminders import reminders_sweep
from requests_app.services.reviews import reviewers_for
from requests_app.services.suspensions import (
    case_suspend,
    may_continue,
    may_suspend,
    stands_still,
    suspension_answer,
    suspension_continue,
    suspension_end,
)
from requests_app.services.tokens import AddedToken, api_token_add, api_token_by_text, api_token_revoke
from requests_app.services.webhooks import (
    ShownSecret,
    webhook_add,
    webhook_disable,
    webhook_enable,
    webhook_retry,
    webhook_rotate,
    webhook_test,
)
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
    "AddedToken",
    "Obstacle",
    "OpenedCase",
    "PostedMessage",
    "ShownSecret",
    "address_confirm",
    "address_found_on_file",
    "answer_release",
    "answer_reseal",
    "api_token_add",
    "api_token_by_text",
    "api_token_revoke",
    "case_clock_refresh",
    "case_close",
    "case_lock",
    "case_open",
    "case_right_add",
    "case_right_start",
    "case_suspend",
    "case_take",
    "case_task_add",
    "case_task_finish",
    "case_task_take",
    "case_touch",
    "channels",
    "checklist_item_set",
    "clock_extended",
    "clocks_changed",
    "clocks_refresh",
    "code_send",
    "decision_approve",
    "decision_send_back",
    "decision_single_handed",
    "decision_submit",
    "deliverable_downloaded",
    "deliverable_register",
    "digest_send",
    "extension_approve",
    "extension_post",
    "extension_send_back",
    "extension_single_handed",
    "extension_submit",
    "extensions_of_year",
    "file_opened",
    "identity_establish",
    "law_of",
    "letter_groups",
    "letter_prepare",
    "may_continue",
    "may_suspend",
    "message_post",
    "message_receive",
    "message_send",
    "messages_read",
    "note_add",
    "notice_prepare",
    "notices_left",
    "portal_opened",
    "receipt_changes",
    "receipt_correct",
    "refusal_today",
    "release_obstacles",
    "reminders_sweep",
    "request_post",
    "reviewers_for",
    "right_obstacles",
    "stands_still",
    "suspension_answer",
    "suspension_continue",
    "suspension_end",
    "webhook_add",
    "webhook_disable",
    "webhook_enable",
    "webhook_retry",
    "webhook_rotate",
    "webhook_test",
]

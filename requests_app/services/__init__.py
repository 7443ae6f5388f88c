"""The only writers of a case: keyword-only functions that raise DomainError with a text the user may read."""

from requests_app.services.answers import answer_release, answer_reseal, channels, release_obstacles
from requests_app.services.breaches import (
    breach_assess,
    breach_authority_told,
    breach_close,
    breach_persons_told,
    breach_report,
    breaches_sweep,
)
from requests_app.services.cases import case_close, case_lock, case_take, case_touch
from requests_app.services.certificates import certificate_prepare, certificate_queue, certificate_valid
from requests_app.services.clocks import case_clock_refresh, clock_extended, clocks_changed, clocks_refresh, law_of
from requests_app.services.codes import code_send, portal_code_ask, portal_opened
from requests_app.services.contacts import address_add, address_change_refusal
from requests_app.services.corrections import IntakeFacts, case_right_reclassify, intake_correct
from requests_app.services.decision_rules import refusal_is_late
from requests_app.services.decisions import (
    decision_approve,
    decision_send_back,
    decision_single_handed,
    decision_submit,
)
from requests_app.services.deliverables import deliverable_downloaded, deliverable_register, file_opened
from requests_app.services.digests import digest_send
from requests_app.services.directives import (
    FoundDirective,
    directive_carry_out,
    directive_register,
    directive_replace,
    directive_revoke,
    directives_found,
    directives_looked_for,
    entitlement_record,
)
from requests_app.services.ending import right_end
from requests_app.services.extensions import (
    extension_approve,
    extension_post,
    extension_send_back,
    extension_single_handed,
    extension_submit,
    extensions_of_year,
    refusal_today,
)
from requests_app.services.form_files import (
    file_gone,
    form_file_remove,
    form_files_add,
    form_files_kept,
    form_files_sweep,
    form_send,
)
from requests_app.services.forwardings import (
    case_forward,
    files_offered,
    forwarding_answered,
    forwarding_chase,
    forwarding_received,
    forwarding_stop,
    messages_offered,
)
from requests_app.services.holds import complaint_end, complaint_record, hold_begin, hold_end
from requests_app.services.human_reviews import human_review_record
from requests_app.services.idempotency import PostedMessage, message_post, request_post
from requests_app.services.intake import OpenedCase, case_open, case_right_add
from requests_app.services.letters import letter_groups, letter_prepare
from requests_app.services.merging import Candidate, Difference, case_merge, merge_candidates, merge_differences
from requests_app.services.messages import (
    message_file_downloaded,
    message_receive,
    message_send,
    messages_read,
    note_add,
    uploads_keep,
)
from requests_app.services.notices import lifting_prepare, notice_prepare, notices_left
from requests_app.services.obstacles import Obstacle, right_obstacles
from requests_app.services.parties import address_confirm, address_found_on_file, identity_establish
from requests_app.services.receipts import receipt_changes, receipt_correct
from requests_app.services.recipient_notices import recipient_notice_set, recipient_notices_plan, recipients_tell
from requests_app.services.recipients import tells_recipients
from requests_app.services.reminders import reminders_sweep
from requests_app.services.reopening import message_note, message_right_add, messages_of, right_reopen
from requests_app.services.restrictions import (
    lifting_announce,
    lifting_post,
    restriction_begin,
    restriction_grounds,
    restriction_lift,
    restriction_prolong,
    restrictions_review,
)
from requests_app.services.reviews import reviewers_for
from requests_app.services.safeguards import safeguards_send, safeguards_stated
from requests_app.services.statements import statement_add, statement_attach
from requests_app.services.suspensions import (
    asked_days,
    case_suspend,
    may_continue,
    may_suspend,
    stands_still,
    suspension_answer,
    suspension_continue,
    suspension_end,
)
from requests_app.services.tokens import AddedToken, api_token_add, api_token_by_text, api_token_revoke
from requests_app.services.transfers import case_transfer
from requests_app.services.vouching import case_vouch
from requests_app.services.webhooks import (
    ShownSecret,
    webhook_add,
    webhook_disable,
    webhook_enable,
    webhook_retry,
    webhook_rotate,
    webhook_test,
)
from requests_app.services.withdrawals import right_withdraw
from requests_app.services.work import (
    CHECKLIST_CLOSED,
    DECIDED_KINDS,
    MACHINE_KINDS,
    case_right_start,
    case_task_add,
    case_task_finish,
    case_task_take,
    checklist_item_set,
)

__all__ = [
    "CHECKLIST_CLOSED",
    "DECIDED_KINDS",
    "MACHINE_KINDS",
    "AddedToken",
    "Candidate",
    "Difference",
    "FoundDirective",
    "IntakeFacts",
    "Obstacle",
    "OpenedCase",
    "PostedMessage",
    "ShownSecret",
    "address_add",
    "address_change_refusal",
    "address_confirm",
    "address_found_on_file",
    "answer_release",
    "answer_reseal",
    "api_token_add",
    "api_token_by_text",
    "api_token_revoke",
    "asked_days",
    "breach_assess",
    "breach_authority_told",
    "breach_close",
    "breach_persons_told",
    "breach_report",
    "breaches_sweep",
    "case_clock_refresh",
    "case_close",
    "case_forward",
    "case_lock",
    "case_merge",
    "case_open",
    "case_right_add",
    "case_right_reclassify",
    "case_right_start",
    "case_suspend",
    "case_take",
    "case_task_add",
    "case_task_finish",
    "case_task_take",
    "case_touch",
    "case_transfer",
    "case_vouch",
    "certificate_prepare",
    "certificate_queue",
    "certificate_valid",
    "channels",
    "checklist_item_set",
    "clock_extended",
    "clocks_changed",
    "clocks_refresh",
    "code_send",
    "complaint_end",
    "complaint_record",
    "decision_approve",
    "decision_send_back",
    "decision_single_handed",
    "decision_submit",
    "deliverable_downloaded",
    "deliverable_register",
    "digest_send",
    "directive_carry_out",
    "directive_register",
    "directive_replace",
    "directive_revoke",
    "directives_found",
    "directives_looked_for",
    "entitlement_record",
    "extension_approve",
    "extension_post",
    "extension_send_back",
    "extension_single_handed",
    "extension_submit",
    "extensions_of_year",
    "file_gone",
    "file_opened",
    "files_offered",
    "form_file_remove",
    "form_files_add",
    "form_files_kept",
    "form_files_sweep",
    "form_send",
    "forwarding_answered",
    "forwarding_chase",
    "forwarding_received",
    "forwarding_stop",
    "hold_begin",
    "hold_end",
    "human_review_record",
    "identity_establish",
    "intake_correct",
    "law_of",
    "letter_groups",
    "letter_prepare",
    "lifting_announce",
    "lifting_post",
    "lifting_prepare",
    "may_continue",
    "may_suspend",
    "merge_candidates",
    "merge_differences",
    "message_file_downloaded",
    "message_note",
    "message_post",
    "message_receive",
    "message_right_add",
    "message_send",
    "messages_of",
    "messages_offered",
    "messages_read",
    "note_add",
    "notice_prepare",
    "notices_left",
    "portal_code_ask",
    "portal_opened",
    "receipt_changes",
    "receipt_correct",
    "recipient_notice_set",
    "recipient_notices_plan",
    "recipients_tell",
    "refusal_is_late",
    "refusal_today",
    "release_obstacles",
    "reminders_sweep",
    "request_post",
    "restriction_begin",
    "restriction_grounds",
    "restriction_lift",
    "restriction_prolong",
    "restrictions_review",
    "reviewers_for",
    "right_end",
    "right_obstacles",
    "right_reopen",
    "right_withdraw",
    "safeguards_send",
    "safeguards_stated",
    "stands_still",
    "statement_add",
    "statement_attach",
    "suspension_answer",
    "suspension_continue",
    "suspension_end",
    "tells_recipients",
    "uploads_keep",
    "webhook_add",
    "webhook_disable",
    "webhook_enable",
    "webhook_retry",
    "webhook_rotate",
    "webhook_test",
]

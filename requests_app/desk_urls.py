"""The desk, page by page: lists, one case, and the acts on it."""

from django.urls import path

from requests_app import breach_views as breach
from requests_app import calendar_views as calendar
from requests_app import case_views as case
from requests_app import clock_views as clock
from requests_app import correction_views as correction
from requests_app import desk_views as desk
from requests_app import directive_views as directive
from requests_app import duty_views as duty
from requests_app import handing_on_views as handing_on
from requests_app import hold_views as hold
from requests_app import integration_views as integration
from requests_app import message_views as message
from requests_app import policy_views as policy
from requests_app import restriction_views as restriction

CASE = "cases/<str:reference>/"
RIGHT = CASE + "rights/<slug:right>/"
FORWARDING = CASE + "forwardings/<int:number>/"
BREACH = "breaches/<int:number>/"

urlpatterns = [
    path("", desk.queue, name="desk-queue"),
    path("triage/", desk.triage, name="desk-triage"),
    path("triage/<int:mail_id>/open/", desk.mail_open_case, name="mail-open-case"),
    path("triage/<int:mail_id>/file/", desk.mail_file_on_case, name="mail-file-on-case"),
    path("triage/<int:mail_id>/set-aside/", desk.mail_set_aside, name="mail-set-aside"),
    path("tasks/", desk.tasks, name="desk-tasks"),
    path("tasks/<int:task_id>/take/", desk.case_task_take, name="case-task-take"),
    path("tasks/<int:task_id>/finish/", desk.case_task_finish, name="case-task-finish"),
    path("tasks/<int:task_id>/message/", message.message_after_answer, name="message-after-answer"),
    path("tasks/<int:task_id>/reopen/", message.right_reopen, name="right-reopen"),
    path("tasks/<int:task_id>/add-right/", message.message_right_add, name="message-right-add"),
    path("tasks/<int:task_id>/note/", message.message_note, name="message-note"),
    path("calendar/", calendar.calendar, name="desk-calendar"),
    path("calendar/add/", calendar.calendar_feed_add, name="calendar-feed-add"),
    path("calendar/<int:feed_id>/revoke/", calendar.calendar_feed_revoke, name="calendar-feed-revoke"),
    path("tokens/", integration.tokens, name="desk-tokens"),
    path("tokens/add/", integration.api_token_add, name="api-token-add"),
    path("tokens/<int:token_id>/revoke/", integration.api_token_revoke, name="api-token-revoke"),
    path("webhooks/", integration.webhooks, name="desk-webhooks"),
    path("webhooks/add/", integration.webhook_add, name="webhook-add"),
    path("webhooks/<int:webhook_id>/rotate/", integration.webhook_rotate, name="webhook-rotate"),
    path("webhooks/<int:webhook_id>/disable/", integration.webhook_disable, name="webhook-disable"),
    path("webhooks/<int:webhook_id>/enable/", integration.webhook_enable, name="webhook-enable"),
    path("webhooks/<int:webhook_id>/test/", integration.webhook_test, name="webhook-test"),
    path("webhooks/<int:webhook_id>/retry/", integration.webhook_retry, name="webhook-retry"),
    path("policies/", policy.policies, name="desk-policies"),
    path("language/", desk.language_set, name="desk-language"),
    path("files/<int:file_id>/", desk.file_download, name="file-download"),
    path(CASE, case.case_detail, name="case-detail"),
    path(CASE + "take/", case.case_take, name="case-take"),
    path(CASE + "close/", case.case_close, name="case-close"),
    path(CASE + "vouch/", case.case_vouch, name="case-vouch"),
    path(CASE + "receipt/", clock.receipt_correct, name="receipt-correct"),
    path(CASE + "suspend/", clock.case_suspend, name="case-suspend"),
    path(CASE + "questions/<int:number>/answer/", clock.suspension_answer, name="suspension-answer"),
    path(CASE + "questions/<int:number>/continue/", clock.suspension_continue, name="suspension-continue"),
    path(CASE + "questions/<int:number>/end/", clock.suspension_end, name="suspension-end"),
    path(CASE + "rights/add/", case.case_right_add, name="case-right-add"),
    path(RIGHT + "start/", case.case_right_start, name="case-right-start"),
    path(RIGHT + "checklist/<slug:code>/", case.checklist_item_set, name="checklist-item-set"),
    path(RIGHT + "decide/", case.decision_submit, name="decision-submit"),
    path(RIGHT + "approve/", case.decision_approve, name="decision-approve"),
    path(RIGHT + "send-back/", case.decision_send_back, name="decision-send-back"),
    path(RIGHT + "single-handed/", case.decision_single_handed, name="decision-single-handed"),
    path(RIGHT + "extension/", clock.extension_submit, name="extension-submit"),
    path(RIGHT + "extension/approve/", clock.extension_approve, name="extension-approve"),
    path(RIGHT + "extension/send-back/", clock.extension_send_back, name="extension-send-back"),
    path(RIGHT + "extension/single-handed/", clock.extension_single_handed, name="extension-single-handed"),
    path(RIGHT + "extension/post/", clock.extension_post, name="extension-post"),
    path(RIGHT + "extension/letter/", clock.extension_letter, name="extension-letter"),
    path(RIGHT + "restriction/begin/", restriction.restriction_begin, name="restriction-begin"),
    path(RIGHT + "restriction/prolong/", restriction.restriction_prolong, name="restriction-prolong"),
    path(RIGHT + "restriction/announce/", restriction.lifting_announce, name="lifting-announce"),
    path(RIGHT + "restriction/post/", restriction.lifting_post, name="lifting-post"),
    path(RIGHT + "restriction/letter/", restriction.lifting_letter, name="lifting-letter"),
    path(RIGHT + "restriction/lift/", restriction.restriction_lift, name="restriction-lift"),
    path(RIGHT + "recipients/", duty.recipient_notice_set, name="recipient-notice-set"),
    path(RIGHT + "recipients/plan/", duty.recipient_notices_plan, name="recipient-notices-plan"),
    path(RIGHT + "statements/", duty.statement_add, name="statement-add"),
    path(RIGHT + "statements/<int:number>/attach/", duty.statement_attach, name="statement-attach"),
    path(RIGHT + "human-review/", duty.human_review_record, name="human-review-record"),
    path(RIGHT + "directives/", directive.directive_register, name="directive-register"),
    path(RIGHT + "directives/looked-for/", directive.directives_looked_for, name="directives-looked-for"),
    path(RIGHT + "directives/<int:number>/replace/", directive.directive_replace, name="directive-replace"),
    path(RIGHT + "directives/<int:number>/revoke/", directive.directive_revoke, name="directive-revoke"),
    path(RIGHT + "directives/<int:number>/carry-out/", directive.directive_carry_out, name="directive-carry-out"),
    path(RIGHT + "entitlement/", directive.entitlement_record, name="entitlement-record"),
    path(CASE + "recipients/tell/", duty.recipients_tell, name="recipients-tell"),
    path(CASE + "safeguards/", duty.safeguards_send, name="safeguards-send"),
    path(CASE + "letter/", case.letter_preview, name="letter-preview"),
    path(CASE + "release/", case.answer_release, name="answer-release"),
    path(CASE + "reseal/", case.answer_reseal, name="answer-reseal"),
    path(CASE + "messages/", case.message_send, name="message-send"),
    path(CASE + "messages/read/", case.messages_read, name="messages-read"),
    path(CASE + "notes/", case.note_add, name="note-add"),
    path(CASE + "acts/", correction.case_acts, name="case-acts"),
    path(CASE + "intake/", correction.intake_correct, name="intake-correct"),
    path(RIGHT + "reclassify/", correction.case_right_reclassify, name="case-right-reclassify"),
    path(CASE + "forward/", handing_on.case_forward, name="case-forward"),
    path(FORWARDING, handing_on.forwarding_detail, name="forwarding-detail"),
    path(FORWARDING + "received/", handing_on.forwarding_received, name="forwarding-received"),
    path(FORWARDING + "answered/", handing_on.forwarding_answered, name="forwarding-answered"),
    path(FORWARDING + "chase/", handing_on.forwarding_chase, name="forwarding-chase"),
    path(FORWARDING + "stop/", handing_on.forwarding_stop, name="forwarding-stop"),
    path(FORWARDING + "letter/", handing_on.forwarding_letter, name="forwarding-letter"),
    path(CASE + "transfer/", handing_on.case_transfer, name="case-transfer"),
    path(CASE + "merge/", correction.case_merge, name="case-merge"),
    path(CASE + "hold/", hold.hold_begin, name="hold-begin"),
    path(CASE + "hold/end/", hold.hold_end, name="hold-end"),
    path(CASE + "complaints/", hold.complaint_record, name="complaint-record"),
    path(CASE + "complaints/<int:number>/end/", hold.complaint_end, name="complaint-end"),
    path(CASE + "breach/", breach.breach_report, name="breach-report"),
    path("breaches/", breach.breaches, name="desk-breaches"),
    path(BREACH, breach.breach_detail, name="breach-detail"),
    path(BREACH + "assess/", breach.breach_assess, name="breach-assess"),
    path(BREACH + "authority/", breach.breach_authority_told, name="breach-authority-told"),
    path(BREACH + "persons/", breach.breach_persons_told, name="breach-persons-told"),
    path(BREACH + "close/", breach.breach_close, name="breach-close"),
]

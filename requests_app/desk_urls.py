"""The desk, page by page: lists, one case, and the acts on it."""

from django.urls import path

from requests_app import calendar_views as calendar
from requests_app import case_views as case
from requests_app import clock_views as clock
from requests_app import desk_views as desk
from requests_app import outside_views as outside

CASE = "cases/<str:reference>/"
RIGHT = CASE + "rights/<slug:right>/"

urlpatterns = [
    path("", desk.queue, name="desk-queue"),
    path("triage/", desk.triage, name="desk-triage"),
    path("triage/<int:mail_id>/open/", desk.mail_open_case, name="mail-open-case"),
    path("triage/<int:mail_id>/file/", desk.mail_file_on_case, name="mail-file-on-case"),
    path("triage/<int:mail_id>/set-aside/", desk.mail_set_aside, name="mail-set-aside"),
    path("tasks/", desk.tasks, name="desk-tasks"),
    path("tasks/<int:task_id>/take/", desk.case_task_take, name="case-task-take"),
    path("tasks/<int:task_id>/finish/", desk.case_task_finish, name="case-task-finish"),
    path("calendar/", calendar.calendar, name="desk-calendar"),
    path("calendar/add/", calendar.calendar_feed_add, name="calendar-feed-add"),
    path("calendar/<int:feed_id>/revoke/", calendar.calendar_feed_revoke, name="calendar-feed-revoke"),
    path("tokens/", outside.tokens, name="desk-tokens"),
    path("tokens/add/", outside.api_token_add, name="api-token-add"),
    path("tokens/<int:token_id>/revoke/", outside.api_token_revoke, name="api-token-revoke"),
    path("webhooks/", outside.webhooks, name="desk-webhooks"),
    path("webhooks/add/", outside.webhook_add, name="webhook-add"),
    path("webhooks/<int:webhook_id>/rotate/", outside.webhook_rotate, name="webhook-rotate"),
    path("webhooks/<int:webhook_id>/disable/", outside.webhook_disable, name="webhook-disable"),
    path("webhooks/<int:webhook_id>/enable/", outside.webhook_enable, name="webhook-enable"),
    path("webhooks/<int:webhook_id>/test/", outside.webhook_test, name="webhook-test"),
    path("webhooks/<int:webhook_id>/retry/", outside.webhook_retry, name="webhook-retry"),
    path("language/", desk.language_set, name="desk-language"),
    path("files/<int:file_id>/", desk.file_download, name="file-download"),
    path(CASE, case.case_detail, name="case-detail"),
    path(CASE + "take/", case.case_take, name="case-take"),
    path(CASE + "close/", case.case_close, name="case-close"),
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
    path(CASE + "letter/", case.letter_preview, name="letter-preview"),
    path(CASE + "release/", case.answer_release, name="answer-release"),
    path(CASE + "reseal/", case.answer_reseal, name="answer-reseal"),
    path(CASE + "messages/", case.message_send, name="message-send"),
    path(CASE + "messages/read/", case.messages_read, name="messages-read"),
    path(CASE + "notes/", case.note_add, name="note-add"),
]

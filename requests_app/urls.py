"""The public pages; included last, because the first word of their addresses is an organisation."""

from django.urls import path

from requests_app import (
    calendar_views,
    embed_views,
    portal_act_views,
    portal_case_views,
    portal_views,
    public_form_views,
    public_views,
)

urlpatterns = [
    path("", public_views.home, name="home"),
    path("calendar/<str:token>.ics", calendar_views.calendar_feed, name="calendar-feed"),
    path("<slug:slug>/", public_views.public_start, name="public-start"),
    path("<slug:slug>/brand.css", public_views.brand_style, name="brand-css"),
    path("<slug:slug>/request/", public_form_views.public_request, name="public-request"),
    path("<slug:slug>/embed/", embed_views.public_embed, name="public-embed"),
    path("<slug:slug>/button.svg", embed_views.public_button, name="public-button"),
    path("<slug:slug>/logo", embed_views.public_logo, name="public-logo"),
    path("<slug:slug>/sent/", public_views.public_sent, name="public-sent"),
    path("<slug:slug>/notice/", public_views.public_notice, name="public-notice"),
    path("<slug:slug>/confirm/<str:token>/", public_views.confirm_address, name="confirm-address"),
    path("<slug:slug>/track/", portal_views.public_track, name="public-track"),
    path("<slug:slug>/track/request/", portal_case_views.track_case, name="track-case"),
    path("<slug:slug>/track/code/", portal_views.track_code, name="track-code"),
    path("<slug:slug>/track/download/<int:pk>/", portal_case_views.track_download, name="track-download"),
    path("<slug:slug>/track/files/<int:pk>/", portal_case_views.track_file, name="track-file"),
    path("<slug:slug>/track/withdraw/", portal_act_views.track_withdraw, name="track-withdraw"),
    path("<slug:slug>/track/address/", portal_act_views.track_address, name="track-address"),
    path("<slug:slug>/track/remedies/", portal_act_views.track_remedies, name="track-remedies"),
]

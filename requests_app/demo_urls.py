"""Pages of a demo installation only: the mail written so far."""

from django.urls import path

from requests_app import demo_views

urlpatterns = [
    path("", demo_views.demo_mail, name="demo-mail"),
    path("<str:name>/", demo_views.demo_mail_message, name="demo-mail-message"),
]

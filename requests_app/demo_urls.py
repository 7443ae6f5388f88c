"""Pages of a demo installation only: the mail written so far."""

from django.urls import path

from requests_app import mail_views

urlpatterns = [
    path("", mail_views.demo_mail, name="demo-mail"),
    path("<str:name>/", mail_views.demo_mail_message, name="demo-mail-message"),
]

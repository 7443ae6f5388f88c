"""The site at a glance. The organisations' pages come last: their first path word is a slug, the others are ours."""

from allauth.account import views as account
from django.conf import settings
from django.urls import include, path, re_path

from dsar import health

# Accounts are made by an administrator: only signing in and out and a new password are open.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(  # the key holds dashes, the user's number does not
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
]

handler500 = "dsar.api.server_error"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include(accounts)),
    path("api/v1/", include("dsar.api")),
    path("desk/", include("requests_app.desk_urls")),
    path("desk/", include("exports.urls")),
    path("desk/", include("identity.urls")),
    path("", include("requests_app.urls")),
]

if settings.DEMO:
    urlpatterns.insert(-1, path("demo/mail/", include("requests_app.demo_urls")))

"""The staff pages about identity, under /desk/."""

from django.urls import path

from identity import views

urlpatterns = [
    path("cases/<str:reference>/identity/", views.identity_check_add, name="identity-check-add"),
]

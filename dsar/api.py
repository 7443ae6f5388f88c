"""The API at a glance, below /api/v1/, with its document and the page that shows it."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, re_path
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from requests_app.api import views
from requests_app.api.access import NothingHere
from requests_app.api.document import INTRODUCTION, SECURITY_SCHEMES


class Schema(SpectacularJSONAPIView):
    """The OpenAPI document. The same for everybody, so always in its own language."""

    custom_settings = {
        "DESCRIPTION": INTRODUCTION,
        "APPEND_COMPONENTS": {"securitySchemes": SECURITY_SCHEMES},
    }
    http_method_names = ["get", "head"]
    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Made when asked for: it follows the code."""
        with translation.override("en"):
            document: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return document


# The arrows of the viewer are images inside its style sheet; everything else is served from here as everywhere.
@csp_update({"img-src": [SELF, "data:"]})
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The document for people, without a foreign host; its viewer needs JavaScript, the document itself does not."""
    return render(request, "api_docs.html")


urlpatterns = [
    path("organisations/<slug:slug>/requests/", views.Requests.as_view(), name="api-requests"),
    path("requests/<str:reference>/", views.RequestOne.as_view(), name="api-request"),
    path("requests/<str:reference>/messages/", views.Messages.as_view(), name="api-messages"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    re_path("", NothingHere.as_view()),  # a program is told in JSON
]

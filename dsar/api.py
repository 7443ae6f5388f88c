"""The API at a glance, below /api/v1/, with its document and the page that shows it."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import path, re_path
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from requests_app.api import views, webhook_document
from requests_app.api.access import NothingHere
from requests_app.api.document import INTRODUCTION, SECURITY_SCHEMES
from requests_app.api.problems import MEDIA_TYPE, problem_body


class Schema(SpectacularJSONAPIView):
    """The OpenAPI document. The same for everybody, so always in its own language."""

    custom_settings = {
        "DESCRIPTION": INTRODUCTION + webhook_document.INTRODUCTION,
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


def server_error(request: HttpRequest) -> HttpResponseBase:
    """What is said of a mistake of ours, which is logged: to a program in JSON, to a person by a page."""
    if not request.path_info.startswith("/api/"):
        return defaults.server_error(request)
    detail = _("It is recorded. Send the same again in a while; with the same Idempotency-Key nothing is made twice.")
    return JsonResponse(problem_body(500, "server_error", str(detail)), status=500, content_type=MEDIA_TYPE)


urlpatterns = [
    path("organisations/<slug:slug>/requests/", views.Requests.as_view(), name="api-requests"),
    path("requests/<str:reference>/", views.RequestOne.as_view(), name="api-request"),
    path("requests/<str:reference>/messages/", views.Messages.as_view(), name="api-messages"),
    path("schema/", cache_control(no_cache=True)(conditional_page(Schema.as_view())), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    re_path("", NothingHere.as_view()),  # a program is told in JSON
]

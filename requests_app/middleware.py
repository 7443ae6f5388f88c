"""Lets a browser go back to a page of the public form, which answered a POST, without losing what was typed."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class FormHistoryMiddleware:
    """Takes `Vary` off the answers to POSTs; stands before every middleware that sets it.

    No shared cache keeps such an answer, but a browser keeps it for its own history, and says "resubmit the form" where
    it should show the page when a cookie named by `Vary` has changed meanwhile (the language, the receipt).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method == "POST":
            response.headers.pop("Vary", None)
        return response

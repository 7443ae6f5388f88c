"""The product's pages and, in the same server behind the same middleware, the least a view can do to keep a request."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from dsar.urls import urlpatterns as product

TABLE = "benchmark_bare"


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """One INSERT of what was posted, committed."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} (body) VALUES (%s)", [request.POST["text"]])  # noqa: S608 - ours
    return HttpResponse(status=204)


urlpatterns = [path("benchmark/bare", bare), *product]

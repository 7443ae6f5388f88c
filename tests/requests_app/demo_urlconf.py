"""The site as a demo has it: the pages of dsar.urls and those that exist in a demo only."""

from django.urls import include, path

from dsar import urls

urlpatterns = [path("demo/mail/", include("requests_app.demo_urls")), *urls.urlpatterns]

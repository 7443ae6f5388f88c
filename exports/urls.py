"""Desk pages on data sources and packages."""

from django.urls import path

from exports import views

RIGHT = "cases/<str:reference>/rights/<slug:right>/"

urlpatterns = [
    path("collections/<int:task_id>/", views.collection_by_hand, name="collection-by-hand"),
    path(RIGHT + "package/", views.package_preview, name="package-preview"),
    path(RIGHT + "sources/<slug:source>/admit/", views.collection_admit, name="collection-admit"),
    path(RIGHT + "sources/<slug:source>/retry/", views.collection_retry, name="collection-retry"),
]

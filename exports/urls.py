"""Desk pages on data sources and packages."""

from django.urls import path

from exports import map_views, views

RIGHT = "cases/<str:reference>/rights/<slug:right>/"

urlpatterns = [
    path("collections/<int:task_id>/", views.collection_by_hand, name="collection-by-hand"),
    path(RIGHT + "package/", views.package_preview, name="package-preview"),
    path(RIGHT + "sources/<slug:source>/admit/", views.collection_admit, name="collection-admit"),
    path(RIGHT + "sources/<slug:source>/retry/", views.collection_retry, name="collection-retry"),
    path("sources/", map_views.source_list, name="source-list"),
    path("sources/<int:source_id>/", map_views.source_detail, name="source-detail"),
    path("sources/<int:source_id>/versions/<int:version>/approve/", map_views.map_approve, name="source-map-approve"),
]

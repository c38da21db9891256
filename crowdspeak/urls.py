"""Every address of the site, stage by stage."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from crowdspeak import demo_views, metrics, views_privacy

urlpatterns: list[URLResolver | URLPattern] = [
    path("", include("pages.urls")),
    path("", include("campaigns.urls")),
    path("", include("supporters.urls")),
    path("", include("launches.urls")),
    path("", include("accounts.urls")),
    path("account/data/", views_privacy.my_data, name="my_data"),
    path("account/data/export/", views_privacy.export_data, name="my_data_export"),
    path("account/data/erase/", views_privacy.erase_data, name="my_data_erase"),
    path("link/<slug:network>/erasure/", views_privacy.be_asked_to_erase, name="link_erasure"),
    path("erasure/<slug:code>/", views_privacy.show_erasure, name="erasure"),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("crowdspeak.health")),
    path("metrics", metrics.show_metrics, name="metrics"),
]

if settings.DEMO:
    urlpatterns += [
        path("demo/sign-in/<str:person>/<str:token>/", demo_views.sign_in, name="demo_sign_in")
    ]

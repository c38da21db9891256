from django.urls import path

from campaigns import views, views_links, views_start, views_wizard

urlpatterns = [
    path("campaigns/new/", views_start.start, name="start"),
    path("campaigns/<uuid:uid>/edit/<slug:step>/", views_wizard.wizard, name="wizard"),
    path(
        "campaigns/<uuid:uid>/edit/<slug:step>/preview/",
        views_wizard.wizard_preview,
        name="wizard_preview",
    ),
    path("campaigns/<uuid:uid>/submit/", views.campaign_submit, name="campaign_submit"),
    path("campaigns/<uuid:uid>/take-back/", views.campaign_take_back, name="campaign_take_back"),
    path("campaigns/<uuid:uid>/revise/", views.campaign_revise, name="campaign_revise"),
    path("campaigns/<uuid:uid>/cancel/", views.campaign_cancel, name="campaign_cancel"),
    path(
        "campaigns/<uuid:uid>/duplicate/",
        views_start.campaign_duplicate,
        name="campaign_duplicate",
    ),
    path("pictures/<str:name>", views.picture, name="picture"),
    path("go/<slug:code>", views_links.follow, name="follow"),
]

"""A supporter's pages, and what networks read of us."""

from django.urls import path

from supporters import views_linking, views_pledges, views_support

urlpatterns = [
    path("campaigns/<slug:slug>/support/", views_support.support, name="support"),
    path("campaigns/<slug:slug>/support/agree/", views_support.agree, name="support_agree"),
    path("campaigns/<slug:slug>/support/thanks/", views_support.thank, name="support_thanks"),
    path("link/", views_linking.begin, name="link_begin"),
    path("link/<slug:network>/return/", views_linking.come_back, name="link_return"),
    path("me/pledges/", views_pledges.my_pledges, name="my_pledges"),
    path("me/pledges/<int:pk>/edit/", views_pledges.edit, name="pledge_edit"),
    path("me/pledges/<int:pk>/withdraw/", views_pledges.take_back, name="pledge_withdraw"),
    path("me/accounts/<int:pk>/unlink/", views_pledges.give_back, name="account_unlink"),
    path(
        "oauth/<slug:network>/client-metadata.json",
        views_linking.describe_client,
        name="oauth_client_metadata",
    ),
    path("oauth/<slug:network>/jwks.json", views_linking.describe_keys, name="oauth_jwks"),
]

"""A supporter's pages, and what networks read of us."""

from django.urls import path

from supporters import (
    views_by_hand,
    views_linking,
    views_notices,
    views_pledges,
    views_promises,
    views_reporting,
    views_support,
    views_unlinking,
    views_unsubscribing,
    views_updates,
    views_words,
)

urlpatterns = [
    path("campaigns/<slug:slug>/support/", views_support.support, name="support"),
    path("campaigns/<slug:slug>/support/agree/", views_support.agree, name="support_agree"),
    path("campaigns/<slug:slug>/support/thanks/", views_support.thank, name="support_thanks"),
    path("campaigns/<slug:slug>/support/by-hand/", views_by_hand.by_hand, name="support_by_hand"),
    path("campaigns/<slug:slug>/support/mail/", views_by_hand.mail_sent, name="support_mail_sent"),
    path("campaigns/<slug:slug>/report/", views_reporting.report_campaign, name="report"),
    path("campaigns/<slug:slug>/remind/", views_by_hand.be_reminded, name="remind"),
    path("campaigns/<slug:slug>/promise/", views_promises.my_promise, name="promise"),
    path(
        "campaigns/<slug:slug>/promise/<int:pk>/words/",
        views_words.my_promise_words,
        name="promise_words",
    ),
    path("campaigns/<uuid:uid>/news/", views_updates.write, name="updates"),
    path("campaigns/<uuid:uid>/news/<int:pk>/", views_updates.correct, name="update_correct"),
    path("campaigns/<uuid:uid>/news/<int:pk>/remove/", views_updates.remove, name="update_remove"),
    path("confirm/<str:token>/", views_by_hand.confirm_address, name="promise_confirm"),
    path("promise/<str:token>/", views_promises.signed_promise, name="promise_signed"),
    path(
        "promise/<str:token>/<int:pk>/words/",
        views_words.signed_promise_words,
        name="promise_words_signed",
    ),
    path("reminder/<str:token>/", views_promises.signed_reminder, name="reminder_signed"),
    path("unsubscribe/<str:token>/", views_unsubscribing.unsubscribe, name="unsubscribe"),
    path("link/", views_linking.begin, name="link_begin"),
    path("link/<slug:network>/return/", views_linking.come_back, name="link_return"),
    path("link/<slug:network>/removed/", views_notices.be_removed, name="link_removed"),
    path("me/pledges/", views_pledges.my_pledges, name="my_pledges"),
    path("me/asks/", views_pledges.choose_asks, name="my_asks"),
    path("me/asks/<slug:slug>/", views_unsubscribing.choose, name="my_asks_of"),
    path("me/pledges/<int:pk>/edit/", views_words.edit, name="pledge_edit"),
    path("me/pledges/<int:pk>/withdraw/", views_pledges.take_back, name="pledge_withdraw"),
    path("me/accounts/<int:pk>/unlink/", views_unlinking.give_back, name="account_unlink"),
    path(
        "oauth/<slug:network>/client-metadata.json",
        views_linking.describe_client,
        name="oauth_client_metadata",
    ),
    path("oauth/<slug:network>/jwks.json", views_linking.describe_keys, name="oauth_jwks"),
]

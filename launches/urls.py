from django.urls import path

from launches import views, views_evidence, views_live, views_recall, views_rehearsal, views_tables

urlpatterns = [
    path("campaigns/<slug:slug>/launch/", views.show_room, name="launch"),
    path(
        "campaigns/<slug:slug>/launch/live/<str:language>/",
        views_live.show_live,
        name="launch_live",
    ),
    path("campaigns/<slug:slug>/launch/mine/", views.show_mine, name="launch_mine"),
    path("campaigns/<slug:slug>/launch/hold/", views.hold_launch, name="launch_hold"),
    path("campaigns/<slug:slug>/launch/resume/", views.resume_launch, name="launch_resume"),
    path("campaigns/<slug:slug>/launch/answer/", views.answer_launch, name="launch_answer"),
    path("campaigns/<slug:slug>/launch/cancel/", views.cancel_launch, name="launch_cancel"),
    path("campaigns/<slug:slug>/launch/recall/", views_recall.recall_launch, name="launch_recall"),
    path(
        "campaigns/<slug:slug>/launch/recall/foreseen.csv",
        views_recall.export_foreseen,
        name="launch_recall_foreseen_csv",
    ),
    path(
        "campaigns/<slug:slug>/launch/recall/posts/",
        views_recall.show_lines,
        name="launch_recall_posts",
    ),
    path(
        "campaigns/<slug:slug>/launch/recall/posts.csv",
        views_recall.export_lines,
        name="launch_recall_csv",
    ),
    path("campaigns/<slug:slug>/rehearsal/", views_rehearsal.show_rehearsal, name="rehearsal"),
    path(
        "campaigns/<slug:slug>/rehearsal/<slug:table>.csv",
        views_rehearsal.export_rehearsal,
        name="rehearsal_csv",
    ),
    path(
        "campaigns/<slug:slug>/rehearsal/begin/",
        views_rehearsal.begin_rehearsal,
        name="rehearsal_begin",
    ),
    path(
        "campaigns/<slug:slug>/rehearsal/stop/",
        views_rehearsal.stop_rehearsal,
        name="rehearsal_stop",
    ),
    path("campaigns/<slug:slug>/results/", views.show_results, name="results"),
    path(
        "campaigns/<slug:slug>/results/<slug:table>.csv",
        views_tables.export_table,
        name="results_csv",
    ),
    path("campaigns/<slug:slug>/results.json", views.show_results_json, name="results_json"),
    path(
        "campaigns/<slug:slug>/launch/unconfirmed/",
        views_evidence.show_unconfirmed,
        name="launch_unconfirmed",
    ),
    path(
        "campaigns/<slug:slug>/launch/unconfirmed.csv",
        views_evidence.export_unconfirmed,
        name="launch_unconfirmed_csv",
    ),
    path("me/receipts/", views.show_receipts, name="receipts"),
    path("me/posts/<int:pk>/", views_evidence.show_post, name="my_post"),
    path("me/posts/<int:pk>/there/", views_evidence.say_there, name="my_post_there"),
    path("me/posts/<int:pk>/take-back/", views_evidence.take_back, name="my_post_take_back"),
    path("me/posts/<int:pk>/send/", views_evidence.send_anyway, name="my_post_send"),
    path("me/posts/<int:pk>/keep/", views_recall.keep_post, name="my_post_keep"),
    path("me/posts/<int:pk>/stop-keeping/", views_recall.stop_keeping, name="my_post_stop_keeping"),
]

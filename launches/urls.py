from django.urls import path

from launches import views

urlpatterns = [
    path("campaigns/<slug:slug>/launch/", views.show_room, name="launch"),
    path("campaigns/<slug:slug>/launch/hold/", views.hold_launch, name="launch_hold"),
    path("campaigns/<slug:slug>/launch/resume/", views.resume_launch, name="launch_resume"),
    path("campaigns/<slug:slug>/launch/answer/", views.answer_launch, name="launch_answer"),
    path("campaigns/<slug:slug>/launch/cancel/", views.cancel_launch, name="launch_cancel"),
    path("campaigns/<slug:slug>/results/", views.show_results, name="results"),
    path("campaigns/<slug:slug>/results.json", views.show_results_json, name="results_json"),
    path("me/receipts/", views.show_receipts, name="receipts"),
]

from django.urls import path

from accounts import views

urlpatterns = [
    path("account/settings/", views.edit_settings, name="account_settings"),
    path("account/language/", views.choose_language, name="choose_language"),
]

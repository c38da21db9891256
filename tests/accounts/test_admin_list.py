"""What the admin's first page and its sidebar list."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.fixture
def list_apps(client, rae, settings):
    """Opens a page of the admin as Rae; gives each app's name with its models."""
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)

    def do(path, *, kept="available_apps"):
        answer = client.get(path)
        assert answer.status_code == 200
        return [
            (str(app["name"]), [str(model["name"]) for model in app["models"]])
            for app in answer.context[kept]
        ]

    return do


def test_accounts_are_listed_once_with_people_and_their_addresses(list_apps):
    apps = list_apps("/admin/")
    names = [name for name, _ in apps]
    assert len(names) == len(set(names))
    assert dict(apps)["Accounts"] == ["Email addresses", "People"]


@pytest.mark.parametrize("label", ["accounts", "account"])
def test_either_page_of_accounts_has_all_of_them(list_apps, label):
    apps = list_apps(f"/admin/{label}/", kept="app_list")
    assert apps == [("Accounts", ["Email addresses", "People"])]


def test_the_page_of_another_app_has_that_app_alone(list_apps):
    ((name, _),) = list_apps("/admin/launches/", kept="app_list")
    assert name == "Launches"


def test_an_app_that_does_not_exist_has_no_page(client, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    assert client.get("/admin/nothing/").status_code == 404


def test_staff_who_may_see_addresses_alone_find_them(list_apps, rae):
    from django.contrib.auth.models import Permission

    type(rae).objects.filter(pk=rae.pk).update(is_superuser=False)
    rae.user_permissions.add(Permission.objects.get(codename="view_emailaddress"))
    assert list_apps("/admin/") == [("Accounts", ["Email addresses"])]
    assert list_apps("/admin/account/", kept="app_list") == [("Accounts", ["Email addresses"])]

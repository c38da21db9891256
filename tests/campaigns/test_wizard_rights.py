"""Whose the wizard's pages are."""

from django.urls import reverse

from campaigns.models import Revision, RevisionState
from tests.campaigns.answering import STORY, address

STEPS = ("theme", "story", "message", "moment", "check")
ACTIONS = ("campaign_submit", "campaign_take_back", "campaign_revise", "campaign_cancel")


def test_unknown_step_is_not_there(desk, draft):
    assert desk.get(f"/campaigns/{draft.uid}/edit/settings/").status_code == 404
    assert desk.post(f"/campaigns/{draft.uid}/edit/check/preview/").status_code == 404


def test_another_organisers_campaign_is_not_there(client, submitted, sam, rae):
    uid = submitted.campaign.uid
    for stranger in (sam, rae):
        client.force_login(stranger)
        for step in STEPS:
            assert client.get(reverse("wizard", args=[uid, step])).status_code == 404
            assert client.post(reverse("wizard", args=[uid, step]), STORY).status_code == 404
            where = reverse("wizard_preview", args=[uid, step])
            assert client.post(where, STORY).status_code == 404
        for action in ACTIONS:
            assert client.post(reverse(action, args=[uid])).status_code == 404
    assert Revision.objects.get().state == RevisionState.IN_REVIEW


def test_signed_out_people_are_asked_to_sign_in(client, draft):
    wheres = [reverse("start"), address(draft, "story")]
    for where in wheres:
        assert client.get(where).url.startswith(reverse("account_login"))
    for action in ACTIONS:
        answer = client.post(reverse(action, args=[draft.uid]))
        assert answer.url.startswith(reverse("account_login"))


def test_nothing_is_done_by_a_mere_link(desk, draft):
    for action in ACTIONS:
        assert desk.get(reverse(action, args=[draft.uid])).status_code == 405

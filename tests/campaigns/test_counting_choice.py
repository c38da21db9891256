"""Whether who posts by hand counts toward the goal: the organiser's choice, approved with it."""

import pytest

from campaigns import drafting, reviewing
from campaigns.admin import address_review
from campaigns.comparing import list_differences
from campaigns.models import Campaign
from tests.campaigns.answering import address, moment, read, save
from tests.campaigns.conftest import fill, schedule

pytestmark = pytest.mark.django_db


def test_by_hand_does_not_count_unless_it_was_chosen(desk, draft):
    _, revision = save(desk, draft, "moment", **moment())
    assert not revision.counts_assisted
    _, revision = save(desk, draft, "moment", **moment(counts_assisted="on"))
    assert revision.counts_assisted
    assert desk.get(address(draft, "moment")).context["form"]["counts_assisted"].value() is True
    _, revision = save(desk, draft, "moment", **moment())
    assert not revision.counts_assisted


@pytest.mark.parametrize("ticked", [{}, {"counts_assisted": "on"}])
def test_choice_survives_a_mistake_in_another_field(desk, draft, ticked):
    save(desk, draft, "moment", **moment(threshold="none", **ticked))
    form = desk.get(address(draft, "moment")).context["form"]
    assert bool(form["counts_assisted"].value()) is bool(ticked)


def test_first_approval_decides_who_counts(olive, rae):
    assert schedule(olive, rae, counts_assisted=True).counts_assisted
    assert not schedule(olive, rae).counts_assisted


@pytest.mark.parametrize("counts", [True, False])
def test_choice_is_fixed_once_the_campaign_was_public(desk, olive, rae, counts):
    campaign = schedule(olive, rae, counts_assisted=counts)
    drafting.revise(campaign, by=olive)
    page = read(desk.get(address(campaign, "moment")))
    assert "Fixed since the campaign went public" in page
    opposite = {} if counts else {"counts_assisted": "on"}
    _, draft = save(desk, campaign, "moment", **moment(days=11, **opposite))
    assert draft.counts_assisted is counts
    drafting.save_step(
        campaign, by=olive, values={"counts_assisted": not counts}, pending={}, fields=()
    )
    revision = drafting.submit(campaign.working_revision, by=olive)
    assert reviewing.approve(revision, reviewer=rae).counts_assisted is counts
    assert Campaign.objects.get(pk=campaign.pk).counts_assisted is counts


def test_reviewer_sees_who_counts(olive, rae, client, settings):
    settings.STAFF_NEEDS_MFA = False
    campaign = drafting.create_campaign(olive)
    before = fill(campaign, olive)
    after = fill(campaign, olive, counts_assisted=True)
    before.counts_assisted = False
    (difference,) = list_differences(before, after)
    assert difference.label == "Who counts"
    assert difference.after == "Who lends an account, and who posts by their own hand"
    revision = drafting.submit(after, by=olive)
    client.force_login(rae)
    page = read(client.get(address_review(revision)))
    assert "Who lends an account, and who posts by their own hand" in page


def test_copy_for_a_change_keeps_the_choice(olive, rae):
    campaign = schedule(olive, rae, counts_assisted=True)
    assert drafting.revise(campaign, by=olive).counts_assisted

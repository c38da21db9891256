"""What a recall means to the owners of the posts: their word, their mails, what is kept of them."""

import pytest
from post_office.models import Email

from crowdspeak import privacy
from launches.deleting import delete_posts
from launches.keeping import KeepRefused, keep_post, stop_keeping
from launches.models import Attempt, Delivery
from launches.recalling import recall
from launches.recalls import Deletion, DeletionState, Recall
from launches.recounting import foresee, summarise_recall
from launches.vouching import VouchRefused, send_anyway
from tests.launches.recalled import count_states, list_standing, recall_now
from tests.launches.test_recalling import networks, say, tend  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)


def test_post_that_is_gone_already_is_told_apart_and_nobody_is_mailed(say, networks, olive):  # noqa: F811
    launch = say("mastodon")
    networks.reset(accounts=False)
    recall_now(launch, by=olive)
    assert count_states() == {"gone": 1}
    tend(launch)
    assert not Email.objects.filter(subject__startswith="Deleted again").exists()


def test_owner_keeps_their_post_and_nobody_touches_it(say, networks, olive):  # noqa: F811
    launch = say("mastodon", "mastodon", "mastodon")
    before, during, other = launch.deliveries.order_by("pk")
    keep_post(before, person=before.pledge.person)
    assert recall(launch, by=olive)
    keep_post(during, person=during.pledge.person)
    delete_posts()
    assert count_states(delivery__in=[before, during]) == {"kept": 2}
    assert count_states(delivery=other) == {"deleted": 1}
    assert list_standing(networks) == ["river0", "river1"]
    with pytest.raises(KeepRefused):
        keep_post(other, person=other.pledge.person)
    with pytest.raises(KeepRefused):
        stop_keeping(before, person=before.pledge.person)
    tend(launch)
    assert Email.objects.filter(subject__startswith="Deleted again").count() == 1


def test_nobody_keeps_somebody_elses_post_and_who_lets_go_is_recalled(say, networks, olive, sam):  # noqa: F811
    launch = say("mastodon")
    delivery = launch.deliveries.get()
    with pytest.raises(KeepRefused):
        keep_post(delivery, person=sam)
    keep_post(delivery, person=delivery.pledge.person)
    stop_keeping(delivery, person=delivery.pledge.person)
    recall_now(launch, by=olive)
    assert count_states() == {"deleted": 1}


def test_unconfirmed_post_is_left_to_its_owner_who_cannot_send_it_any_more(say, olive, networks):  # noqa: F811
    launch = say("mastodon")
    delivery = launch.deliveries.get()
    Delivery.objects.update(
        state="unconfirmed",
        remote_id="",
        permalink="",
        owner_said_at=None,
        reason="Nobody knows.",
    )
    recall_now(launch, by=olive)
    line = Deletion.objects.get()
    assert (line.state, line.remote_id) == (DeletionState.BY_HAND, "")
    with pytest.raises(VouchRefused) as refused:
        send_anyway(delivery, person=delivery.pledge.person, seen_attempt=delivery.attempt)
    assert "recalled" in refused.value.sentence
    assert not Attempt.objects.filter(outcome="released").exists()
    tend(launch)
    assert Email.objects.filter(subject__startswith="Please delete it yourself").count() == 1


def test_each_owner_is_mailed_once_about_their_own_post(say, networks, olive):  # noqa: F811
    launch = say("mastodon", "gotosocial")
    recall_now(launch, by=olive)
    for _ in range(3):
        tend(launch)
    mails = Email.objects.filter(subject__startswith="Deleted again").order_by("pk")
    assert [mail.to for mail in mails] == [["river0@example.org"], ["river1@example.org"]]
    assert "@river0" in mails[0].message
    assert "river1" not in mails[0].message
    assert not Deletion.objects.filter(told_at=None).exists()


def test_the_askers_own_words_are_in_no_mail(say, networks, olive):  # noqa: F811
    launch = say("mastodon")
    recall(launch, by=olive, why="Buy this elsewhere")
    delete_posts()
    tend(launch)
    assert Deletion.objects.get().told_at is not None
    assert not Email.objects.filter(message__contains="Buy this").exists()


def test_what_is_kept_of_a_recall_is_given_to_owner_and_asker(say, networks, olive):  # noqa: F811
    launch = say("mastodon")
    recall(launch, by=olive, why="A wrong link.")
    delete_posts()
    owner = launch.deliveries.get().pledge.person
    (post,) = privacy.export(owner)["posts"]
    (line,) = post["recalled"]
    assert (line["state"], line["reason_that_was_given"]) == ("deleted", "A wrong link.")
    assert privacy.export(owner)["recalls_that_you_asked_for"] == []
    (asked,) = privacy.export(olive)["recalls_that_you_asked_for"]
    assert (asked["campaign"], asked["reason"]) == ("river", "A wrong link.")


def test_erasing_leaves_one_line_that_names_nobody(say, networks, olive):  # noqa: F811
    launch = say("mastodon", "mastodon")
    gone, _other = launch.deliveries.order_by("pk")
    Delivery.objects.filter(pk=gone.pk).update(other_remote_id="123456")
    recall(launch, by=olive, why="A wrong link.")
    delete_posts()
    privacy.erase(gone.pledge.person)
    line = Deletion.objects.get(delivery=gone)
    assert (line.state, line.remote_id, line.reason) == ("deleted", "", "")
    tend(launch)
    assert Deletion.objects.filter(delivery=gone).count() == 1
    privacy.erase(olive)
    made = Recall.objects.get()
    assert (made.asked_by, made.why) == (None, "")
    assert summarise_recall(made).deleted == 2


def test_posts_of_who_was_erased_before_count_and_stay(say, networks, olive):  # noqa: F811
    launch = say("mastodon", "mastodon")
    privacy.erase(launch.deliveries.earliest("pk").pledge.person)
    assert foresee(launch).posts == 2
    made = recall_now(launch, by=olive)
    told = summarise_recall(made)
    assert (told.total, told.deleted, told.left, told.nameless) == (2, 1, 1, 1)

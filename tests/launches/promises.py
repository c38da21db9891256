"""What must be true of a launch, whatever has happened: checked against what a bystander knows."""

from collections import Counter
from datetime import timedelta

from django.conf import settings

from campaigns.clock import database_now
from launches.models import FINAL_STATES, Delivery, DeliveryState, LaunchState
from supporters.models import LinkedAccount, Pledge, PledgeState
from tests.launches.staging import VOICES

BY_NAME = {voice.name: voice for voice in VOICES}
BY_FINGERPRINT = {voice.fingerprint: voice for voice in VOICES}
WITHOUT_POST = (DeliveryState.FAILED, DeliveryState.NOT_SENT, DeliveryState.WITHDRAWN)


def check_posts(stage, networks):
    """Nobody has two posts who did not take that risk, and nobody one who withdrew in time."""
    named = Counter(posted.account for posted in networks.posts)
    risked = Counter(voice.name for voice in stage.released)
    for account, number in named.items():
        assert number <= 1 + risked[account], f"posted {number} times: {account}"
    agreed = {voice.name for voice in stage.agreed}
    assert agreed.issuperset(named), f"withdrawn, and posted: {set(named) - agreed}"


def check_begun(stage, networks):
    """Each request to post was begun at a time, and in a state, in which it may be."""
    now = database_now()
    begun, networks.begun = networks.begun, []
    for asked in begun:
        said = networks.read_words(asked.post)
        _check_leave(stage, BY_NAME[asked.account], said=said, doing="sent")
        under_way = [*networks.waiting, *networks.belated]
        others = [
            each
            for each in under_way
            if (each.kind, each.account) == ("post", asked.account) and each is not asked
        ]
        assert not [each for each in others if now <= each.dies_at], "two requests under way"


def check_claimed(stage, claims, *, held):
    """Each claim was taken when it might be; ``held`` are those that others have in hand."""
    taken = {each.delivery_id for each in held if database_now() <= _find_end(each)}
    for claim in claims:
        assert claim.delivery_id not in taken, "claimed while somebody held it"
        if claim.sends:
            voice = BY_NAME[f"{claim.network}:{_find_account_id(claim)}"]
            _check_leave(stage, voice, said=claim.post.text, doing="claimed")


def check_held(held):
    """What is in somebody's hands, or may be under way, is nobody else's to move.

    But for proof that it is there, which is good whoever brings it, and for an erased owner, of
    whom nothing is looked up any more.
    """
    now = database_now()
    rows = Delivery.objects.in_bulk([each.delivery_id for each in held])
    for claim in held:
        row = rows[claim.delivery_id]
        is_free = row.state == DeliveryState.SENT or (row.erased_at and not claim.sends)
        if is_free or now > _find_end(claim):
            continue
        state = DeliveryState.CLAIMED if claim.sends else DeliveryState.UNKNOWN
        assert (row.attempt, row.state) == (claim.attempt, state), "moved by somebody else"


def check_proved(delivery_ids):
    """Proof that was written down stands, whoever else had the delivery by then."""
    states = Delivery.objects.filter(pk__in=delivery_ids).values_list("state", flat=True)
    assert set(states) <= {DeliveryState.SENT}, "proof was turned away"


def _find_end(claim):
    """When a claim is over: one to send a deadline after its lease, when nothing is under way."""
    spare = settings.DEADLINE_SECONDS if claim.sends else 0
    return claim.lease_until + timedelta(seconds=spare)


def _find_account_id(claim):
    return LinkedAccount.objects.values_list("account_id", flat=True).get(pk=claim.account_id)


def _check_leave(stage, voice, *, said, doing):
    """Now is a time, and this is a state, in which this voice may say that."""
    launch, now = stage.launch, database_now()
    assert launch.state == LaunchState.FIRING, f"{doing} while it was {launch.state}"
    assert not stage.is_held, f"{doing} while it was held"
    assert not stage.is_cancelled, f"{doing} after it was cancelled"
    assert not stage.is_paused, f"{doing} while all launches were paused"
    assert not stage.is_suspended, f"{doing} while the campaign was suspended"
    assert stage.campaign.launch_at <= now, f"{doing} before the moment"
    assert now < stage.campaign.latest_at, f"{doing} after the latest time"
    assert voice in stage.agreed, f"{doing} for {voice}, who has withdrawn"
    assert said == stage.agreed[voice], f"{doing} in other words"


def check_ledger(stage, networks):
    """What the database says of the decision and of each post is true."""
    launch = stage.launch
    if launch is None:
        return
    deliveries = list(launch.deliveries.all())
    if launch.decided_at is not None:
        _check_decision(stage, launch, deliveries)
    called = Pledge.objects.filter(campaign=stage.campaign, state=PledgeState.CALLED)
    own = {each.pledge_id for each in deliveries}
    assert own.issuperset(called.values_list("pk", flat=True)), "called, and in no launch"
    for delivery in deliveries:
        voice = BY_FINGERPRINT[delivery.account_fingerprint]
        found = [each.remote_id for each in networks.posts if each.account == voice.name]
        assert delivery.other_remote_id == "" or voice in stage.released
        if delivery.state == DeliveryState.SENT:
            assert found, f"{voice} is called sent and was never posted"
            assert delivery.erased_at or delivery.remote_id in found
        if delivery.state in WITHOUT_POST:
            assert not found, f"{voice} is called {delivery.state} and was posted"
            excuse = _find_excuse(stage, networks, launch, delivery)
            assert excuse, f"{voice} is called {delivery.state}: {delivery.reason}"


def _check_decision(stage, launch, deliveries):
    """Made once, of those who had pledged, and never another; everybody counted has a delivery."""
    decision = (launch.people, launch.pledges, launch.threshold, launch.decided_at)
    if stage.decision is None:
        stage.decision, stage.counted = decision, set(stage.agreed)
        assert launch.people == len({voice.owner for voice in stage.agreed})
        assert launch.pledges == len(stage.agreed)
        assert launch.decided_at >= stage.campaign.launch_at
        enough = launch.threshold is None or launch.people >= launch.threshold
        assert enough or launch.state == LaunchState.MISSED
    assert stage.decision == decision
    assert launch.pledges == sum(launch.deliveries.tally().values())
    assert {BY_FINGERPRINT[each.account_fingerprint] for each in deliveries} == stage.counted


def _find_excuse(stage, networks, launch, delivery):
    """Nothing is lost: what is not posted has one of the reasons that there may be."""
    voice = BY_FINGERPRINT[delivery.account_fingerprint]
    match delivery.state:
        case DeliveryState.WITHDRAWN:
            return "withdrawn" in stage.excused[voice]
        case DeliveryState.FAILED:
            return voice.name in networks.refused or "locked" in stage.excused[voice]
    stopped = stage.is_cancelled or launch.state in (LaunchState.MISSED, LaunchState.CANCELLED)
    return stopped or database_now() >= launch.latest_at


def check_end(stage, networks):
    """When all is over, everything has an end that a person can see."""
    launch = stage.launch
    assert launch.is_over, f"the launch is still {launch.state}"
    assert not _has_open(launch)
    told = {
        BY_FINGERPRINT[each.account_fingerprint].name: each.state
        for each in launch.deliveries.all()
    }
    for posted in networks.posts:
        assert told[posted.account] in (DeliveryState.SENT, DeliveryState.UNCONFIRMED)


def read_ends(stage):
    """The states of all deliveries, in the order of the voices."""
    found = stage.launch.deliveries.values_list("account_fingerprint", "state")
    return tuple(state for _, state in sorted(found, key=lambda row: _find_place(row[0])))


def _find_place(fingerprint):
    return VOICES.index(BY_FINGERPRINT[fingerprint])


def are_over(stage):
    """Whether the launch and everything of it are at their end."""
    launch = stage.launch
    return bool(launch and launch.is_over and not _has_open(launch))


def _has_open(launch):
    return launch.deliveries.exclude(state__in=FINAL_STATES).exists()

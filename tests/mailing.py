"""Every mail there is, written by the product's own code for a campaign of realistic or nasty rows.

``WRITERS`` names a mail by what brings it about; each takes the cast and queues it.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.template import loader
from django.utils import translation

from campaigns.clock import database_now
from campaigns.mails import tell_organiser, tell_reviewers
from campaigns.models import ReviewDecision, Verdict
from campaigns.reporting import report, tell_of_reports
from launches import alerting, canary, receipts, stopping, telling_askers, telling_owners
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.operators import tell_held, tell_operators
from launches.pauses import NetworkPause, Standstill
from launches.recalls import Deletion, DeletionState, Recall
from supporters import eves, mails, spreading, telling
from supporters.mails import Recipient
from supporters.models import ConfirmRequest, Reminder, Unoffered
from tests.making import make_campaign, make_pledge, make_promise
from tests.supporters.test_pledging import make_account
from tests.supporters.test_spreading import tell


@dataclass
class Cast:
    """Who and what the mails are about. ``number`` of everything: accounts, places, campaigns."""

    olive: object
    sam: object
    rae: object
    language: str
    title: str = "Let the river run clean"
    name: str = "sam"
    reason: str = "Please name the river in the first sentence."
    number: int = 1
    facts: dict = field(default_factory=dict)

    def __post_init__(self):
        for person in (self.olive, self.sam, self.rae):
            person.language = self.language
            person.save()
        long_ago = database_now() - timedelta(days=5)
        told = {"receipt_language": self.language, "pledged_at": long_ago}
        self.campaign = make_campaign(
            self.olive, launch_in=20 * 3600, title=self.title, threshold=100, **self.facts
        )
        self.revision = self.campaign.approved
        self.pledges = [
            make_pledge(
                self.campaign,
                make_account(self.sam, f"{self.name}{index}", limit=500 + index),
                receipt_email=self.sam.email,
                agreed_threshold=200,
                **told,
            )
            for index in range(self.number)
        ]
        self.promises = [
            make_promise(self.campaign, self.sam, network=network, **told)
            for network in ("x", "telegram", "whatsapp")[: self.number]
        ]

    def decide(self, verdict):
        return ReviewDecision.objects.create(
            revision=self.revision, reviewer=self.rae, verdict=verdict, reason=self.reason
        )

    def launch(self, state=LaunchState.FINISHED, **facts):
        """A launch that ended so, with a delivery for each pledge."""
        now = database_now()
        return Launch.objects.create(
            campaign=self.campaign,
            state=state,
            launch_at=self.campaign.launch_at,
            latest_at=self.campaign.latest_at,
            threshold=100,
            people=self.number,
            pledges=self.number,
            decided_at=now,
            finished_at=now,
            **facts,
        )

    def deliver(self, state, **facts):
        """A delivery of the first pledge that ended so."""
        pledge = self.pledges[0]
        return Delivery.objects.create(
            launch=self.launch(),
            pledge=pledge,
            account_fingerprint=pledge.fingerprint,
            network=pledge.network,
            host=pledge.host,
            state=state,
            text=pledge.text,
            revision=pledge.revision,
            answered_at=self.campaign.launch_at + timedelta(milliseconds=310),
            **facts,
        )

    @property
    def recipient(self):
        return Recipient(self.sam.email, self.language)


def ask(cast, networks):
    request = ConfirmRequest.objects.create(
        token_digest="0",
        campaign=cast.campaign,
        email=cast.sam.email,
        language=cast.language,
        networks=networks,
        revision=cast.revision,
        text=cast.revision.text if networks else "",
    )
    telling.queue_confirm(request, token="a-token")


def remind(cast, outcome):
    reminder = Reminder.objects.create(
        campaign=cast.campaign, email="ann@example.org", language=cast.language
    )
    telling.queue_reminder(reminder, outcome=outcome)


def relink(cast):
    account = cast.pledges[0].account
    account.state = "needs_relink"
    account.save()
    mails.queue_relink(account.pk)


def recall(cast, state):
    """A post that was sent, and how its line in a recall's ledger stands."""
    delivery = cast.deliver(
        DeliveryState.SENT, remote_id="7", permalink="https://one.example/@sam/7"
    )
    made = Recall.objects.create(launch=delivery.launch, asked_by=cast.rae, why="Wrong river.")
    return Deletion.objects.create(
        recall=made,
        delivery=delivery,
        remote_id="7",
        state=state,
        reason="It is gone.",
        ended_at=None if state == DeletionState.WAITING else database_now(),
        tries=1,
        attempt=1,
    )


def end_recalled(cast):
    """A launch is over that was recalled."""
    made = recall(cast, DeletionState.DELETED).recall
    Launch.objects.filter(pk=made.launch_id).update(state=LaunchState.CANCELLED)
    receipts.tell_organisers(limit=1)


def pause(cast):
    known = NetworkPause(network="x", until=cast.campaign.launch_at, reason=cast.reason)
    facts = {"pause": known, "network": "X", "campaign": cast.campaign}
    tell_operators("paused", context=facts)


def stop(cast):
    outcomes = canary.Outcomes(total=9, open=0, sent=4, failed=cast.number)
    canary._tell_organiser(cast.launch(), outcomes)


def end(cast):
    delivery = cast.deliver(DeliveryState.UNCONFIRMED)
    alerting._tell_if_bad(delivery.launch, now=database_now())


def be_late(cast):
    Launch.objects.all().delete()
    launch = cast.launch(LaunchState.SCHEDULED)
    alerting._tell_late(launch, now=launch.launch_at + timedelta(seconds=90))


def ask_operator(cast):
    tell_operators("asked", context={"campaign": cast.campaign, "posts": cast.number})


def be_reported(cast):
    for _ in range(cast.number):
        report(cast.campaign, reason="spam", words=cast.reason, email="ann@example.org")
    tell_of_reports()


def pause_all(cast):
    standstill = Standstill.objects.create(pk=1, reason=cast.reason)
    stopping._tell(cast.launch(LaunchState.SCHEDULED), standstill, now=database_now())


def end_well(cast, state):
    if state == LaunchState.FINISHED:
        cast.deliver(DeliveryState.SENT, remote_id="7")
    else:
        cast.launch(state)
    receipts.tell_organisers(limit=1)


def write_news(cast):
    text = f"{cast.title}\n\n**Thank you**, [read on](https://example.org/read?a=1&b=2).\n\n- one"
    tell(cast.campaign, title=cast.title[:70], text=text)
    spreading.mail_updates(limit=9)


def change(cast, queue, what):
    for each in what:
        each.agreed_launch_at -= timedelta(days=1)
    queue(what)


WRITERS = {
    "to_review": lambda cast: tell_reviewers(cast.revision),
    **{
        f"reviewed-{verdict}": lambda cast, verdict=verdict: tell_organiser(cast.decide(verdict))
        for verdict in Verdict.values
    },
    "pledged": lambda cast: mails.queue_pledged(cast.pledges),
    "relink": relink,
    "removed": lambda cast: mails.queue_removed(cast.pledges[0].account, pledges=cast.pledges),
    "new_words": lambda cast: mails.queue_new_words(cast.recipient, pledges=cast.pledges),
    "changed": lambda cast: change(
        cast, lambda what: mails._queue_changed(cast.recipient, pledges=what), cast.pledges
    ),
    "confirm-promise": lambda cast: ask(cast, ["x", "telegram"]),
    "confirm-reminder": lambda cast: ask(cast, []),
    "promised": lambda cast: telling.queue_promised(cast.promises),
    "post_now": lambda cast: telling.queue_offer(cast.promises),
    **{
        f"not_offered-{why}": lambda cast, why=why: telling.queue_not_offered(
            cast.promises, why=why
        )
        for why in Unoffered.values
    },
    "promise_words": lambda cast: telling.queue_new_words(cast.promises),
    "promise_changed": lambda cast: change(cast, telling._queue_changed, cast.promises),
    **{
        f"reminded-{outcome}": lambda cast, outcome=outcome: remind(cast, outcome)
        for outcome in ("on", "late", "off")
    },
    "update": write_news,
    "tomorrow": lambda _cast: eves.tell_of_tomorrow(limit=9),
    "receipt-sent": lambda cast: receipts._queue_receipt(
        cast.deliver(DeliveryState.SENT, remote_id="7", permalink="https://one.example/@sam/7")
    ),
    "receipt-failed": lambda cast: receipts._queue_receipt(
        cast.deliver(DeliveryState.FAILED, reason="The account is closed.")
    ),
    "receipt-unconfirmed": lambda cast: receipts._queue_receipt(
        cast.deliver(DeliveryState.UNCONFIRMED)
    ),
    **{
        f"launched-{state}": lambda cast, state=state: end_well(cast, state)
        for state in (LaunchState.FINISHED, LaunchState.MISSED, LaunchState.CANCELLED)
    },
    "launched-recalled": end_recalled,
    **{
        f"receipt-recalled-{state}": lambda cast, state=state: receipts._queue_receipt(
            recall(cast, state).delivery
        )
        for state in ("waiting", "deleted", "kept", "by_hand")
    },
    "recalled": lambda cast: telling_owners._tell([recall(cast, DeletionState.DELETED)]),
    "recalled-left": lambda cast: telling_owners._tell([recall(cast, DeletionState.BY_HAND)]),
    "recall_ended": lambda cast: telling_askers._tell(recall(cast, DeletionState.REFUSED).recall),
    "recall_ended-nothing": lambda cast: telling_askers._tell(
        Recall.objects.create(launch=cast.launch(), asked_by=cast.olive)
    ),
    "held": lambda cast: tell_held(cast.launch(held_why="Too many posts failed.").pk),
    "late": be_late,
    "ended": end,
    "stopped": stop,
    "paused": pause,
    "asked": ask_operator,
    "all_paused": pause_all,
    "reported": be_reported,
}


SIGN_IN = {
    "activate_url": "https://speak.example/account/confirm-email/x/",
    "password_reset_url": "https://speak.example/account/password/reset/key/x/",
    "signup_url": "https://speak.example/account/signup/",
    "site_url": "https://speak.example",
}
SIGN_IN_MAILS = (
    "email_confirmation",
    "email_confirmation_signup",
    "password_reset_key",
    "unknown_account",
    "account_already_exists",
)


def render_sign_in(name, *, language):
    """A mail of signing in, as (subject, text, HTML)."""
    with translation.override(language):
        subject = loader.render_to_string(f"account/email/{name}_subject.txt", SIGN_IN).strip()
        text, html = (
            loader.render_to_string(f"account/email/{name}_message.{kind}", SIGN_IN)
            for kind in ("txt", "html")
        )
    return subject, text, html

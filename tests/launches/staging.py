"""A campaign and its supporters for trials by chance, and what a bystander knows of them.

All is done by the product's own functions. What they answered is kept beside, so that promises can
be checked against more than the rows that are to keep them.
"""

from contextlib import suppress
from dataclasses import dataclass

from cryptography.fernet import Fernet

import crowdspeak.privacy
from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision, RevisionState
from campaigns.states import MOVES
from launches import stopping, vouching
from launches.models import Launch
from networks.base import Credentials, Profile
from supporters import pledging, rewording, vault
from supporters.models import AccountState, KnownServer, LinkedAccount, Pledge, PledgeState
from supporters.owning import own_account
from supporters.pledging import PledgeRefused
from supporters.unlinking import unlink
from tests.making import make_campaign


@dataclass(frozen=True)
class Voice:
    """An account on a network, and whose it is."""

    network: str
    account_id: str
    owner: str
    host: str
    version: str = ""

    def __repr__(self):
        return self.name

    @property
    def name(self):
        """As the played networks call it."""
        return f"{self.network}:{self.account_id}"

    @property
    def fingerprint(self):
        """As the product knows it."""
        return vault.fingerprint(network=self.network, host=self.host, account_id=self.account_id)


KEYED = Voice("mastodon", "1", "Ada", "keyed.example", "4.5.2")
KEYED_TOO = Voice("mastodon", "2", "Ada", "keyed.example", "4.5.2")
UNKEYED = Voice("mastodon", "3", "Ben", "unkeyed.example", "0.20.0+git")
BLUESKY = Voice("bluesky", "did:plc:four", "Cem", "pds.example")
LINKEDIN = Voice("linkedin", "5", "Dee", "api.linkedin.example")
THREADS = Voice("threads", "6", "Eva", "graph.threads.example")
X = Voice("x", "7", "Fay", "api.x.example")
VOICES = (KEYED, KEYED_TOO, UNKEYED, BLUESKY, LINKEDIN, THREADS, X)
# What a voice's owner may do.
DEEDS = (
    *("pledge", "pledge_in_own_words", "reword", "take_over", "withdraw", "withdraw", "link"),
    *("unlink", "unlink and link", "withdraw and pledge", "withdraw and pledge_in_own_words"),
    *("erase", "erase and pledge", "send_anyway", "send_anyway"),
)


class Stage:
    """``agreed``: the words that each voice's owner wants to be said, as long as they do.

    ``decision``: how it was decided, and ``counted`` who had pledged then. ``excused``: voices that
    may end without a post, each with why (``withdrawn``, ``locked``). ``released``: voices whose
    owners took the risk of a double post, once for each time.
    """

    def __init__(self, olive, *, threshold, launch_in, latest_minutes):
        self.campaign = make_campaign(
            olive, launch_in=launch_in, threshold=threshold, latest_minutes=latest_minutes
        )
        self.people, self.agreed, self.tokens = {}, {}, 0
        self.counted = self.decision = None
        self.excused = {voice: set() for voice in VOICES}
        self.released = []
        self.is_held = self.is_cancelled = self.is_suspended = self.is_paused = False

    @property
    def launch(self):
        """The launch as it is now; None before there is one."""
        return Launch.objects.filter(campaign=self.campaign).first()

    @property
    def revision(self):
        """The organiser's words as they are now approved."""
        self.campaign.refresh_from_db()
        return self.campaign.approved

    def pause_all(self):
        """The operator's emergency stop."""
        stopping.pause(reason="-")
        self.is_paused = True

    def resume_all(self):
        """All launches go on."""
        stopping.resume()
        self.is_paused = False

    def suspend(self):
        """An admin keeps the campaign, if it has not been launched yet."""
        self._move_campaign(to=CampaignState.SUSPENDED)

    def lift(self):
        """A suspended one goes on."""
        self._move_campaign(to=CampaignState.SCHEDULED)

    def _move_campaign(self, *, to):
        self.campaign.refresh_from_db()
        if to in MOVES[self.campaign.state] and Campaign.objects.move(self.campaign, to=to):
            self.is_suspended = to == CampaignState.SUSPENDED

    def rewrite(self):
        """The organiser has other words approved; nobody has agreed to them yet."""
        newer = self.revision
        if not self.campaign.is_open(database_now()):
            return
        Revision.objects.filter(pk=newer.pk).update(state=RevisionState.SUPERSEDED)
        newer.pk, newer.number = None, newer.number + 1
        newer.message = f"Said in other words, for the {newer.number}. time."
        newer.save(force_insert=True)
        Campaign.objects.filter(pk=self.campaign.pk).update(approved=newer)

    def find_account(self, voice):
        """The account, if it is linked now."""
        found = LinkedAccount.objects.filter(fingerprint=voice.fingerprint)
        return found.exclude(state=AccountState.UNLINKED).first()

    def link(self, voice):
        """Its owner authorises us, for the first time or anew."""
        person = self.people.get(voice.owner)
        if person is None:
            person = self.people[voice.owner] = User.objects.create_user(name=voice.owner)
        known, _ = KnownServer.objects.get_or_create(
            network=voice.network,
            host=voice.host,
            defaults={"url": f"https://{voice.host}", "version": voice.version},
        )
        self.tokens += 1
        token = f"token-{self.tokens}"
        credentials = Credentials(
            network=voice.network, account_id=voice.account_id, access_token=token
        )
        profile = Profile(account_id=voice.account_id, handle=voice.name)
        own_account(known, credentials=credentials, profile=profile, person=person, language="en")

    def pledge(self, voice, *, words=""):
        """Lend the account, with these words or the organiser's. False: it was refused."""
        account = self.find_account(voice)
        if account is None:
            self.link(voice)
            account = self.find_account(voice)
        revision = self.revision
        text = pledging.join_words(revision, words=words)
        try:
            (made,) = pledging.pledge(
                self.campaign,
                person=account.person,
                account_ids=[account.pk],
                seen=pledging.sign_words(revision, text=text),
                words=words,
            )
        except PledgeRefused:
            return False
        self.agreed[voice] = made.text
        return True

    def pledge_in_own_words(self, voice):
        """The same, in other words than the organiser's."""
        return self.pledge(voice, words="In my own words.")

    def reword(self, voice, *, words="I changed my words, not my mind.", revision=None):
        """Change the words of a pledge, where that is still possible."""
        mine = self.find_pledge(voice)
        if mine is not None:
            with suppress(PledgeRefused):
                rewording.change_words(mine, person=mine.person, text=words, revision=revision)
                self.agreed[voice] = words

    def take_over(self, voice):
        """Agree to the organiser's words of now."""
        self.reword(voice, words=self.revision.text, revision=self.revision)

    def find_pledge(self, voice):
        """What stands for this voice."""
        mine = Pledge.objects.filter(campaign=self.campaign, fingerprint=voice.fingerprint)
        return mine.exclude(state=PledgeState.WITHDRAWN).select_related("person").first()

    def withdraw(self, voice):
        """Take the pledge back, unless it is too late."""
        mine = self.find_pledge(voice)
        if mine is not None:
            with suppress(PledgeRefused):
                pledging.withdraw(mine, person=mine.person)
                self._let_go(voice)

    def send_anyway(self, voice):
        """Have what nobody can prove sent once more, if that is still possible."""
        mine, launch = self.find_pledge(voice), self.launch
        unclear = launch and launch.deliveries.filter(pledge=mine).first() if mine else None
        if unclear is not None:
            with suppress(vouching.VouchRefused):
                vouching.send_anyway(unclear, person=mine.person, seen_attempt=unclear.attempt)
                self.released.append(voice)

    def unlink(self, voice):
        """Give the account back."""
        account = self.find_account(voice)
        if account is None:
            return
        self.excused[voice].add("withdrawn")
        if unlink(account, person=account.person).withdrawn:
            self._let_go(voice)

    def erase(self, voice):
        """Everything of its owner is erased. What is just being sent is sent."""
        person = self.people.pop(voice.owner, None)
        if person is None:
            return
        for each in VOICES:
            mine = self.find_pledge(each) if each.owner == voice.owner else None
            if mine is not None:
                self.excused[each].add("withdrawn")
                if mine.state == PledgeState.LIVE:
                    self._let_go(each)
        crowdspeak.privacy.erase(person)

    def change_keys(self, settings, *, loses):
        """Rotate the keys that tokens are locked with; or lose all but the newest."""
        if not loses:
            settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
        elif len(settings.TOKEN_KEYS) > 1:
            settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
            for reasons in self.excused.values():
                reasons.add("locked")

    def _let_go(self, voice):
        self.agreed.pop(voice, None)
        self.excused[voice].add("withdrawn")

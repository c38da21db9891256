"""Ask the operator what becomes of posts that nobody can look up.

After a silence around the moment, or a restored backup, every post is looked up before it is sent.
A network that shows no posts leaves only guesses, and sending is the wrong guess when it was sent
before: the launch holds, and whoever runs the site decides.
"""

from django.db.models import QuerySet

from campaigns.clock import database_now
from launches import installation
from launches.models import ASKED, Delivery, Launch, LaunchState, Unlookable
from launches.operators import is_operator, tell_operators
from networks import registry
from networks.errors import gettext_noop
from supporters.models import PledgeState

LEFT = gettext_noop(
    "The site had stood still, and this network does not show whether it was posted before. "
    "To be safe it was not sent again."
)


def must_ask(launch: Launch) -> bool:
    """Whether there is a question that was not answered yet."""
    return launch.look_first and launch.unlookable == Unlookable.ASK


def ask_operator(launch: Launch, ready: QuerySet[Delivery]) -> bool:
    """Hold the launch if any of what is to be sent cannot be looked up; whether it was held.

    Inside the transaction of the claim, which then takes nothing to send. What is not sent anyway,
    since it was withdrawn or this site does not post there any more, is no question.
    """
    blind = [name for name, each in registry.automatic_networks().items() if not each.can_look_up]
    in_question = ready.filter(network__in=blind).exclude(pledge__state=PledgeState.WITHDRAWN)
    number = in_question.filter(pledge__isnull=False).count() if blind else 0
    if not number:
        return False
    held = Launch.objects.filter(pk=launch.pk, state=LaunchState.FIRING).update(
        state=LaunchState.HELD, held_at=database_now(), held_why=ASKED
    )
    if held:
        tell_operators(
            "asked",
            context={"campaign": launch.campaign, "posts": number},
            expires_at=launch.latest_at,
        )
    return True


def may_answer(person: object, launch: Launch) -> bool:
    """The site's own people; not the organiser, in whose name nothing is posted."""
    return launch.asks and is_operator(person)


def answer(launch: Launch, *, sends: bool) -> bool:
    """Let the launch go on, with what cannot be looked up or without it.

    False: it does not wait for an answer, or this is a copy of its database.
    """
    if installation.list_differences():
        return False
    return bool(
        Launch.objects.filter(pk=launch.pk, state=LaunchState.HELD, held_why=ASKED).update(
            state=LaunchState.FIRING,
            held_at=None,
            held_why="",
            unlookable=Unlookable.SEND if sends else Unlookable.LEAVE,
        )
    )

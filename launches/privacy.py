"""What is kept of the posts in a person's name: given to them on demand, and erased."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from launches.erasing import erase_pledges, erase_promises
from launches.models import Attempt, Delivery, Launch, LaunchKind, LaunchState
from launches.recalls import Deletion, Recall


def export(person: User) -> dict[str, Any]:
    """Every post that was or was not made in their name, with every attempt at it."""
    mine = Delivery.objects.filter(pledge__person=person).order_by("pk")
    mine = mine.select_related("launch__campaign", "pledge__account")
    mine = mine.prefetch_related("attempts", "deletions__recall")
    asked = Recall.objects.filter(asked_by=person).select_related("launch__campaign")
    return {
        "posts": [_describe(each) for each in mine],
        "recalls_that_you_asked_for": [
            {
                "campaign": each.launch.campaign.slug,
                "asked_at": each.asked_at,
                "reason": each.why,
                "finished_at": each.finished_at,
            }
            for each in asked.order_by("pk")
        ],
    }


def list_obstacles(person: User) -> list[str]:
    """Why they cannot be erased now, and what to do: a launch of theirs is under way."""
    running = Launch.objects.filter(
        campaign__organiser=person,
        kind=LaunchKind.REAL,
        state__in=[LaunchState.FIRING, LaunchState.HELD],
    )
    return [
        _("The launch of “%(title)s” is under way: wait until it is over, or cancel it.")
        % {"title": launch.campaign.title}
        for launch in running.select_related("campaign__approved")
    ]


def erase(person: User) -> None:
    """Take their name off every post, and delete pledges and promises; see ``erasing``.

    What they had recalled stays recalled, without their name and their words.
    """
    Recall.objects.filter(asked_by=person).update(asked_by=None, why="")
    erase_pledges(person=person)
    erase_promises(person=person)


def _describe(delivery: Delivery) -> dict[str, Any]:
    assert delivery.pledge is not None, "it was found by its pledge"
    attempts = sorted(delivery.attempts.all(), key=lambda each: each.number)
    return {
        "campaign": delivery.launch.campaign.slug,
        "network": delivery.network,
        "account": delivery.pledge.account.handle,
        "announced_for": delivery.launch.launch_at,
        "state": delivery.state,
        "words": delivery.text,
        "address": delivery.permalink,
        "id_at_the_network": delivery.remote_id,
        "answered_at": delivery.answered_at,
        "milliseconds_after_the_moment": delivery.lag_ms,
        "reason": delivery.sentence,
        "you_said_that_it_is_there_at": delivery.owner_said_at,
        "address_that_you_gave": delivery.owner_said_url,
        "attempts": [_describe_attempt(each) for each in attempts],
        "you_keep_it_since": delivery.kept_at,
        "recalled": [_describe_deletion(each) for each in delivery.deletions.all()],
    }


def _describe_deletion(line: Deletion) -> dict[str, Any]:
    return {
        "asked_at": line.recall.asked_at,
        "reason_that_was_given": line.recall.why,
        "id_at_the_network": line.remote_id,
        "state": line.state,
        "ended_at": line.ended_at,
        "reason": line.sentence,
        "you_were_told_at": line.told_at,
    }


def _describe_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "outcome": attempt.outcome,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "reason": attempt.sentence,
    }

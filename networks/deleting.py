"""What adapters say of a post that is to be deleted, and how a refusal of theirs reads then.

Each network's ``explain_refusal`` is for posts that are to go out. Who has to wait, and whose leave
is missing, is the same for one that is to go; what was done, or was not, is another thing.
"""

from __future__ import annotations

from networks.errors import NetworkError, OutcomeUnknown, Rejected, gettext_noop

BY_HAND = gettext_noop(
    "This site cannot delete posts on %(host)s. Please delete it there, with your own hand."
)
NO_POST_ID = gettext_noop("%(host)s has no posts of such a name, so nothing was deleted.")
NOT_THEIRS = gettext_noop(
    "The post on %(host)s belongs to another account, so it was left where it is."
)
STILL_THERE = gettext_noop("%(host)s still shows the post. It will be asked again later.")
PERHAPS_GONE = gettext_noop(
    "%(host)s gave no clear answer, so it is not known whether the post is deleted."
)
REFUSED = gettext_noop("%(host)s did not delete the post: “%(reason)s”.")


def tell_of_deletion(trouble: NetworkError, *, host: str) -> NetworkError:
    """Give a network's refusal, explained as that of a post, in words that fit a deletion.

    ``host`` is what people call who refused.
    """
    if isinstance(trouble, OutcomeUnknown):
        return OutcomeUnknown(PERHAPS_GONE, host=host)
    if isinstance(trouble, Rejected) and "reason" in trouble.facts:
        return Rejected(REFUSED, host=host, reason=trouble.facts["reason"])
    return trouble

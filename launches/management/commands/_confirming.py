"""Ask whoever is at the terminal before a command acts on every launch."""

from django.core.management.base import CommandError


def confirm(question: str, *, yes: bool) -> None:
    """Go on if the answer is yes. Raises CommandError if it is not, or nobody can answer."""
    if yes:
        return
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise CommandError("Nobody is there to confirm: add --yes. Nothing was done.") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was done.")

"""Texts of Django and allauth that our catalogues word anew, in the words of this site.

A project's catalogue comes before those of packages; a text is collected where it is marked, so it
is marked here. Nothing reads this list.
"""

from django.utils.translation import gettext_noop as _

WORDED_ANEW = (
    _("Email"),
    _("Enter a valid email address."),
    _("This email address is already associated with this account."),
    _("Please type your current password."),
)

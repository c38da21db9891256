"""What the owner of an account may tell of a post."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from launches.models import Delivery
from networks import registry


class RecallForm(forms.Form):
    """Before the posts of a launch are deleted: a reason if one likes, and a tick in any case."""

    why = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy(
            "If you like: the owners of the posts read it on their page, and nobody else but the "
            "admins."
        ),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sure = forms.BooleanField(
        label=gettext_lazy("Delete these posts. I know that it cannot be undone."),
        error_messages={
            "required": gettext_lazy("Tick this to go on: deleted posts cannot be brought back.")
        },
    )


class WhereForm(forms.Form):
    """Where its owner has found the post, if they want to say so."""

    url = forms.URLField(
        label=gettext_lazy("The post’s address"),
        help_text=gettext_lazy("If you like: open the post there and copy its address."),
        max_length=600,
        required=False,
        assume_scheme="https",
    )

    def __init__(self, *args: Any, delivery: Delivery, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivery = delivery

    def clean_url(self) -> str:
        """Only an address under which the account's network shows posts."""
        url: str = self.cleaned_data["url"]
        pledge = self._delivery.pledge
        assert pledge is not None, "its owner is who asks"
        network = registry.get(self._delivery.network)
        server = pledge.account.known_server.server
        if url and not network.is_post_address(server, url):
            raise forms.ValidationError(
                _("This is no address of a post on %(network)s (%(host)s). Leave it out, or see.")
                % {"network": network.label, "host": server.host}
            )
        return url

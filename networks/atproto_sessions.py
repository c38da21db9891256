"""Authorisations in the AT protocol: begun in the supporter's browser, kept up, and ended.

By https://atproto.com/specs/oauth: pushed requests, PKCE and DPoP always, the issuer in every
answer, and ``sub`` is the account's DID. The DPoP key is made with the consent and stays the same
for as long as the authorisation lives; a server ends the session of whoever shows another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from networks.atproto_clients import BROAD_SCOPE, SCOPE, Client
from networks.base import Consent, Credentials, Registration, Server
from networks.dpop import Nonces, Prover, load_key, make_key
from networks.errors import (
    NeedsRelink,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.oauth import (
    OAUTH_SECONDS,
    InvalidScope,
    Tokens,
    build_authorization_url,
    derive_challenge,
    explain_refusal,
    make_verifier,
    push_request,
    read_code,
    read_tokens,
)

if TYPE_CHECKING:
    from networks.http import Answer, Http

_NO_PUSHING = gettext_noop("%(host)s does not say how accounts are authorised there.")
_OTHER_SERVER = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_START_AGAIN = gettext_noop("%(host)s did not answer in time. Please start again.")
_NOT_TRADED = gettext_noop(
    "%(host)s did not accept its own answer, perhaps because it came too late. Please start again."
)
_NOT_BOUND = gettext_noop("%(host)s gave an authorisation that is not safe to keep.")
_KEY_LOST = gettext_noop(
    "The authorisation cannot be used any more. Please link the account again."
)
_MOVED = gettext_noop("%(host)s has changed who authorises for it. Please link the account again.")
_UNCLEAR = gettext_noop("%(host)s gave no clear answer, so it is not known what it did.")
_NO_REFRESH = gettext_noop("The authorisation has run out. Please link the account again.")
_NO_REVOKING = gettext_noop(
    "%(host)s offers no way to take the authorisation back from here. You can do so in the "
    "settings of your account there."
)
_NOT_REVOKED = gettext_noop("%(host)s did not take note that the authorisation is over.")


class Sessions:
    """Opens, renews and ends authorisations for one client.

    Remembers nothing but the servers' latest nonces.
    """

    def __init__(self, *, network: str, client: Client) -> None:
        self._network = network
        self._client = client
        self._nonces = Nonces()

    def prove(self, credentials: Credentials) -> Prover:
        """Give what sends requests in the name of an account. Raises NeedsRelink without a key."""
        try:
            key = load_key(credentials.extra.get("dpop_key", ""))
        except ValueError:
            raise NeedsRelink(_KEY_LOST) from None
        return Prover(key=key, nonces=self._nonces, access_token=credentials.access_token)

    async def begin(
        self,
        http: Http,
        server: Server,
        *,
        redirect_uri: str,
        state: str,
        login_hint: str = "",
        did: str = "",
    ) -> Consent:
        """Push what we ask for, and give the page to send the supporter to.

        ``did`` is the account that has to be authorised, "" for whichever they choose. Raises
        Rejected, TryLater.
        """
        facts = server.facts
        host = urlsplit(facts["issuer"]).netloc
        if not facts["par_endpoint"]:
            raise Rejected(_NO_PUSHING, host=host)
        verifier, jwk = make_verifier(), make_key()
        prover = Prover(key=load_key(jwk), nonces=self._nonces)
        client_id = self._client.make_id(redirect_uri=redirect_uri)
        wanted = {
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": derive_challenge(verifier),
            "code_challenge_method": "S256",
        }
        if login_hint:
            wanted["login_hint"] = login_hint

        async def push(scope: str) -> str:
            def make_form() -> dict[str, str]:
                return {"scope": scope, **wanted, **self._sign_in(server, client_id=client_id)}

            return await push_request(
                http, prover, endpoint=facts["par_endpoint"], make_form=make_form
            )

        try:
            request_uri = await push(SCOPE)
        except InvalidScope:
            request_uri = await push(BROAD_SCOPE)
        page = build_authorization_url(
            facts["authorization_endpoint"],
            parameters={"client_id": client_id, "request_uri": request_uri},
        )
        memo = {
            "state": state,
            "issuer": facts["issuer"],
            "client_id": client_id,
            "verifier": verifier,
            "dpop_key": jwk,
            "nonce": self._nonces.find(facts["token_endpoint"]),
            "did": did,
            "hint": login_hint,
        }
        return Consent(url=page, memo=memo)

    async def finish(
        self,
        http: Http,
        server: Server,
        *,
        redirect_uri: str,
        memo: Mapping[str, str],
        answer: Mapping[str, str],
    ) -> tuple[Credentials, str]:
        """Trade the browser's answer for credentials; gives them and the scope that was granted.

        Whose they are is what the server says (``sub``): the caller has to check it. Raises
        Rejected for an answer that is not the one to our question, TryLater when the trade failed
        half-way (a code is good once, so the supporter starts again).
        """
        issuer = memo["issuer"]
        host = urlsplit(issuer).netloc
        if server.facts["issuer"] != issuer:
            raise Rejected(_OTHER_SERVER)
        code = read_code(answer, state=memo["state"], issuer=issuer, host=host, needs_issuer=True)
        endpoint = server.facts["token_endpoint"]
        if not self._nonces.find(endpoint):
            self._nonces.remember(endpoint, memo["nonce"])
        prover = Prover(key=load_key(memo["dpop_key"]), nonces=self._nonces)

        def make_form() -> dict[str, str]:
            return {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": memo["verifier"],
                **self._sign_in(server, client_id=memo["client_id"]),
            }

        try:
            given = await prover.send(
                http, "POST", endpoint, make_form=make_form, deadline_seconds=OAUTH_SECONDS
            )
            tokens = self._read(given, host=host)
        except NeedsRelink:
            raise Rejected(_NOT_TRADED, host=host) from None
        except OutcomeUnknown:
            raise TryLater(_START_AGAIN, host=host) from None
        if not _is_bound(tokens):
            raise Rejected(_NOT_BOUND, host=host)
        credentials = Credentials(
            network=self._network,
            account_id=tokens.subject,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
            extra={
                "issuer": issuer,
                "client_id": memo["client_id"],
                "dpop_key": memo["dpop_key"],
            },
        )
        return credentials, tokens.scope

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """Trade the refresh token for new tokens; the old ones are dead from then on.

        Raises NeedsRelink when the session is over, TryLater and Rejected when the token was not
        spent, OutcomeUnknown when it may have been: the session is then lost, since showing a
        spent token again would end it.
        """
        host = self._check_issuer(server, credentials)
        if not credentials.refresh_token:
            raise NeedsRelink(_NO_REFRESH)
        client_id = credentials.extra.get("client_id") or registration.client_id

        def make_form() -> dict[str, str]:
            return {
                "grant_type": "refresh_token",
                "refresh_token": credentials.refresh_token,
                **self._sign_in(server, client_id=client_id),
            }

        given = await self._prove_key(credentials).send(
            http,
            "POST",
            server.facts["token_endpoint"],
            make_form=make_form,
            deadline_seconds=OAUTH_SECONDS,
        )
        tokens = self._read(given, host=host)
        if tokens.subject != credentials.account_id or not _is_bound(tokens):
            raise NeedsRelink(_NOT_BOUND, host=host)
        return Credentials(
            network=self._network,
            account_id=credentials.account_id,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or credentials.refresh_token,
            expires_at=tokens.expires_at,
            extra=credentials.extra,
        )

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """End the session at its server: both tokens are dead afterwards (RFC 7009).

        The proof is essential: a server answers 200 to a request without it, and does nothing.
        Raises TryLater or Rejected when it could not be told.
        """
        host = self._check_issuer(server, credentials)
        endpoint = server.facts["revocation_endpoint"]
        if not endpoint:
            raise Rejected(_NO_REVOKING, host=host)
        client_id = credentials.extra.get("client_id") or registration.client_id

        def make_form() -> dict[str, str]:
            return {
                "token": credentials.refresh_token or credentials.access_token,
                **self._sign_in(server, client_id=client_id),
            }

        try:
            answer = await self._prove_key(credentials).send(
                http, "POST", endpoint, make_form=make_form, deadline_seconds=OAUTH_SECONDS
            )
        except OutcomeUnknown:
            raise TryLater(_NOT_REVOKED, scope="host", host=host) from None
        if answer.status != 200:
            raise TryLater(_NOT_REVOKED, scope="host", host=host)

    def _prove_key(self, credentials: Credentials) -> Prover:
        """At the authorization server only the key is proved, not the token."""
        return Prover(key=self.prove(credentials).key, nonces=self._nonces)

    def _sign_in(self, server: Server, *, client_id: str) -> dict[str, str]:
        return self._client.sign_in(client_id=client_id, issuer=server.facts["issuer"])

    def _check_issuer(self, server: Server, credentials: Credentials) -> str:
        """Give the authorization server's host, if it still is the one that gave the tokens.

        They are shown to no other: a server that names a new one would get them for nothing.
        """
        issuer: str = server.facts["issuer"]
        if credentials.extra.get("issuer") != issuer:
            raise NeedsRelink(_MOVED, host=server.host)
        return urlsplit(issuer).netloc

    def _read(self, answer: Answer, *, host: str) -> Tokens:
        """Read what a token endpoint answered. Raises what its refusal means."""
        if answer.status != 200:
            raise explain_refusal(answer, host=host)
        tokens = read_tokens(answer)
        if tokens is None:
            raise OutcomeUnknown(_UNCLEAR, host=host)
        return tokens


def _is_bound(tokens: Tokens) -> bool:
    """Whether the tokens are worth nothing without our key (RFC 9449, section 5)."""
    return tokens.token_type.lower() == "dpop"

"""The Bluesky dialect's XRPC methods on a PDS: who calls, who one is.

As https://docs.bsky.app/docs/api/ and the lexicons have them; records are in bluesky_records.py.
Writing needs an access token with a DPoP proof, made with this server's own nonce.
"""

import time
from typing import Any

from aiohttp import web

from simulator.bluesky_oauth import SERVER
from simulator.bluesky_tokens import Session
from simulator.dpop import ProofRefused
from simulator.records import POST
from simulator.serving import Refusal, answer_json
from simulator.world import Account


def refuse(status: int, error: str, message: str, **headers: str) -> Refusal:
    """Give an XRPC error."""
    return Refusal(status, {"error": error, "message": message}, headers=headers)


def require_session(request: web.Request, *actions: str) -> Session:
    """Give the session of a request that may do these actions on posts. Raises Refusal."""
    server = request.app[SERVER]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not token:
        raise refuse(401, "AuthMissing", "Authentication Required")
    grant = server.access.get(token)
    if scheme.lower() != "dpop" or grant is None:
        raise _challenge("invalid_token", "Invalid token")
    try:
        jkt = server.resource_nonces.check(
            request.headers.get("DPoP", ""),
            method=request.method,
            url=server.instance.url + request.path,
            access_token=token,
        )
    except ProofRefused as refused:
        raise _challenge(refused.error, refused.description) from refused
    session = grant.session
    if session.jkt != jkt:
        raise _challenge("invalid_token", "Invalid DPoP key binding")
    if session.is_over or grant.expires_at < time.time():
        raise _challenge("invalid_token", '"exp" claim timestamp check failed')
    if session.account.state == "takendown":
        raise refuse(401, "AccountTakedown", "Account has been taken down")
    if session.account.state == "deactivated":
        raise refuse(401, "AccountDeactivated", "Account is deactivated")
    for action in actions:
        if not _allows(session.scope, action=action):
            wanted = f"repo:{POST}?action={action}"
            raise refuse(403, "ScopeMissingError", f'Missing required scope "{wanted}"')
    return session


def _challenge(error: str, description: str) -> Refusal:
    quoted = description.replace('"', "'")
    header = f'DPoP error="{error}", error_description="{quoted}", algs="ES256"'
    return refuse(401, error, description, **{"WWW-Authenticate": header})


def _allows(scope: str, *, action: str) -> bool:
    """Read scopes as the AT protocol's permission syntax has them: repo:collection?action=…"""
    for part in scope.split():
        resource, _, query = part.partition("?")
        actions = [item.removeprefix("action=") for item in query.split("&") if item]
        if part == "transition:generic":
            return True
        if resource in (f"repo:{POST}", "repo:*") and (not actions or action in actions):
            return True
    return False


async def describe_repo(request: web.Request) -> web.Response:
    """GET com.atproto.repo.describeRepo."""
    account = find_actor(request, request.query.get("repo", ""))
    if account is None:
        raise refuse(400, "InvalidRequest", "Could not find user")
    body = {
        "handle": account.handle,
        "did": account.id,
        "didDoc": describe_did(account),
        "collections": [POST] if account.posts else [],
        "handleIsCorrect": True,
    }
    return answer_json(body)


async def describe_server(request: web.Request) -> web.Response:
    """GET com.atproto.server.describeServer."""
    authority = request.app[SERVER].instance.authority.replace(":", "%3A")
    body = {
        "did": f"did:web:{authority}",
        "availableUserDomains": [".simulator.test"],
        "inviteCodeRequired": False,
        "phoneVerificationRequired": False,
        "links": {},
        "contact": {},
    }
    return answer_json(body)


async def get_session(request: web.Request) -> web.Response:
    """GET com.atproto.server.getSession."""
    account = require_session(request).account
    body = {"handle": account.handle, "did": account.id, "didDoc": describe_did(account)}
    return answer_json(body | {"active": True})


async def resolve_handle(request: web.Request) -> web.Response:
    """GET com.atproto.identity.resolveHandle, for accounts of this server."""
    account = find_actor(request, request.query.get("handle", ""))
    if account is None:
        raise refuse(400, "InvalidRequest", "Unable to resolve handle")
    return answer_json({"did": account.id})


async def refuse_method(request: web.Request) -> web.Response:
    """Any other XRPC method."""
    raise refuse(501, "MethodNotImplemented", "Method Not Implemented")


def find_actor(request: web.Request, label: str) -> Account | None:
    """Give the account of a handle or DID on this server, or None."""
    server = request.app[SERVER]
    found = server.world.find_accounts(label, instance=server.instance)
    return found[0] if found and label != found[0].name else None


def describe_did(account: Account) -> dict[str, Any]:
    """Give an account's DID document. Its signing key is made up: no commit is signed here."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": account.id,
        "alsoKnownAs": [f"at://{account.handle}"],
        "verificationMethod": [
            {
                "id": f"{account.id}#atproto",
                "type": "Multikey",
                "controller": account.id,
                "publicKeyMultibase": f"zQ3sh{account.id.removeprefix('did:plc:')}",
            }
        ],
        "service": [
            {
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": account.instance.url,
            }
        ],
    }

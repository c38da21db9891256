"""The Bluesky dialect's sign-in: metadata, pushed requests, the authorize page, tokens.

As https://atproto.com/specs/oauth says: PAR (RFC 9126), PKCE with S256 and DPoP are mandatory,
the answer names its issuer (RFC 9207), a refresh token is good once and its replay ends the
session. Guessed from the reference server's source: the texts of the errors, and that a replayed
code ends the session it opened.
"""

import base64
import hashlib
import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from simulator.bluesky_clients import Client, ClientRefused
from simulator.bluesky_tokens import BlueskyServer, Code, PushedRequest
from simulator.dpop import ProofRefused
from simulator.pages import render
from simulator.people import NameRefused
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text

SERVER = web.AppKey("BLUESKY", BlueskyServer)
SCOPES_SUPPORTED = [
    "atproto",
    "transition:email",
    "transition:generic",
    "transition:chat.bsky",
]
EXPIRED_PAGE = "This request to sign in has expired. Go back to where you came from and start anew."


async def show_resource(request: web.Request) -> web.Response:
    """GET /.well-known/oauth-protected-resource: where this PDS has its sign-in."""
    url = request.app[SERVER].instance.url
    return answer_json(
        {
            "resource": url,
            "authorization_servers": [url],
            "scopes_supported": [],
            "bearer_methods_supported": ["header"],
            "resource_documentation": "https://atproto.com",
        }
    )


async def show_metadata(request: web.Request) -> web.Response:
    """GET /.well-known/oauth-authorization-server (RFC 8414)."""
    url = request.app[SERVER].instance.url
    return answer_json(
        {
            "issuer": url,
            "authorization_endpoint": f"{url}/oauth/authorize",
            "token_endpoint": f"{url}/oauth/token",
            "revocation_endpoint": f"{url}/oauth/revoke",
            "pushed_authorization_request_endpoint": f"{url}/oauth/par",
            "require_pushed_authorization_requests": True,
            "scopes_supported": SCOPES_SUPPORTED,
            "subject_types_supported": ["public"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
            "request_parameter_supported": False,
            "require_request_uri_registration": True,
            "protected_resources": [url],
        }
    )


async def push_request(request: web.Request) -> web.Response:
    """POST /oauth/par."""
    server = request.app[SERVER]
    params = await read_params(request)
    jkt = _check_proof(request)
    client = await _authenticate(server, params)
    if read_text(params, "response_type") != "code":
        raise _refuse("unsupported_response_type", "Only the response type code is known.")
    if not client.allows_redirect(read_text(params, "redirect_uri")):
        raise _refuse("invalid_request", "Invalid redirect_uri")
    scopes = frozenset(read_text(params, "scope").split())
    if "atproto" not in scopes or not scopes <= client.scopes:
        raise _refuse("invalid_scope", "The scope must have atproto and be within the client's.")
    if read_text(params, "code_challenge_method") != "S256" or not params.get("code_challenge"):
        raise _refuse("invalid_request", "A code_challenge with the method S256 is required.")
    kept = {key: value for key, value in params.items() if not key.startswith("client_assertion")}
    pushed = server.push_request(
        kept, client_name=client.name, is_confidential=client.is_confidential, jkt=jkt
    )
    expires_in = server.world.settings.request_seconds
    return answer_json({"request_uri": pushed.uri, "expires_in": expires_in}, status=201)


async def show_consent(request: web.Request) -> web.Response:
    """GET /oauth/authorize: the page on which the owner chooses."""
    server = request.app[SERVER]
    pushed = _find_request(server, dict(request.query))
    if pushed is None:
        return render("error.html", status=400, message=EXPIRED_PAGE)
    return _ask(server, pushed)


def _ask(server: BlueskyServer, pushed: PushedRequest, *, problem: str = "") -> web.Response:
    hint = read_text(pushed.params, "login_hint")
    known = server.world.find_accounts(hint, instance=server.instance)
    name = known[0].handle if known else hint or server.world.propose_name(server.instance)
    return render(
        "authorize.html",
        status=422 if problem else 200,
        instance=server.instance,
        client=pushed.client_name,
        website=pushed.params["client_id"],
        scopes=read_text(pushed.params, "scope").split(),
        account=name,
        hidden={"client_id": pushed.params["client_id"], "request_uri": pushed.uri},
        problem=problem,
    )


async def take_consent(request: web.Request) -> web.Response:
    """POST /oauth/authorize: the owner's choice, then the way back to the client."""
    server = request.app[SERVER]
    params = await read_params(request)
    allowed = read_text(params, "decision") == "allow"
    try:
        address = decide(server, params, account=read_text(params, "account"), allowed=allowed)
    except NameRefused as refused:
        pushed = _find_request(server, params)
        if pushed is not None:
            return _ask(server, pushed, problem=str(refused))
        return render("error.html", status=400, message=EXPIRED_PAGE)
    except Refusal as refusal:
        return render("error.html", status=refusal.status, message=refusal.body["error"])
    return web.Response(status=303, headers={"Location": address})


def decide(server: BlueskyServer, params: dict[str, Any], *, account: str, allowed: bool) -> str:
    """Do what the owner decided on the authorize page; gives where to send the browser.

    Raises Refusal for a request that is gone, NameRefused for an impossible account name.
    """
    pushed = _find_request(server, params)
    if pushed is None:
        raise Refusal(400, {"error": EXPIRED_PAGE})
    fields = {"iss": server.instance.url}
    if read_text(pushed.params, "state"):
        fields["state"] = read_text(pushed.params, "state")
    if allowed:
        owner = server.world.ensure_account(server.instance, name=account)
        fields["code"] = server.issue_code(pushed, account=owner)
    else:
        server.requests.pop(pushed.uri)
        fields |= {"error": "access_denied", "error_description": "Access denied"}
    redirect_uri = read_text(pushed.params, "redirect_uri")
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(fields)


async def issue_tokens(request: web.Request) -> web.Response:
    """POST /oauth/token: a code or a refresh token for a new pair."""
    server = request.app[SERVER]
    params = await read_params(request)
    jkt = _check_proof(request)
    client = await _authenticate(server, params)
    grant_type = read_text(params, "grant_type")
    if grant_type == "authorization_code":
        body = _trade_code(server, params, client=client, jkt=jkt)
    elif grant_type == "refresh_token":
        body = _trade_refresh(server, params, client=client, jkt=jkt)
    else:
        raise _refuse("unsupported_grant_type", f"Grant type {grant_type!r} is not supported")
    return answer_json(body, headers={"Cache-Control": "no-store"})


def _trade_code(
    server: BlueskyServer, params: dict[str, Any], *, client: Client, jkt: str
) -> dict[str, Any]:
    code = server.codes.get(read_text(params, "code"))
    if code is None:
        raise _refuse("invalid_grant", "Invalid code")
    if code.session is not None:
        server.end_session(code.session)
        raise _refuse("invalid_grant", "Code replayed")
    _check_code(code, params, client=client, jkt=jkt)
    code.session = server.open_session(
        code.account,
        client_id=client.id,
        scope=read_text(code.request.params, "scope"),
        jkt=jkt,
        is_confidential=client.is_confidential,
    )
    return server.issue_tokens(code.session)


def _check_code(code: Code, params: dict[str, Any], *, client: Client, jkt: str) -> None:
    asked = code.request.params
    if code.expires_at < time.time():
        raise _refuse("invalid_grant", "This code has expired")
    if asked["client_id"] != client.id:
        raise _refuse("invalid_grant", "This code was issued for another client")
    if asked["redirect_uri"] != read_text(params, "redirect_uri"):
        raise _refuse("invalid_grant", "The redirect_uri parameter must match the one used")
    if code.request.jkt != jkt:
        raise _refuse("invalid_grant", "DPoP proof does not match the expected JKT")
    verifier = read_text(params, "code_verifier")
    if not verifier:
        raise _refuse("invalid_grant", "code_verifier is required")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    if digest.rstrip(b"=").decode() != asked["code_challenge"]:
        raise _refuse("invalid_grant", "Invalid code_verifier")


def _trade_refresh(
    server: BlueskyServer, params: dict[str, Any], *, client: Client, jkt: str
) -> dict[str, Any]:
    grant = server.refresh.get(read_text(params, "refresh_token"))
    if grant is None or grant.session.is_over or grant.expires_at < time.time():
        raise _refuse("invalid_grant", "Invalid refresh token")
    session = grant.session
    if grant.is_used:
        server.end_session(session)
        raise _refuse("invalid_grant", "Refresh token replayed")
    if session.client_id != client.id or session.jkt != jkt:
        raise _refuse("invalid_grant", "The refresh token is bound to another client or key")
    grant.is_used = True
    return server.issue_tokens(session)


async def revoke_token(request: web.Request) -> web.Response:
    """POST /oauth/revoke: ends the session of a token; an unknown token is fine (RFC 7009)."""
    server = request.app[SERVER]
    params = await read_params(request)
    await _authenticate(server, params)
    value = read_text(params, "token")
    grant = server.access.get(value) or server.refresh.get(value)
    if grant is not None and grant.session.client_id == read_text(params, "client_id"):
        server.end_session(grant.session)
    return answer_json({})


def _find_request(server: BlueskyServer, params: dict[str, Any]) -> PushedRequest | None:
    uri = read_text(params, "request_uri")
    return server.find_request(uri, client_id=read_text(params, "client_id"))


async def _authenticate(server: BlueskyServer, params: dict[str, Any]) -> Client:
    client_id = read_text(params, "client_id")
    if not client_id:
        raise _refuse("invalid_request", "client_id is missing")
    try:
        client = await server.clients.find_client(client_id)
        server.clients.authenticate(client, params=params, issuer=server.instance.url)
    except ClientRefused as refused:
        raise _refuse(refused.error, refused.description) from refused
    return client


def _check_proof(request: web.Request) -> str:
    server = request.app[SERVER]
    proofs = request.headers.getall("DPoP", [])
    if len(proofs) != 1:
        raise _refuse("invalid_dpop_proof", "DPoP proof required")
    try:
        return server.sign_in_nonces.check(
            proofs[0], method=request.method, url=server.instance.url + request.path
        )
    except ProofRefused as refused:
        raise _refuse(refused.error, refused.description) from refused


def _refuse(error: str, description: str) -> Refusal:
    return Refusal(400, {"error": error, "error_description": description})


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give the sign-in routes."""
    return [
        ("GET", "/.well-known/oauth-protected-resource", "other", show_resource),
        ("GET", "/.well-known/oauth-authorization-server", "other", show_metadata),
        ("POST", "/oauth/par", "token", push_request),
        ("GET", "/oauth/authorize", "other", show_consent),
        ("POST", "/oauth/authorize", "other", take_consent),
        ("POST", "/oauth/token", "token", issue_tokens),
        ("POST", "/oauth/revoke", "other", revoke_token),
    ]

"""Threads' sign-in: the authorization window, and what a code becomes.

As documented under https://developers.facebook.com/documentation/threads/get-started (get access
tokens, long-lived tokens). There is no PKCE, and nothing by which an app could revoke.
"""

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from simulator.pages import render
from simulator.people import NameRefused
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text
from simulator.threads_errors import complain, refuse_token
from simulator.threads_tokens import DAY_SECONDS, SCOPES, ThreadsServer, Token

SERVER = web.AppKey("THREADS", ThreadsServer)


def find_token(request: web.Request, value: str) -> Token:
    """Give the token of that value. Raises Refusal (190)."""
    server = request.app[SERVER]
    if value in server.revoked:
        raise refuse_token(458)
    token = server.tokens.get(value)
    if token is None:
        raise refuse_token()
    if token.expires_at < time.time():
        raise refuse_token(463)
    return token


def _read_request(params: dict[str, Any]) -> tuple[str, frozenset[str]]:
    """Check a request for authorization; gives the app's id and the scopes.

    Real apps list their redirect URIs; here any absolute one is fine. Raises Refusal, which is
    shown to the person.
    """
    client_id, parts = read_text(params, "client_id"), urlsplit(read_text(params, "redirect_uri"))
    scopes = frozenset(read_text(params, "scope").replace(",", " ").split())
    if not client_id.isascii() or not client_id:
        raise _refuse("Invalid platform app")
    if not parts.scheme or not parts.netloc:
        raise _refuse("Invalid redirect_uri")
    if read_text(params, "response_type") != "code":
        raise _refuse("Invalid response_type")
    if "threads_basic" not in scopes or not scopes <= SCOPES:
        raise _refuse("Invalid scope")
    return client_id, scopes


def decide(server: ThreadsServer, params: dict[str, Any], *, account: str, allowed: bool) -> str:
    """Do what the owner decided in the window; gives where to send the browser.

    Raises Refusal for a request that must not be answered by a redirect, NameRefused for an
    account name that is not taken.
    """
    client_id, scopes = _read_request(params)
    redirect_uri = read_text(params, "redirect_uri")
    state = read_text(params, "state")
    fields = {"state": state} if state else {}
    if not allowed:
        fields |= {
            "error": "access_denied",
            "error_reason": "user_denied",
            "error_description": "The user denied your request",
        }
        return _lead_back(redirect_uri, fields)
    owner = server.world.ensure_account(server.instance, name=account)
    code = server.issue_code(client_id, account=owner, redirect_uri=redirect_uri, scopes=scopes)
    # Documented: something that is no part of the code is put behind it.
    return _lead_back(redirect_uri, fields | {"code": code}) + "#_"


def _lead_back(redirect_uri: str, fields: dict[str, str]) -> str:
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(fields)


async def show_consent(request: web.Request) -> web.Response:
    """GET /oauth/authorize: the window in which the owner chooses."""
    try:
        return _ask(request.app[SERVER], await read_params(request))
    except Refusal as refusal:
        return _show(refusal)


def _ask(server: ThreadsServer, params: dict[str, Any], *, problem: str = "") -> web.Response:
    client_id, scopes = _read_request(params)
    return render(
        "authorize.html",
        status=422 if problem else 200,
        instance=server.instance,
        client=client_id,
        website="",
        scopes=sorted(scopes),
        account=read_text(params, "account") or server.world.propose_name(server.instance),
        accounts=[],
        hidden={key: value for key, value in params.items() if key not in ("account", "decision")},
        problem=problem,
    )


async def take_consent(request: web.Request) -> web.Response:
    """POST /oauth/authorize: the owner's choice, then the way back to the app."""
    server = request.app[SERVER]
    params = await read_params(request)
    allowed = read_text(params, "decision") == "allow"
    try:
        address = decide(server, params, account=read_text(params, "account"), allowed=allowed)
    except NameRefused as refused:
        return _ask(server, params, problem=str(refused))
    except Refusal as refusal:
        return _show(refusal)
    return web.Response(status=302, headers={"Location": address})


async def exchange_code(request: web.Request) -> web.Response:
    """POST /oauth/access_token: a code becomes a token of one hour. `user_id` is a number."""
    server = request.app[SERVER]
    params = await read_params(request)
    client_id = read_text(params, "client_id")
    if read_text(params, "grant_type") != "authorization_code":
        raise _refuse("Invalid grant_type")
    if not server.knows_app(client_id, read_text(params, "client_secret")):
        raise _refuse("Error validating client secret.")
    token = server.redeem_code(
        read_text(params, "code"),
        client_id=client_id,
        redirect_uri=read_text(params, "redirect_uri"),
    )
    if token is None:
        raise _refuse("Matching code was not found or was already used")
    return answer_json({"access_token": token.value, "user_id": int(token.account.id)})


async def lengthen_token(request: web.Request) -> web.Response:
    """GET /access_token: a short token becomes one of 60 days."""
    token = find_token(request, request.query.get("access_token", ""))
    if request.query.get("grant_type") != "th_exchange_token" or token.is_long:
        raise complain(100, "Unsupported grant type or token")  # a guess
    server = request.app[SERVER]
    if not server.knows_app(token.client_id, request.query.get("client_secret", "")):
        raise complain(101, "Error validating client secret.")  # a guess
    return answer_json(server.renew(token).describe())


async def refresh_token(request: web.Request) -> web.Response:
    """GET /refresh_access_token: a token of 60 days that is a day old begins them anew."""
    token = find_token(request, request.query.get("access_token", ""))
    if request.query.get("grant_type") != "th_refresh_token" or not token.is_long:
        raise complain(100, "Unsupported grant type or token")  # a guess
    if time.time() - token.issued_at < DAY_SECONDS:
        raise complain(100, "The access token is less than 24 hours old")  # a guess
    return answer_json(request.app[SERVER].renew(token).describe())


def _refuse(message: str) -> Refusal:
    """Refuse in the form that the token endpoint has to itself."""
    body = {"error_type": "OAuthException", "code": 400, "error_message": message}
    return Refusal(400, body)


def _show(refusal: Refusal) -> web.Response:
    return render("error.html", status=refusal.status, message=refusal.body["error_message"])


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give the sign-in's routes."""
    return [
        ("GET", "/oauth/authorize", "other", show_consent),
        ("POST", "/oauth/authorize", "other", take_consent),
        ("POST", "/oauth/access_token", "token", exchange_code),
        ("GET", "/access_token", "token", lengthen_token),
        ("GET", "/refresh_access_token", "token", refresh_token),
    ]

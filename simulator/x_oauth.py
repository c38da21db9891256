"""The sign-in of the simulated X: the authorize page, tokens, revocation.

As https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token has them. X writes its
OAuth errors in words of its own, which are known from what it answers, not from its documentation.
"""

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from simulator.pages import render
from simulator.people import NameRefused
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text
from simulator.x_tokens import APPS, SCOPES, App, XServer

SERVER = web.AppKey("X", XServer)
AUTHORIZE_PATH = "/i/oauth2/authorize"

BAD_REQUEST = "Something went wrong. You weren’t able to give access to the App."
NO_HEADER = "Missing valid authorization header"
BAD_TOKEN = "Value passed for the token was invalid."  # noqa: S105 - a sentence
BAD_CODE = "Value passed for the authorization code was invalid."
# What X lets an app ask for beyond what this site needs.
KNOWN_SCOPES = frozenset(SCOPES) | {"like.read", "like.write", "media.write", "users.email"}


def read_request(params: dict[str, Any]) -> tuple[App, frozenset[str]]:
    """Check a request for authorization; gives the app and the scopes it asks for.

    Raises Refusal: a guess is that X shows all of these to the person and sends none back.
    """
    app = APPS.get(read_text(params, "client_id"))
    scopes = frozenset(read_text(params, "scope").split())
    is_good = (
        app is not None
        and read_text(params, "response_type") == "code"
        and bool(read_text(params, "redirect_uri"))
        and 0 < len(read_text(params, "state")) <= 500
        and bool(read_text(params, "code_challenge"))
        and read_text(params, "code_challenge_method") in ("S256", "plain")
        and bool(scopes)
        and scopes <= KNOWN_SCOPES
    )
    if app is None or not is_good:
        raise Refusal(400, {"error": BAD_REQUEST})
    return app, scopes


def decide(server: XServer, params: dict[str, Any], *, account: str, allowed: bool) -> str:
    """Do what the owner decided on the authorize page; gives where to send the browser.

    Raises Refusal for a request that is shown to the person, NameRefused for an account name that
    is none.
    """
    app, scopes = read_request(params)
    redirect_uri, state = read_text(params, "redirect_uri"), read_text(params, "state")
    fields = {"state": state, "error": "access_denied"}
    if allowed:
        code = server.issue_code(
            app=app,
            account=server.world.ensure_account(server.instance, name=account),
            redirect_uri=redirect_uri,
            scopes=scopes,
            challenge=read_text(params, "code_challenge"),
            method=read_text(params, "code_challenge_method"),
        )
        fields = {"state": state, "code": code}
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(fields)


async def show_consent(request: web.Request) -> web.Response:
    """GET /i/oauth2/authorize: the page on which the owner chooses."""
    params = await read_params(request)
    try:
        return _ask(request.app[SERVER], params)
    except Refusal as refusal:
        return render("error.html", status=refusal.status, message=refusal.body["error"])


def _ask(server: XServer, params: dict[str, Any], *, problem: str = "") -> web.Response:
    app, scopes = read_request(params)
    return render(
        "authorize.html",
        status=422 if problem else 200,
        instance=server.instance,
        client=app.client_id,
        website=None,
        scopes=sorted(scopes),
        account=read_text(params, "account") or server.world.propose_name(server.instance),
        accounts=[],
        hidden={key: value for key, value in params.items() if key not in ("account", "decision")},
        problem=problem,
    )


async def take_consent(request: web.Request) -> web.Response:
    """POST of that page: the owner's choice, then the way back to the app."""
    server = request.app[SERVER]
    params = await read_params(request)
    allowed = read_text(params, "decision") == "allow"
    try:
        address = decide(server, params, account=read_text(params, "account"), allowed=allowed)
    except NameRefused as refused:
        return _ask(server, params, problem=str(refused))
    except Refusal as refusal:
        return render("error.html", status=refusal.status, message=refusal.body["error"])
    return web.Response(status=302, headers={"Location": address})


async def issue_token(request: web.Request) -> web.Response:
    """POST /2/oauth2/token."""
    server = request.app[SERVER]
    params = await read_params(request)
    app = _authenticate(request, params)
    grant_type = read_text(params, "grant_type")
    if grant_type == "authorization_code":
        for name in ("code", "redirect_uri", "code_verifier"):
            if not read_text(params, name):
                raise _refuse("invalid_request", f"Missing required parameter [{name}].")
        session = server.redeem_code(
            read_text(params, "code"),
            app=app,
            redirect_uri=read_text(params, "redirect_uri"),
            verifier=read_text(params, "code_verifier"),
        )
        if session is None:
            raise _refuse("invalid_request", BAD_CODE)
    elif grant_type == "refresh_token":
        session = server.refresh.get(read_text(params, "refresh_token"))
        if session is None or session.app is not app:
            raise _refuse("invalid_request", BAD_TOKEN)
    else:
        raise _refuse("unsupported_grant_type", "Value passed for the grant type was invalid.")
    return answer_json(server.issue_tokens(session))


async def revoke_token(request: web.Request) -> web.Response:
    """POST /2/oauth2/revoke. A guess: that a token which is none is refused as elsewhere."""
    server = request.app[SERVER]
    params = await read_params(request)
    _authenticate(request, params)
    if not server.revoke_token(read_text(params, "token")):
        raise _refuse("invalid_request", BAD_TOKEN)
    return answer_json({"revoked": True})


def _refuse(error: str, description: str, *, status: int = 400) -> Refusal:
    return Refusal(status, {"error": error, "error_description": description})


def _authenticate(request: web.Request, params: dict[str, Any]) -> App:
    """Give the app that asks: by its secret, or a public one by its name. Raises Refusal."""
    client_id, secret = read_text(params, "client_id"), ""
    scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(packed).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id = ""
    app = APPS.get(client_id)
    if app is None or app.client_secret != secret:
        raise _refuse("unauthorized_client", NO_HEADER, status=401)
    return app


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give the sign-in routes. The page's form goes to where those of all networks go."""
    return [
        ("GET", AUTHORIZE_PATH, "other", show_consent),
        ("POST", AUTHORIZE_PATH, "other", take_consent),
        ("POST", "/oauth/authorize", "other", take_consent),
        ("POST", "/2/oauth2/token", "token", issue_token),
        ("POST", "/2/oauth2/revoke", "other", revoke_token),
    ]

"""LinkedIn's sign-in: the authorize page, tokens, introspection.

By https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow,
…/programmatic-refresh-tokens and …/token-introspection. Assumed:

- that every redirect address is registered in the portal;
- `unauthorized_scope_error` for a scope that the app may not ask for, as developers report it;
- `invalid_client` for a wrong secret (the pages name it for another grant);
- `/oauth/v2/revoke`, by RFC 7009: LinkedIn documents no such thing, but many clients call it.

Left out: the id_token, and that a member who agreed before is not asked again.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from simulator.linkedin_tokens import APPS, SCOPES, App, LinkedInServer, Token
from simulator.pages import render
from simulator.people import NameRefused
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text

SERVER = web.AppKey("LINKEDIN", LinkedInServer)

NO_CODE = "Unable to retrieve access token: authorization code not found"
WRONG_CODE = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match "
    "authorization code. Or authorization code expired. Or external member binding exists"
)
WRONG_REFRESH = "The provided authorization grant or refresh token is invalid, expired or revoked"
CANCELLED = "The user cancelled the authorization"


def read_request(params: dict[str, Any]) -> App:
    """Check a request for authorization; gives the app. Raises Refusal, shown to the person."""
    app = APPS.get(read_text(params, "client_id"))
    if app is None:
        raise Refusal(401, {"error": "Client_id doesn't match"})
    address = urlsplit(read_text(params, "redirect_uri"))
    if not address.scheme or not address.netloc or address.fragment:
        raise Refusal(401, {"error": "Redirect_uri doesn't match"})
    if read_text(params, "response_type") != "code":
        raise Refusal(401, {"error": "We need response_type to be code"})
    return app


def decide(server: LinkedInServer, params: dict[str, Any], *, account: str, allowed: bool) -> str:
    """Do what the member decided on the authorize page; gives where to send the browser.

    Raises Refusal for a request that must not be answered by a redirect, NameRefused for an
    account name that is not taken.
    """
    app = read_request(params)
    scopes = frozenset(read_text(params, "scope").split())
    unknown = sorted(scopes - SCOPES)
    fields = {"error": "user_cancelled_authorize", "error_description": CANCELLED}
    if unknown or not scopes:
        words = f"Scope &quot;{' '.join(unknown)}&quot; is not authorized for your application"
        fields = {"error": "unauthorized_scope_error", "error_description": words}
    elif allowed:
        owner = server.world.ensure_account(server.instance, name=account)
        redirect_uri = read_text(params, "redirect_uri")
        code = server.issue_code(app, account=owner, redirect_uri=redirect_uri, scopes=scopes)
        fields = {"code": code}
    if read_text(params, "state"):
        fields["state"] = read_text(params, "state")
    # What a redirect address has behind its question mark is ignored.
    return read_text(params, "redirect_uri").partition("?")[0] + "?" + urlencode(fields)


async def show_consent(request: web.Request) -> web.Response:
    """GET /oauth/v2/authorization: the page on which the member chooses."""
    params = await read_params(request)
    try:
        return _ask(request.app[SERVER], params)
    except Refusal as refusal:
        return render("error.html", status=refusal.status, message=refusal.body["error"])


def _ask(server: LinkedInServer, params: dict[str, Any], *, problem: str = "") -> web.Response:
    app = read_request(params)
    return render(
        "authorize.html",
        status=422 if problem else 200,
        instance=server.instance,
        client=app.name,
        website="",
        scopes=sorted(read_text(params, "scope").split()),
        account=read_text(params, "account") or server.world.propose_name(server.instance),
        accounts=[],
        hidden={key: value for key, value in params.items() if key not in ("account", "decision")},
        problem=problem,
    )


async def take_consent(request: web.Request) -> web.Response:
    """POST of that page: the member's choice, then the way back to the app."""
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
    """POST /oauth/v2/accessToken, for a code or a refresh token."""
    params = await read_params(request)
    grant_type = _require(params, "grant_type")
    if grant_type not in ("authorization_code", "refresh_token"):
        raise _refuse("unsupported_grant_type", f"Grant type {grant_type} is not supported")
    app = _authenticate(params)
    if grant_type == "refresh_token":
        return answer_json(_renew(request.app[SERVER], app, value=_require(params, grant_type)))
    return answer_json(_redeem(request.app[SERVER], app, params))


def _redeem(server: LinkedInServer, app: App, params: dict[str, Any]) -> dict[str, Any]:
    value, redirect_uri = _require(params, "code"), _require(params, "redirect_uri")
    if value not in server.codes:
        raise _refuse("invalid_request", NO_CODE, status=401)
    answer = server.redeem_code(value, app=app, redirect_uri=redirect_uri)
    if answer is None:
        raise _refuse("invalid_redirect_uri", WRONG_CODE)
    return answer


def _renew(server: LinkedInServer, app: App, *, value: str) -> dict[str, Any]:
    """Give a new access token with the same refresh token, which does not live longer by it."""
    token = server.refresh.get(value)
    if token is None or token.app is not app or token.status != "active":
        raise _refuse("invalid_request", WRONG_REFRESH)
    return server.issue_tokens(app, account=token.account, scopes=token.scopes, refresh=token)


async def revoke_token(request: web.Request) -> web.Response:
    """POST /oauth/v2/revoke (assumed): an unknown token is fine."""
    token = _find(request.app[SERVER], await read_params(request))
    if token is not None:
        token.is_revoked = True
    return web.Response()


async def introspect_token(request: web.Request) -> web.Response:
    """POST /oauth/v2/introspectToken: another app's token is simply not active."""
    params = await read_params(request)
    token = _find(request.app[SERVER], params)
    if token is None:
        raise _refuse("invalid_request", "Invalid token")
    if token.app.client_id != read_text(params, "client_id"):
        return answer_json({"active": False})
    return answer_json(
        {
            "active": token.status == "active",
            "status": token.status,
            "client_id": token.app.client_id,
            "scope": ",".join(sorted(token.scopes)),
            "auth_type": "3L",
            "created_at": token.created_at,
            "authorized_at": token.created_at,
            "expires_at": int(token.expires_at),
        }
    )


def _find(server: LinkedInServer, params: dict[str, Any]) -> Token | None:
    _authenticate(params)
    value = _require(params, "token")
    return server.access.get(value) or server.refresh.get(value)


def _authenticate(params: dict[str, Any]) -> App:
    client_id, secret = _require(params, "client_id"), _require(params, "client_secret")
    app = APPS.get(client_id)
    if app is None:
        raise _refuse("invalid_client_id", f'The passed in client_id is invalid "{client_id}"')
    if app.client_secret != secret:
        raise _refuse("invalid_client", "Client authentication failed", status=401)
    return app


def _require(params: dict[str, Any], name: str) -> str:
    value = read_text(params, name)
    if not value:
        raise _refuse("invalid_request", f'A required parameter "{name}" is missing')
    return value


def _refuse(error: str, description: str, *, status: int = 400) -> Refusal:
    return Refusal(status, {"error": error, "error_description": description})


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give the sign-in routes. The page's form is sent to /oauth/authorize, as everywhere here."""
    return [
        ("GET", "/oauth/v2/authorization", "other", show_consent),
        ("POST", "/oauth/v2/authorization", "other", take_consent),
        ("POST", "/oauth/authorize", "other", take_consent),
        ("POST", "/oauth/v2/accessToken", "token", issue_token),
        ("POST", "/oauth/v2/revoke", "other", revoke_token),
        ("POST", "/oauth/v2/introspectToken", "other", introspect_token),
    ]

"""The Mastodon dialect's sign-in: apps, the authorize page, tokens, metadata.

As documented under https://docs.joinmastodon.org/methods/oauth/ and done by Doorkeeper, which
Mastodon uses. Mastodon sends no `iss` back with the code (its issue 31116 is open).
"""

import base64
import binascii
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from simulator.layout import Kind
from simulator.mastodon_tokens import App, MastodonServer
from simulator.pages import render
from simulator.people import NameRefused
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text

SERVER = web.AppKey("MASTODON", MastodonServer)
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
DEFAULT_SCOPE = "read"

INVALID_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, "
    "or unsupported authentication method."
)
INVALID_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the "
    "redirection URI used in the authorization request, or was issued to another client."
)
INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed."
DENIED = "The resource owner or authorization server denied the request."


async def register_app(request: web.Request) -> web.Response:
    """POST /api/v1/apps. Real servers allow 5 per 10 minutes and address; not counted here."""
    server = request.app[SERVER]
    params = await read_params(request)
    uris = params.get("redirect_uris") or []
    uris = uris.split() if isinstance(uris, str) else [str(uri) for uri in uris]
    name = read_text(params, "client_name").strip()
    scopes = frozenset((read_text(params, "scopes") or DEFAULT_SCOPE).split())
    if not name:
        raise Refusal(422, {"error": "Validation failed: Application name can't be blank"})
    if not uris or not all(_is_redirect(uri) for uri in uris):
        raise Refusal(422, {"error": "Validation failed: Redirect URI must be an absolute URI."})
    if not scopes <= server.instance.kind.scopes:
        message = "Validation failed: Scopes doesn't match configured on the server."
        raise Refusal(422, {"error": message})
    website = read_text(params, "website") or None
    app = server.register_app(name=name, redirect_uris=uris, scopes=scopes, website=website)
    return answer_json(_describe_app(app, kind=server.instance.kind))


def _describe_app(app: App, *, kind: Kind) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": app.id,
        "name": app.name,
        "website": app.website,
        "redirect_uri": "\n".join(app.redirect_uris),
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "vapid_key": "",
    }
    if kind.has_metadata:  # the fields that 4.3 added
        entry |= {
            "scopes": sorted(app.scopes),
            "redirect_uris": app.redirect_uris,
            "client_secret_expires_at": 0,
        }
    return entry


def _is_redirect(uri: str) -> bool:
    return uri == OUT_OF_BAND or bool(urlsplit(uri).scheme and urlsplit(uri).netloc)


def read_request(server: MastodonServer, params: dict[str, Any]) -> tuple[App, frozenset[str]]:
    """Check a request for authorization; gives the app and the scopes it asks for.

    Raises Refusal for what is shown to the person, and Sent for what goes back to the app.
    """
    app = server.apps.get(read_text(params, "client_id"))
    if app is None:
        raise Refusal(401, {"error": INVALID_CLIENT})
    redirect_uri = read_text(params, "redirect_uri")
    if redirect_uri not in app.redirect_uris:
        message = "The requested redirect uri is malformed or doesn't match client redirect URI."
        raise Refusal(400, {"error": message})
    if read_text(params, "response_type") != "code":
        raise Sent("unsupported_response_type", "The server does not support this response type.")
    scopes = frozenset((read_text(params, "scope") or DEFAULT_SCOPE).split())
    if not scopes <= app.scopes:
        raise Sent("invalid_scope", INVALID_SCOPE)
    method = read_text(params, "code_challenge_method")
    challenged = server.instance.kind.has_metadata and read_text(params, "code_challenge")
    if challenged and method != "S256":
        message = "The code_challenge_method must be S256."
        raise Sent("invalid_code_challenge_method", message)
    return app, scopes


class Sent(Exception):
    """An OAuth error that goes back to the app in the redirect."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.fields = {"error": error, "error_description": description}


def decide(server: MastodonServer, params: dict[str, Any], *, account: str, allowed: bool) -> str:
    """Do what the owner decided on the authorize page; gives where to send the browser.

    Raises Refusal for a request that must not be answered by a redirect, NameRefused for an
    account name that the server does not take.
    """
    redirect_uri = read_text(params, "redirect_uri")
    try:
        app, scopes = read_request(server, params)
    except Sent as sent:
        fields = sent.fields
    else:
        fields = {"error": "access_denied", "error_description": DENIED}
        if allowed:
            owner = server.world.ensure_account(server.instance, name=account)
            checks_pkce = server.instance.kind.has_metadata
            code = server.issue_code(
                app,
                account=owner,
                redirect_uri=redirect_uri,
                scopes=scopes,
                challenge=read_text(params, "code_challenge") if checks_pkce else "",
            )
            fields = {"code": code}
    if read_text(params, "state"):
        fields["state"] = read_text(params, "state")
    if redirect_uri == OUT_OF_BAND:
        return f"{server.instance.url}/oauth/authorize/native?{urlencode(fields)}"
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(fields)


async def show_consent(request: web.Request) -> web.Response:
    """GET /oauth/authorize: the page on which the owner chooses."""
    server = request.app[SERVER]
    params = await read_params(request)
    try:
        return _ask(server, params)
    except Sent:
        raise web.HTTPFound(decide(server, params, account="", allowed=False)) from None
    except Refusal as refusal:
        return render("error.html", status=refusal.status, message=refusal.body["error"])


def _ask(server: MastodonServer, params: dict[str, Any], *, problem: str = "") -> web.Response:
    app, scopes = read_request(server, params)
    return render(
        "authorize.html",
        status=422 if problem else 200,
        instance=server.instance,
        client=app.name,
        website=app.website,
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
        return render("error.html", status=refusal.status, message=refusal.body["error"])
    return web.Response(status=302, headers={"Location": address})


async def show_code(request: web.Request) -> web.Response:
    """GET /oauth/authorize/native: the code for apps that cannot be sent back to."""
    return render("code.html", code=request.query.get("code", ""))


async def issue_token(request: web.Request) -> web.Response:
    """POST /oauth/token."""
    server = request.app[SERVER]
    params = await read_params(request)
    app = _authenticate(request, params)
    grant_type = read_text(params, "grant_type")
    if grant_type == "client_credentials":
        scopes = frozenset((read_text(params, "scope") or DEFAULT_SCOPE).split())
        if not scopes <= app.scopes:
            raise _refuse("invalid_scope", INVALID_SCOPE)
        return answer_json(server.issue_token(app, account=None, scopes=scopes).describe())
    if grant_type != "authorization_code":
        message = "The authorization grant type is not supported by the authorization server."
        raise _refuse("unsupported_grant_type", message)
    value, verifier = read_text(params, "code"), read_text(params, "code_verifier")
    code = server.codes.get(value)
    if code is not None and code.challenge and not verifier:
        raise _refuse("invalid_request", "Missing required parameter: code_verifier.")
    if not read_text(params, "redirect_uri"):
        raise _refuse("invalid_request", "Missing required parameter: redirect_uri.")
    token = server.redeem_code(
        value, app=app, redirect_uri=read_text(params, "redirect_uri"), verifier=verifier
    )
    if token is None:
        raise _refuse("invalid_grant", INVALID_GRANT)
    return answer_json(token.describe())


async def revoke_token(request: web.Request) -> web.Response:
    """POST /oauth/revoke: an unknown token is fine, another app's is not."""
    server = request.app[SERVER]
    params = await read_params(request)
    app = _authenticate(request, params)
    token = server.tokens.get(read_text(params, "token"))
    if token is not None and token.app is not app:
        message = "You are not authorized to revoke this token"
        raise Refusal(403, {"error": "unauthorized_client", "error_description": message})
    if token is not None:
        server.revoke_token(token)
    return answer_json({})


async def show_metadata(request: web.Request) -> web.Response:
    """GET /.well-known/oauth-authorization-server, from 4.3 on."""
    url = request.app[SERVER].instance.url
    body = {
        "issuer": f"{url}/",
        "authorization_endpoint": f"{url}/oauth/authorize",
        "token_endpoint": f"{url}/oauth/token",
        "revocation_endpoint": f"{url}/oauth/revoke",
        "scopes_supported": sorted(request.app[SERVER].instance.kind.scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "service_documentation": "https://docs.joinmastodon.org/",
        "app_registration_endpoint": f"{url}/api/v1/apps",
    }
    return answer_json(body)


def _refuse(error: str, description: str, *, status: int = 400) -> Refusal:
    return Refusal(
        status,
        {"error": error, "error_description": description},
        headers={"Cache-Control": "no-store"},
    )


def _authenticate(request: web.Request, params: dict[str, Any]) -> App:
    client_id, secret = read_text(params, "client_id"), read_text(params, "client_secret")
    scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(packed).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id = ""
    app = request.app[SERVER].apps.get(client_id)
    if app is None or app.client_secret != secret:
        raise _refuse("invalid_client", INVALID_CLIENT, status=401)
    return app


def list_routes(kind: Kind) -> list[tuple[str, str, str, Handler]]:
    """Give the sign-in routes of a kind of server."""
    routes: list[tuple[str, str, str, Handler]] = [
        ("POST", "/api/v1/apps", "other", register_app),
        ("GET", "/oauth/authorize", "other", show_consent),
        ("POST", "/oauth/authorize", "other", take_consent),
        ("GET", "/oauth/authorize/native", "other", show_code),
        ("POST", "/oauth/token", "token", issue_token),
        ("POST", "/oauth/revoke", "other", revoke_token),
    ]
    if kind.has_metadata:
        routes.append(("GET", "/.well-known/oauth-authorization-server", "other", show_metadata))
    return routes

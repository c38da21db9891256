"""Facebook's sign-in: the login dialog, tokens for codes and for tokens, taking it back.

By https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow,
…/guides/access-tokens/get-long-lived and …/guides/permissions/request-revoke. Assumed:

- that every redirect address is registered in the app's dashboard;
- the codes and subcodes of the token endpoint, which are those that developers quote;
- that taking back what is not there is fine.
"""

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from simulator.facebook_answers import refuse
from simulator.facebook_tokens import APP, LONG_SECONDS, PERMISSIONS, Code, FacebookServer, Person
from simulator.pages import render
from simulator.people import NameRefused
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text

SERVER = web.AppKey("FACEBOOK", FacebookServer)

DENIED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}
NO_APP = "Error validating application. Cannot get application info due to a system error."
USED_CODE, EXPIRED_CODE, WRONG_REDIRECT = 36009, 36007, 36008


def read_request(params: dict[str, Any]) -> frozenset[str]:
    """Check a request for the dialog; gives the scopes. Raises Refusal, shown to the person."""
    if read_text(params, "client_id") != APP.client_id:
        raise Refusal(400, {"error": "Invalid App ID"})
    address = urlsplit(read_text(params, "redirect_uri"))
    if not address.scheme or not address.netloc:
        raise Refusal(400, {"error": "URL Blocked: this redirect is not in the app's settings."})
    scopes = frozenset(read_text(params, "scope").replace(" ", ",").split(",")) - {""}
    if not scopes <= PERMISSIONS:
        invalid = ", ".join(sorted(scopes - PERMISSIONS))
        raise Refusal(400, {"error": f"Invalid Scopes: {invalid}"})
    return scopes | {"public_profile"}


def decide(server: FacebookServer, params: dict[str, Any], *, account: str, allowed: bool) -> str:
    """Do what the person decided in the dialog; gives where to send the browser.

    `account` is as simulator/facebook_tokens.py says. Raises Refusal for what must not be answered
    by a redirect, NameRefused for a name that Facebook does not take.
    """
    scopes = read_request(params)
    fields = DENIED
    redirect_uri = read_text(params, "redirect_uri")
    if allowed:
        person = server.meet(account, scopes=scopes)
        fields = {"code": server.issue_code(person, redirect_uri=redirect_uri)}
    if read_text(params, "state"):
        fields = fields | {"state": read_text(params, "state")}
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(fields)


async def show_consent(request: web.Request) -> web.Response:
    """GET /v25.0/dialog/oauth: the page on which the person chooses."""
    params = await read_params(request)
    try:
        return _ask(request.app[SERVER], params)
    except Refusal as refusal:
        return render("error.html", status=refusal.status, message=refusal.body["error"])


def _ask(server: FacebookServer, params: dict[str, Any], *, problem: str = "") -> web.Response:
    scopes = read_request(params)
    return render(
        "authorize.html",
        status=422 if problem else 200,
        instance=server.instance,
        client=APP.name,
        website=None,
        scopes=sorted(scopes),
        account=read_text(params, "account") or server.world.propose_name(server.instance),
        accounts=[],
        hidden={key: value for key, value in params.items() if key not in ("account", "decision")},
        problem=problem,
    )


async def take_consent(request: web.Request) -> web.Response:
    """POST /v25.0/dialog/oauth: the person's choice, then the way back to the app."""
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
    """GET or POST /v25.0/oauth/access_token: a short token for a code, a long one for that."""
    server = request.app[SERVER]
    params = await read_params(request)
    if read_text(params, "client_id") != APP.client_id:
        raise refuse(400, 101, NO_APP)
    if read_text(params, "client_secret") != APP.client_secret:
        raise refuse(400, 1, "Error validating client secret.")
    grant_type = read_text(params, "grant_type")
    if grant_type == "client_credentials":
        return answer_json({"access_token": APP.token, "token_type": "bearer"})
    if grant_type == "fb_exchange_token":
        token = server.tokens.get(read_text(params, "fb_exchange_token"))
        if token is None or token.page is not None or token.is_revoked or token.is_spent:
            raise refuse(400, 190, "Invalid OAuth access token - Cannot parse access token")
        person, seconds = token.person, LONG_SECONDS
    else:
        person = _redeem(server, params)
        seconds = server.world.settings.access_token_seconds
    fresh = server.issue_token(person, seconds=seconds)
    return answer_json({"access_token": fresh.value, "token_type": "bearer", "expires_in": seconds})


def _redeem(server: FacebookServer, params: dict[str, Any]) -> Person:
    code: Code | None = server.codes.get(read_text(params, "code"))
    if code is None:
        raise refuse(400, 100, "Invalid verification code format.")
    if code.is_used:
        message = "This authorization code has been used."
        raise refuse(400, 100, message, subcode=USED_CODE)
    if code.expires_at < time.time():
        message = "This authorization code has expired."
        raise refuse(400, 100, message, subcode=EXPIRED_CODE)
    if code.redirect_uri != read_text(params, "redirect_uri"):
        message = (
            "Error validating verification code. Please make sure your redirect_uri is identical "
            "to the one you used in the OAuth dialog request"
        )
        raise refuse(400, 100, message, subcode=WRONG_REDIRECT)
    code.is_used = True
    return code.person


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give the sign-in routes. The page's form is sent to /oauth/authorize, as everywhere here."""
    version = r"/{version:v\d+\.\d+}"
    return [
        ("GET", f"{version}/dialog/oauth", "other", show_consent),
        ("POST", f"{version}/dialog/oauth", "other", take_consent),
        ("POST", "/oauth/authorize", "other", take_consent),
        ("GET", f"{version}/oauth/access_token", "token", issue_token),
        ("POST", f"{version}/oauth/access_token", "token", issue_token),
    ]

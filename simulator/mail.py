"""The mail catcher: takes every mail over SMTP, sends none, and shows what it caught."""

import asyncio
import socket
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from simulator.clock import format_time, tell_time
from simulator.pages import render
from simulator.serving import answer_json
from simulator.wording import split_links

MAILS_KEPT = 2000
MAIL_BYTES = 10_000_000

# A mail is a stranger's HTML: no script, nothing loaded, links open in a new tab.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
LINKS_APART = '<base target="_blank">'


@dataclass(frozen=True, slots=True)
class Mail:
    """One caught mail. `at` is in seconds since 1970; attachments are (name, content type)."""

    id: int
    at: float
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    attachments: list[tuple[str, str]]

    def describe(self) -> dict[str, Any]:
        """Give the mail as the control API shows it."""
        return {
            "id": self.id,
            "at": format_time(self.at),
            "from": self.sender,
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "attachments": [
                {"name": name, "content_type": kind} for name, kind in self.attachments
            ],
        }


@dataclass
class Mailbox:
    """The caught mails, oldest first.

    Without slots: aiosmtpd looks at all members of its handler, and ``__weakref__`` of a class with
    slots cannot be looked at in every Python.
    """

    mails: deque[Mail] = field(default_factory=lambda: deque(maxlen=MAILS_KEPT))
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
    ) -> str:
        """Keep one mail; called by aiosmtpd."""
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        message = message_from_bytes(raw, policy=default)
        recipients = [str(address) for address in envelope.rcpt_tos]
        self.mails.append(
            Mail(
                id=next(self.numbers),
                at=tell_time(),
                sender=str(message["from"] or envelope.mail_from or ""),
                to=recipients,
                subject=str(message["subject"] or ""),
                text=_read_part(message, kind="plain"),
                html=_read_part(message, kind="html"),
                headers={name: str(value) for name, value in message.items()},
                attachments=[
                    (part.get_filename() or "", part.get_content_type())
                    for part in message.iter_attachments()
                ],
            )
        )
        return "250 Message caught; it goes no further"


MAILBOX = web.AppKey("MAILBOX", Mailbox)


def _read_part(message: EmailMessage, *, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


async def serve_smtp(mailbox: Mailbox, *, listener: socket.socket) -> asyncio.Server:
    """Catch mails on a bound socket until the server given back is closed."""
    loop = asyncio.get_running_loop()

    def greet() -> SMTP:
        return SMTP(
            mailbox,
            hostname="simulator",
            ident="Mail catcher",
            enable_SMTPUTF8=True,
            data_size_limit=MAIL_BYTES,
            loop=loop,
        )

    return await loop.create_server(greet, sock=listener)


async def list_mails(request: web.Request) -> web.Response:
    """GET /_simulator/mail, oldest first; `?to=` keeps the mails to one address."""
    wanted = request.query.get("to")
    mails = request.app[MAILBOX].mails
    return answer_json([mail.describe() for mail in mails if wanted is None or wanted in mail.to])


async def forget_mails(request: web.Request) -> web.Response:
    """DELETE /_simulator/mail."""
    request.app[MAILBOX].mails.clear()
    return web.Response(status=204)


async def show_mails(request: web.Request) -> web.Response:
    """GET /mail, newest first."""
    return render("mails.html", mails=list(reversed(request.app[MAILBOX].mails)))


async def show_mail(request: web.Request) -> web.Response:
    """GET /mail/7."""
    mail = _find_mail(request)
    if mail is None:
        return render("error.html", status=404, message="This mail is not here any more.")
    return render("mail.html", mail=mail, pieces=split_links(mail.text))


async def show_mail_html(request: web.Request) -> web.Response:
    """GET /mail/7/html: the HTML part alone, for the sandboxed frame."""
    mail = _find_mail(request)
    return web.Response(
        text=LINKS_APART + mail.html if mail else "",
        status=200 if mail else 404,
        content_type="text/html",
        headers={"Content-Security-Policy": MAIL_POLICY, "X-Content-Type-Options": "nosniff"},
    )


def _find_mail(request: web.Request) -> Mail | None:
    number = request.match_info["id"]
    mails = request.app[MAILBOX].mails
    return next((mail for mail in mails if str(mail.id) == number), None)


def add_mail_routes(app: web.Application, *, mailbox: Mailbox) -> None:
    """Add the mail pages and their part of the control API."""
    app[MAILBOX] = mailbox
    app.router.add_get("/mail", show_mails)
    app.router.add_get("/mail/{id}", show_mail)
    app.router.add_get("/mail/{id}/html", show_mail_html)
    app.router.add_get("/_simulator/mail", list_mails)
    app.router.add_delete("/_simulator/mail", forget_mails)

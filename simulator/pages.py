"""Pages in HTML: templates, their headers, and the simulator's own static files."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator.clock import format_time

FOLDER = Path(__file__).parent
STATIC_PATH = "/_simulator/static"

# No form-action: browsers would apply it to the redirect that follows "Allow" as well.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["static"] = STATIC_PATH
_templates.filters["clock"] = format_time


def render(template: str, *, status: int = 200, **context: object) -> web.Response:
    """Give a page. It may not be framed, stored, or load anything from elsewhere."""
    return web.Response(
        text=_templates.get_template(template).render(context),
        status=status,
        content_type="text/html",
        headers={
            "Content-Security-Policy": PAGE_POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def serve_static(app: web.Application) -> None:
    """Serve the style sheet and the wall's script from this package."""
    app.router.add_static(STATIC_PATH, FOLDER / "static")

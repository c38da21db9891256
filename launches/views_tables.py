"""Tables for a spreadsheet (CSV), written as they are read."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import holding
from launches.recounting import escape_cell
from launches.results import find_launch
from launches.surveying import survey
from launches.tabling import PRIVATE_TABLES, TABLES, Source
from launches.views import find_campaign


@require_GET
@never_cache
def export_table(request: HttpRequest, slug: str, table: str) -> StreamingHttpResponse:
    """One table of the results page, for who may read the page; reasons for who may steer it.

    404 before the launch is decided, as there is no such page. Times are UTC.
    """
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or launch.decided_at is None:
        raise Http404
    if table in PRIVATE_TABLES and not holding.may_control(request.user, launch):
        raise PermissionDenied
    make = TABLES.get(table) or PRIVATE_TABLES.get(table)
    seen = survey(Campaign.objects.seen_by(request.user), campaign.slug)
    if make is None or seen is None:
        raise Http404
    rows = make(Source(campaign=campaign, launch=launch, seen=seen, now=database_now()))
    return write_table(rows, name=f"{campaign.slug}-{table}")


def write_table(rows: Iterable[Iterable[object]], *, name: str) -> StreamingHttpResponse:
    """These rows as a file of that name; no cell is taken for a formula, and None is empty."""
    writer = csv.writer(_Echo())
    told = (writer.writerow([_write_cell(cell) for cell in row]) for row in rows)
    answer = StreamingHttpResponse(told, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _write_cell(cell: object) -> str:
    if isinstance(cell, int):
        return str(cell)
    return "" if cell is None else escape_cell(str(cell))


class _Echo:
    """A file that gives back what is written, for the writer of CSV."""

    def write(self, line: str) -> str:
        return line

"""Addresses of the reading pages."""

from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from campaigns.drafting import RESERVED_SLUGS
from pages import (
    calendar,
    views,
    views_doors,
    views_embed,
    views_feeds,
    views_sharing,
    views_styleguide,
)


class CampaignSlugConverter(SlugConverter):
    """A campaign's address: never a word that is kept for a page of the site's own."""

    regex = rf"(?!(?:{'|'.join(sorted(RESERVED_SLUGS))})/){SlugConverter.regex}"


register_converter(CampaignSlugConverter, "campaign_slug")

urlpatterns = [
    path("", views.home, name="home"),
    path("campaigns/", views.explore, name="explore"),
    path("campaigns/feed.xml", views_feeds.show_feed, name="feed"),
    path("campaigns/calendar.ics", views_feeds.show_all_dates, name="calendar"),
    path(
        "campaigns/<campaign_slug:slug>/feed.xml",
        views_feeds.show_campaign_feed,
        name="campaign_feed",
    ),
    path("campaigns/<campaign_slug:slug>/", views.campaign, name="campaign"),
    path(
        "campaigns/<campaign_slug:slug>/launch.ics",
        calendar.show_calendar,
        name="launch_calendar",
    ),
    path(
        "campaigns/<campaign_slug:slug>/card.<slug:language>.png",
        views_sharing.show_card,
        name="campaign_card",
    ),
    path("campaigns/<campaign_slug:slug>/embed/", views_embed.show_embed, name="campaign_embed"),
    path("oembed/", views_embed.answer_oembed, name="oembed"),
    path("campaigns/<campaign_slug:slug>/poster/", views_sharing.show_poster, name="poster"),
    path("campaigns/<campaign_slug:slug>/code.svg", views_sharing.show_code, name="campaign_code"),
    path("favicon.ico", views_sharing.show_icon, name="icon"),
    path("card.<slug:language>.png", views_sharing.show_home_card, name="home_card"),
    path("campaigns/<campaign_slug:slug>/supporters/", views.wall, name="wall"),
    path("desk/", views.desk, name="desk"),
    path("desk/<uuid:uid>/doors/", views_doors.show_doors, name="doors"),
    path("desk/<uuid:uid>/doors.csv", views_doors.export_doors, name="doors_csv"),
    path("desk/<uuid:uid>/supporters.csv", views_doors.export_supporters, name="supporters_csv"),
    path("what-we-keep/", views.what_we_keep, name="what_we_keep"),
    path("styleguide/", views_styleguide.show_guide, name="styleguide"),
]

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from classwork.domain import listing
from classwork.models import ClassOffer, Location
from common import dates


class ListMap(Sitemap):
    def items(self) -> list[str]:
        return ["classoffer_list", "level_guide", "past_sessions", "location_list"]

    def location(self, item: str) -> str:
        return reverse(item)


class ClassMap(Sitemap):
    """What is on now; classes long over are found through their session."""

    def items(self) -> list[ClassOffer]:
        sessions = listing.sessions_for(today=dates.today())
        return list(ClassOffer.objects.on_offer().filter(session__in=sessions))


class LocationMap(Sitemap):
    def items(self) -> list[Location]:
        return list(Location.objects.filter(is_public=True))


SITEMAPS = {"lists": ListMap, "classes": ClassMap, "locations": LocationMap}

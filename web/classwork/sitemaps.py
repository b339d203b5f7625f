from django.contrib.sitemaps import Sitemap
from django.urls import reverse
from django.utils import timezone

from classwork.domain.places import running
from classwork.models import ClassOffer, Location


class ListMap(Sitemap):
    def items(self) -> list[str]:
        return ["classoffer_list", "level_guide", "past_sessions", "location_list"]

    def location(self, item: str) -> str:
        return reverse(item)


class ClassMap(Sitemap):
    """Current classes only. Search engines find older ones through their session."""

    def items(self) -> list[ClassOffer]:
        return running.current_offers(timezone.now())


class LocationMap(Sitemap):
    def items(self) -> list[Location]:
        return list(Location.objects.filter(is_public=True))


SITEMAPS = {"lists": ListMap, "classes": ClassMap, "locations": LocationMap}

from django.contrib.sitemaps import Sitemap
from django.urls import reverse
from django.utils import timezone

from classwork.models import ClassOffer, Location
from registrations.domain import current_classes


class ListPagesSitemap(Sitemap):
    def items(self) -> list[str]:
        return ["classoffer_list", "level_guide", "past_sessions", "location_list"]

    def location(self, item: str) -> str:
        return reverse(item)


class ClassSitemap(Sitemap):
    """Current classes only. Search engines find older ones through their session."""

    def items(self) -> list[ClassOffer]:
        return current_classes.current_classes(timezone.now())


class LocationSitemap(Sitemap):
    def items(self) -> list[Location]:
        return list(Location.objects.filter(is_public=True))


SITEMAPS = {"lists": ListPagesSitemap, "classes": ClassSitemap, "locations": LocationSitemap}

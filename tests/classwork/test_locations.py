"""Where classes are: an address, with its country where that is not the school's own."""

from django.test import override_settings
from django.urls import reverse

from classwork.domain.catalog import structured_data
from classwork.models import Location
from tests import make
from tests.base import SchoolTestCase


class LocationTest(SchoolTestCase):
    @override_settings(DEFAULT_COUNTRY="US")
    def test_a_new_location_is_in_the_schools_country(self) -> None:
        self.assertEqual(Location().country, "US")
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("admin:classwork_location_add")), 'name="country" value="US"')

    @override_settings(DEFAULT_COUNTRY="US")
    def test_search_engines_are_always_told_the_country_and_people_when_it_is_another(self) -> None:
        home = make.location("Hall", code="hall", address="1 Main St", city="Portland", state="OR", zipcode="97214")
        away = make.location(
            "Halle", code="halle", address="", city="Berlin", state="", zipcode="10115", country="Germany"
        )
        for place, country in ((home, "US"), (away, "Germany")):
            self.assertEqual(structured_data.location_json_ld(place)["address"]["addressCountry"], country)
        self.assertEqual(home.full_address, "1 Main St, Portland, OR 97214")
        self.assertEqual(away.full_address, "Berlin, 10115, Germany")

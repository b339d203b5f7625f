"""The address of a location includes the country only if it is not the school's own."""

from django.test import override_settings
from django.urls import reverse

from classwork.domain.catalog import structured_data
from classwork.models import Location
from tests import factories
from tests.base import SchoolTestCase


class LocationTest(SchoolTestCase):
    @override_settings(DEFAULT_COUNTRY="US")
    def test_new_location_defaults_to_the_country_of_the_school(self) -> None:
        self.assertEqual(Location().country, "US")
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("admin:classwork_location_add")), 'name="country" value="US"')

    @override_settings(DEFAULT_COUNTRY="US")
    def test_structured_data_always_has_the_country_and_the_address_only_a_foreign_one(self) -> None:
        home = factories.create_location(
            "Hall", code="hall", address="1 Main St", city="Portland", state="OR", zipcode="97214"
        )
        away = factories.create_location(
            "Halle", code="halle", address="", city="Berlin", state="", zipcode="10115", country="Germany"
        )
        for place, country in ((home, "US"), (away, "Germany")):
            self.assertEqual(structured_data.location_json_ld(place)["address"]["addressCountry"], country)
        self.assertEqual(home.full_address, "1 Main St, Portland, OR 97214")
        self.assertEqual(away.full_address, "Berlin, 10115, Germany")

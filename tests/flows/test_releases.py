from datetime import timedelta
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from classwork.models import Resource
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


class ReleaseFlowTest(FlowTestCase):
    def test_a_resource_opens_after_the_class_it_belongs_to(self) -> None:
        alice = Visitor(self.alice)
        self.buy(alice, self.class_offer)
        tess = Visitor(self.tess).open(reverse("teaching")).follow("Resources")
        tess.follow("Text").press("Add", {"title": "Steps of week one", "text": "Rock step", "opens": "class-1"})
        resource = Resource.objects.get()

        alice.open(reverse("library")).sees("Steps of week one")
        self.assertEqual(alice.client.get(reverse("resource_detail", args=[resource.pk])).status_code, 404)
        self.run_worker()

        first = self.class_offer.meetings.get(number=1)
        after_class = first.ends_at + timedelta(minutes=1)
        with mock.patch.object(timezone, "now", return_value=after_class):
            alice.client.force_login(self.alice)
            alice.open(reverse("library")).follow("Steps of week one").sees("Rock step")

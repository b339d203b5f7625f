from datetime import time
from io import StringIO

from django.core.management import CommandError, call_command

from bench.load import evening
from classwork.models import ClassOffer
from registrations.models import Registration, WaitlistEntry, WaitlistWalk
from tests import factories
from tests.base import SchoolTestCase


class ReplayTest(SchoolTestCase):
    def run_command(self, *arguments: str) -> str:
        output = StringIO()
        call_command("replay_waitlist", *arguments, stdout=output)
        return output.getvalue()

    def test_busy_evening_replays_without_differences(self) -> None:
        for hour in (10, 11, 12):
            factories.create_class_offer(
                self.session, factories.create_subject("Beg", f"V{hour}"), start_time=time(hour), capacity=9
            )
        evening.simulate_evening(list(ClassOffer.objects.order_by("-pk")[:3]), people=40, seed=7, by=self.ada)
        output = self.run_command()
        self.assertIn("0 differ.", output)
        self.assertFalse(output.startswith("0 walks"))
        self.assertTrue(WaitlistEntry.objects.exists() and Registration.objects.exists())

    def test_walk_that_does_not_match_its_rules_is_reported(self) -> None:
        given = {
            "capacity": 1,
            "roles": [],
            "most_apart": None,
            "ratio": None,
            "active_from": 0,
            "counts": {},
            "waiting": [[5, [""]]],
        }
        WaitlistWalk.objects.create(class_offer=self.class_offer, given=given, steps=[["offered", 5, [""]]])
        self.assertIn("1 walks replayed, 0", self.run_command())
        wrong = WaitlistWalk.objects.create(
            class_offer=self.class_offer, given=given, steps=[["passed", 5, "full", ""]]
        )
        with self.assertRaisesMessage(CommandError, str(wrong.pk)):
            self.run_command("--class", str(self.class_offer.pk))

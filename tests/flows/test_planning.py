from classwork.models import Session
from tests import factories
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


class PlanningFlowTest(FlowTestCase):
    def test_the_next_session_is_planned_from_this_one_and_approved_class_by_class(self) -> None:
        factories.create_class_offer(self.session, factories.create_subject("L2"), self.tess.staff, class_day=3)
        ada = self.desk().follow("Sessions").follow("Plan the next session")
        ada.press("Preview dates")
        self.assertEqual(Session.objects.count(), 1)
        ada.press("Create session").sees("has been created with 2 classes")

        planned = Session.objects.latest("key_day_date")
        self.assertGreater(planned.start_date, self.session.end_date)
        self.assertFalse(planned.class_offers.filter(manager_approved=True).exists())
        self.assertNotIn(planned.title, Visitor().open("/classes/").text)
        self.run_worker()

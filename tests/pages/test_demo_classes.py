from io import StringIO

from django.core.management import call_command
from django.test import TestCase, override_settings, tag

from classwork.models import ClassOffer, Meeting, Proposal, Session
from pages import demo
from registrations.models import Registration


@override_settings(DEBUG=True)
@tag("once", "long")
class DemoClassesTest(TestCase):
    def test_demo_school_has_three_sessions_and_thirty_classes_with_registrations(self):
        demo.load_demo_school()
        self.assertEqual((Session.objects.count(), ClassOffer.objects.count()), (3, 30))
        self.assertEqual(Proposal.objects.filter(state="submitted").count(), 2)
        self.assertTrue(Meeting.objects.exclude(canceled_at=None).exists())
        self.assertEqual(
            Registration.objects.whole_class().live().filter(student__user__email="alice@example.org").count(), 4
        )
        self.assertGreater(Registration.objects.count(), 20)
        page = self.client.get("/classes/").content.decode()
        for words in ("Beginning A", "Balboa basics", "Inez dances in Paris", "Grange Hall"):
            self.assertIn(words, page)

    def test_loading_demo_school_again_adds_no_classes(self):
        demo.load_demo_school()
        before = (ClassOffer.objects.count(), Meeting.objects.count(), Proposal.objects.count())
        call_command("demo_school", "--anyway", stdout=StringIO())
        self.assertEqual((ClassOffer.objects.count(), Meeting.objects.count(), Proposal.objects.count()), before)

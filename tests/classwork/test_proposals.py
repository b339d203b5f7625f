from datetime import time
from decimal import Decimal

from django.db import IntegrityError, transaction

from classwork.domain import proposals
from classwork.domain.catalog import subjects
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.errors import ChangeRefused
from classwork.models import ClassOffer, Level, Proposal, Subject
from history.models import Entry
from tests import factories
from tests.base import SchoolTestCase


class ProposalTestCase(SchoolTestCase):
    def setUp(self):
        self.teacher = self.tess.staff

    def stored(self, proposal):
        return Proposal.objects.get(pk=proposal.pk)


class NewProposalTest(ProposalTestCase):
    def propose(self):
        level = Level.objects.get(code="Spec")
        return proposals.propose_subject(self.teacher, {"level": level, "name": "Slow Bal"})

    def test_proposed_subject_is_public_only_after_approval(self):
        with self.settings(ASSUME_CLASS_APPROVE=True):
            proposal = self.propose()
        self.assertFalse(proposal.subject.manager_approved)
        proposals.submit_proposal(self.teacher, proposal, "What do you think?")
        proposals.approve_proposal(self.ada, proposal, answer="Lovely")
        self.assertTrue(Subject.objects.get(pk=proposal.subject.pk).manager_approved)
        self.assertEqual(self.stored(proposal).state, "approved")
        expected = ["classwork.proposal_submitted", "classwork.subject_approved", "classwork.proposal_approved"]
        recorded = Entry.objects.filter(action__regex="proposal|subject_approved").order_by("id")
        self.assertEqual(list(recorded.values_list("action", flat=True)), expected)

    def test_answered_proposal_can_be_edited_and_submitted_again(self):
        proposal = self.propose()
        proposals.submit_proposal(self.teacher, proposal)
        self.assertFalse(proposals.may_edit_proposal(self.teacher, self.stored(proposal)))
        proposals.answer_proposal(self.ada, proposal, "Shorter, please")
        self.assertTrue(proposals.may_edit_proposal(self.teacher, self.stored(proposal)))
        proposals.edit_proposal(self.teacher, proposal, ClassDraft({"num_weeks": 2}))
        proposals.submit_proposal(self.teacher, proposal, "Like this?")
        proposals.approve_proposal(self.ada, proposal)
        self.assertEqual(Subject.objects.get(pk=proposal.subject.pk).num_weeks, 2)

    def test_draft_cannot_be_approved_or_answered(self):
        proposal = self.propose()
        for decide in (
            lambda: proposals.approve_proposal(self.ada, proposal),
            lambda: proposals.answer_proposal(self.ada, proposal, "No"),
        ):
            with self.assertRaisesMessage(ChangeRefused, "“Draft” now"):
                decide()

    def test_withdrawn_proposal_cannot_be_submitted(self):
        proposal = self.propose()
        proposals.withdraw_proposal(self.teacher, proposal)
        with self.assertRaises(ChangeRefused):
            proposals.submit_proposal(self.teacher, proposal)

    def test_proposed_class_is_taught_by_its_author(self):
        values = {
            "session": self.session,
            "subject": factories.create_subject("L2"),
            "class_day": 3,
            "start_time": time(18),
        }
        proposal = proposals.propose_class(self.teacher, ClassDraft(values))
        self.assertEqual(list(proposal.class_offer.teachers.all()), [self.teacher])
        self.assertNotIn(proposal.class_offer, ClassOffer.objects.approved())
        proposals.edit_proposal(self.teacher, proposal, ClassDraft({"start_time": time(19)}))
        proposals.submit_proposal(self.teacher, proposal)
        proposals.approve_proposal(self.ada, proposal)
        self.assertIn(proposal.class_offer, ClassOffer.objects.approved())

    def test_proposal_already_approved_in_the_admin_can_only_be_changed_by_request(self):
        """This holds for a draft and for an answered proposal."""
        values = {
            "session": self.session,
            "subject": factories.create_subject("L2"),
            "class_day": 3,
            "start_time": time(18),
        }
        ideas = [self.propose(), proposals.propose_class(self.teacher, ClassDraft(values))]
        proposals.submit_proposal(self.teacher, ideas[0])
        proposals.answer_proposal(self.ada, ideas[0], "Shorter, please")
        subjects.change_subject(self.ada, ideas[0].subject, {"manager_approved": True})
        class_offers.set_class_approved(self.ada, ideas[1].class_offer, True)
        for proposal, field in zip(ideas, ("description", "public_note"), strict=True):
            with self.subTest(proposal.about):
                self.assertFalse(proposals.may_edit_proposal(self.teacher, self.stored(proposal)))
                for change in (
                    lambda proposal=proposal, field=field: proposals.edit_proposal(
                        self.teacher, proposal, ClassDraft({field: "New"})
                    ),
                    lambda proposal=proposal: proposals.submit_proposal(self.teacher, proposal),
                ):
                    with self.assertRaisesMessage(ChangeRefused, "The office has already approved this."):
                        change()
                proposals.withdraw_proposal(self.teacher, proposal)
                request = proposals.request_change(self.teacher, self.stored(proposal).about, {field: "New"}, "")
                self.assertEqual(request.changes, {field: "New"})

    def test_proposal_is_about_one_thing_and_only_one_is_open_at_a_time(self):
        proposal = self.propose()
        for wrong in (
            {},
            {"subject": proposal.subject, "class_offer": self.class_offer},
            {"subject": proposal.subject},
        ):
            with self.assertRaises(IntegrityError), transaction.atomic():
                Proposal.objects.create(author=self.teacher, **wrong)


class ChangeRequestTest(ProposalTestCase):
    def request(self, **values):
        return proposals.request_change(self.teacher, self.class_offer, values, "The hall is cold")

    def test_requested_change_is_applied_on_approval(self):
        hall = factories.create_location("Town Hall")
        proposal = self.request(location=hall, start_time=time(20), price=Decimal("55.50"))
        self.assertEqual(ClassOffer.objects.get().start_time, time(19))
        preview = proposals.plan_approval(self.stored(proposal))
        self.assertEqual(len(preview.rows), 6)
        proposals.approve_proposal(self.ada, proposal, seen=preview.fingerprint)
        class_offer = ClassOffer.objects.get()
        self.assertEqual(
            (class_offer.location, class_offer.start_time, class_offer.price), (hall, time(20), Decimal("55.50"))
        )

    def test_location_can_be_removed_by_request(self):
        proposal = self.request(location=None)
        proposals.approve_proposal(self.ada, proposal)
        self.assertIsNone(ClassOffer.objects.get().location)

    def test_fields_that_teachers_may_not_change_are_ignored(self):
        proposal = self.request(public_note="Bring socks", capacity=3, manager_approved=False)
        self.assertEqual(proposal.changes, {"public_note": "Bring socks"})

    def test_request_without_a_change_is_refused(self):
        with self.assertRaisesMessage(ChangeRefused, "Nothing differs from what is published."):
            self.request(start_time=time(19))

    def test_only_teachers_of_the_class_can_request_and_one_request_is_open_at_a_time(self):
        with self.assertRaises(ChangeRefused):
            proposals.request_change(self.ash.staff, self.class_offer, {"public_note": "Hello"}, "")
        self.request(public_note="Hello")
        with self.assertRaises(ChangeRefused):
            self.request(public_note="Again")

    def test_teacher_can_request_changes_to_the_texts_of_their_subject(self):
        self.assertFalse(proposals.may_request_change(self.ash.staff, self.class_offer.subject))
        proposal = proposals.request_change(self.teacher, self.class_offer.subject, {"description": "New"}, "")
        proposals.answer_proposal(self.ada, proposal, "More, please")
        proposals.edit_proposal(self.teacher, proposal, ClassDraft({"description": "New and longer"}))
        proposals.submit_proposal(self.teacher, proposal)
        proposals.approve_proposal(self.ada, proposal)
        self.assertEqual(Subject.objects.get().description, "New and longer")

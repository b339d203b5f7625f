from datetime import timedelta

from django.utils import timezone

from tests import factories
from tests.base import SchoolTestCase
from users.domain import accounts
from users.models import User

LONG_AGO = timezone.now() - timedelta(days=100)


class UnusedAccountDeletionTest(SchoolTestCase):
    def remaining_emails(self) -> set[str]:
        accounts.delete_unused_accounts()
        return set(User.objects.values_list("email", flat=True))

    def test_account_without_opened_link_is_deleted_after_sixty_days(self) -> None:
        factories.create_account("old@example.org", "Old", date_joined=LONG_AGO)
        factories.create_account("new@example.org", "New")
        remaining = self.remaining_emails()
        self.assertNotIn("old@example.org", remaining)
        self.assertIn("new@example.org", remaining)

    def test_unused_account_with_student_record_or_pending_handover_is_kept(self) -> None:
        with_student = factories.create_account("held@example.org", "Held", date_joined=LONG_AGO)
        factories.create_student(with_student)
        recipient = factories.create_account("asked@example.org", "Asked", date_joined=LONG_AGO)
        factories.create_child(self.gus, "Asked", "Gray", offered_to=recipient)
        self.assertLessEqual({with_student.email, recipient.email}, self.remaining_emails())

    def test_confirmed_closed_and_password_protected_accounts_are_kept(self) -> None:
        factories.create_account("sure@example.org", "Sure", date_joined=LONG_AGO, email_confirmed_at=LONG_AGO)
        factories.create_account("shut@example.org", "Shut", date_joined=LONG_AGO, is_active=False)
        factories.create_account("used@example.org", "Used", password="a password", date_joined=LONG_AGO)
        self.assertLessEqual({"sure@example.org", "shut@example.org", "used@example.org"}, self.remaining_emails())

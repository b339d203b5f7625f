from threading import Event as Signal

from django.db import InterfaceError, OperationalError
from django.test import SimpleTestCase, override_settings

from outbox.domain.leases import keep_lease


@override_settings(OUTBOX_ENGINE="worker", OUTBOX_LEASE=0.03)
class LeaseRenewalTest(SimpleTestCase):
    def setUp(self) -> None:
        self.errors: list[Exception] = []
        self.renewed = Signal()

    def renew(self) -> None:
        if self.errors:
            raise self.errors.pop()
        self.renewed.set()

    def test_lease_is_renewed_while_the_work_lasts(self) -> None:
        with keep_lease(self.renew):
            self.assertTrue(self.renewed.wait(10))

    def test_renewal_that_failed_is_tried_again(self) -> None:
        self.errors = [InterfaceError("The connection is closed."), OperationalError("The server went away.")]
        with keep_lease(self.renew):
            self.assertTrue(self.renewed.wait(10))

    def test_lease_of_no_length_is_not_renewed(self) -> None:
        with override_settings(OUTBOX_LEASE=0), keep_lease(self.renew):
            self.assertFalse(self.renewed.wait(0.05))

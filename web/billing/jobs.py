from datetime import time, timedelta

from outbox.clock import Job

JOBS = [
    Job("billing.lapse", every=timedelta(minutes=1), run="billing.domain.orders.lapse_due"),
    Job("billing.remind", every=timedelta(minutes=1), run="billing.domain.orders.remind_due"),
    Job("billing.mail_failures", every=timedelta(minutes=1), run="billing.domain.failure_mail.release_due"),
    Job("billing.ask_gateways", every=timedelta(minutes=1), run="billing.domain.asking.ask_due"),
    Job("billing.forget_unbegun", every=timedelta(hours=1), run="billing.domain.asking.forget_unbegun"),
    Job("billing.tidy_messages", every=timedelta(days=1), run="billing.domain.hearing.tidy"),
    Job("billing.remind_of_dates", at=time(9, 0), run="billing.domain.due.remind"),
    Job("billing.give_vouchers", every=timedelta(minutes=10), run="billing.domain.vouchers.giving.give_due"),
    Job("billing.remind_of_vouchers", at=time(9, 30), run="billing.domain.vouchers.giving.remind"),
    Job("billing.tidy_carts", every=timedelta(days=1), run="billing.domain.cart.tidy"),
    Job("billing.reconcile", at=time(5, 30), run="billing.domain.reconciling.nightly.begin"),
    Job("billing.tidy_reconciliations", every=timedelta(days=1), run="billing.domain.reconciling.nightly.tidy"),
]

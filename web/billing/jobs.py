from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("billing.lapse", every=timedelta(minutes=1), run="billing.domain.orders.transitions.lapse_due"),
    Job("billing.remind", every=timedelta(minutes=1), run="billing.domain.orders.transitions.remind_due"),
    Job("billing.mail_failures", every=timedelta(minutes=1), run="billing.domain.payments.failure_mail.release_due"),
    Job("billing.ask_gateways", every=timedelta(minutes=1), run="billing.domain.payments.gateway_polling.ask_due"),
    Job(
        "billing.forget_unbegun", every=timedelta(hours=1), run="billing.domain.payments.gateway_polling.forget_unbegun"
    ),
    Job("billing.tidy_messages", every=timedelta(days=1), run="billing.domain.payments.webhooks.tidy"),
    Job("billing.remind_of_dates", at=time(9, 0), run="billing.domain.orders.due_dates.remind"),
    Job("billing.give_vouchers", every=timedelta(minutes=10), run="billing.domain.vouchers.notifications.give_due"),
    Job("billing.remind_of_vouchers", at=time(9, 30), run="billing.domain.vouchers.notifications.remind"),
    Job("billing.tidy_carts", every=timedelta(days=1), run="billing.domain.orders.cart.tidy"),
    Job("billing.reconcile", at=time(5, 30), run="billing.domain.reconciling.nightly.begin"),
    Job("billing.tidy_reconciliations", every=timedelta(days=1), run="billing.domain.reconciling.nightly.tidy"),
]

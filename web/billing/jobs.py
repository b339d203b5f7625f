from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job(
        "billing.expire_holds", every=timedelta(minutes=1), run="billing.domain.orders.transitions.expire_overdue_holds"
    ),
    Job(
        "billing.remind_of_holds",
        every=timedelta(minutes=1),
        run="billing.domain.orders.transitions.remind_of_expiring_holds",
    ),
    Job(
        "billing.mail_failures",
        every=timedelta(minutes=1),
        run="billing.domain.payments.failure_mail.release_failure_mails",
    ),
    Job(
        "billing.poll_gateways",
        every=timedelta(minutes=1),
        run="billing.domain.payments.gateway_polling.request_due_polls",
    ),
    Job(
        "billing.delete_unstarted_attempts",
        every=timedelta(hours=1),
        run="billing.domain.payments.gateway_polling.cancel_unstarted_attempts",
    ),
    Job(
        "billing.delete_old_webhooks",
        every=timedelta(days=1),
        run="billing.domain.payments.webhooks.delete_old_webhooks",
    ),
    Job("billing.remind_of_due_dates", at=time(9, 0), run="billing.domain.orders.due_dates.send_due_date_reminders"),
    Job(
        "billing.deliver_vouchers",
        every=timedelta(minutes=10),
        run="billing.domain.vouchers.notifications.send_due_gifts",
    ),
    Job(
        "billing.remind_of_vouchers", at=time(9, 30), run="billing.domain.vouchers.notifications.send_expiry_reminders"
    ),
    Job(
        "billing.delete_abandoned_carts",
        every=timedelta(days=1),
        run="billing.domain.orders.cart.delete_abandoned_carts",
    ),
]

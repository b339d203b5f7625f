from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("billing.domain.orders.transitions.expire_overdue_holds", every=timedelta(minutes=1)),
    Job("billing.domain.orders.transitions.remind_of_expiring_holds", every=timedelta(minutes=1)),
    Job("billing.domain.payments.failure_mail.release_failure_mails", every=timedelta(minutes=1)),
    Job("billing.domain.payments.gateway_polling.request_due_polls", every=timedelta(minutes=1)),
    Job("billing.domain.payments.gateway_polling.cancel_unstarted_attempts", every=timedelta(hours=1)),
    Job("billing.domain.payments.webhooks.delete_old_webhooks", every=timedelta(days=1)),
    Job("billing.domain.orders.due_dates.send_due_date_reminders", at=time(9, 0)),
    Job("billing.domain.vouchers.notifications.send_due_gifts", every=timedelta(minutes=10)),
    Job("billing.domain.vouchers.notifications.send_expiry_reminders", at=time(9, 30)),
    Job("billing.domain.orders.cart.delete_abandoned_carts", every=timedelta(days=1)),
]

"""The workflows of the plug-in, which are added to those of the site."""

WORKFLOWS = {
    "demo_lms.tested": {
        "later": ["demo_lms.receivers.test_receiver", "demo_lms.receivers.test_receiver_exception"],
    },
    "demo_lms.celery_tested": {
        "later": ["demo_lms.receivers.test_celery_signal_task"],
    },
    "demo_lms.purchase_complete": {
        "later": [
            "demo_lms.receivers.demo_purchase_complete_order_history",
            "demo_lms.receivers.demo_purchase_complete_send_confirmation_email",
            "demo_lms.receivers.demo_purchase_complete_enroll_in_course",
        ],
    },
    "demo_lms.product_purchased": {
        "later": ["demo_lms.receivers.enroll_in_product"],
    },
}

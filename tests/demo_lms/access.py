from tests.access import EVERYBODY, Row

ROWS = [
    Row("demo_lms_test", EVERYBODY, browse=False),
    Row("demo_lms_test_celery_signal", EVERYBODY, browse=False),
    Row("demo_lms_purchase_complete", EVERYBODY, browse=False),
]

from tests.access import EVERYBODY, Row

ROWS = [
    Row("demo_lms_test", EVERYBODY, browse=False, writes="an event"),
    Row("demo_lms_test_celery_signal", EVERYBODY, browse=False, writes="an event"),
    Row("demo_lms_purchase_complete", EVERYBODY, browse=False, writes="an event"),
]

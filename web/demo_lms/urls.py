from django.urls import path

from demo_lms import views

urlpatterns = [
    path("demo_lms/test/", views.test, name="demo_lms_test"),
    path("demo_lms/test_celery_signal/", views.test_celery_signal, name="demo_lms_test_celery_signal"),
    path("demo_lms/demo_purchase_complete/", views.demo_purchase_complete, name="demo_lms_purchase_complete"),
]

from django.urls import path

from outbox import views

urlpatterns = [
    path("desk/queue/", views.queue, name="desk_queue"),
    path("desk/queue/<int:pk>/", views.delivery, name="desk_delivery"),
    path("desk/queue/<int:pk>/handle/", views.retry_or_dismiss_delivery, name="desk_delivery_handle"),
    path("desk/story/<slug:kind>/<str:subject_id>/", views.story_page, name="desk_story"),
    path("healthz", views.healthz, name="healthz"),
]

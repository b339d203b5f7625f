from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from demo_lms import domain


@require_GET
def test(request: HttpRequest) -> JsonResponse:
    return JsonResponse(domain.receiver_results(domain.emit_and_deliver_test()))


@require_GET
def test_celery_signal(request: HttpRequest) -> JsonResponse:
    return JsonResponse(domain.receiver_results(domain.emit_celery_test()))


@require_GET
def demo_purchase_complete(request: HttpRequest) -> JsonResponse:
    return JsonResponse(domain.receiver_results(domain.complete_purchase()))

"""The desk: where the people who run the school find their work."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
@permission_required("users.enter_office", raise_exception=True)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/home.html")

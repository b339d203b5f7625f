"""Large files that are uploaded before their form; see common/files/uploads.py."""

from typing import cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from common.files import bucket, file_types, storage_checks, uploads
from common.throttle import rate_limited
from users.roles import acting_user, team_action


class UploadAnnouncementForm(forms.Form):
    title = forms.CharField(max_length=300)
    size = forms.IntegerField(min_value=0)
    declared = forms.CharField(max_length=150, required=False)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in file_types.KINDS])


@team_action
@rate_limited("upload", by_account="120/h")
def invite(request: HttpRequest) -> HttpResponse:
    announced = UploadAnnouncementForm(request.POST)
    if not announced.is_valid():
        return JsonResponse({"error": _("We could not read what this file is. Please choose it again.")}, status=400)
    try:
        if not bucket.is_used():
            storage_checks.check_private_storage()
        ticket, form = uploads.issue_upload_ticket(**announced.cleaned_data, person=acting_user(request).pk)
    except ValidationError as error:
        return JsonResponse({"error": error.messages[0]}, status=503 if error.code == "storage" else 400)
    signed = ticket.signed()
    ours = {"url": reverse("receive_upload", args=[signed]), "fields": {}, "ours": True}
    return JsonResponse({"ticket": signed} | (form or ours))


@team_action
def receive(request: HttpRequest, ticket: str) -> HttpResponse:
    # Receives uploads if no bucket is configured.
    try:
        announced = uploads.read_ticket(ticket, acting_user(request).pk)
        uploads.receive_upload(announced, cast(UploadedFile, request.FILES["file"]))
    except (ValidationError, KeyError):
        return HttpResponse(status=400)
    except OSError:
        return HttpResponse(storage_checks.CANNOT_SAVE.message, status=503, content_type="text/plain")
    return HttpResponse(status=204)

"""The webhook for notices from Amazon SES about sent mails."""

import json
import logging
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from common import search
from common.throttle import address_block, rate_limited
from mailroom import sns
from mailroom.domain import ses_notices
from mailroom.errors import NoticeRefused, NoticeUntrusted

log = logging.getLogger("mailroom")

LARGEST_MESSAGE = 256 * 1024  # SNS sends no larger messages.


@csrf_exempt
@require_POST
@rate_limited("ses notice", by_address="1200/h")
def ses(request: HttpRequest) -> HttpResponse:
    if not settings.AWS_SNS_TOPICS:
        raise Http404
    if (search.read_number(request.headers.get("Content-Length") or "") or 0) > LARGEST_MESSAGE:
        return HttpResponse(status=413)
    try:
        message = json.loads(request.body)
        sns.verify_message(message, address_block(request))
        dispatch_notice(message)
    except NoticeUntrusted as error:
        log.warning("A notice was refused: %s.", error)
        return HttpResponse(status=403)
    except (NoticeRefused, ValueError, TypeError, RecursionError):
        return HttpResponse(status=400)
    return HttpResponse(status=204)


def dispatch_notice(message: dict[str, Any]) -> None:
    if message["Type"] == "SubscriptionConfirmation":
        ses_notices.emit_subscription_offer(
            message["TopicArn"], sns.sns_confirmation_url(message), message["MessageId"]
        )
    elif message["Type"] == "Notification":
        ses_notices.apply_notice(message["Message"])

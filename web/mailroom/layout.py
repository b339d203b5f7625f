"""The page that shows a mail inside a frame, with a policy that allows its styles but no scripts or forms."""

from django.http import HttpResponse

from common.middleware import serialize_policy

POLICY = {
    "default-src": ["'none'"],
    "img-src": ["'self'", "https:", "data:"],
    "style-src": ["'unsafe-inline'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def framed_page(html: str) -> HttpResponse:
    # Links open in a new tab, because the site cannot be used inside the frame.
    response = HttpResponse(html.replace("<a ", '<a target="_blank" rel="noopener" '))
    response.headers["Content-Security-Policy"] = serialize_policy(POLICY)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response

"""A mail as a page of its own, for a frame: it may look like a mail and do nothing at all."""

from django.http import HttpResponse

from common.middleware import serialise

POLICY = {
    "default-src": ["'none'"],
    "img-src": ["'self'", "https:", "data:"],
    "style-src": ["'unsafe-inline'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def as_page(html: str) -> HttpResponse:
    """Links open beside the frame, on the site as it is outside of it."""
    response = HttpResponse(html.replace("<a ", '<a target="_blank" rel="noopener" '))
    response.headers["Content-Security-Policy"] = serialise(POLICY)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """An empty POST is bound too."""
    return request.POST if request.method == "POST" else None

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None

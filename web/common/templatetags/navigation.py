from django import template

from common.navigation import Navigation, build_navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> Navigation:
    request = context.get("request")
    # The page for a server error is rendered without a request.
    return build_navigation(context.get("user"), request.path if request else "")

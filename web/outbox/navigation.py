"""The links of this app in the menus, and what needs attention at the desk."""

from common.navigation import SYSTEM, NavLink
from common.work_lists import WorkItem
from outbox.domain import office_actions

DESK_LINKS = [
    NavLink(
        "Background jobs",
        "desk_queue",
        permission="outbox.view_delivery",
        about="What is still running, and what has failed.",
        group=SYSTEM,
    )
]

DESK_WORK = [
    WorkItem(
        one="background job has failed",
        many="background jobs have failed",
        url_name="desk_queue",
        permission="outbox.view_delivery",
        rows=office_actions.parked_deliveries,
    )
]

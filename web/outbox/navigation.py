"""The links of this app in the menus, and what needs attention at the desk."""

from django.utils.translation import gettext_lazy as _

from common.navigation import SYSTEM, NavLink
from common.work_lists import WorkItem
from outbox.domain import office_actions

DESK_LINKS = [NavLink(_("Background jobs"), "desk_queue", _("What is still running, and what has failed."), SYSTEM)]

DESK_WORK = [
    WorkItem(
        _("background job has failed"), _("background jobs have failed"), "desk_queue", office_actions.parked_deliveries
    )
]

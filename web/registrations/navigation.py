"""The menu links of this app, and its work lists at the desk."""

from django.utils.translation import gettext_lazy as _

from common.navigation import CLASSES, PEOPLE, NavLink
from common.work_lists import WorkItem
from registrations.domain import desk_registrations, minimum_enrollment, spot_offers

SITE_LINKS = [
    NavLink(_("Classes"), "classoffer_list", position=10),
    NavLink(_("Library"), "library", position=30),
]

ACCOUNT_LINKS = [
    NavLink(_("My classes"), "my_classes"),
    NavLink(_("Teaching"), "teaching", permission="classwork.add_proposal"),
]

DESK_LINKS = [
    NavLink(
        _("Waitlists"),
        "desk_waitlists",
        _("Who is waiting for which class, and which spots are on offer."),
        CLASSES,
        position=20,
    ),
    NavLink(
        _("Cancel classes"),
        "desk_cancel_classes",
        _("Cancel single days or a whole class, and choose the compensation."),
        CLASSES,
        position=30,
    ),
    NavLink(
        _("Minimum enrollment"),
        "desk_minimum",
        _("Confirm or cancel classes that need a minimum number of students."),
        CLASSES,
        position=40,
    ),
    NavLink(_("Registrations"), "desk_registrations", _("Who is registered for what, and whether it is paid."), PEOPLE),
    NavLink(_("Students"), "desk_students", _("Every student, with classes and level."), PEOPLE),
    NavLink(_("How people found us"), "desk_referral_sources", _("Answers to “How did you hear about us?”"), PEOPLE),
]

DESK_WORK = [
    WorkItem(
        _("class needs a decision on its minimum"),
        _("classes need a decision on their minimum"),
        "desk_minimum",
        minimum_enrollment.classes_to_decide,
        permission="classwork.change_classoffer",
    ),
    WorkItem(
        _("registration on hold"),
        _("registrations on hold"),
        "desk_registrations",
        desk_registrations.registrations_on_hold,
        query="?show=hold",
    ),
    WorkItem(
        _("spot on offer to the waitlist"),
        _("spots on offer to the waitlist"),
        "desk_waitlists",
        spot_offers.entries_with_open_offer,
    ),
]

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
        position=20,
        permission="registrations.view_waitlistentry",
        about=_("Who is waiting for which class, and which spots are on offer."),
        group=CLASSES,
    ),
    NavLink(
        _("Cancel classes"),
        "desk_cancel_classes",
        position=30,
        permission="registrations.add_classcancellation",
        about=_("Cancel single days or a whole class, and choose the compensation."),
        group=CLASSES,
    ),
    NavLink(
        _("Minimum enrollment"),
        "desk_minimum",
        position=40,
        permission="classwork.view_classoffer",
        about=_("Confirm or cancel classes that need a minimum number of students."),
        group=CLASSES,
    ),
    NavLink(
        _("Registrations"),
        "desk_registrations",
        permission="registrations.view_registration",
        about=_("Who is registered for what, and whether it is paid."),
        group=PEOPLE,
    ),
    NavLink(
        _("Students"),
        "desk_students",
        permission="registrations.view_registration",
        about=_("Every student, with classes and level."),
        group=PEOPLE,
    ),
    NavLink(
        _("How people found us"),
        "desk_referral_sources",
        permission="registrations.view_registration",
        about=_("Answers to “How did you hear about us?”"),
        group=PEOPLE,
    ),
]

DESK_WORK = [
    WorkItem(
        one=_("class needs a decision on its minimum"),
        many=_("classes need a decision on their minimum"),
        url_name="desk_minimum",
        permission="classwork.change_classoffer",
        rows=minimum_enrollment.classes_to_decide,
    ),
    WorkItem(
        one=_("registration on hold"),
        many=_("registrations on hold"),
        url_name="desk_registrations",
        permission="registrations.view_registration",
        rows=desk_registrations.registrations_on_hold,
        query="?show=hold",
    ),
    WorkItem(
        one=_("spot on offer to the waitlist"),
        many=_("spots on offer to the waitlist"),
        url_name="desk_waitlists",
        permission="registrations.view_waitlistentry",
        rows=spot_offers.entries_with_open_offer,
    ),
]

from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.urls import path

from common.permissions import account_page
from common.views import text_page
from users.views import care, passwords, profile, profiles, second_factor, signup


def link_days() -> int:
    return settings.ACCOUNT_ACTIVATION_DAYS


urlpatterns = [
    path("user/signup/", signup.SignUp.as_view(), name="signup"),
    path("user/signup/done/", text_page("users/signup_done.html", days=link_days), name="signup_done"),
    path("user/signup/closed/", text_page("users/signup_closed.html"), name="signup_closed"),
    path("user/login/", passwords.LogIn.as_view(), name="login"),
    path("user/logout/", LogoutView.as_view(), name="logout"),
    path("user/password_change/", passwords.ChangePassword.as_view(), name="password_change"),
    path(
        "user/password_change/done/",
        account_page(text_page("users/password_change_done.html")),
        name="password_change_done",
    ),
    path("user/password_reset/", passwords.password_reset, name="password_reset"),
    path(
        "user/password_reset/done/",
        text_page("users/password_reset_done.html", days=link_days),
        name="password_reset_done",
    ),
    path("user/reset/done/", text_page("users/password_reset_complete.html"), name="password_reset_complete"),
    path("user/reset/again/", passwords.link_again, name="link_again"),
    path("user/reset/<uidb64>/<token>/", passwords.ChoosePassword.as_view(), name="password_reset_confirm"),
    path("user/update/", profile.user_update, name="user_update"),
    path("user/email/", profile.email_change, name="email_change"),
    path("user/email/<token>/", profile.email_confirm, name="email_confirm"),
    path("user/staff/", profile.staff_update, name="staff_update"),
    path("user/consents/", profile.my_consents, name="my_consents"),
    path("user/consents/<slug:kind>/give/", profile.consent_give, name="consent_give"),
    path("user/consents/<slug:kind>/withdraw/", profile.consent_withdraw, name="consent_withdraw"),
    path("user/close/", profile.account_close, name="account_close"),
    path("user/closed/", text_page("users/closed.html"), name="account_closed"),
    path("user/second-factor/", second_factor.overview, name="second_factor"),
    path("user/second-factor/set-up/", second_factor.set_up, name="second_factor_set_up"),
    path("user/second-factor/verify/", second_factor.verify, name="second_factor_verify"),
    path("user/second-factor/codes/", second_factor.new_codes, name="second_factor_codes"),
    path("user/second-factor/remove/", second_factor.remove, name="second_factor_remove"),
    path("profile/", profile.profile_page, name="profile_page"),
    path("profile/attending/", care.own_record, name="own_record"),
    path("profile/care/add/", care.care_add, name="care_add"),
    path("profile/care/<int:pk>/", care.care_edit, name="care_edit"),
    path("profile/care/<int:pk>/remove/", care.care_remove, name="care_remove"),
    path("profile/care/<int:pk>/hand-over/", care.care_hand_over, name="care_hand_over"),
    path("profile/care/<int:pk>/take-back/", care.care_take_back, name="care_take_back"),
    path("profile/offered/<int:pk>/", care.offer_answer, name="offer_answer"),
    path("profile/offered/<int:pk>/join/<slug:answer>/", care.offer_join, name="offer_join"),
    path("profile/<int:pk>", profiles.profile_user, name="profile_user"),
    path("student/<int:pk>", profiles.profile_student, name="profile_student"),
    path("staff/<int:pk>", profiles.profile_staff, name="profile_staff"),
]

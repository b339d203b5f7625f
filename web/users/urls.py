from django.contrib.auth.views import LogoutView
from django.urls import path

from users.views import care, others, passwords, profile, signup

urlpatterns = [
    path("user/signup/", signup.SignUp.as_view(), name="signup"),
    path("user/signup/done/", signup.signup_done, name="signup_done"),
    path("user/signup/closed/", signup.signup_closed, name="signup_closed"),
    path("user/login/", passwords.LogIn.as_view(), name="login"),
    path("user/logout/", LogoutView.as_view(), name="logout"),
    path("user/password_change/", passwords.ChangePassword.as_view(), name="password_change"),
    path("user/password_change/done/", passwords.password_change_done, name="password_change_done"),
    path("user/password_reset/", passwords.password_reset, name="password_reset"),
    path("user/password_reset/done/", passwords.password_reset_done, name="password_reset_done"),
    path("user/reset/done/", passwords.password_reset_complete, name="password_reset_complete"),
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
    path("user/closed/", profile.account_closed, name="account_closed"),
    path("profile/", profile.profile_page, name="profile_page"),
    path("profile/attending/", care.own_record, name="own_record"),
    path("profile/care/add/", care.care_add, name="care_add"),
    path("profile/care/<int:pk>/", care.care_edit, name="care_edit"),
    path("profile/care/<int:pk>/remove/", care.care_remove, name="care_remove"),
    path("profile/care/<int:pk>/hand-over/", care.care_hand_over, name="care_hand_over"),
    path("profile/care/<int:pk>/take-back/", care.care_take_back, name="care_take_back"),
    path("profile/offered/<int:pk>/", care.offer_answer, name="offer_answer"),
    path("profile/<int:pk>", others.profile_user, name="profile_user"),
    path("student/<int:pk>", others.profile_student, name="profile_student"),
    path("staff/<int:pk>", others.profile_staff, name="profile_staff"),
]

from django.urls import path

from mailroom.views import desk, notices, reader

urlpatterns = [
    path("messages/", reader.my_messages, name="my_messages"),
    path("messages/choose/", reader.my_choices, name="my_mail_choices"),
    path("messages/<int:pk>/", reader.my_message, name="my_message"),
    path("messages/<int:pk>/html/", reader.my_message_html, name="my_message_html"),
    path("mail/choose/<str:token>/", reader.choose, name="mail_choose"),
    path("mail/stop/<str:token>/", reader.stop, name="mail_stop"),
    path("mail/notices/ses/", notices.ses, name="ses_notices"),
    path("desk/mail/", desk.mail, name="desk_mail"),
    path("desk/mail/texts/", desk.texts, name="desk_mail_texts"),
    path("desk/mail/suppressed/", desk.suppressed, name="desk_suppressed"),
    path("desk/mail/suppressed/<int:pk>/lift/", desk.lift, name="desk_suppressed_lift"),
    path("desk/mail/<int:pk>/", desk.message, name="desk_message"),
    path("desk/mail/<int:pk>/html/", desk.message_html, name="desk_message_html"),
    path("desk/mail/<int:pk>/handle/", desk.resend_or_dismiss_message, name="desk_message_handle"),
]

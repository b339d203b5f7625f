from django.urls import path

from common.views import text_page
from pages.views import desk, public

urlpatterns = [
    path("", public.home, name="home"),
    path("aboutus/", public.about, name="aboutus"),
    path("contact/", public.contact, name="contact"),
    path("contact/thanks/", text_page("pages/contact_thanks.html"), name="contact_thanks"),
    path("terms/", public.text, {"key": "terms"}, name="terms"),
    path("terms/<int:number>/", public.text, {"key": "terms"}, name="terms_edition"),
    path("privacy/", public.text, {"key": "privacy"}, name="privacy"),
    path("privacy/<int:number>/", public.text, {"key": "privacy"}, name="privacy_edition"),
    path("desk/", desk.home, name="desk"),
    path("desk/contact/", desk.contact_list, name="desk_contact"),
    path("desk/contact/<int:pk>/answered/", desk.contact_answered, name="desk_contact_answered"),
    path("desk/texts/", desk.text_list, name="desk_texts"),
    path("desk/texts/<slug:key>/", desk.text_edit, name="desk_text"),
    path("desk/texts/<slug:key>/preview/", desk.text_preview, name="desk_text_preview"),
    path("desk/texts/<slug:key>/publish/", desk.text_publish, name="desk_text_publish"),
    path("brand/<int:hue>/<slug:mark>.css", public.brand_css, name="brand_css"),
    path("drawings/<int:hue>/<slug:name>.svg", public.drawing_file, name="drawings"),
    path("robots.txt", public.robots, name="robots"),
]

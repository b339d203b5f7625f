SENTENCES = {
    "pages.contact_answered": "marked the message as answered",
    "pages.text_drafted": ("saved a draft of the text “{key}”", "saved a draft of the text"),
    "pages.text_published": ("published version {number} of the text “{key}”", "published the text"),
}

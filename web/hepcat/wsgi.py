"""The WSGI application that gunicorn, Elastic Beanstalk and PythonAnywhere load."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hepcat.settings")

application = get_wsgi_application()

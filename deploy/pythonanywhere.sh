#!/bin/sh
# Updates a site on PythonAnywhere. Run it in a Bash console there, in the virtualenv. LIVE_WSGI_FILE is set in .env.
set -eu
cd "$(dirname "$0")/.."
set -a; . ./.env; set +a
git pull --ff-only
pip install --quiet --no-deps --require-hashes -r requirements.txt
web/manage.py migrate --no-input
web/manage.py collectstatic --no-input --verbosity 0
web/manage.py compress
touch "${LIVE_WSGI_FILE:?LIVE_WSGI_FILE in .env names the WSGI file of the Web tab}"

#!/bin/sh
# A new version on a machine of one's own: fetch, install, migrate, collect, then begin with it.
# The site is up all the while; a migration that could not run beside the old code says so in CHANGELOG.md.
set -eu
cd "$(dirname "$0")/.."
git pull --ff-only
./run setup
./run manage check --deploy
./run manage migrate --no-input
./run manage collectstatic --no-input --verbosity 0
./run manage compress
sudo systemctl reload hepcat
sudo systemctl restart hepcat-worker

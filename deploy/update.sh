#!/bin/sh
# Installs a new version on your own server:
#     sudo deploy/update.sh            # the newest of the branch that is checked out
#     sudo deploy/update.sh v1.2.0     # a release; also an earlier one, to go back
# All of it is done as the user who owns this folder; root only starts site and workers anew. What is new is installed
# beside what is in use, and switched to when it is whole and fits. The site is up all the while; a migration that could
# not run beside the old code says so in CHANGELOG.md.
set -eu
cd "$(dirname "$0")/.."

owner=$(stat -c %U .)
if [ "$(id -u)" = 0 ] && [ "$owner" != root ]; then
    runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" deploy/update.sh "$@"
    systemctl restart hepcat hepcat-worker
    exit
fi

commit=$(git rev-parse HEAD)
branch=$(git symbolic-ref --quiet --short HEAD || true)
tell_the_way_back() {
    code=$?
    [ "$code" = 0 ] || echo "update: this broke off; the site still runs what it was started with." >&2
    echo "update: to go back: sudo deploy/update.sh $commit (what was installed for it is kept)." >&2
    exit "$code"
}

if [ $# -gt 0 ]; then
    git fetch --quiet --tags
    git checkout --quiet --detach "$1"
elif [ -n "$branch" ]; then
    git pull --quiet --ff-only
else
    echo "update: no branch is checked out; name a release: deploy/update.sh v1.2.0" >&2
    exit 2
fi
if ! ./run setup; then
    # The code goes back, too: it and what is installed belong together. Changes of your own stay or stop this.
    if [ $# -gt 0 ]; then git checkout --quiet "${branch:-$commit}"; else git reset --quiet --keep "$commit"; fi
    echo "update: nothing has changed." >&2
    exit 1
fi
trap tell_the_way_back EXIT
./run manage check --deploy
./run manage migrate --no-input
./run manage collectstatic --no-input --verbosity 0
./run manage compress
if [ "$(id -u)" = 0 ]; then
    systemctl restart hepcat hepcat-worker
else
    echo "update: done. Root starts site and workers anew: systemctl restart hepcat hepcat-worker"
fi

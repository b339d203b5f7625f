#!/bin/sh
# Installs a new version on your own server:
#     sudo deploy/update.sh            # the newest commit of the current branch
#     sudo deploy/update.sh v1.2.0     # a release; also an earlier one, to go back
# Everything runs as the user who owns this folder, and root only restarts the site and its workers. The new packages are
# installed in a new environment, which replaces the one in use once it is complete and passes the checks. The site stays
# up all the time; CHANGELOG.md says if a migration cannot run beside the old code.
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
print_way_back() {
    code=$?
    [ "$code" = 0 ] || echo "update: this was interrupted; the site still runs the version that it was started with." >&2
    echo "update: to go back: sudo deploy/update.sh $commit (its packages are still installed)." >&2
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
    # Check out the previous code again, which fits the installed packages. Your own changes stay, or prevent this.
    if [ $# -gt 0 ]; then git checkout --quiet "${branch:-$commit}"; else git reset --quiet --keep "$commit"; fi
    echo "update: nothing has changed." >&2
    exit 1
fi
trap print_way_back EXIT
./run manage check --deploy
./run manage migrate --no-input
./run manage collectstatic --no-input --verbosity 0
./run manage compress
if [ "$(id -u)" = 0 ]; then
    systemctl restart hepcat hepcat-worker
else
    echo "update: done. As root, restart the site and its workers: systemctl restart hepcat hepcat-worker"
fi

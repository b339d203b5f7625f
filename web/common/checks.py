"""The checks of `manage.py check --deploy` for proxies in front of the site and for the permissions of its files."""

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def check_trusted_proxies(**kwargs: Any) -> list[CheckMessage]:
    has_proxy = settings.SECURE_PROXY_SSL_HEADER or settings.FILE_SERVING != "site"
    if settings.TRUSTED_PROXIES or not has_proxy:
        return []
    return [
        Error(
            "The site is behind a proxy, but TRUSTED_PROXIES is 0, so all visitors seem to have the same address.",
            hint="Anyone who guesses passwords would lock out everyone. Set it to the number of proxies, usually 1.",
            id="common.E021",
        )
    ]


@register(Tags.security, deploy=True)
def check_private_root_access(**kwargs: Any) -> list[CheckMessage]:
    folder = Path(settings.PRIVATE_ROOT)
    if settings.FILE_SERVING == "site" or settings.S3 or not folder.is_dir() or is_readable_by_others(folder):
        return []
    return [
        Warning(
            f"Only the site itself can read PRIVATE_ROOT, so FILE_SERVING={settings.FILE_SERVING} cannot work.",
            hint=f"Let the group of the web server read it: chgrp -R www-data {folder}; chmod 2750 {folder}",
            id="common.W022",
        )
    ]


def is_readable_by_others(folder: Path) -> bool:
    status = folder.stat()
    if status.st_mode & stat.S_IROTH and status.st_mode & stat.S_IXOTH:
        return True
    if not (status.st_mode & stat.S_IRGRP and status.st_mode & stat.S_IXGRP):
        return False
    return status.st_gid != os.getegid() or has_other_members(status.st_gid)


def has_other_members(gid: int) -> bool:
    # A user belongs to a group by being listed there, or by having it as the primary group.
    try:
        listed = set(grp.getgrgid(gid).gr_mem)
    except KeyError:
        return False
    own_ids = {os.geteuid(), 0}
    return any(user.pw_gid == gid or user.pw_name in listed for user in pwd.getpwall() if user.pw_uid not in own_ids)

"""What `manage.py check --deploy` asks of the machine: who stands in front of the site, and who may read its files."""

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def proxies_are_counted(**kwargs: Any) -> list[CheckMessage]:
    is_behind = settings.SECURE_PROXY_SSL_HEADER or settings.HAND_OVER_BY != "site"
    if settings.TRUSTED_PROXIES or not is_behind:
        return []
    return [
        Error(
            "There is a proxy in front, but TRUSTED_PROXIES is 0: all visitors look like one.",
            hint="One who tries passwords would shut out everybody. Set it to the number of proxies, mostly 1.",
            id="common.E021",
        )
    ]


@register(Tags.security, deploy=True)
def web_server_reads_private_files(**kwargs: Any) -> list[CheckMessage]:
    folder = Path(settings.PRIVATE_ROOT)
    if settings.HAND_OVER_BY == "site" or settings.S3 or not folder.is_dir() or others_may_read(folder):
        return []
    return [
        Warning(
            f"Only the site itself can read PRIVATE_ROOT, so HAND_OVER_BY={settings.HAND_OVER_BY} cannot work.",
            hint=f"Give it to the web server's group: chgrp -R www-data {folder}; chmod 2750 {folder}",
            id="common.W022",
        )
    ]


def others_may_read(folder: Path) -> bool:
    found = folder.stat()
    if found.st_mode & stat.S_IROTH and found.st_mode & stat.S_IXOTH:
        return True
    if not (found.st_mode & stat.S_IRGRP and found.st_mode & stat.S_IXGRP):
        return False
    return found.st_gid != os.getegid() or has_other_members(found.st_gid)


def has_other_members(gid: int) -> bool:
    """Whether our own group has somebody else in it, too: listed, or with it as the first group."""
    try:
        listed = set(grp.getgrgid(gid).gr_mem)
    except KeyError:
        return False
    ours = {os.geteuid(), 0}
    return any(user.pw_gid == gid or user.pw_name in listed for user in pwd.getpwall() if user.pw_uid not in ours)

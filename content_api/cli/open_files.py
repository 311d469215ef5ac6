"""How many files, and so connections, the system lets a server have open."""

from __future__ import annotations

import resource

import structlog

from content_api.settings import Settings, variable

log = structlog.get_logger("content_api.cli")

# What a server has open beside its connections: git, the log, files that are read, and those that are told that there
# is no place.
SPARE = 300


def with_files(settings: Settings) -> Settings:
    """The same settings, with as many open files allowed as they need, or as few connections as are allowed.

    Workers inherit what is allowed. Whoever is over it is left without a word by the system, which is worse than to be
    told.
    """
    needed = settings.connections + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = hard if hard != resource.RLIM_INFINITY else needed
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(needed, allowed)), hard))
    if allowed >= needed:
        return settings
    fitting = max(1, allowed - SPARE)
    log.warning(
        f"{needed:,} open files are needed and {allowed:,} are allowed: there will be {fitting:,} connections. Allow "
        f"more files, as by LimitNOFILE of systemd, or set {variable('connections')}"
    )
    return settings.model_copy(update={"connections": fitting})

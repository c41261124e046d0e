"""Reply addresses. Every outgoing mail has one of its own, `ecs-<32 hex>@domain`, so an answer needs no other mark."""

import re

_LOCAL_PART = re.compile(r"ecs-([0-9a-f]{32})", re.IGNORECASE)


def reply_address(reply_id, domain):
    """The address under which answers to the mail with this id are accepted."""
    return f"ecs-{reply_id}@{domain}"


def reply_id_of(local_part):
    """The id within a local part, in lower case, or None when it is no reply address."""
    match = _LOCAL_PART.fullmatch(local_part)
    return match.group(1).lower() if match else None

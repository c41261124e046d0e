"""
The mail server for answers. It takes mail for reply addresses of mails that have left, and nothing else.

Reply codes: 550 another domain, 553 an address nobody was given, 554 a second recipient or no readable mail,
552 larger than SMTPD_CONFIG['data_size_limit'], 451 when the database is away (the sender tries again).
"""

import asyncio
import logging

from aiosmtpd.smtp import SMTP
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error, close_old_connections

from ecs.communication.addresses import reply_id_of
from ecs.communication.answers import is_expected, keep_answer
from ecs.communication.incoming import InvalidMessage, read_message

log = logging.getLogger(__name__)

TRY_LATER = "451 4.3.0 The mail cannot be stored now, try again later"


class Answers:
    """aiosmtpd's hooks. Each returns the reply of the server as text."""

    def __init__(self, domain):
        self.domain = domain.lower()

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = await self._judge(envelope, address)
        if reply is None:
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 OK"
        log.warning("Rejected email from %s to %s: %s", envelope.mail_from, address, reply)
        return reply

    async def handle_DATA(self, server, session, envelope):
        reply_id = reply_id_of(envelope.rcpt_tos[0].rpartition("@")[0])
        # aiosmtpd gives the empty sender of a delivery report as it stands on the wire.
        sender = envelope.mail_from.removeprefix("<>")
        try:
            incoming = read_message(envelope.content, sender)
            await _in_thread(keep_answer, reply_id, sender, incoming)
        except InvalidMessage as error:
            log.warning("Rejected email from %s: %s", envelope.mail_from, error)
            return "554 5.6.0 Invalid message format"
        except Error as error:
            return _try_later(error)
        log.info("Accepted email from %s to %s", envelope.mail_from, envelope.rcpt_tos[0])
        return "250 2.0.0 OK, stored"

    async def _judge(self, envelope, address):
        local_part, _, domain = address.rpartition("@")
        if envelope.rcpt_tos:
            return "554 5.5.3 One recipient only"
        if domain.lower() != self.domain:
            return "550 5.7.1 Relay access denied"
        reply_id = reply_id_of(local_part)
        try:
            known = reply_id is not None and await _in_thread(is_expected, reply_id)
        except Error as error:
            return _try_later(error)
        return None if known else "553 5.1.1 No mail has left with this address"


def _try_later(error):
    log.error("email raised exception: %s", type(error).__name__)
    return TRY_LATER


@sync_to_async
def _in_thread(work, *arguments):
    """Runs database work beside the event loop, on a connection that was checked first."""
    close_old_connections()
    return work(*arguments)


async def serve():
    """Listens until it is cancelled."""
    config = settings.SMTPD_CONFIG
    host, port = config["listen_addr"]
    handler = Answers(config["domain"])
    options = {"data_size_limit": config.get("data_size_limit"), "timeout": config.get("timeout", 60)}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname=config["domain"], ident="ECS", enable_SMTPUTF8=True, loop=loop, **options),
        host,
        port,
    )
    log.info("listening on %s port %s for mail to %s", host, port, config["domain"])
    try:
        await loop.create_future()
    finally:
        # Not serve_forever(): its end waits for every client that idles.
        server.close()
        server.close_clients()

"""A real SMTP server on a free port of this machine, for the tests: smtp_server.py MODE CERTIFICATE KEY

MODE is starttls, smtps, or plain. It takes the user `ada` with the password `right horse`, refuses receivers that begin
with `nobody`, prints its port, and then each message that it was given as one line of JSON.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

MODE, CERTIFICATE, KEY = sys.argv[1:]


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        content = envelope.content.decode("ascii")
        message = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None, "content": content}
        print(json.dumps(message), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"ada", b"right horse")
    # Not handled yet: the library then answers as the standard says.
    return AuthResult(success=right, handled=right)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(CERTIFICATE, KEY)


def session():
    tls = context if MODE == "starttls" else None
    return SMTP(Mailbox(), hostname="mail.example", tls_context=tls, authenticator=authenticate, auth_require_tls=False)


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if MODE == "smtps" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())

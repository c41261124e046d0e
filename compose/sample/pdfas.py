"""Stand-in for PDF-AS, the service that signs PDF documents. It signs nothing and says so."""

import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CERTIFICATE = Path("/app/import/server.cert.pem")
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>PDF-AS is not installed</title>
<h1>No signatures here</h1>
<p>This page stands where PDF-AS is in a full installation. The sample application signs no documents,
and nothing that is sent here is read or kept.</p>
<p>Host certificate at {path}: {presence}.</p>
</html>
"""


class NoSignatures(BaseHTTPRequestHandler):
    """Serves one page below /pdf-as-web/ and refuses everything else."""

    # Headers and page leave in one piece: the health check reads one line and is gone before a second piece.
    wbufsize = -1

    def do_GET(self):
        if not self.path.startswith("/pdf-as-web/"):
            self.send_error(404)
            return
        body = PAGE.format(path=CERTIFICATE, presence="present" if CERTIFICATE.is_file() else "absent").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Is silent: the health check asks every few seconds."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("0.0.0.0", 8080), NoSignatures).serve_forever()

"""An HTTP proxy before a real server that does to requests and replies what networks do.

    with FaultProxy(minio["url"]) as proxy:
        proxy.faults.append(Fault("lost", method="PUT", path="_calve/extractions", times=1))
        ...                                   # work through proxy.url
        proxy.faults.append(Fault("cut", method="GET", every=3))

The Host header passes through unchanged, since S3 signs it. A request that no fault takes is
forwarded and answered as it is. Faults are tried in order; the first that matches acts.
"""

import http.client
import http.server
import re
import socketserver
import ssl
import threading
import time
import urllib.parse

INTERNAL = "<Error><Code>InternalError</Code><Message>a fault</Message></Error>"


class Fault:
    """What happens to requests that match.

    `kind`:
      status   `status` is answered, the server never sees the request
      lost     the server carries the request out, the connection ends without a reply
      cut      the reply's body ends halfway, the connection with it
      corrupt  one bit of the reply's body is flipped
      delay    the reply comes `seconds` late
      body     the reply's body is `change`d: a function from bytes to bytes
      unsaid   status 200 with an <Error>, the server never sees the request
    `method`, `path` (a regular expression on path and query): which requests.
    `times`: how often at most; `every`: only each n-th match (1: all).
    """

    def __init__(self, kind, method=None, path="", times=None, every=1, status=503,
                 seconds=0.0, change=None):
        self.kind = kind
        self.method = method
        self.path = re.compile(path)
        self.times = times
        self.every = every
        self.status = status
        self.seconds = seconds
        self.change = change
        self.seen = 0
        self.acted = 0

    def takes(self, method, path):
        """Whether it acts on this request; counts it. Requires: one thread at a time."""
        if self.method not in (None, method) or not self.path.search(path):
            return False
        self.seen += 1
        if self.seen % self.every != 0 or self.acted == self.times:
            return False
        self.acted += 1
        return True


class FaultProxy:
    """A proxy on a free loopback port, as long as a `with` block.

    Attributes: `url`; `faults`, a list to change at any time; `requests`, a list of
    (method, path with query) in the order of their arrival.
    """

    def __init__(self, upstream, certificate=None):
        """Takes the server's URL and, to speak TLS, a PEM file with certificate and key."""
        self.upstream = urllib.parse.urlsplit(upstream).netloc
        self.faults = []
        self.requests = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def choose(self, method, path):
        """The fault that acts on a request, or None."""
        with self._lock:
            self.requests.append((method, path))
            return next((fault for fault in self.faults if fault.takes(method, path)), None)


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Says nothing: connections that break are what this is for."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else each reply waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def setup(self):
        super().setup()
        self._upstream = http.client.HTTPConnection(self.server.proxy.upstream, timeout=60)

    def finish(self):
        self._upstream.close()
        super().finish()

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.proxy.choose(self.command, self.path)
        kind = fault.kind if fault else ""
        if kind == "status":
            self._reply(fault.status, {}, INTERNAL.encode())
        elif kind == "unsaid":
            self._reply(200, {}, INTERNAL.encode())
        else:
            self._pass_on(body, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

    def _pass_on(self, body, fault):
        status, headers, reply = self._ask_upstream(body)
        kind = fault.kind if fault else ""
        if kind == "lost":
            self._end()
            return
        if kind == "delay":
            time.sleep(fault.seconds)
        if kind == "body":
            reply = fault.change(reply)
        if kind == "corrupt" and reply:
            at = len(reply) // 2
            reply = reply[:at] + bytes([reply[at] ^ 1]) + reply[at + 1:]
        self._reply(status, headers, reply, cut=kind == "cut")

    def _ask_upstream(self, body):
        connection = self._upstream
        connection.putrequest(self.command, self.path, skip_host=True,
                              skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body if body else None)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()

    def _reply(self, status, headers, body, cut=False):
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers.items():
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value  # Of the object, whose bytes do not come.
            elif name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:len(body) // 2] if cut else body)
        self.wfile.flush()
        if cut:
            self._end()

    def _end(self):
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_):
        """Says nothing."""

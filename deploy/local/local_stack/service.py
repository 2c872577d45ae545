"""What every service of the local stack has in common."""

import time
import urllib.error
import urllib.request

from .errors import StackError
from .fetch import say
from .ports import Ports
from .process import Process

START_TRIES = 5
POLL_SECONDS = 0.1


class Service:
    """One service: where its files are, its ports, its process, and how it comes up.

    A subclass sets the class's attributes and overrides what differs.
    """

    name = None  # on the command line
    default_ports = {}  # name of each port -> the one that is used unless asked otherwise
    needs = ()  # names of services that must run first
    start_seconds = 60  # how long it may take until it answers

    def __init__(self, data, asked_ports, others):
        """Takes the stack's data folder, the ports that the user asks for by name, and the
        other services by name, which may not all be there yet."""
        self.folder = data / self.name
        self.others = others
        self.process = Process(self.folder)
        self.ports = Ports(self.folder, self.default_ports, asked_ports)

    def up(self):
        """Starts the service unless it runs, and waits until it answers. Returns whether it
        had to be started. Raises StackError."""
        if self.process.state == "running":
            self._refuse_to_move()
            self._wait_until_healthy()
            return False
        self.install()
        self.folder.mkdir(parents=True, exist_ok=True)
        for tries_left in reversed(range(START_TRIES)):
            self.ports.choose()
            self.configure()
            self.process.start(self.command(), self.environment(), self.user())
            try:
                self._wait_until_healthy()
                break
            except StackError:
                ended = self.process.state == "dead"
                self.process.stop()
                # A free port may be taken between the look and the start.
                if not (ended and tries_left > 0 and self.ports.give_up()):
                    raise
        self.finish()
        return True

    def down(self):
        """Stops the service. Returns whether it ran."""
        return self.process.stop()

    def status(self):
        """State, address, logins and process as a dictionary for people and programs."""
        running = self.process.state == "running"
        return {"state": self.process.state, "url": self.url() if running else None,
                "pid": self.process.pid, "log": str(self.process.log),
                **(self.logins() if running else {})}

    def port(self, name=None):
        """A port in use, by name; without one the service's own."""
        return self.ports.chosen[name or self.name]

    def install(self):
        """Makes sure that the program is there; fetches it if need be."""

    def configure(self):
        """Makes what the program finds at its start; the ports are known by then."""

    def command(self):
        """The command that runs the service in the foreground."""
        raise NotImplementedError

    def environment(self):
        """Variables that it needs besides this process's own."""
        return {}

    def user(self):
        """The pwd entry to run as, or None for this process's own user."""
        return None

    def is_healthy(self):
        """Whether it answers its clients."""
        raise NotImplementedError

    def finish(self):
        """Sets up what it needs once, after it answers. May be repeated."""

    def url(self):
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port()}"

    def logins(self):
        """What else clients need, by name."""
        return {}

    def _wait_until_healthy(self):
        deadline = time.monotonic() + self.start_seconds
        while not self.is_healthy():
            if self.process.state != "running":
                raise StackError(f"{self.name} ended while it started; its log"
                                 f" {self.process.log} ends with:\n{self.process.last_lines()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} did not answer within {self.start_seconds} seconds;"
                                 f" look into its log {self.process.log}")
            time.sleep(POLL_SECONDS)
        if self.process.state != "running":  # Then it was somebody else who answered.
            raise StackError(f"{self.name} ended while it started; its log {self.process.log} ends"
                             f" with:\n{self.process.last_lines()}")

    def _refuse_to_move(self):
        for name in self.ports.moved():
            raise StackError(f"{self.name} runs with port {self.ports.chosen.get(name)} for {name};"
                             f" stop it first to move it: deploy/local/stack down {self.name}")


def answers(url):
    """Whether an HTTP GET succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def upped(service, started):
    """Tells the user what `up` did."""
    say(f"{service.name} {'started' if started else 'runs already'}: {service.url()}")

"""Which loopback port each part of a service listens on."""

import json
import socket

from .errors import StackError


class Ports:
    """The ports of one service, kept in the file `ports.json` of its folder, so that a service
    which is started again comes back where its users look for it."""

    def __init__(self, folder, defaults, asked):
        """Takes the service's folder, its default ports by name, and those that the user asks
        for by name, of which 0 means a free one."""
        self._file = folder / "ports.json"
        self._defaults = defaults
        self._asked = {name: port for name, port in asked.items() if name in defaults}
        self.chosen = self._recorded()

    def choose(self):
        """Settles each port for a start and records it. Raises StackError if one is taken."""
        for name, default in self._defaults.items():
            asked = self._asked.get(name)
            if asked == 0:
                if name not in self.chosen or not is_free(self.chosen[name]):
                    self.chosen[name] = free_port(set(self.chosen.values()))
                continue
            port = asked or self.chosen.get(name) or default
            if not is_free(port):
                raise StackError(
                    f"port {port} for {name} is taken by another program; stop that one, or choose"
                    f" another port: --port {name}=PORT (0 picks a free one)")
            self.chosen[name] = port
        self._file.write_text(json.dumps(self.chosen) + "\n", encoding="ascii")

    def moved(self):
        """Names of ports that the user asks for and that are not the ones in use."""
        return [name for name, port in self._asked.items()
                if port != 0 and port != self.chosen.get(name)]

    def give_up(self):
        """Forgets the ports that were ours to pick, after another program was quicker. Returns
        whether there are any, so that a new choice can help."""
        picked = [name for name, port in self._asked.items() if port == 0]
        for name in picked:
            self.chosen.pop(name, None)
        return bool(picked)

    def _recorded(self):
        try:
            return json.loads(self._file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}


def is_free(port):
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken=frozenset()):
    """A port of loopback that nobody listens on now and that isn't in `taken`."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in taken:
            return port

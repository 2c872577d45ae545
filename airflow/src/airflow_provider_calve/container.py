"""The command line of a container that stands in for a program."""

import os
import shlex

NAME_PREFIX = "calve-task-"


class Container:
    """How to run a program of an image, once, as a task's child.

    Values of variables are never on a command line: the engine takes them from its own
    environment by name.
    """

    def __init__(self, image, engine, mounts, options):
        """Takes the image, the engine's command (`podman --runtime runc`), folders of this machine
        that the program sees under the same path (folder -> `ro` or `rw`), and further words for
        `run`."""
        self.image = image
        self._engine = shlex.split(engine)
        self._mounts = mounts
        self._options = options
        self._name = NAME_PREFIX + os.urandom(8).hex()

    def words(self, program, arguments, variables):
        """The command line that runs `program` in the image with these arguments and variables
        (names)."""
        words = [*self._engine, "run", "--rm", "--name", self._name]
        for folder, mode in self._mounts.items():
            words += ["--volume", f"{folder}:{folder}:{mode}"]
        for name in sorted(variables):
            words += ["--env", name]
        return [*words, *self._options, "--entrypoint", program, self.image, *arguments]

    def stop_words(self, seconds):
        """The command line that ends the container: politely, after `seconds` by force."""
        return [*self._engine, "stop", "--time", str(seconds), self._name]

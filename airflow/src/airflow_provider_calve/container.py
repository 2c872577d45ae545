"""The command line of a container that stands in for a program."""

import os
import shlex

NAME_PREFIX = "calve-task-"


class Container:
    """How to run a program of an image, once, as a task's child.

    Values of variables are never on a command line: the engine takes them from its own
    environment by name.
    """

    def __init__(self, image, settings):
        """Takes the image and the connection's Settings. The program sees read-only, under their
        own paths, `container_mounts`, and those of these folders that are here: the
        configuration's, with the models beside it, and dbt's. Others are the image's own."""
        self.image = image
        self._engine = shlex.split(settings.container_engine)
        self._options = settings.container_options
        self._name = NAME_PREFIX + os.urandom(8).hex()
        folders = [settings.dbt_project_dir, settings.dbt_profiles_dir]
        if settings.config:
            folders.append(os.path.dirname(settings.config))
        self._folders = dict.fromkeys([*settings.container_mounts, *(
            os.path.abspath(folder) for folder in folders if os.path.isdir(folder))])

    def words(self, program, arguments, variables, stop_signal):
        """The command line that runs `program` in the image with these arguments and variables
        (names); `stop_signal` is what asks it to end."""
        words = [*self._engine, "run", "--rm", "--name", self._name,
                 "--stop-signal", str(int(stop_signal))]
        for folder in self._folders:
            words += ["--volume", f"{folder}:{folder}:ro"]
        for name in sorted(variables):
            words += ["--env", name]
        return [*words, *self._options, "--entrypoint", program, self.image, *arguments]

    def stop_words(self, seconds):
        """The command line that ends the container: politely, after `seconds` by force."""
        return [*self._engine, "stop", "--time", str(seconds), self._name]

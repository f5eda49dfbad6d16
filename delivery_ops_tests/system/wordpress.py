"""A real WordPress on loopback, for as long as a context lasts: Debian's packages, MariaDB and web server of its own.

Belongs here: installing, starting, ending, and an editor's hands (over the REST API). Does not belong here: what is
expected of a connector. Everything lies in one temporary folder and every process is ended by its id. The site's time
zone is Europe/Berlin, so that its local times are never the UTC ones; links are pretty; the plugin is the one that
is shipped.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import psutil
import pytest

from delivery_ops.connectors import wordpress as connector
from delivery_ops.connectors.wordpress.client import WordPressClient

PACKAGES = (
    "wordpress",
    "wordpress-theme-twentytwentyone",
    "php-cli",
    "php-mysql",
    "php-xml",
    "php-curl",
    "php-mbstring",
    "mariadb-server",
)
PLUGIN = Path(connector.__file__).parent / "plugin" / "delivery-ops.php"
ADMIN = "admin"
_INSTALLED = Path("/usr/share/wordpress")
_SECONDS_TO_START = 60

_CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'WP_HOME', '%(url)s' );
define( 'WP_SITEURL', '%(url)s' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'DISABLE_WP_CRON', true );
define( 'WP_ENVIRONMENT_TYPE', 'local' );  // else application passwords are refused over http
require __DIR__ . '/plugin-config.php';
$table_prefix = 'wp_';
define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
"""
# php -S hands paths with an extension (/wp-sitemap.xml) to nobody unless it is told to.
_ROUTER = """<?php
$file = __DIR__ . parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
if ( is_file( $file ) || is_file( "$file/index.php" ) ) { return false; }
require __DIR__ . '/index.php';
"""
_INSTALL = """
define( 'WP_INSTALLING', true );
require 'wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'Agency', 'admin', 'admin@agency.example', true, '', 'an-admin-password' );
"""
_SET_UP = """
require 'wp-load.php';
switch_theme( 'twentytwentyone' );
update_option( 'timezone_string', 'Europe/Berlin' );
$wp_rewrite->set_permalink_structure( '/%postname%/' );
flush_rewrite_rules( false );
echo WP_Application_Passwords::create_new_application_password( 1, array( 'name' => 'delivery-ops' ) )[0];
"""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page or post as it stands; ``kind`` is "pages" or "posts"."""

    kind: str
    id: int
    link: str
    status: str
    modified_gmt: str


@dataclass(frozen=True, kw_only=True)
class WordPress:
    """A running site: where it is, and what an editor can do there."""

    url: str
    folder: Path
    user: str
    password: str = field(repr=False)

    def client(self, **options: Any) -> WordPressClient:
        """The connector's own client, with the editor's application password."""
        return WordPressClient(**{"url": self.url, "user": self.user, "password": self.password, **options})

    def save(self, kind: str, page_id: int | None = None, **fields: Any) -> Page:
        """Create or change a page: ``title``, ``slug``, ``content``, ``status``, ``tags``, ``meta``, ``date_gmt``."""
        path = f"{kind}/{page_id}" if page_id else kind
        found = self.ask("POST", path, fields)
        return _page(kind, found)

    def publish(self, kind: str = "pages", *, slug: str, **fields: Any) -> Page:
        """A new page that is live at once."""
        return self.save(
            kind, **{"title": slug, "slug": slug, "content": f"<p>{slug}</p>", "status": "publish", **fields}
        )

    def edit(self, page: Page, **fields: Any) -> Page:
        """Save the page again, with these fields changed."""
        return self.save(page.kind, page.id, **fields)

    def trash(self, page: Page) -> Page:
        """Move the page to the trash."""
        return _page(page.kind, self.ask("DELETE", f"{page.kind}/{page.id}"))

    def delete(self, page: Page) -> None:
        """Delete the page for good."""
        self.ask("DELETE", f"{page.kind}/{page.id}?force=true")

    def tag(self, name: str) -> int:
        """A new tag's id."""
        tag_id: int = self.ask("POST", "tags", {"name": name})["id"]
        return tag_id

    def ask(self, method: str, path: str, fields: Any = None) -> Any:
        """The JSON answer of one REST call; anything but a success fails the test."""
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        response = httpcore.request(
            method,
            f"{self.url}wp-json/wp/v2/{path}",
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
            content=json.dumps(fields).encode() if fields is not None else None,
            extensions={"timeout": {"connect": 5, "read": 30, "write": 5}},
        )
        assert response.status in {200, 201}, (method, path, response.status, response.content[:500])
        return json.loads(response.content)

    def php(self, code: str) -> str:
        """What a PHP program prints that runs inside the site (``wp-load.php`` is loaded)."""
        return _php(self.folder, f"require 'wp-load.php'; {code}")

    def run_cron(self) -> None:
        """Let WordPress do what it scheduled: publish the pages that are due."""
        self.php(
            "foreach ( wp_get_ready_cron_jobs() as $jobs ) foreach ( $jobs as $hook => $calls ) "
            "foreach ( $calls as $call ) { do_action_ref_array( $hook, $call['args'] ); }"
        )

    def unplug(self) -> None:
        """Take the plugin away: no webhook any more."""
        (self.folder / "wp-content" / "mu-plugins" / PLUGIN.name).unlink()

    def plug(self) -> None:
        """Put the plugin in its place."""
        (self.folder / "wp-content" / "mu-plugins").mkdir(exist_ok=True)
        shutil.copy(PLUGIN, self.folder / "wp-content" / "mu-plugins")

    def define(self, **constants: str | None) -> None:
        """Define these constants, the plugin's, in ``wp-config.php``; None leaves one out."""
        lines = [f"define( '{name}', '{value}' );" for name, value in constants.items() if value is not None]
        (self.folder / "plugin-config.php").write_text("\n".join(["<?php", *lines, ""]))

    def wait_for_later(self) -> None:
        """Wait until changes get a later modified time, and not one that could be the same save's: two seconds on."""
        now = datetime.now(UTC).replace(microsecond=0)
        while datetime.now(UTC) < now + timedelta(seconds=2):
            time.sleep(0.05)


@contextmanager
def wordpress(
    tmp_path: Path, *, hook_url: str | None = None, secret: str | None = None, field: str | None = None
) -> Iterator[WordPress]:
    """A fresh WordPress, whose plugin tells ``hook_url`` of changes; up in five seconds once the packages are there."""
    require_packages()
    with ExitStack() as stack:
        # Not below tmp_path: that is closed to MariaDB's account, and too long for a socket's path.
        state = Path(tempfile.mkdtemp(prefix="delivery-ops-wordpress."))
        stack.callback(shutil.rmtree, state)
        state.chmod(0o755)
        database = stack.enter_context(_mariadb(state, log=tmp_path / "mariadb.log"))
        port = _free_port()
        url = f"http://127.0.0.1:{port}/"
        folder = state / "site"
        shutil.copytree(_INSTALLED, folder)
        (folder / "router.php").write_text(_ROUTER)
        (folder / "wp-config.php").write_text(_CONFIG % {"socket": database, "url": url.rstrip("/")})
        (folder / "plugin-config.php").write_text("<?php\n")
        _php(folder, _INSTALL)
        site = WordPress(url=url, folder=folder, user=ADMIN, password=_php(folder, _SET_UP))
        site.define(DELIVERY_OPS_HOOK_URL=hook_url, DELIVERY_OPS_HOOK_SECRET=secret, DELIVERY_OPS_FIELD=field)
        site.plug()
        stack.enter_context(_web_server(folder, port, log=tmp_path / "php.log"))
        yield site


def require_packages() -> None:
    """See that Debian's packages are there: installed as root, else the test is skipped."""
    if all((_INSTALLED / "wp-load.php", shutil.which("php"), shutil.which("mariadbd"))) and _theme().is_dir():
        return
    if os.geteuid() != 0:
        pytest.skip(f"needs the Debian packages {' '.join(PACKAGES)}; run as root to have them installed")
    # RUNLEVEL=1: no service is started; ours run in folders of their own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        apt = ["apt-get", "--quiet", *command]
        done = subprocess.run(apt, env=environment, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, (apt, done.stderr[-2000:])


def _theme() -> Path:
    return _INSTALLED / "wp-content" / "themes" / "twentytwentyone"


@contextmanager
def _mariadb(state: Path, *, log: Path) -> Iterator[Path]:
    """A MariaDB on a socket alone; gives the socket's path."""
    data, place = state / "database", state / "mariadb.sock"
    data.mkdir()
    account = ["--user=mysql"] if os.geteuid() == 0 else []
    if account:
        shutil.chown(data, "mysql", "mysql")
        shutil.chown(state, "mysql", "mysql")
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    subprocess.run([*install, "--skip-test-db", *account], check=True, capture_output=True)
    serve = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={place}", "--skip-networking"]
    with _running([*serve, "--innodb-flush-log-at-trx-commit=0", *account], cwd=data, log=log) as process:
        _until(lambda: _answers(place), process, log)
        client = ["mariadb", "--no-defaults", f"--socket={place}", "--user=root"]
        subprocess.run([*client, "--execute=CREATE DATABASE wordpress"], check=True, capture_output=True)
        yield place


@contextmanager
def _web_server(folder: Path, port: int, *, log: Path) -> Iterator[None]:
    # Workers: a page that calls its own site, and an editor beside a poll.
    environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": "3"}
    command = ["php", "-S", f"127.0.0.1:{port}", "-t", str(folder), str(folder / "router.php")]
    with _running(command, cwd=folder, log=log, environment=environment) as process:
        _until(lambda: _answers(("127.0.0.1", port)), process, log)
        yield


@contextmanager
def _running(
    command: Sequence[str], *, cwd: Path, log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, and whatever it starts, until the context ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            one.terminate()
        for one in psutil.wait_procs(family, timeout=20)[1]:
            one.kill()
        process.wait()


def _until(is_ready: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + _SECONDS_TO_START
    while not is_ready():
        if process.poll() is not None or time.monotonic() > ends:
            pytest.fail(f"{process.args} did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _answers(address: Path | tuple[str, int]) -> bool:
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family) as attempt:
        try:
            attempt.connect(str(address) if isinstance(address, Path) else address)
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _php(folder: Path, code: str) -> str:
    command = ["php", "-r", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.stdout[-1000:], done.stderr[-1000:])
    return done.stdout.strip()


def _page(kind: str, found: dict[str, Any]) -> Page:
    return Page(kind=kind, **{name: found[name] for name in ("id", "link", "status", "modified_gmt")})

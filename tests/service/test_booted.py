"""The service on a systemd that really was booted, as an administrator has it.

What differs from a user's machine: the root is an overlay of this one's, with its Debian packages;
photos come from a host that has no network; a stub takes the engine's place where it must hang.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import networks
import pytest
import yaml
from harness import wait_until, write_photo
from machine import Machine
from place import SOURCE, STUBS, Place, settings

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]  # it is installed first

WATCHED = ("WatchdogSec=4s", "RestartSec=200ms")

SUDO = """
sudo() {
    [ "$1" = -u ] || { "$@"; return; }
    user=$2; shift 2
    runuser -u "$user" -- "$@"
}
"""
"""There need not be one where there is root."""


# These two look at the machine as it came up, so they have to be first.


def test_it_starts_with_the_machine(machine: Machine) -> None:
    wait_until(lambda: machine.show("matted", "ActiveState") == "active", 60)
    took_s = time.monotonic() - machine.booted_at_s
    began, ended = (
        int(machine.show("matted", f"{name}TimestampMonotonic")) / 1e6
        for name in ("InactiveExit", "ActiveEnter")
    )
    print(f"boot to READY within {took_s:.1f} s, of which the service took {ended - began:.1f} s")  # noqa: T201 - for the curious, with -s
    assert machine.show("matted", "StatusText") == "0 waiting, 0 working, 0 filed today"
    assert machine.run("ps", "-o", "user=", "-p", machine.show("matted", "MainPID")) == "matted\n"


def test_a_photo_is_filed_with_the_settings_as_installed(machine: Machine) -> None:
    write_photo(machine.root / "srv/matted/inbox/emma.png")
    filed = machine.await_("", "_SYSTEMD_UNIT=matted.service", "EVENT=photo.filed")
    assert filed["ENGINE"] == "people", (
        "installed with the program, before the machine had no network"
    )
    assert len(filed["NAMES"]) == 3
    for name in filed["NAMES"]:
        seen = (machine.root / "srv/matted/results" / name).stat()
        assert oct(seen.st_mode & 0o777) == "0o660", "the group may tidy up, others see nothing"


def test_the_installation_may_be_repeated_and_keeps_the_settings(place: Place) -> None:
    place.start()
    before = place.settings.read_text()
    pid = place.machine.show("matted", "MainPID")
    place.machine.run("make", "-C", SOURCE, "install")
    assert place.settings.read_text() == before
    assert place.machine.show("matted", "ActiveState") == "active"
    assert place.machine.show("matted", "MainPID") != pid, "the new version runs"
    assert place.machine.run("/usr/local/bin/matted", "check", "/etc/matted/matted.yaml")


def test_one_search_tells_a_photos_whole_story(place: Place) -> None:
    place.start()
    write_photo(place.inbox / "roll 7" / "emma.png")
    filed = place.await_("photo.filed")
    story = place.machine.journal(place.since, f"PHOTO={filed['PHOTO']}")
    assert [one["EVENT"] for one in story] == ["photo.settled", "photo.filed"]
    assert {one["PRIORITY"] for one in story} == {"6"}
    assert filed["PATH"] == "roll 7/emma.png"
    assert filed["FOLDER"] == "/srv/matted/inbox"
    assert float(filed["TOOK_S"]) > 0
    assert set(json.loads(filed["STAGES_S"])) >= {"decode", "matte", "encode"}
    explained = place.machine.run("journalctl", "-x", "-q", f"MESSAGE_ID={filed['MESSAGE_ID']}")
    assert f"Photo {filed['PHOTO']} is filed" in explained
    wait_until(lambda: "1 filed today" in place.machine.show("matted", "StatusText"))


def test_a_reload_takes_new_folders_and_refuses_a_bad_file(place: Place) -> None:
    place.start()
    pid = place.machine.show("matted", "MainPID")
    second = settings("/srv/matted/second", "/var/lib/matted")
    (place.machine.root / "srv/matted/second/inbox").mkdir(parents=True)
    place.machine.run("chown", "-R", "matted:", "/srv/matted/second")
    good = settings("/srv/matted", "/var/lib/matted")
    good["folders"] += second["folders"]
    place.settings.write_text(yaml.safe_dump(good))
    place.machine.run("systemctl", "reload", "matted")
    place.await_("settings.reloaded")
    place.settings.write_text(yaml.safe_dump(good | {"wrokers": 2, "limits": {"attempts": 0}}))
    place.machine.run("systemctl", "reload", "matted")
    refused = place.await_("settings.refused")
    assert len(refused["FAULTS"]) == 2
    assert refused["PRIORITY"] == "3"
    wait_until(lambda: "refused" in place.machine.show("matted", "StatusText"))
    write_photo(place.machine.root / "srv/matted/second/inbox/b.png")
    place.await_("photo.filed", "FOLDER=/srv/matted/second/inbox")
    assert place.machine.show("matted", "MainPID") == pid


def test_a_frozen_scan_loop_is_restarted_by_the_watchdog(place: Place) -> None:
    place.override(*WATCHED, stub=True)
    place.start()
    write_photo(place.inbox / "before.png")
    place.await_("photo.filed", "PATH=before.png")
    place.flag("hang-scan")
    wait_until(lambda: not (place.machine.root / "srv/matted/hang-scan").exists())
    write_photo(place.inbox / "after.png")
    place.await_("photo.filed", "PATH=after.png")
    told = place.machine.journal(place.since, "UNIT=matted.service", "_PID=1")
    assert any("Watchdog timeout" in one["MESSAGE"] for one in told)
    said = place.machine.journal(place.since, "_SYSTEMD_UNIT=matted.service")
    assert any("hanging_daemon.py" in str(one["MESSAGE"]) for one in said), "no stack was left"
    assert len(place.mattes()) == 2


def test_a_hung_engine_is_restarted_by_the_daemon_and_the_photo_filed(place: Place) -> None:
    quick = settings("/srv/matted", "/var/lib/matted", engine={"timeout_s": 2})
    place.settings.write_text(yaml.safe_dump(quick))
    place.override(*WATCHED, stub=True)
    place.start()
    pid = place.machine.show("matted", "MainPID")
    place.flag("hang-engine")
    write_photo(place.inbox / "a.png")
    missed = place.await_("engine.deadline_missed")
    assert missed["PRIORITY"] == "3"
    place.await_("photo.filed", f"PHOTO={missed['PHOTO']}")
    assert place.machine.show("matted", "MainPID") == pid, "the watchdog had no reason"
    assert len(place.mattes()) == 1


def test_a_big_model_may_load_longer_than_systemd_waits_for_a_start(place: Place) -> None:
    place.override("TimeoutStartSec=4s", stub=True)
    place.flag("slow-start")
    began_s = time.monotonic()
    place.start()
    assert time.monotonic() - began_s > 6
    assert place.machine.show("matted", "NRestarts") == "0"


def test_an_interpreter_that_the_service_cannot_see_is_refused(place: Place) -> None:
    hidden = "/root/python3"
    place.machine.run("cp", "/usr/bin/python3", hidden)
    refused = f"make -C {SOURCE} install PYTHON={hidden} 2>&1 && echo accepted; true"
    told = place.machine.run("sh", "-c", refused)
    assert "Name another interpreter" in told
    assert "accepted" not in told


def test_a_killed_daemon_comes_back_and_files_what_was_in_flight_once(place: Place) -> None:
    place.override("RestartSec=200ms", stub=True)
    place.start()
    place.flag("slow")
    for name in ("a.png", "b.png"):
        write_photo(place.inbox / name)
    wait_until(lambda: "1 working" in place.machine.show("matted", "StatusText"))
    place.machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "matted")
    place.await_("photo.filed", count=2)
    assert place.said("photo.recovered")
    assert len(place.mattes()) == 2
    assert place.machine.show("matted", "NRestarts") == "1"


def test_a_stop_lets_the_photo_in_flight_finish_and_loses_none_that_waits(place: Place) -> None:
    place.override(stub=True)
    place.start()
    place.flag("slow")
    for name in ("a.png", "b.png"):
        write_photo(place.inbox / name)
    wait_until(lambda: "1 waiting, 1 working" in place.machine.show("matted", "StatusText"))
    place.machine.run("systemctl", "stop", "matted")
    assert len(place.mattes()) == 1
    assert place.machine.show("matted", "Result") == "success"
    place.start()
    place.await_("photo.filed", count=2)
    assert len(place.mattes()) == 2


def test_broken_settings_end_in_failed_with_the_faults_in_the_journal(place: Place) -> None:
    place.settings.write_text("folders: [{watch: a, resluts: b}]\nworkers: x\n")
    place.override("RestartSec=100ms")
    place.machine.run("systemctl", "start", "matted", check=False)
    wait_until(lambda: place.machine.show("matted", "ActiveState") == "failed", 60)
    failed = place.await_("service.failed")
    assert any("did you mean results?" in fault for fault in failed["FAULTS"])
    assert any("workers" in fault for fault in failed["FAULTS"])
    assert failed["PRIORITY"] == "2"
    assert place.machine.show("matted", "NRestarts") in {"7", "8"}, "it gave up in the end"


def test_two_instances_run_side_by_side_and_keep_off_each_others_folders(place: Place) -> None:
    machine = place.machine
    for name in ("studio", "archive"):
        (machine.root / f"srv/matted/{name}/inbox").mkdir(parents=True)
        mine = settings(f"/srv/matted/{name}", f"/var/lib/matted-{name}")
        (machine.root / f"etc/matted/{name}.yaml").write_text(yaml.safe_dump(mine))
    machine.run("chown", "-R", "matted:", "/srv/matted")
    machine.run("systemctl", "start", "matted@studio", "matted@archive")
    for name in ("studio", "archive"):
        write_photo(machine.root / f"srv/matted/{name}/inbox/{name}.png")
        filed = place.await_("photo.filed", f"_SYSTEMD_UNIT=matted@{name}.service")
        assert filed["PATH"] == f"{name}.png"
    machine.run("systemctl", "stop", "matted@archive")
    thief = settings("/srv/matted/studio", "/var/lib/matted-archive")
    (machine.root / "etc/matted/archive.yaml").write_text(yaml.safe_dump(thief))
    machine.run("systemctl", "start", "matted@archive", check=False)
    failed = place.await_("service.failed", "_SYSTEMD_UNIT=matted@archive.service")
    assert "another matted watches" in failed["REASON"]


def test_the_sandbox_gives_what_is_needed_and_nothing_else(place: Place) -> None:
    """What it forbids is what the same user may do outside of it, or it would prove nothing."""
    probe = f"/usr/bin/python3 {SOURCE}/tests/stubs/probe.py"
    opened = [f"/{at}/open" for at in ("etc", "opt", "usr/local", "srv", "var", "home")]
    place.machine.run("mkdir", "--parents", "--mode=777", *opened)
    outside = json.loads(place.machine.run("runuser", "-u", "matted", "--", *probe.split()))
    place.override(f"ExecStartPre={probe}")
    place.start()
    told = place.machine.await_(place.since, "_SYSTEMD_UNIT=matted.service", "_COMM=python3")
    inside = json.loads(told["MESSAGE"])
    assert {what for what, answer in inside.items() if answer == "yes"} == {
        *("write /srv/matted/results", "write /var/lib/matted", "write /var/cache/matted"),
        *("write /run/matted", "write /tmp", "unix", "null"),
        "compile",  # numba and CUDA do
    }, inside
    forbidden = {*(f"write {path}" for path in opened), "internet", "netlink", "others"}
    assert forbidden <= {what for what, answer in outside.items() if answer == "yes"}, outside
    assert {inside[f"write {path}"] for path in opened[:-1]} == {"Read-only file system"}
    place.machine.run("rm", "-r", *opened)


def test_a_share_mounted_after_the_start_is_seen_in_the_sandbox(place: Place) -> None:
    share = "/srv/matted/inbox/share"
    (place.machine.root / share[1:]).mkdir()
    place.start()
    place.machine.run("mount", "-t", "tmpfs", "tmpfs", share)
    try:
        write_photo(place.machine.root / share[1:] / "a.png")
        place.await_("photo.filed", "PATH=share/a.png")
    finally:
        place.machine.run("systemctl", "stop", "matted")
        place.machine.run("umount", share)


def test_the_example_drop_ins_open_what_they_say(place: Place) -> None:
    """A photo comes from a home directory and goes to a disk that is read-only otherwise."""
    machine = place.machine
    machine.run("mkdir", "--parents", "/home/anna/scans", "/data/results", "/data/archive")
    machine.run("chmod", "711", "/home/anna")
    machine.run("chown", "matted:", "/data/results", "/data/archive")
    mine = settings("/srv/matted", "/var/lib/matted")
    mine["folders"][0] |= {"watch": "/home/anna/scans", "results": "/data/results"}
    place.settings.write_text(yaml.safe_dump(mine))
    machine.run("mkdir", "--parents", "/etc/systemd/system/matted.service.d")
    examples = "/opt/matted/share/examples"
    for name in ("folders", "network"):
        machine.run("cp", f"{examples}/{name}.conf", "/etc/systemd/system/matted.service.d/")
    machine.run("systemctl", "daemon-reload")
    place.start()
    write_photo(machine.root / "home/anna/scans/a.png")
    place.await_("photo.filed", "RESULTS=/data/results")
    assert "AF_INET6" in machine.show("matted", "RestrictAddressFamilies")


def test_with_the_example_for_shares_it_starts_after_the_share_and_ends_with_it(
    place: Place,
) -> None:
    machine = place.machine
    share = "/mnt/nas/scans"
    machine.run("mkdir", "--parents", share, "/etc/systemd/system/matted.service.d")
    mount = f"[Mount]\nWhat=tmpfs\nType=tmpfs\nWhere={share}\nOptions=uid=matted\n"
    (machine.root / "etc/systemd/system/mnt-nas-scans.mount").write_text(mount)
    example = "/opt/matted/share/examples/share.conf"
    machine.run("cp", example, "/etc/systemd/system/matted.service.d/")
    machine.run("systemctl", "daemon-reload")
    place.start()
    assert machine.show("mnt-nas-scans.mount", "ActiveState") == "active"
    machine.run("systemctl", "stop", "mnt-nas-scans.mount")
    assert machine.show("matted", "ActiveState") == "inactive"


def test_its_exposure_is_low(machine: Machine) -> None:
    told = machine.run("systemd-analyze", "security", "matted", "--json=short", check=False)
    assert json.loads(told)
    summary = machine.run("systemd-analyze", "security", "matted", "--no-pager").splitlines()[-1]
    assert float(summary.split(":")[1].split()[0]) <= 1.8


ASK = """
import sys, urllib.request
token = open("/var/lib/matted/web/token").read().strip() if sys.argv[1] == "token" else ""
method, path, *file = sys.argv[2:]
body = open(file[0], "rb").read() if file else None
asked = urllib.request.Request("http://127.0.0.1:8737" + path, body, method=method)
asked.add_header("Content-Type", "application/octet-stream")
if token:
    asked.add_header("Authorization", "Bearer " + token)
with urllib.request.urlopen(asked, timeout=60) as answer:
    print(answer.read().decode())
"""


def test_the_page_is_started_by_its_socket_and_never_in_the_way(place: Place) -> None:
    """No socket is its own; it reads results, writes into the inbox, and may be killed."""
    machine = place.machine
    mine = settings("/srv/matted", "/var/lib/matted") | {"web": {}}
    place.settings.write_text(yaml.safe_dump(mine))
    place.start()
    machine.run("systemctl", "enable", "--now", "matted-web.socket")
    try:
        assert machine.show("matted-web.service", "ActiveState") == "inactive"
        ask = ("/usr/bin/python3", "-c", ASK)
        assert "condition" in machine.run(*ask, "nobody", "GET", "/healthz")
        assert machine.show("matted-web.service", "ActiveState") == "active"
        page = machine.show("matted-web.service", "MainPID")
        assert machine.run("ps", "-o", "user=", "-p", page) == "matted\n"
        links = machine.run("cat", f"/proc/{page}/net/dev").splitlines()[2:]
        assert [line.split(":")[0].strip() for line in links] == ["lo"], "a network of its own"
        photo = write_photo(machine.root / "srv/matted/emma.png")
        uploaded = "/api/inboxes/inbox/emma.png"
        machine.run(*ask, "token", "PUT", uploaded, f"/srv/matted/{photo.name}")
        place.await_("photo.filed", "PATH=emma.png")
        (one,) = json.loads(machine.run(*ask, "token", "GET", "/api/photos"))["photos"]
        pictures = f"/api/photos/{one['id']}/pictures/{one['edition']}"
        told = json.loads(machine.run(*ask, "token", "GET", pictures))
        assert "original" in told["layers"]
        assert "matte" in told["layers"]
        machine.run("kill", "-KILL", page)
        write_photo(place.inbox / "later.png")
        place.await_("photo.filed", "PATH=later.png")
        assert "condition" in machine.run(*ask, "nobody", "GET", "/healthz")
        assert machine.show("matted-web.service", "MainPID") not in {page, "0"}
    finally:
        machine.run("systemctl", "disable", "--now", "matted-web.socket", "matted-web.service")


def test_the_commands_of_the_documentation_work_as_they_stand_there(place: Place) -> None:
    """Of those that look and try; the others are what the other tests do."""
    place.start()
    write_photo(place.inbox / "a.png")
    place.await_("photo.filed")
    text = (place.machine.root / SOURCE[1:] / "docs" / "service.md").read_text()
    asking: tuple[str, ...] = ("matted doctor", "matted status", "matted check", "systemctl reload")
    asking += ("matted model list", "matted model verify")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    asked = [line for line in lines if any(words in line for words in asking)]
    assert len(asked) == 7
    for line in asked:
        # From 10 on its exit code says how the daemon is, here that a matte is to be looked at.
        well = " || [ $? -ge 10 ]" if "matted status" in line else ""
        told = place.machine.run("sh", "-c", f"{SUDO}\n{line}{well}")
        assert "bad" not in told


def test_webhooks_are_sent_by_a_unit_of_their_own_and_signed(place: Place) -> None:
    """The daemon's unit has no network; this one has, and goes on where it was killed."""
    machine = place.machine
    key = "/var/lib/matted/webhook.key"
    hook = {"url": "http://127.0.0.1:8099/told", "events": ["filed"], "secret_file": key}
    place.settings.write_text(
        yaml.safe_dump(settings("/srv/matted", "/var/lib/matted", webhooks=[hook]))
    )
    machine.run("sh", "-c", f"umask 077; echo open sesame > {key}; chown matted: {key}")
    place.override(stub=True)
    place.start()
    machine.run("systemctl", "start", "matted-webhooks")
    write_photo(place.inbox / "early.png")  # nobody listens yet
    place.await_("photo.filed")
    receiver = f"/usr/bin/python3 {STUBS}/webhook_receiver.py 8099"
    machine.run("systemd-run", "--unit=receiver", "--collect", *receiver.split())
    told = machine.await_(place.since, "_SYSTEMD_UNIT=receiver.service", "_TRANSPORT=stdout")
    machine.run("systemctl", "kill", "--signal=KILL", "matted-webhooks")
    write_photo(place.inbox / "late.png")
    machine.run("systemctl", "restart", "matted-webhooks")
    machine.await_(place.since, "_SYSTEMD_UNIT=receiver.service", "_TRANSPORT=stdout", count=2)
    machine.run("systemctl", "stop", "receiver", "matted-webhooks")
    request = json.loads(told["MESSAGE"])
    assert json.loads(request["body"])["path"] == "early.png"
    headers = request["headers"]
    signed = f"{headers['x-matted-timestamp']}.{request['body']}".encode()
    mac = hmac.new(b"open sesame", signed, hashlib.sha256).hexdigest()
    assert headers["x-matted-signature"] == f"sha256={mac}"


def test_a_model_installed_as_its_user_before_the_first_start_is_what_runs(place: Place) -> None:
    """In the sandbox, which sees neither the network nor a home directory."""
    own: dict[str, object] = {"models": {"my-net": {}}, "engine": {"model": "my-net"}}
    place.settings.write_text(yaml.safe_dump(settings("/srv/matted", "/var/lib/matted", **own)))
    (place.machine.root / "var/tmp/net.onnx").write_bytes(networks.same())
    install = "matted model install my-net --from /var/tmp/net.onnx"
    line = f"sudo -u matted {install} --config /etc/matted/matted.yaml"
    told = place.machine.run("sh", "-c", f"{SUDO}\n{line}")
    assert "my-net is installed" in told
    place.start()
    write_photo(place.inbox / "a.png")
    assert place.await_("photo.filed")["ENGINE"] == "onnx"
    (chosen,) = place.said("engine.chosen")
    assert chosen["MODEL"] == "my-net"


def test_stations_answer_to_a_unit_of_their_own_which_is_killed_and_comes_back(
    place: Place,
) -> None:
    """Its sandbox lets it read photos, run commands, decode what they answer, and file it."""
    machine = place.machine
    whole = settings("/srv/matted", "/var/lib/matted")
    command = ["cp", "{picture}", "{answer}"]
    station = {"name": "restored", "blend": "person", "command": command}
    whole["folders"][0]["handover"] = [{"command": station}]
    place.settings.write_text(yaml.safe_dump(whole))
    place.override(stub=True)
    place.start()
    machine.run("systemctl", "start", "matted-stations")
    wait_until((machine.root / "var/lib/matted/stations.sqlite").exists, 60)
    for number, name in enumerate(("early", "late"), 1):
        write_photo(place.inbox / f"{name}.png")
        place.await_("photo.filed", count=number)
        unit = "_SYSTEMD_UNIT=matted-stations.service"
        told = machine.await_(place.since, unit, "EVENT=station.filed", count=number)
        assert told["NAME"].endswith(f"{name}_restored.png")
        filed = machine.root / "srv/matted/results" / told["NAME"]
        assert oct(filed.stat().st_mode & 0o777) == "0o660", "the group may tidy up"
        machine.run("systemctl", "kill", "--signal=KILL", "matted-stations")
        machine.run("systemctl", "restart", "matted-stations")


CLUSTER = f"""{SUDO}
set -e
of="--config /etc/matted/matted.yaml"
sudo -u matted matted cluster init $of
sudo -u matted matted cluster add studio2 $of
install -d -o matted -g matted -m 750 /var/lib/matted-worker
cp -a /var/lib/matted/cluster/studio2 /var/lib/matted-worker/cluster
systemctl start matted-scheduler matted-worker matted
"""
"""As docs/cluster.md has it, with a worker on the daemon's own machine."""


def test_a_cluster_works_by_its_units_and_certificates_and_is_killed(place: Place) -> None:
    """Their sandboxes let them speak to each other, work and stage; none has to be looked after."""
    machine = place.machine
    executor = {"address": "127.0.0.1:8786"}
    whole = settings("/srv/matted", "/var/lib/matted", executor={"name": "dask", **executor})
    place.settings.write_text(yaml.safe_dump(whole))
    worker = {"workers": 1, "executor": executor, "limits": {"min_free_mb": 0}}
    (machine.root / "etc/matted/worker.yaml").write_text(yaml.safe_dump(worker))
    machine.run("sh", "-c", CLUSTER)
    place.await_("worker.joined", "_SYSTEMD_UNIT=matted.service")
    doctor = "matted doctor --cluster --config /etc/matted/matted.yaml"
    told = machine.run("sh", "-c", f"{SUDO}\nsudo -u matted {doctor}")
    assert told.count("the same share, at ") == 2, told
    for number, killed in enumerate(("matted-scheduler", "matted-worker", "matted"), 1):
        write_photo(place.inbox / f"{number}.png")
        filed = place.await_("photo.filed", count=number)
        assert filed["ENGINE"] == "people"
        seen = (place.results / filed["NAMES"]).stat()  # a list of one is no list in the journal
        assert oct(seen.st_mode & 0o777) == "0o660", "the group may tidy up, whoever staged it"
        machine.run("systemctl", "kill", "--signal=KILL", killed)
    write_photo(place.inbox / "last.png")
    place.await_("photo.filed", count=4)
    users = machine.run("ps", "-C", "matted", "-o", "user=").split()
    assert users, "they run by that name"
    assert set(users) == {"matted"}


def test_removing_it_leaves_settings_state_and_results(place: Place) -> None:
    """The last test, since it takes the service away."""
    place.start()
    write_photo(place.inbox / "a.png")
    place.await_("photo.filed")
    for _ in range(2):
        place.machine.run("make", "-C", SOURCE, "uninstall")
    assert place.machine.show("matted", "LoadState") == "not-found"
    for gone in ("opt/matted", "usr/local/bin/matted", "var/cache/matted"):
        assert not (place.machine.root / gone).exists()
    assert place.settings.exists()
    assert (place.machine.root / "var/lib/matted/ledger.sqlite").exists()
    assert len(place.mattes()) == 1
    assert place.machine.run("id", "matted")

"""The daemon as its users run it: a process of its own, real folders, real signals.

The engine is a stub, so that it can crash and hang on demand; all else is real.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import networks
import numpy as np
import pytest
from harness import Daemon, family, wait_until, write_photo

Make = Callable[..., Daemon]


def test_a_photo_dropped_in_is_filed_with_all_its_facts(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "roll 7" / "tante emma.png", red=200)
    filed = one.await_("photo.filed")
    (matte,) = one.mattes()
    assert matte.endswith("/roll 7/tante emma_matte.png")
    assert filed["names"] == [matte]
    assert filed["size"] == [64, 48]
    assert (filed["engine"], filed["device"], filed["people"]) == ("stub_engine", "cpu", 1)
    stages = ("read", "decode", "prepare", "matte", "refine", "judge", "encode", "sync", "publish")
    assert tuple(filed["stages_s"]) == stages
    assert filed["took_s"] == pytest.approx(sum(filed["stages_s"].values()), abs=0.01)
    alpha = cv2.imread(str(one.results / matte), cv2.IMREAD_UNCHANGED)
    assert np.all(alpha == 200)
    settled = one.await_("photo.settled")
    assert settled["photo"] == filed["photo"]
    assert one.stop() == 0
    assert one.said("service.stopped")


def test_a_file_is_not_touched_before_it_is_complete(daemon: Make) -> None:
    one = daemon(folder={"settle_s": 1.0})
    one.start()
    data = write_photo(one.root / "whole.png", size=(400, 300)).read_bytes()
    with (one.inbox / "scan.png").open("wb", buffering=0) as file:
        for start in range(0, len(data), len(data) // 6 + 1):
            file.write(data[start : start + len(data) // 6 + 1])
            time.sleep(0.4)
            assert not one.said("photo.settled")
    one.await_("photo.filed")
    assert len(one.said("photo.settled")) == 1
    assert not one.said("photo.retried")


def test_a_copy_that_reserved_its_room_and_stalls_is_not_taken(daemon: Make) -> None:
    """Size and date stand still, and half of it is zeros, which decode as black."""
    one = daemon()
    one.start()
    data = write_photo(one.root / "whole.bmp", size=(400, 300)).read_bytes()
    with (one.inbox / "scan.bmp").open("wb", buffering=0) as file:
        file.truncate(len(data))
        file.write(data[: len(data) // 2])
        one.await_("file.busy", path="scan.bmp")
        time.sleep(2)
        assert not one.said("photo.settled")
        assert len(one.said("file.busy")) == 1
        file.write(data[len(data) // 2 :])
    one.await_("photo.filed")
    assert len(one.said("photo.settled")) == 1


def test_a_file_that_ends_in_zeros_is_waited_for_and_then_filed_with_a_warning(
    daemon: Make,
) -> None:
    """On a share nobody tells who has it open; and its lower half may be black after all."""
    one = daemon(folder={"give_up_s": 6})
    one.start()
    data = write_photo(one.root / "whole.bmp", size=(400, 300)).read_bytes()
    for name in ("rest-comes.bmp", "black.bmp"):
        (one.inbox / name).write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    one.await_("photo.retried", path="rest-comes.bmp")
    (one.inbox / "rest-comes.bmp").write_bytes(data)
    filed = one.await_("photo.filed", path="rest-comes.bmp")
    assert "warnings" not in filed
    filed = one.await_("photo.filed", path="black.bmp")
    assert "zeros or more" in filed["warnings"][0]
    assert not one.said("photo.quarantined")


def test_a_restart_files_nothing_twice_and_forgets_nothing(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.stop()
    write_photo(one.inbox / "b.png")
    (one.inbox / "a.png").touch()
    os.chmod(one.inbox / "a.png", 0o600)
    one.start()
    one.await_("photo.filed", path="b.png")
    one.await_("photo.unchanged", path="a.png")
    time.sleep(1.5)
    assert len(one.mattes()) == 2
    assert len(one.said("photo.filed")) == 2


def test_a_clock_that_is_put_right_or_a_long_sleep_gives_no_photo_up(
    daemon: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is for how long a file was watched, over restarts too."""
    monkeypatch.setenv("CLOCK_OFFSET_FILE", str(tmp_path / "offset"))
    one = daemon(folder={"give_up_s": 15})
    one.start()
    half = write_photo(one.root / "whole.png", size=(400, 300)).read_bytes()[:900]
    (one.inbox / "half.png").write_bytes(half)
    one.await_("photo.retried")
    (tmp_path / "offset").write_text("3600")
    one.await_("photo.retried", count=2)
    assert not one.said("photo.quarantined"), "an hour by the clock is none of watching"
    one.stop()
    (tmp_path / "offset").write_text("-3600")
    began_s = time.monotonic()
    one.start()
    report = one.await_("photo.quarantined")
    assert time.monotonic() - began_s < 60, "a clock that was set back keeps nobody waiting"
    assert 15 <= int(report["reason"].split("unchanged for ")[1].split()[0]) < 40


def test_a_photo_replaced_in_place_is_filed_again_beside_the_first(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png", red=10)
    one.await_("photo.filed")
    write_photo(one.inbox / "a.png", red=250)
    one.await_("photo.filed", count=2)
    first, second = one.mattes()
    assert second.endswith("a_matte.png")
    assert first.endswith("a-2_matte.png")


def test_photos_of_one_name_in_two_sub_folders_and_formats_keep_apart(daemon: Make) -> None:
    flat = {"outputs": ["matte"], "file_as": "{stem}_{output}{ext}"}
    one = daemon(profiles={"plain": flat})
    one.start()
    for name in ("a/IMG_1.png", "b/IMG_1.png", "IMG_1.bmp"):
        write_photo(one.inbox / name)
    one.await_("photo.filed", count=3)
    assert one.mattes() == ["IMG_1-2_matte.png", "IMG_1-3_matte.png", "IMG_1_matte.png"]


def test_results_never_overwrite_a_strangers_file(daemon: Make) -> None:
    flat = {"outputs": ["matte", "foreground"], "file_as": "{stem}_{output}{ext}"}
    one = daemon(profiles={"plain": flat})
    one.results.mkdir()
    (one.results / "a_foreground.png").write_text("a stranger's")
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    assert (one.results / "a_foreground.png").read_text() == "a stranger's"
    assert one.mattes() == ["a-2_foreground.png", "a-2_matte.png", "a_foreground.png"]


@pytest.mark.parametrize(("originals", "copies"), [("archive", 1), ("delete", 0)])
def test_originals_go_where_the_settings_say(daemon: Make, originals: str, copies: int) -> None:
    cut_out = {"preprocess": [], "outputs": ["foreground"]}
    folder = {"originals": originals, "archive": "archive"}
    one = daemon(folder=folder, profiles={"plain": cut_out})
    one.start()
    content = write_photo(one.inbox / "sub" / "a.png").read_bytes()
    one.await_("source.disposed")
    assert not (one.inbox / "sub" / "a.png").exists()
    archived = list((one.root / "archive").rglob("a.png"))
    assert [path.read_bytes() for path in archived] == [content] * copies
    assert len(one.mattes()) == 1


def test_an_engine_that_dies_costs_only_the_photo_that_killed_it(daemon: Make) -> None:
    engine = {"matte_s": 0.2, "when_red": {"66": "exit"}}
    one = daemon(engine=engine, workers=2, limits={"attempts": 2})
    one.start()
    write_photo(one.inbox / "poison.png", red=66)
    for number in range(4):
        write_photo(one.inbox / f"good{number}.png", red=100 + number)
    one.await_("photo.filed", count=4)
    report = one.await_("photo.quarantined")
    assert report["path"] == "poison.png"
    assert "tried 2 times" in report["reason"]
    assert len(one.said("engine.crashed")) == 2
    (quarantined,) = one.reports()
    assert quarantined["path"] == "poison.png"
    assert quarantined["attempts"] == 2
    assert (one.inbox / "poison.png").exists()
    assert len(one.mattes()) == 4


def test_an_engine_that_hangs_is_restarted_at_its_deadline(daemon: Make) -> None:
    one = daemon(engine={"when_red": {"66": "hang"}})
    one.configure({}, {"limits": {"attempts": 1}, "engine": {"timeout_s": 1}})
    one.start()
    write_photo(one.inbox / "hangs.png", red=66)
    write_photo(one.inbox / "later.png", red=99)
    assert one.await_("photo.quarantined")["path"] == "hangs.png"
    assert one.await_("photo.filed")["path"] == "later.png"
    assert one.said("engine.deadline_missed")


@pytest.mark.parametrize("behaviour", ["babble", "wrong_shape", "refuse", "raise"])
def test_an_engine_that_misbehaves_loses_no_other_photo(daemon: Make, behaviour: str) -> None:
    one = daemon(engine={"when_red": {"66": behaviour}}, limits={"attempts": 1})
    one.start()
    write_photo(one.inbox / "a.png", red=66)
    write_photo(one.inbox / "b.png", red=99)
    one.await_("photo.filed", path="b.png")
    if behaviour == "babble":
        one.await_("photo.filed", path="a.png")
    else:
        one.await_("photo.quarantined", path="a.png")
        assert len(one.reports()) == 1


def test_out_of_memory_is_tried_once_more_at_a_smaller_size(daemon: Make) -> None:
    """The stub runs out of memory whenever the top left pixel is 66; smaller is no cure here."""
    one = daemon(engine={"when_red": {"66": "out_of_memory"}}, limits={"attempts": 1})
    one.start()
    write_photo(one.inbox / "a.png", red=66, size=(300, 200))
    assert "99 GiB" in one.await_("photo.quarantined")["reason"]


def photo_processes(one: Daemon) -> list[int]:
    assert one.child is not None
    return [
        pid
        for pid in family(one.child.pid)[1:]
        if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    ]


def test_a_killed_photo_process_costs_only_its_photo(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 8.0, "when_red": {"99": "obey"}})
    one.start()
    write_photo(one.inbox / "a.png")
    wait_until(lambda: any(one.results.glob(".matted-staging/1-1-*")))
    wait_until(lambda: bool(photo_processes(one)))
    time.sleep(5)  # until it waits for the engine
    for pid in photo_processes(one):
        os.kill(pid, signal.SIGKILL)
    retried = one.await_("photo.retried")
    assert retried["reason"] == "the photo process was killed by SIGKILL"
    one.await_("photo.filed")
    assert len(one.mattes()) == 1


def test_an_idle_photo_process_that_is_killed_costs_no_photo_anything(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    for pid in photo_processes(one):
        os.kill(pid, signal.SIGKILL)
    write_photo(one.inbox / "b.png")
    assert one.await_("photo.filed", path="b.png")
    assert all(
        photo["reason"].startswith("the photo processes") for photo in one.said("photo.retried")
    )


def test_a_killed_daemon_leaves_no_process_and_the_next_takes_up_its_work(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 0.5}, workers=2)
    one.start()
    for number in range(6):
        write_photo(one.inbox / f"{number}.png", red=100 + number)
    one.await_("photo.filed")
    assert one.child is not None
    orphans = family(one.child.pid)[1:]
    os.kill(one.child.pid, signal.SIGKILL)
    one.child.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
    one.start()
    wait_until(lambda: len(one.mattes()) == 6, 60)
    one.stop()
    assert len(one.mattes()) == 6
    assert not one.reports()


def test_stopping_lets_photos_in_flight_finish(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 1.0})
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.started")
    assert one.stop() == 0
    assert len(one.mattes()) == 1


def test_a_watched_folder_that_goes_away_pauses_and_resumes(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.inbox.rename(one.root / "elsewhere")
    one.await_("folder.paused")
    (one.root / "elsewhere").rename(one.inbox)
    one.await_("folder.resumed")
    write_photo(one.inbox / "b.png")
    one.await_("photo.filed", path="b.png")
    assert len(one.mattes()) == 2


def test_results_that_cannot_be_written_pause_everything_and_it_resumes(daemon: Make) -> None:
    one = daemon()
    one.start()
    shutil.rmtree(one.results)
    one.results.write_text("a file where the folder was")
    write_photo(one.inbox / "a.png")
    one.await_("service.paused")
    one.results.unlink()
    one.results.mkdir()
    one.await_("service.resumed")
    one.await_("photo.filed")
    assert one.said("photo.filed")[0]["path"] == "a.png"
    assert not one.reports()


def test_a_reload_takes_new_folders_and_a_bad_file_changes_nothing(daemon: Make) -> None:
    one = daemon()
    one.start()
    assert one.child is not None
    good = one.config.read_text()
    one.config.write_text("folders: [{watch: inbox, resluts: x}]")
    one.child.send_signal(signal.SIGHUP)
    refused = one.await_("settings.refused")
    assert any("did you mean results?" in fault for fault in refused["faults"])
    (one.root / "second").mkdir()
    more = good.replace("folders:\n", "folders:\n- {watch: second, results: results}\n")
    one.config.write_text(more)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")
    write_photo(one.root / "second" / "b.png")
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    one.await_("photo.filed", path="b.png")


def test_a_reload_takes_another_refiner_and_not_one_that_is_not_installed(daemon: Make) -> None:
    def with_refiner(name: str) -> dict[str, object]:
        return {"preprocess": [], "matting": {"refiner": name}, "outputs": ["matte"]}

    def reload(name: str) -> None:
        assert one.child is not None
        one.configure({}, {"models": models, "profiles": {"plain": with_refiner(name)}})
        one.child.send_signal(signal.SIGHUP)

    models = {name: {"trimap": "plane", "size": [256, 256]} for name in ("mine", "absent")}
    one = daemon(models=models, profiles={"plain": with_refiner("none")})
    network = one.root / "mine.onnx"
    network.write_bytes(networks.refining(4, (0, 1, 0, 0), (256, 256)))
    install = [sys.executable, "-m", "daemon", "model", "install", "mine", "--from", str(network)]
    subprocess.run([*install, "--config", str(one.config)], check=True, capture_output=True)
    one.start()
    write_half(one.inbox / "a.png")
    assert one.await_("photo.filed", path="a.png")["refiner"] == "none"
    reload("absent")
    refused = one.await_("settings.refused")
    assert any("the model absent is not installed: `" in fault for fault in refused["faults"])
    write_half(one.inbox / "b.png")
    assert one.await_("photo.filed", path="b.png")["refiner"] == "none"
    reload("mine")
    one.await_("settings.reloaded")
    write_half(one.inbox / "c.png")
    filed = one.await_("photo.filed", path="c.png")
    assert (filed["refiner"], filed["tiles"], filed.get("warnings")) == ("mine", 1, None)
    reload("closed-form")
    one.await_("settings.reloaded", count=2)
    write_half(one.inbox / "d.png")
    assert one.await_("photo.filed", path="d.png")["refiner"] == "closed-form"


def write_half(path: Path) -> None:
    """A photo of whose left half the stub makes a person."""
    pixels = np.full((96, 128, 3), 77, np.uint8)
    pixels[..., 2] = np.where(np.arange(128) < 64, 255, 0)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def test_an_inbox_that_is_a_link_is_followed_when_it_leads_elsewhere(daemon: Make) -> None:
    one = daemon(folder={"watch": "link"})
    for name in ("march", "april"):
        (one.root / name).mkdir()
    (one.root / "link").symlink_to("march")
    one.start()
    write_photo(one.root / "march" / "a.png")
    one.await_("photo.filed", path="a.png")
    (one.root / "link").unlink()
    (one.root / "link").symlink_to("april")
    told = one.await_("folder.retargeted")
    assert (told["before"], told["now"]) == (str(one.root / "march"), str(one.root / "april"))
    write_photo(one.root / "april" / "b.png")
    one.await_("photo.filed", path="b.png")


def test_a_link_that_leads_nowhere_or_where_it_must_not_is_said_and_not_followed(
    daemon: Make,
) -> None:
    one = daemon(folder={"watch": "link"})
    (one.root / "link").symlink_to("inbox")
    one.start()

    def lead(to: str) -> None:
        (one.root / "link").unlink()
        (one.root / "link").symlink_to(to)

    lead("not yet")
    assert "still used" in one.await_("folder.retargeted")["reason"]
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    lead("results")
    refused = one.await_("settings.refused")
    assert "overlaps with" in refused["faults"][0]
    write_photo(one.inbox / "b.png")
    one.await_("photo.filed", path="b.png")
    time.sleep(3)
    assert len(one.said("folder.retargeted")) == 2, "each is said once"
    lead("not yet")
    (one.root / "not yet").mkdir()
    one.await_("settings.reloaded")
    write_photo(one.root / "not yet" / "c.png")
    one.await_("photo.filed", path="c.png")


def test_no_settings_whatever_end_a_daemon_that_runs(daemon: Make) -> None:
    """Each of these once did at a SIGHUP, with a traceback and without a word about photos."""
    one = daemon()
    one.start()
    assert one.child is not None
    good = one.config.read_text()
    (one.root / "circle").symlink_to("circle")
    bombs = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    broken = [
        good.replace("watch: inbox", "watch: ~nosuchuser/inbox"),
        good.replace("watch: inbox", "watch: circle/inbox"),
        good.replace("watch: inbox", 'watch: "in\\0box"'),
        good.replace("results: results", "results: inbox2/file/results"),
        good + "x: &a [*a]\n",
        good + f"a0: &a0 [x]\n{bombs}",
        good.replace("workers: 1", "workers: 0"),
        good.replace("workers: 1", "workers: -1"),
        good + "limits: {photo_memory_mb: 0}\n",
        "",
        "\0",
    ]
    (one.root / "inbox2").mkdir()
    (one.root / "inbox2" / "file").write_text("a file where a folder should be")
    for number, text in enumerate(broken, 1):
        one.config.write_text(text)
        one.child.send_signal(signal.SIGHUP)
        refused = one.await_("settings.refused", count=number)
        assert refused["faults"]
        assert "exception" not in refused, refused
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.config.write_text(good)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")


def test_a_second_daemon_on_the_same_state_is_refused_in_one_line(daemon: Make) -> None:
    one = daemon()
    one.start()
    command = [sys.executable, "-m", "daemon", "run", "--config", str(one.config)]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 4
    assert "another matted" in second.stderr
    assert "give this settings file a state_dir of its own" in second.stderr
    assert "Traceback" not in second.stderr


def cpu_s(one: Daemon) -> float:
    assert one.child is not None
    fields = Path(f"/proc/{one.child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_daemon_that_finds_nothing_to_do_sleeps(daemon: Make) -> None:
    one = daemon(folder={"scan_s": 2})
    for number in range(3):
        write_photo(one.inbox / f"{number}.png")
    one.start()
    one.await_("photo.filed", count=3)
    before = cpu_s(one)
    time.sleep(4)
    assert cpu_s(one) - before < 0.2


def test_a_queue_that_has_to_wait_for_its_folder_does_not_keep_the_daemon_busy(
    daemon: Make,
) -> None:
    one = daemon(engine={"matte_s": 1.0})
    one.start()
    for number in range(5):
        write_photo(one.inbox / f"{number}.png", red=100 + number)
    one.await_("photo.started")
    one.inbox.rename(one.root / "away")
    one.await_("folder.paused")
    time.sleep(3)
    before = cpu_s(one)
    time.sleep(3)
    assert cpu_s(one) - before < 0.3
    (one.root / "away").rename(one.inbox)
    one.await_("photo.filed", count=5)


def test_a_folder_that_a_reload_drops_takes_its_photos_with_it_until_it_is_back(
    daemon: Make,
) -> None:
    engine = {"matte_s": 1.5, "when_red": {"66": "exit"}}
    one = daemon(engine=engine)
    both = one.config.read_text().replace(
        "folders:\n",
        "folders:\n- {watch: second, results: results, settle_s: 0.3, profile: plain}\n",
    )
    (one.root / "second").mkdir()
    only_first = one.config.read_text()
    one.config.write_text(both)
    one.start()
    assert one.child is not None
    write_photo(one.root / "second" / "fails at first.png", red=66)
    one.await_("photo.started")
    one.config.write_text(only_first)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")
    one.await_("photo.retried", path="fails at first.png")
    write_photo(one.inbox / "first.png", red=99)
    one.await_("photo.filed", path="first.png")
    time.sleep(3)
    assert len(one.said("photo.started", path="fails at first.png")) == 1
    one.config.write_text(both)
    one.child.send_signal(signal.SIGHUP)
    one.await_("photo.started", path="fails at first.png", count=2)

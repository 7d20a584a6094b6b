"""Claims: one process at a time, and none that is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from pennes.ensemble import claims
from pennes.ensemble.claims import Claim, holder


def test_a_claim_is_had_once_and_again_after_it_is_released(tmp_path):
    path = tmp_path / "claim"
    claim = Claim.take(path, key="x")
    assert claim is not None
    assert holder(path)["key"] == "x"
    assert Claim.take(path) is None
    claim.release()
    assert not path.exists()
    assert Claim.take(path) is not None


def test_of_many_who_ask_at_once_one_gets_it(tmp_path):
    for round_ in range(20):
        path = tmp_path / str(round_)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _, path=path: Claim.take(path), range(8)))
        assert sum(claim is not None for claim in found) == 1


def test_of_many_who_find_a_stale_claim_one_gets_it(tmp_path):
    for round_ in range(20):
        path = tmp_path / str(round_)
        path.write_text(json.dumps({**dead_holder(), "token": "old"}))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _, path=path: Claim.take(path), range(8)))
        assert sum(claim is not None for claim in found) == 1
        assert list(tmp_path.glob(f"{round_}.*")) == []


def test_a_claim_that_took_the_place_of_a_stale_one_is_not_removed_for_it(tmp_path):
    path = tmp_path / "claim"
    claim = Claim.take(path)
    claims._remove_stale(path, {**dead_holder(), "token": "old"})
    assert holder(path)["token"] == claim._token
    assert Claim.take(path) is None


def dead_holder() -> dict:
    """A process of this host that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = claims._start_of(process.pid)
    process.wait()
    return {"host": claims._host(), "pid": process.pid, "started": started or "0"}


def test_a_process_id_that_was_given_again_is_not_the_old_process(tmp_path):
    path = tmp_path / "claim"
    path.write_text(json.dumps({"host": claims._host(), "pid": os.getpid(), "started": "1", "token": "old"}))
    assert Claim.take(path) is not None


def test_a_claim_of_another_host_is_stale_once_it_is_not_touched_any_more(tmp_path):
    path = tmp_path / "claim"
    path.write_text(json.dumps({"host": "another", "pid": 1, "started": "1", "token": "old"}))
    assert Claim.take(path) is None
    old = time.time() - claims.STALE - 1
    os.utime(path, (old, old))
    assert Claim.take(path) is not None


def test_a_claim_that_is_being_written_is_respected(tmp_path):
    path = tmp_path / "claim"
    path.write_text("")
    assert Claim.take(path) is None


def test_a_claim_is_touched_while_its_owner_lives(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 0.01)
    path = tmp_path / "claim"
    claim = Claim.take(path)
    os.utime(path, (0, 0))
    claim.beat()
    deadline = time.monotonic() + 10
    while path.stat().st_mtime == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    claim.release()


def test_a_claim_that_another_took_over_is_left_to_it(tmp_path):
    path = tmp_path / "claim"
    claim = Claim.take(path)
    path.write_text(json.dumps({"host": "another", "token": "new"}))
    claim.release()
    assert holder(path)["token"] == "new"

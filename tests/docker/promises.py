"""What a running centre keeps, one function each; `test_centre` asks for all, in this order."""

from __future__ import annotations

import json
import os
import re
import time
from urllib.parse import urljoin

import httpx
import redis

from registry.domain import broker_urls
from tests.brokers import until
from tests.docker import setting
from tests.docker.centre import Centre, database, log_in, write_readings

REFUSED = "You may not open this"


def every_service_says_that_it_is_well(centre: Centre) -> None:
    for name, service in centre.services.services.items():
        if "test" in service["healthcheck"] and name != "agent":
            code, said = centre.services.probe(name)
            assert code == 0, f"{name}: {said}"


def pages_come_over_tls_with_their_files(centre: Centre) -> None:
    with centre.visitor() as visitor:
        front = visitor.get("/")
        assert (front.status_code, front.headers["location"]) == (302, "/accounts/login/?next=/")
        page = visitor.get("/accounts/login/")
        assert "max-age=31536000" in page.headers["strict-transport-security"]
        assert "; Secure" in page.headers["set-cookie"]
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        assert files
        for file in files:
            assert visitor.get(file).status_code == 200, file


def strangers_are_sent_to_the_log_in(centre: Centre) -> None:
    with centre.visitor() as visitor:
        for path in ("/mlflow/", "/flower/", "/mlflow/ajax-api/2.0/mlflow/experiments/search"):
            answer = visitor.get(path)
            # A path alone: the port that nginx listens on is not the one people see.
            wanted = (302, f"/accounts/login/?next={path}")
            assert (answer.status_code, answer.headers["location"]) == wanted
        assert visitor.get("/auth/neighbour").status_code == 404


def the_roles_decide_about_the_neighbours(centre: Centre) -> None:
    for who, mlflow, flower in (("clara", 200, 200), ("petra", 200, 403), ("vera", 403, 403)):
        with centre.person(who) as person:
            for path, wanted in (("/mlflow/", mlflow), ("/flower/", flower)):
                answer = person.get(path)
                assert answer.status_code == wanted, f"{who} {path}"
                assert (REFUSED in answer.text) == (wanted == 403)


def what_flower_tells_everybody_is_shut(centre: Centre) -> None:
    with centre.person("clara") as clara, centre.visitor() as visitor:
        for path in ("metrics", "healthcheck", "api/workers", "api/task/types"):
            for browser in (clara, visitor):
                assert browser.get(f"/flower/{path}").status_code == 404, path
        assert clara.post("/flower/api/worker/shutdown/celery@x").status_code == 404


def flower_shows_the_portals_own_tasks(centre: Centre) -> None:
    with centre.person("clara") as clara:
        queue = re.sub(r"<[^>]+>|\s+", " ", clara.get("/flower/broker").text)
        assert re.search(r"\bportal +\d", queue), "the broker's queue is counted over TLS"
        clara.get("/flower/tasks")
        asked = {"draw": "1", "start": "0", "length": "9", "search[value]": ""}
        asked |= {"order[0][column]": "0", "order[0][dir]": "asc", "columns[0][data]": "name"}
        mark = {"X-XSRFToken": clara.cookies["_xsrf"]}
        table = clara.post("/flower/tasks/datatable", data=asked, headers=mark)
        assert "registry.tasks" in table.text
        assert clara.post("/flower/tasks", headers=mark).status_code == 403


def mlflows_pages_look_and_never_write(centre: Centre) -> None:
    api = "/mlflow/ajax-api/2.0/mlflow"
    with centre.person("clara") as clara:
        page = clara.get("/mlflow/")
        files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert any(file.endswith(".js") for file in files)
        for file in files:
            assert clara.get(urljoin("/mlflow/", file)).status_code == 200, file
        own, other = ({"Origin": origin} for origin in (centre.url, "https://evil.example"))
        wanted = {"max_results": 5}
        assert clara.post(f"{api}/experiments/search", json=wanted, headers=own).json()
        # MLflow's own refusal: a page elsewhere cannot ask with Clara's session.
        assert clara.post(f"{api}/experiments/search", json=wanted, headers=other).is_error
        for path in ("experiments/create", "runs/delete", "registered-models/create"):
            answer = clara.post(f"{api}/{path}", json={"name": "x"}, headers=own)
            assert answer.status_code == 403, path
            assert REFUSED in answer.text
        assert clara.delete(f"{api}/registered-models/delete").status_code == 403
        assert "x" not in _names(clara, "experiments")


def a_part_of_an_upload_passes_and_no_more(centre: Centre) -> None:
    path = "/api/v1/worker/uploads/00000000-0000-4000-8000-000000000000/"
    content = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    # Several times: a refusal must not lose a race against its own body.
    for size, wanted in (*[(8 * 2**20, 401)] * 8, (11 * 2**20, 413)):
        with centre.visitor() as visitor:
            answer = visitor.patch(path, content=bytes(size), headers=content)
            assert answer.status_code == wanted


def a_plant_joins_and_retrains(centre: Centre) -> None:
    services, code = centre.services, centre.set_up["code"]
    write_readings(centre.folder / "plant" / "torque")
    agent = ("python", "-m", "plants.agent")
    enrol = (*agent, "enrol", "--portal", centre.url, "--code", code)
    absent = services.run("agent", *enrol, check=False, LINEWARD_AUTHORITY="/nowhere/authority.pem")
    assert "There is no authority's file /nowhere/authority.pem" in absent
    unknown = services.run("agent", *enrol, check=False, LINEWARD_AUTHORITY="")
    assert "The portal's certificate is not believed" in unknown
    assert "--authority" in unknown
    assert "Enrolled for plant graz" in services.run("agent", *enrol)
    assert services.probe("agent")[0] == 1, "it has not begun to work"
    services.start("agent")
    services.await_health("agent")
    ended = centre.shell(setting.ORDER)
    assert ended == {"state": "succeeded", "why": ""}, services.log("agent")
    # The broker keeps its list of users, so that its restart brings no revoked plant back.
    assert "user plant-graz" in (centre.folder / "broker" / "users.acl").read_text()


def the_broker_knows_nobody_without_a_name(centre: Centre) -> None:
    port = centre.services.map.port("redis")
    plain = f"rediss://localhost:{port}/0"
    with redis.Redis.from_url(
        broker_urls.for_client(broker_urls.trusting(plain, str(centre.authority)))
    ) as stranger:
        try:
            stranger.ping()
        except redis.AuthenticationError:
            return
    raise AssertionError("The broker answered a stranger.")


def the_version_reaches_mlflow(centre: Centre) -> None:
    api = "/mlflow/ajax-api/2.0/mlflow"
    with centre.person("clara") as clara:

        def versions() -> list[dict[str, str]]:
            return list(clara.get(f"{api}/model-versions/search").json().get("model_versions", []))

        # Every fifteen seconds the outbox is emptied.
        until(versions, seconds=90, why=lambda: centre.services.log("worker"))
        (version,) = versions()
        assert version["name"] == "torque"
        run = clara.get(f"{api}/runs/get", params={"run_id": version["run_id"]}).json()["run"]
        assert run["info"]["artifact_uri"].startswith("mlflow-artifacts:/")
    assert list((centre.folder / "artifacts").rglob("*.onnx"))


def a_client_cannot_claim_another_address(centre: Centre) -> None:
    with centre.visitor() as guesser:
        for number in range(9):
            claimed = {"X-Forwarded-For": f"10.0.0.{number}"}
            answer = log_in(guesser, "petra", "wrong-password", **claimed)
    assert answer.status_code in {403, 429}, "nine addresses were claimed, one was counted"
    (seen,) = centre.shell(
        "import json; from axes.models import AccessAttempt as A; "
        "print(json.dumps(list(A.objects.values_list('ip_address', flat=True).distinct())))"
    )
    assert seen == "127.0.0.1"


def a_backup_can_be_restored(centre: Centre) -> None:
    dump, data = centre.folder / "lineward.dump", centre.folder / "restored-data"
    database(centre, "pg_dump", "--format=custom", "--file", dump, "lineward")
    database(centre, "tar", "-C", centre.folder / "data", "-cf", f"{data}.tar", ".")
    data.mkdir()
    database(centre, "tar", "-C", data, "-xf", f"{data}.tar")
    database(centre, "createdb", "restored")
    database(centre, "pg_restore", "--exit-on-error", "--no-owner", "--dbname", "restored", dump)
    url = centre.services.environment("portal")["DATABASE_URL"]
    there = {
        "DATABASE_URL": f"{url.rpartition('/')[0]}/restored",
        "LINEWARD_HOME": str(data),
        "LINEWARD_SIGNING_KEY": str(data / "signing.key"),
    }
    said = centre.services.run("portal", "python", "manage.py", "verify_ledger", **there)
    assert re.search(r"\d+ entries, intact", said)
    restored = centre.shell(setting.RESTORED, **there)
    assert restored == centre.shell(setting.RESTORED)
    assert restored["same"]


def a_probe_notices_who_stopped(centre: Centre) -> None:
    for name in ("worker", "flower", "mlflow"):
        centre.services.stop(name)
        code, said = centre.services.probe(name)
        assert code == 1, said
        assert "does not answer" in said
    centre.services.stop("beat")
    trace = centre.folder / "tmp" / "beat.sent"
    long_ago = time.time() - 61
    os.utime(trace, (long_ago, long_ago))
    assert centre.services.probe("beat")[0] == 1
    with centre.person("clara") as clara:
        assert clara.get("/mlflow/").status_code == 502, "the portal goes on without its neighbours"
        assert clara.get("/").status_code == 200


def _names(browser: httpx.Client, what: str) -> set[str]:
    found = browser.get(f"/mlflow/ajax-api/2.0/mlflow/{what}/search", params={"max_results": 50})
    return {one["name"] for one in json.loads(found.text).get(what.replace("-", "_"), [])}


PROMISES = (
    every_service_says_that_it_is_well,
    pages_come_over_tls_with_their_files,
    strangers_are_sent_to_the_log_in,
    the_roles_decide_about_the_neighbours,
    what_flower_tells_everybody_is_shut,
    flower_shows_the_portals_own_tasks,
    mlflows_pages_look_and_never_write,
    a_part_of_an_upload_passes_and_no_more,
    the_broker_knows_nobody_without_a_name,
    a_plant_joins_and_retrains,
    the_version_reaches_mlflow,
    a_client_cannot_claim_another_address,
    a_backup_can_be_restored,
    a_probe_notices_who_stopped,
)

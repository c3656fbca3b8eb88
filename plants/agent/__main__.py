"""The agent's commands: enrol, work, check data, measure a line, publish a model, rotate."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from plants.agent import alive, check, line_images, publishing_options
from plants.agent.client import Portal
from plants.agent.home import Home
from registry.domain.errors import NotFound, PlatformError


def main(argv: list[str]) -> int:
    """Run one command; refusals are one line on standard error and exit code 2."""
    if argv[:1] == ["check-data"]:
        # It has a command line of its own, and needs neither home nor credential.
        return check.main(argv[1:])
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        return int(arguments.run(arguments))
    except (PlatformError, OSError) as refusal:
        print(" ".join(str(refusal).split()), file=sys.stderr)  # noqa: T201
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m plants.agent", description=__doc__)
    home = os.environ.get("LINEWARD_AGENT_HOME", str(Path.home() / ".lineward-agent"))
    parser.add_argument("--home", type=Path, default=Path(home), help="The agent's own folder.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    enrol = commands.add_parser("enrol", help="Exchange an enrolment code for a credential.")
    enrol.add_argument("--portal", required=True, help="Address of the portal.")
    enrol.add_argument("--code", required=True, help="The code shown on the plant's page.")
    enrol.set_defaults(run=_enrol)

    rotate = commands.add_parser("rotate", help="Replace this machine's credential by a new one.")
    rotate.set_defaults(run=_rotate)

    alive_ = commands.add_parser("alive", help="Whether the portal still hears the worker here.")
    alive_.set_defaults(run=_alive)

    work = commands.add_parser("work", help="Serve the plant's queue.")
    work.add_argument("--data", type=Path, required=True, help="The plant's data folder.")
    work.add_argument("--name", default="", help="The worker's name; default plant and host.")
    work.add_argument(
        "--allow-plain", action="store_true", help="Accept a broker line without encryption."
    )
    work.set_defaults(run=_work)

    publish = commands.add_parser(
        "publish", help="Upload a model trained elsewhere; the same command again goes on."
    )
    publishing_options.add_to(publish)
    publish.set_defaults(run=_publish)

    measure = commands.add_parser(
        "measure-line", help="Show what a line's recent images look like, and tell the portal."
    )
    line_images.add_options(measure)
    measure.set_defaults(run=_measure_line)
    for command in (enrol, rotate, work, publish, measure):
        command.add_argument(
            "--authority",
            default=os.environ.get("LINEWARD_AUTHORITY", ""),
            metavar="FILE",
            help="A private authority that signed the portal's and the broker's certificates; "
            "enrolment notes it. Default LINEWARD_AUTHORITY, else the public authorities.",
        )

    commands.add_parser("check-data", help="Check a data folder against the contract.")
    return parser


def _enrol(arguments: argparse.Namespace) -> int:
    # Before the code is spent: a folder that cannot be made costs none.
    home = _home(arguments)
    with Portal(arguments.portal, authority=home.authority) as portal:
        credential = home.keep_credential(arguments.portal, portal.enrol(arguments.code))
    print(f"Enrolled for plant {credential.plant}. Next: python -m plants.agent work --data DIR")  # noqa: T201
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    home = _home(arguments)
    credential = home.credential()
    with Portal(credential.portal, credential.token, authority=credential.authority) as portal:
        home.keep_credential(credential.portal, portal.rotate())
    print("The new credential is stored; the old one ends when the worker is started again.")  # noqa: T201
    return 0


def _work(arguments: argparse.Namespace) -> int:
    # Celery is imported by the one command that needs it.
    from plants.agent import worker

    if not arguments.data.is_dir():
        raise NotFound(f"There is no data folder {arguments.data}; name it with --data.")
    return worker.work(
        _home(arguments),
        arguments.data,
        name=arguments.name,
        allow_plain=arguments.allow_plain,
    )


def _publish(arguments: argparse.Namespace) -> int:
    # Only this command needs it.
    from plants.agent import publishing

    return publishing.publish(_home(arguments), arguments)


def _measure_line(arguments: argparse.Namespace) -> int:
    if arguments.gently:
        # Jobs and whatever else this machine does come first.
        os.nice(19)
    return line_images.tell(_home(arguments), arguments)


def _alive(arguments: argparse.Namespace) -> int:
    is_heard, sentence = alive.report(arguments.home)
    print(sentence)  # noqa: T201
    return 0 if is_heard else 1


def _home(arguments: argparse.Namespace) -> Home:
    return Home(arguments.home, authority=arguments.authority)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
